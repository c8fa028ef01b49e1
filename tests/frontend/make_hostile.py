# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the files of tests/frontend/files/hostile: one small model, and copies that break one rule each.

Usage: python tests/frontend/make_hostile.py        (needs h5py)
"""
import io
import json
import os
import struct
import zipfile

import h5py
import numpy as np

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files", "hostile")
METADATA = json.dumps({"keras_version": "3.8.0"})


def layer(class_name, **config):
    return {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None}


CONFIG = json.dumps(
    {
        "module": "keras",
        "class_name": "Sequential",
        "registered_name": None,
        "config": {
            "name": "tiny",
            "layers": [
                layer("InputLayer", name="x", batch_shape=[None, 2], dtype="float32"),
                layer("Dense", name="dense", units=1, use_bias=True, activation="linear"),
            ],
        },
    }
)


def weights(change=lambda file: None):
    """The bytes of model.weights.h5 after `change`."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=("v110", "v110")) as file:
        file["layers/dense/vars/0"] = np.ones((2, 1), "float32")
        file["layers/dense/vars/1"] = np.zeros(1, "float32")
        change(file)
    return buffer.getvalue()


def members(**changes):
    result = {"metadata.json": METADATA, "config.json": CONFIG, "model.weights.h5": weights()}
    result.update(changes)
    return result


def archive(contents, method=zipfile.ZIP_STORED, extra=lambda zip_file: None):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as zip_file:
        for name, data in contents.items():
            zip_file.writestr(zipfile.ZipInfo(name), data, method)
        extra(zip_file)
    return bytearray(buffer.getvalue())


def write(name, data):
    with open(os.path.join(OUT, name), "wb") as out:
        out.write(data)


def central(data, index):
    """Offset of the index-th central directory entry."""
    at = -1
    for _ in range(index + 1):
        at = data.index(b"PK\x01\x02", at + 1)
    return at


def symlink(zip_file):
    info = zipfile.ZipInfo("assets/link")
    info.create_system = 3
    info.external_attr = 0o120777 << 16
    zip_file.writestr(info, "/etc/passwd")


def make_archives():
    write("good.keras", archive(members()))
    write("deflated.keras", archive(members(), zipfile.ZIP_DEFLATED))
    write("method.keras", archive(members(), zipfile.ZIP_BZIP2))
    write("duplicate.keras", archive(members(), extra=lambda z: z.writestr(zipfile.ZipInfo("config.json"), CONFIG)))
    write("traversal.keras", archive(members(**{"assets/../../evil": "x"})))
    write("absolute.keras", archive(members(**{"/etc/evil": "x"})))
    write("foreign.keras", archive(members(**{"setup.py": "x"})))
    write("symlink.keras", archive(members(), extra=symlink))
    write("bomb.keras", archive(members(**{"assets/zeros": bytes(80 << 20)}), zipfile.ZIP_DEFLATED))
    write("no-config.keras", archive({"metadata.json": METADATA}))
    write("no-weights.keras", archive({"metadata.json": METADATA, "config.json": CONFIG}))
    npz = {"metadata.json": METADATA, "config.json": CONFIG, "model.weights.npz": "PK"}
    write("npz-weights.keras", archive(npz))

    data = archive(members())
    data[data.index(b'"units": 1') + 9] ^= 1
    write("crc.keras", data)

    data = archive(members())
    for at in (data.index(b"PK\x03\x04") + 6, central(data, 0) + 8):
        data[at] |= 1
    write("encrypted.keras", data)

    data = archive(members())
    struct.pack_into("<I", data, central(data, 1) + 24, 1 << 30)
    write("size.keras", data)

    # The second entry's data offset points into the first: its header lies inside the first member.
    inner = archive({"config.json": CONFIG})
    data = archive({"metadata.json": bytes(inner[: inner.index(b"PK\x01\x02")]), "config.json": CONFIG})
    struct.pack_into("<I", data, central(data, 1) + 42, data.index(b"PK\x03\x04", 4))
    write("overlap.keras", data)
    write("truncated.keras", archive(members())[:-30])


def make_weights():
    def refuse(name, change):
        write(name + ".keras", archive(members(**{"model.weights.h5": weights(change)})))

    def soft(file):
        file["layers/soft"] = h5py.SoftLink("/layers/dense")

    def external(file):
        file["layers/out"] = h5py.ExternalLink("/etc/passwd", "/")

    def cycle(file):
        file["layers/dense/up"] = file["layers"]

    def storage(file):
        file.create_dataset("layers/dense/vars/2", (4,), "u1", external=[("/etc/passwd", 0, 4)])

    def virtual(file):
        layout = h5py.VirtualLayout((4,), "f4")
        layout[:] = h5py.VirtualSource("/tmp/other.h5", "data", (4,))
        file.create_virtual_dataset("layers/dense/vars/2", layout)

    def shape(file):
        file.create_dataset("layers/dense/vars/2", (1 << 30, 1 << 20), "f4")

    def chunks(file):
        file.create_dataset("layers/dense/vars/2", (1 << 15, 1 << 15), "f4", chunks=(64, 64), compression="gzip")

    def method(file):
        file.create_dataset("layers/dense/vars/2", data=np.zeros(64, "f4"), compression="lzf")

    def compound(file):
        file["layers/dense/vars/2"] = np.zeros(2, [("a", "f4"), ("b", "i4")])

    def named(file):
        file["layers/type"] = np.dtype("f4")

    def deep(file):
        file.create_group("/".join(["g"] * 80))

    for change in (soft, external, cycle, storage, virtual, shape, chunks, method, compound, named, deep):
        refuse("h5-" + change.__name__, change)


def make_arrays():
    """Storage that is unusual but right."""
    with h5py.File(os.path.join(OUT, "types.h5"), "w", userblock_size=512) as file:
        file["big_endian"] = np.arange(6, dtype=">f4").reshape(2, 3)
        file["half"] = np.array([0.5, -2], "<f2")
        file["double"] = np.array(0.25)
        file["flags"] = np.array([True, False, True])
        file["wide"] = np.array([1, -(2**40)], "<i8")
        file.create_dataset("packed", data=np.arange(100, dtype="i2").reshape(10, 10), chunks=(3, 4), compression="gzip",
                            shuffle=True, fletcher32=True)
        file["brain"] = np.array([0x3F80, 0xC000], "<u2").view("V2")
        file["brain"].attrs["dtype"] = "bfloat16"
        file["empty"] = np.zeros((0, 3), "f4")
        file.attrs["backend"] = "tensorflow"
        file.attrs["layer_names0"] = np.array([b"a", b"b"])
        file.attrs["layer_names1"] = np.array([b"c"])
        file.create_group("none").attrs["weight_names"] = []


os.makedirs(OUT, exist_ok=True)
make_archives()
make_weights()
make_arrays()
