#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes model.keras, model.npz and numbers.inc of this folder with real Keras: a model with two layers of one's own."""
import os

os.environ["KERAS_BACKEND"] = "jax"
import pathlib
import sys

import keras
import numpy

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "python"))
sys.path.insert(0, str(HERE.parents[1] / "conformance"))
from layerc.record import record
from record import pack


@keras.saving.register_keras_serializable("mine")
class Gain(keras.layers.Layer):
    """gain * (x w), then each row minus its mean."""

    def __init__(self, units, gain, **config):
        super().__init__(**config)
        self.units, self.gain = units, gain

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], self.units), name="w")

    def call(self, x):
        y = self.gain * (x @ self.w)
        return y - keras.ops.mean(y, axis=-1, keepdims=True)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "gain": self.gain}


@keras.saving.register_keras_serializable("mine")
class Joined(keras.layers.Layer):
    """a b + a"""

    def call(self, tensors):
        a, b = tensors
        return a * b + a


keras.utils.set_random_seed(1)
x = keras.Input((4,), name="x")
y = keras.layers.Activation("tanh")(Gain(3, 2.5, name="gain")(x))
z = keras.layers.Dense(3, name="dense")(y)
model = keras.Model(x, [Joined(name="joined")([y, z]), Joined(name="square")([z, z])])
arrays = record(model, [numpy.linspace(-1, 1, 8, dtype="float32").reshape(2, 4)])
model.save(HERE / "model.keras")
pack(HERE / "model.keras")
numpy.savez_compressed(HERE / "model.npz", **arrays)
lines = [f"static const float {name.split(':')[1]}_numbers[] = {{{', '.join(f'{number!s}f' for number in array.ravel())}}};"
         for name, array in arrays.items()]
(HERE / "numbers.inc").write_text("// made by make-model.py\n" + "\n".join(lines) + "\n")
