# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times layerc and ONNX Runtime in pairs: see scripts/bench --help.

Both run in processes of their own on the same processors. A round times one while the other is stopped, then the other;
the next round begins with the other one. Each round gives a ratio of two times measured within the same second, so that a
noisy machine disturbs both alike; reported are the medians over the rounds.
"""
import argparse
import os
import pathlib
import signal
import statistics
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-3  # of the largest output: deep nets, see docs; a wrong answer is not worth timing


class Contestant:
    """One process that answers "how long does a run take now?"."""

    def __init__(self, command, processors):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, preexec_fn=lambda: os.sched_setaffinity(0, processors))
        if self.process.stdout.readline().strip() != "ready":
            sys.exit(f"bench: {command[0]} failed")
        self.pause()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def measure(self, seconds):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        nanoseconds = float(self.process.stdout.readline())
        self.pause()
        return nanoseconds

    def close(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.close()
        self.process.wait()


def run(*command):
    subprocess.run([str(word) for word in command], check=True)


def make(name, folder):
    """TensorFlow is talkative, so its words are shown only where it fails; half a folder is not left behind."""
    part = folder.with_name(name + ".part")
    made = subprocess.run([sys.executable, HERE / "models.py", name, part], stderr=subprocess.PIPE, text=True)
    if made.returncode != 0:
        sys.exit(made.stderr)
    part.rename(folder)


def prepare(name, options):
    """The folder with the net, its ONNX file and its shared library."""
    folder = options.work / name
    if not (folder / "model.onnx").exists():
        print(f"== make {name} with Keras", flush=True)
        make(name, folder)
    print(f"== compile {name}", flush=True)
    run(options.layerc, "compile", folder / "model.keras", "-o", folder / "out", "--name", name, "--shared", "--quiet",
        *options.flags.split())
    return folder


def check(folder, file, who):
    expected, actual = (np.fromfile(folder / f, "float32") for f in ("expected.bin", file))
    error = np.abs(expected - actual).max() / np.abs(expected).max()
    if not error <= TOLERANCE:
        sys.exit(f"bench: {who} computes {folder.name} with an error of {error:.1e} of the largest output")


def compare(name, folder, threads, options):
    processors = set(sorted(os.sched_getaffinity(0))[:threads])
    ours = Contestant([options.driver, folder / "out" / f"lib{name}.so", name, threads, folder / "input.bin",
                       folder / "layerc.bin"], processors)
    theirs = Contestant([sys.executable, HERE / "onnx_driver.py", folder / "model.onnx", threads, folder / "input.bin",
                         folder / "onnxruntime.bin"], processors)
    check(folder, "layerc.bin", "layerc")
    check(folder, "onnxruntime.bin", "ONNX Runtime")
    rounds = []
    for number in range(options.rounds + 1):
        pair = [ours, theirs] if number % 2 else [theirs, ours]
        times = {contestant: contestant.measure(options.seconds) for contestant in pair}
        if number > 0:  # the first one warms up
            rounds.append((times[ours], times[theirs]))
    ours.close()
    theirs.close()
    return rounds


def report(name, threads, rounds):
    ratios = sorted(theirs / ours for ours, theirs in rounds)
    ours, theirs = (statistics.median(side) / 1e6 for side in zip(*rounds))
    return (f"{name:<16} {threads:>7} {ours:>11.4f} {theirs:>11.4f} {statistics.median(ratios):>7.2f}"
            f"   {ratios[0]:.2f} - {ratios[-1]:.2f}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="layerc against ONNX Runtime, in pairs")
    parser.add_argument("--models", default="mobilenet_v2,resnet50",
                        help="of mobilenet_v2, resnet50, efficientnet_b0, vgg16, unet, digits (default: the first two)")
    parser.add_argument("--threads", default="1,2", help="how many threads, a list (default 1,2)")
    parser.add_argument("--rounds", type=int, default=9, help="rounds per net and number of threads")
    parser.add_argument("--seconds", type=float, default=0.5, help="seconds per round and contestant")
    parser.add_argument("--flags", default="--target-cpu native", help="flags of layerc compile")
    parser.add_argument("--layerc", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--driver", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    lines = []
    for name in options.models.split(","):
        folder = prepare(name, options)
        for threads in map(int, options.threads.split(",")):
            lines.append(report(name, threads, compare(name, folder, threads, options)))
            print(lines[-1], flush=True)
    print(f"\n{'':<16} {'threads':>7} {'layerc ms':>11} {'ORT ms':>11} {'ORT / layerc':>7}  range of rounds")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
