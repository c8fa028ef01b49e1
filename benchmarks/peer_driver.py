# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What driver.cpp does, with ONNX Runtime or LiteRT: usage: peer_driver.py MODEL THREADS INPUT.bin OUTPUT.bin

MODEL ends in .onnx or .tflite.

Inputs and outputs are bound to memory once, so that a call through Python adds some microseconds at most.
"""
import statistics
import sys
import time

import numpy as np


class OnnxRuntime:
    TYPES = {"tensor(float)": np.float32, "tensor(int32)": np.int32, "tensor(int64)": np.int64}

    def __init__(self, path, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.binding = self.session.io_binding()
        self.value = onnxruntime.OrtValue
        self.nodes = sorted(self.session.get_inputs(), key=lambda node: node.name)
        self.inputs = [(node.shape, self.TYPES[node.type]) for node in self.nodes]

    def bind(self, arrays):
        for node, array in zip(self.nodes, arrays):
            self.binding.bind_ortvalue_input(node.name, self.value.ortvalue_from_numpy(array))
        self.results = []
        for node in self.session.get_outputs():
            self.results.append(self.value.ortvalue_from_shape_and_type(node.shape, np.float32))
            self.binding.bind_ortvalue_output(node.name, self.results[-1])
        self.run = lambda: self.session.run_with_iobinding(self.binding)

    def outputs(self):
        return [result.numpy() for result in self.results]


class LiteRt:
    """With XNNPACK, which LiteRT uses by itself."""

    def __init__(self, path, threads):
        from ai_edge_litert.interpreter import Interpreter

        self.interpreter = Interpreter(model_path=path, num_threads=threads)
        self.interpreter.allocate_tensors()
        self.tensors = sorted(self.interpreter.get_input_details(), key=lambda tensor: tensor["name"])
        self.inputs = [(tensor["shape"], tensor["dtype"]) for tensor in self.tensors]

    def bind(self, arrays):
        for tensor, array in zip(self.tensors, arrays):
            self.interpreter.set_tensor(tensor["index"], array)
        self.run = self.interpreter.invoke

    def outputs(self):
        return [self.interpreter.get_tensor(tensor["index"]) for tensor in self.interpreter.get_output_details()]


def median_nanoseconds(seconds, run):
    def measure(calls):
        begin = time.perf_counter_ns()
        for _ in range(calls):
            run()
        return time.perf_counter_ns() - begin

    calls = 1
    while measure(calls) < 200e3:
        calls *= 2
    end = time.perf_counter() + seconds
    samples = []
    while time.perf_counter() < end or len(samples) < 3:
        samples.append(measure(calls) / calls)
    return statistics.median(samples)


def read(path, tensors):
    """The arrays of these shapes and types, which stand in the file one after another."""
    with open(path, "rb") as file:
        return [np.fromfile(file, dtype, int(np.prod(shape))).reshape(shape) for shape, dtype in tensors]


def main(path, threads, input_file, output_file):
    peer = (OnnxRuntime if path.endswith(".onnx") else LiteRt)(path, int(threads))
    peer.bind(read(input_file, peer.inputs))
    peer.run()
    with open(output_file, "wb") as file:
        for array in peer.outputs():
            array.tofile(file)
    print("ready", flush=True)
    for line in sys.stdin:
        print(median_nanoseconds(float(line), peer.run), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
