# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the nets that scripts/bench times: usage: models.py NAME FOLDER

Writes into FOLDER model.keras, input.bin (the inputs, one after another, each in its own element type) and expected.bin
(what Keras computes from them, float32). export.py makes the files of the peers from that.
The nets have made-up weights: biases and the statistics of normalizations are random, so that folding them changes every
number, and the last kernel is scaled so that a softmax stays away from 0 and 1.
"""
import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
from keras import layers

SEED = 20240601
VOCABULARY = 20000


def digits():
    return keras.Sequential([
        keras.Input((8, 8, 1)),
        layers.Conv2D(16, 3, padding="same"),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ])


def twice(x, filters):
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    return x


def unet():
    """Four levels on 256 x 256 pixels; transposed convolutions lead back up."""
    image = x = keras.Input((256, 256, 3))
    skipped = []
    for filters in (32, 64, 128, 256):
        skipped.append(twice(x, filters))
        x = layers.MaxPooling2D()(skipped[-1])
    x = twice(x, 512)
    while skipped:
        side = skipped.pop()
        filters = side.shape[-1]
        x = layers.Conv2DTranspose(filters, 2, strides=2)(x)
        x = twice(layers.Concatenate()([x, side]), filters)
    return keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid")(x))


def mlp():
    return keras.Sequential([
        keras.Input((784,)),
        layers.Dense(512, activation="relu"),
        layers.Dense(512, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])


def tiny_mlp():
    return keras.Sequential([
        keras.Input((16,)),
        layers.Dense(32, activation="relu"),
        layers.Dense(32, activation="relu"),
        layers.Dense(4, activation="softmax"),
    ])


def lstm2():
    return keras.Sequential([
        keras.Input((100, 64)),
        layers.LSTM(256, return_sequences=True),
        layers.LSTM(256),
        layers.Dense(10, activation="softmax"),
    ])


def bigru():
    return keras.Sequential([
        keras.Input((50, 64)),
        layers.Bidirectional(layers.GRU(128, return_sequences=True)),
        layers.GlobalMaxPooling1D(),
        layers.Dense(10, activation="softmax"),
    ])


def gru8():
    """One time step a call, as audio and control loops use it: the state goes in and comes out."""
    x, state = keras.Input((1, 1)), keras.Input((8,))
    last, after = layers.GRU(8, return_state=True, name="gru")(x, initial_state=state)
    return keras.Model([x, state], [layers.Dense(1, name="dense")(last), after])


def convlstm():
    return keras.Sequential([
        keras.Input((8, 32, 32, 1)),
        layers.ConvLSTM2D(16, 3, padding="same"),
        layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
    ])


def text_transformer():
    """Four encoder blocks of eight heads on 128 tokens."""
    width = 256
    tokens = keras.Input((128,), dtype="int32")
    x = layers.Embedding(VOCABULARY, width)(tokens)
    for _ in range(4):
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        x = layers.Add()([x, layers.MultiHeadAttention(8, width // 8)(y, y)])
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        y = layers.Dense(width)(layers.Dense(4 * width, activation="gelu")(y))
        x = layers.Add()([x, y])
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization(epsilon=1e-6)(x))
    return keras.Model(tokens, layers.Dense(8, activation="softmax")(x))


def application(name):
    return lambda: getattr(keras.applications, name)(weights=None)


MODELS = {
    "mobilenet_v2": application("MobileNetV2"),
    "resnet50": application("ResNet50"),
    "efficientnet_b0": application("EfficientNetB0"),
    "vgg16": application("VGG16"),
    "unet": unet,
    "digits": digits,
    "mlp": mlp,
    "tiny_mlp": tiny_mlp,
    "lstm2": lstm2,
    "bigru": bigru,
    "gru8": gru8,
    "convlstm": convlstm,
    "text_transformer": text_transformer,
}


def make_input(tensor):
    random = np.random.default_rng(SEED)
    shape = (1,) + tuple(tensor.shape[1:])
    if tensor.dtype == "int32":
        return random.integers(0, VOCABULARY, shape, "int32")
    return random.uniform(0, 1, shape).astype("float32")


def randomize(model, inputs):
    random = np.random.default_rng(SEED)
    spreads = {
        "gamma": lambda shape: random.uniform(0.7, 1.3, shape),
        "beta": lambda shape: random.normal(0, 0.2, shape),
        "moving_mean": lambda shape: random.normal(0, 0.2, shape),
        "moving_variance": lambda shape: random.uniform(0.7, 1.5, shape),
        "bias": lambda shape: random.normal(0, 0.05, shape),
    }
    for weight in model.weights:
        if weight.name in spreads:
            weight.assign(spreads[weight.name](weight.shape))
    last = next(layer for layer in reversed(model.layers) if hasattr(layer, "kernel"))
    features = keras.Model(model.inputs, last.input)(inputs, training=False)
    activation, last.activation = last.activation, keras.activations.linear
    product = np.asarray(last(features))
    last.activation = activation
    if product.size > 1:  # one number alone has no spread
        last.kernel.assign(np.asarray(last.kernel) / max(product.std(), 1e-6))


def write(arrays, path):
    with open(path, "wb") as file:
        for array in arrays:
            np.asarray(array).tofile(file)


def main(name, folder):
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(SEED)
    model = MODELS[name]()
    inputs = [make_input(tensor) for tensor in model.inputs]
    randomize(model, inputs)
    model.save(folder / "model.keras")
    write(inputs, folder / "input.bin")
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    write(outputs if isinstance(outputs, (list, tuple)) else [outputs], folder / "expected.bin")


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
