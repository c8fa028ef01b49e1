#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes digits.keras and digits.bin: a small CNN trained on scikit-learn's handwritten digits, and what Keras says of each.

    pip install keras tensorflow-cpu scikit-learn && python train.py [SEED [FOLDER]]

Both files are in the tree, so that the example needs no Python. digits.bin, little endian, is 12 bytes "DIGITS1\\n" and
the number of images as uint32, then per image 108 bytes: 64 pixels from 0 (white) to 16 (black), the digit that the
writer meant, three zeros, and Keras' ten scores as float32. The model's input is the pixels divided by 16.
Every sixth image is kept from training, to judge the model by.
"""
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from sklearn.datasets import load_digits

HERE = Path(__file__).resolve().parent


def build():
    return keras.Sequential([
        keras.Input((8, 8, 1), name="image"),
        keras.layers.Conv2D(16, 3, padding="same", name="conv2d"),
        keras.layers.BatchNormalization(name="batch_normalization"),
        keras.layers.ReLU(name="re_lu"),
        keras.layers.MaxPooling2D(name="max_pooling2d"),
        keras.layers.Flatten(name="flatten"),
        keras.layers.Dense(10, activation="softmax", name="scores"),
    ], name="digits")


def train(images, digits):
    model = build()
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, digits, batch_size=32, epochs=40, verbose=0)
    return model


def write_record(path, pixels, digits, scores):
    record = np.zeros(len(pixels), dtype=[("pixels", "u1", 64), ("digit", "u1"), ("zeros", "u1", 3), ("scores", "<f4", 10)])
    record["pixels"], record["digit"], record["scores"] = pixels, digits, scores
    path.write_bytes(b"DIGITS1\n" + np.uint32(len(pixels)).astype("<u4").tobytes() + record.tobytes())


def main(seed=1, folder=HERE):
    keras.utils.set_random_seed(int(seed))
    pixels, digits = load_digits(return_X_y=True)
    images = (pixels / 16).astype("float32").reshape(-1, 8, 8, 1)
    kept = np.arange(len(images)) % 6 == 0
    trained = train(images[~kept], digits[~kept])

    # A copy without the optimiser's state: what is needed to compute, and a third of the size.
    model = build()
    model.set_weights(trained.get_weights())
    model.save(Path(folder) / "digits.keras")
    scores = model.predict(images, verbose=0)
    write_record(Path(folder) / "digits.bin", pixels, digits, scores)
    right = scores.argmax(axis=1) == digits
    print(f"right: {right[~kept].mean():.1%} of {sum(~kept)} images trained on, {right[kept].mean():.1%} of {sum(kept)} others")


main(*sys.argv[1:])
