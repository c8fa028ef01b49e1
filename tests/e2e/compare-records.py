# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""compare-records.py OURS RECORD: fails where a float32 array NAME of OURS differs from output:NAME of a record of Keras by
more than 1e-5 of its largest element and 1e-4 of itself."""
import array
import struct
import sys
import zipfile


def read(archive):
    """The flat arrays of an .npz file by name."""
    with zipfile.ZipFile(archive) as file:
        result = {}
        for name in file.namelist():
            data = file.read(name)
            (header,) = struct.unpack_from("<H", data, 8)
            result[name.removesuffix(".npy")] = data[10 + header:]
        return result


def main(ours, record):
    actual = read(ours)
    expected = {name[7:]: data for name, data in read(record).items() if name.startswith("output:")}
    if sorted(actual) != sorted(expected):
        sys.exit(f"{ours} holds {sorted(actual)}, the record {sorted(expected)}")
    for name, data in expected.items():
        a, e = array.array("f", actual[name]), array.array("f", data)
        largest = max(map(abs, e))
        if len(a) != len(e) or any(not abs(x - y) <= 1e-5 * largest + 1e-4 * abs(y) for x, y in zip(a, e)):
            sys.exit(f"{name} differs")


main(*sys.argv[1:])
