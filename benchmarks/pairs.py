# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times layerc and its peers in pairs: see scripts/bench --help.

Each runs in a process of its own on the same processors. A round times layerc while the peer is stopped, then the peer;
the next round begins with the other one. Each round gives a ratio of two times measured within the same second, so that a
noisy machine disturbs both alike; reported are the medians over the rounds.
"""
import argparse
import array
import importlib.util
import math
import os
import pathlib
import signal
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
NETS = ("mobilenet_v2", "resnet50", "efficientnet_b0", "vgg16", "unet", "digits", "mlp", "tiny_mlp", "lstm2", "bigru",
        "gru8", "convlstm", "text_transformer")
PEERS = {"onnxruntime": "model.onnx", "openvino": "model.xml", "litert": "model.tflite"}
BY_HAND = {"gru8": HERE / "GruByHand.cpp"}  # always a peer of the net it computes
STATE = {"gru8": (1, 1)}  # the output that layerc and the code by hand give back as this input of the next step
TOLERANCE = 1e-3  # of the largest output: deep nets, see docs; a wrong answer is not worth timing


class Unable(Exception):
    """Why a peer has no time for a net."""


class Contestant:
    """One process that answers "how long does a run take now?", and is stopped between its answers."""

    def __init__(self, command, processors):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, preexec_fn=lambda: os.sched_setaffinity(0, processors))

    def __enter__(self):
        return self

    def __exit__(self, *_):  # a stopped process does not see that its stdin ends
        self.process.kill()
        self.process.communicate()

    def answer(self):
        line = self.process.stdout.readline().strip()
        if not line:
            raise Unable(f"{pathlib.Path(self.process.args[0]).name} ends early")
        return line

    def start(self):
        self.answer()  # "ready"
        self.pause()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def measure(self, seconds):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        nanoseconds = float(self.answer())
        self.pause()
        return nanoseconds


def run(*command):
    """Quiet, for TensorFlow is talkative; its words are the reason where it fails."""
    done = subprocess.run([str(word) for word in command], stderr=subprocess.PIPE, text=True)
    if done.returncode < 0:
        raise Unable(f"{pathlib.Path(command[0]).name} is killed by signal {-done.returncode}")
    if done.returncode > 0:
        raise Unable(done.stderr.strip() or f"{command[0]} exits with {done.returncode}")


def compile_driver(source, program, *flags):
    sources = (source, HERE / "Serve.h")
    if not program.exists() or any(program.stat().st_mtime < file.stat().st_mtime for file in sources):
        run(os.environ.get("CXX", "c++"), "-std=c++17", "-O2", source, "-o", program, *flags)
    return program


def prepare(name, options):
    """The folder with the net and a driver with its shared library, compiled anew each time."""
    folder = options.work / name
    if not (folder / "model.keras").exists():
        print(f"== make {name} with Keras", flush=True)
        part = folder.with_name(name + ".part")
        run(sys.executable, HERE / "models.py", name, part)
        part.rename(folder)
    print(f"== compile {name}", flush=True)
    out = folder / "out"
    run(options.layerc, "compile", folder / "model.keras", "-o", out, "--name", name, "--shared", "--quiet",
        *options.flags.split())
    driver_of(name, folder, out, out / "driver")
    return folder


def driver_of(name, folder, library, program):
    program.unlink(missing_ok=True)  # it was linked with the library of another compilation
    header = folder / "out" / f"{name}_c.h"
    state = [f"-DSTATE_OUTPUT={STATE[name][0]}", f"-DSTATE_INPUT={STATE[name][1]}"] if name in STATE else []
    compile_driver(HERE / "driver.cpp", program, f"-DMODEL={name}", f'-DHEADER="{header}"', *state,
                   library / f"lib{name}.so", f"-Wl,-rpath,{library}")


def command_by_hand(name, folder):
    """The driver with a library of the same interface, compiled from the code by hand."""
    library = folder / "by_hand"
    library.mkdir(exist_ok=True)
    run(os.environ.get("CXX", "c++"), "-std=c++17", "-O3", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC",
        f"-I{folder}", f"-I{folder / 'out'}", BY_HAND[name], "-o", library / f"lib{name}.so")
    driver_of(name, folder, library, library / "driver")
    return [library / "driver"]


def openvino_driver(options):
    package = pathlib.Path(importlib.util.find_spec("openvino").submodule_search_locations[0])
    library = next((package / "libs").glob("libopenvino_c.so*"))
    return compile_driver(HERE / "OpenVinoDriver.cpp", options.work / "openvino-driver", f"-I{package / 'include'}",
                          library, f"-Wl,-rpath,{package / 'libs'}")


def command_of(peer, name, folder, options):
    """What starts the peer on this net, up to the number of threads."""
    file = folder / PEERS.get(peer, "weights.h")
    if not file.exists():
        print(f"== export {name} for {peer}", flush=True)
        run(sys.executable, HERE / "export.py", folder, file.name)
    if peer == "by-hand":
        return command_by_hand(name, folder)
    if peer == "openvino":
        return [openvino_driver(options), file]
    python = os.environ.get("BENCH_LITERT_PYTHON", sys.executable) if peer == "litert" else sys.executable
    return [python, HERE / "peer_driver.py", file]


def check(folder, file, who):
    expected, actual = array.array("f"), array.array("f")
    expected.frombytes((folder / "expected.bin").read_bytes())
    actual.frombytes((folder / file).read_bytes())
    allowed = TOLERANCE * max(map(abs, expected))
    if len(actual) != len(expected) or not all(abs(a - e) <= allowed for a, e in zip(actual, expected)):
        raise Unable(f"{who} computes something else than Keras")


def compare(folder, threads, peer, command, options):
    processors = set(sorted(os.sched_getaffinity(0))[:threads])

    def contestant(who, command):
        return Contestant([*command, threads, folder / "input.bin", folder / f"{who}.bin"], processors)

    rounds = []
    with contestant("layerc", [folder / "out" / "driver"]) as ours, contestant(peer, command) as theirs:
        for who, process in (("layerc", ours), (peer, theirs)):
            process.start()
            check(folder, f"{who}.bin", who)
        for number in range(options.rounds + 1):
            pair = [ours, theirs] if number % 2 else [theirs, ours]
            times = {process: process.measure(options.seconds) for process in pair}
            if number > 0:  # the first one warms up
                rounds.append((times[ours], times[theirs]))
    return rounds


def milliseconds(nanoseconds):
    """Four digits."""
    return f"{nanoseconds / 1e6:.{max(0, 9 - math.floor(math.log10(nanoseconds)))}f}"


def report(name, threads, peer, rounds):
    ratios = sorted(theirs / ours for ours, theirs in rounds)
    ours, theirs = (milliseconds(statistics.median(side)) for side in zip(*rounds))
    return (f"{name:<16} {threads:>7} {peer:<11} {ours:>11} {theirs:>11} {statistics.median(ratios):>13.2f}"
            f"   {ratios[0]:.2f} - {ratios[-1]:.2f}")


def lines_of(name, folder, peer, options):
    """One line of the table for each number of threads, or one that says why there is none."""
    try:
        command = command_of(peer, name, folder, options)
        for threads in map(int, options.threads.split(",")):
            yield report(name, threads, peer, compare(folder, threads, peer, command, options))
    except Unable as reason:
        print(f"bench: {name}, {peer}: {reason}", file=sys.stderr)
        yield f"{name:<16} {'':>7} {peer:<11} none: {str(reason).splitlines()[-1][:80]}"


def parse():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="layerc against other engines, in pairs: above 1, layerc is faster",
        epilog="example:\n  scripts/bench --models lstm2,gru8 --peers onnxruntime,openvino,litert --threads 1 --rounds 5\n\n"
               f"nets: {', '.join(NETS[:10])},\n  {', '.join(NETS[10:])}\n"
               "gru8 is also timed against the same net written by hand in C++, benchmarks/GruByHand.cpp")
    parser.add_argument("--models", default="mobilenet_v2,resnet50",
                        help="a list of nets, or all (default: mobilenet_v2,resnet50)")
    parser.add_argument("--peers", default="onnxruntime", help=f"a list of {', '.join(PEERS)} (default: onnxruntime)")
    parser.add_argument("--threads", default="1,2", help="how many threads, a list (default: 1,2)")
    parser.add_argument("--rounds", type=int, default=9, help="rounds per net, peer and number of threads (default: 9)")
    parser.add_argument("--seconds", type=float, default=0.5, help="seconds per round and contestant (default: 0.5)")
    parser.add_argument("--flags", default="--target-cpu native", help="flags of layerc compile")
    parser.add_argument("--layerc", type=pathlib.Path, default="build/release/bin/layerc",
                        help="the compiler, if not that of build/release")
    parser.add_argument("--work", type=pathlib.Path, default="build/bench",
                        help="where files are kept (default: build/bench)")
    options = parser.parse_args()
    options.models = list(NETS) if options.models == "all" else options.models.split(",")
    options.peers = options.peers.split(",")
    for word, known in [(word, NETS) for word in options.models] + [(word, PEERS) for word in options.peers]:
        if word not in known:
            parser.error(f"{word} is none of {', '.join(known)}")
    options.work = options.work.resolve()
    return options


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as an exception, so that no stopped process stays behind
    options = parse()
    lines = []
    for name in options.models:
        try:
            folder = prepare(name, options)
        except Unable as reason:
            sys.exit(f"bench: {name}: {reason}")
        for peer in options.peers + ["by-hand"] * (name in BY_HAND):
            for line in lines_of(name, folder, peer, options):
                lines.append(line)
                print(line, flush=True)
    print(f"\n{'':<16} {'threads':>7} {'peer':<11} {'layerc ms':>11} {'peer ms':>11} {'peer / layerc':>13}   range of rounds")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
