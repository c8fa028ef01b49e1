# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs `layerc check` on every recorded model of a folder: check-recorded.py LAYERC FOLDER"""
import pathlib
import subprocess
import sys

layerc, folder = sys.argv[1], pathlib.Path(sys.argv[2])
FLAGS = [[], ["--threads", "2"], ["--target-cpu", "x86-64"]]
agreeing = 0
for number, arrays in enumerate(sorted(folder.glob("*.npz"))):
    command = [layerc, "check", str(arrays.with_suffix(".keras")), "--inputs", str(arrays), "--expect", str(arrays), *FLAGS[number % len(FLAGS)]]
    done = subprocess.run(command, capture_output=True, text=True)
    agreeing += done.returncode == 0
    if done.returncode:
        print(" ".join(command), done.stdout, done.stderr, sep="\n")
print(f"{agreeing} models agree with Keras")
