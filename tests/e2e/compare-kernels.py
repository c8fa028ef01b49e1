# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""compare-kernels.py LAYERC MODEL: runs MODEL with --kernels mlir and onednn, in process on one and two threads and as a
shared library, on the same numbers, and fails where an output differs by more than 1e-5 of the largest."""
import array
import ctypes
import math
import os
import pathlib
import struct
import subprocess
import sys
import zipfile


def read(archive):
    """The float32 arrays of an .npz file, flat."""
    with zipfile.ZipFile(archive) as file:
        result = []
        for name in file.namelist():
            data = file.read(name)
            (header,) = struct.unpack_from("<H", data, 8)
            result.append(array.array("f", data[10 + header:]))
        return result


def write(archive, name, shape, values):
    header = repr({"descr": "<f4", "fortran_order": False, "shape": tuple(shape)}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(name + ".npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + values.tobytes())


def compare(actual, expected, who):
    largest = max(map(abs, expected))
    error = max(abs(a - e) for a, e in zip(actual, expected))
    if len(actual) != len(expected) or not error <= 1e-5 * largest:
        sys.exit(f"{who}: error {error}, largest output {largest}")


def main(layerc, model):
    subprocess.run([layerc, "compile", model, "-o", "shared", "--name", "m", "--kernels", "onednn", "--target-cpu", "native",
                    "--shared", "--quiet"], check=True)
    library = ctypes.CDLL(os.path.abspath("shared/libm.so"))
    header = pathlib.Path("shared/m.h").read_text()
    shape = [int(size) for size in header.split("View<const float, ")[1].split(">")[0].split(", ")]
    values = array.array("f", (math.sin(i) for i in range(math.prod(shape))))
    write("in.npz", "x", shape, values)
    results = {}
    for kernels in ("mlir", "onednn", "auto"):
        for threads in ("1", "2"):
            subprocess.run([layerc, "run", model, "--inputs", "in.npz", "--outputs", "out.npz", "--name", "m", "--kernels",
                            kernels, "--threads", threads], check=True)
            results[kernels, threads] = read("out.npz")[0]
    expected = results["mlir", "1"]
    for who, actual in results.items():
        compare(actual, expected, f"run {who}")
    library.m_create.restype = ctypes.c_void_p
    handle = library.m_create(2)
    output = (ctypes.c_float * len(expected))()
    source = values.buffer_info()[0]
    status = library.m_run(ctypes.c_void_p(handle), (ctypes.c_void_p * 1)(source),
                           (ctypes.c_void_p * 1)(ctypes.addressof(output)))
    library.m_destroy(ctypes.c_void_p(handle))
    if status != 0:
        sys.exit(f"libm.so returns status {status}")
    compare(list(output), expected, "libm.so")


main(*sys.argv[1:])
