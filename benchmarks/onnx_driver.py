# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What driver.cpp does, with ONNX Runtime: usage: onnx_driver.py MODEL.onnx THREADS INPUT.bin OUTPUT.bin

Inputs and outputs are bound to memory once, so that a call of Python adds some microseconds only.
"""
import statistics
import sys
import time

import numpy as np
import onnxruntime


def median_nanoseconds(seconds, run):
    def measure(calls):
        begin = time.perf_counter_ns()
        for _ in range(calls):
            run()
        return time.perf_counter_ns() - begin

    calls = max(1, int(200e3 / min(measure(1), measure(1))))
    end = time.perf_counter() + seconds
    samples = []
    while time.perf_counter() < end or len(samples) < 3:
        samples.append(measure(calls) / calls)
    return statistics.median(samples)


def main(path, threads, input_file, output_file):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(threads)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    node, result = session.get_inputs()[0], session.get_outputs()[0]
    value = onnxruntime.OrtValue.ortvalue_from_numpy(np.fromfile(input_file, "float32").reshape(node.shape))
    space = onnxruntime.OrtValue.ortvalue_from_shape_and_type(result.shape, np.float32)
    binding = session.io_binding()
    binding.bind_ortvalue_input(node.name, value)
    binding.bind_ortvalue_output(result.name, space)

    def run():
        session.run_with_iobinding(binding)

    run()
    space.numpy().tofile(output_file)
    print("ready", flush=True)
    for line in sys.stdin:
        print(median_nanoseconds(float(line), run), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
