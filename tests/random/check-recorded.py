# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs `layerc check` on every recorded model of a folder, and judges its arena: check-recorded.py LAYERC FOLDER"""
import pathlib
import subprocess
import sys
import tempfile

import certificate

layerc, folder = sys.argv[1], pathlib.Path(sys.argv[2])
FLAGS = [[], ["--threads", "2"], ["--target-cpu", "x86-64"]]
agreeing = 0
for number, arrays in enumerate(sorted(folder.glob("*.npz"))):
    command = [layerc, "check", str(arrays.with_suffix(".keras")), "--inputs", str(arrays), "--expect", str(arrays), *FLAGS[number % len(FLAGS)]]
    with tempfile.TemporaryDirectory() as stages:
        done = subprocess.run([*command, "--save-stages", stages], capture_output=True, text=True)
        problem = done.stdout + done.stderr if done.returncode else certificate.complaint(stages)
    agreeing += not problem
    if problem:
        print(" ".join(command), problem, sep="\n")
print(f"{agreeing} models agree with Keras")
