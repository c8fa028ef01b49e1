# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the small model files of tests/frontend/files with real Keras.

Usage: python tests/frontend/make_files.py keras3|tf_keras [NAME...]
Every weight of a file is filled with the running number of its variable, so that a test can tell them apart:
the k-th variable of `model.weights` holds k everywhere (k counts from 1).
"""
import os
import sys
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
dialect = sys.argv[1]
if dialect == "keras3":
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras
else:
    import tf_keras as keras
layers = keras.layers
FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")


def number_weights(model):
    for k, variable in enumerate(model.weights):
        variable.assign(0 * variable + (k + 1))


def deflate(path):
    """Rewrites an archive compressed, as users do to save space; layerc must read both."""
    with zipfile.ZipFile(path) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


def sequential():
    return keras.Sequential(
        [
            layers.Input((4, 4, 1), name="image"),
            layers.Conv2D(2, 3, padding="same", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", name="scores"),
        ],
        name="small",
    )


def functional():
    a = layers.Input((4,), name="a")
    b = layers.Input((4,), name="b")
    shared = layers.Dense(4, name="shared")
    x, y = shared(a), shared(b)
    merged = layers.Concatenate(name="merged")([x, y])
    return keras.Model([a, b], [layers.Dense(2, name="first")(merged), layers.Dense(1, name="second")(x), a], name="two")


def nested():
    """A Functional called twice, a Sequential in it, and a frozen one with batch normalisation beside it."""
    inner_input = layers.Input((4,), name="inner_input")
    block = keras.Sequential([layers.Input((4,)), layers.Dense(4, name="deep"), layers.ReLU()], name="block")
    inner = keras.Model(inner_input, layers.Dense(3, name="out")(block(inner_input)), name="encoder")
    frozen = keras.Sequential(
        [layers.Input((3,)), layers.Dense(3, name="dense"), layers.BatchNormalization(name="norm")], name="frozen"
    )
    frozen.trainable = False
    left = layers.Input((4,), name="left")
    right = layers.Input((4,), name="right")
    x, y = inner(left), inner(right)
    z = layers.Add(name="sum")([frozen(x), y])
    return keras.Model([left, right], [z, y], name="outer")


def composite():
    """Layers that hold layers."""
    x = layers.Input((5, 4), name="sequence")
    y = layers.Bidirectional(layers.LSTM(2, return_sequences=True), name="both")(x)
    y = layers.TimeDistributed(layers.Dense(3), name="each")(y)
    y = layers.MultiHeadAttention(1, 2, name="attention")(y, y)
    cells = [layers.GRUCell(2, name="low"), layers.LSTMCell(3, name="high")]
    y = layers.RNN(layers.StackedRNNCells(cells, name="stack"), name="stacked")(y)
    step = keras.Sequential([layers.Input((3,)), layers.Dense(2, name="a"), layers.Dense(2, name="b")], name="step")
    y = layers.RepeatVector(2, name="repeat")(y)
    return keras.Model(x, layers.TimeDistributed(step, name="steps")(y), name="composite")


def frozen():
    """A nested model with a frozen layer and a frozen model in it: legacy .h5 moves their variables to the end."""
    x = layers.Input((4,))
    y = layers.Dense(4, name="stiff", trainable=False)(x)
    y = layers.BatchNormalization(name="norm")(y)
    still = keras.Sequential([layers.Input((4,)), layers.Dense(4, name="a"), layers.BatchNormalization(name="b")], name="still")
    still.trainable = False
    inner = keras.Model(x, layers.Dense(2, name="last")(still(y)), name="inner")
    outside = layers.Input((4,), name="outside")
    return keras.Model(outside, inner(outside), name="frozen")


def twice():
    """One layer inside a nested model and outside it."""
    shared = layers.Dense(3, name="shared")
    x = layers.Input((3,))
    inner = keras.Model(x, layers.Dense(3, name="after")(shared(x)), name="inner")
    y = layers.Input((3,), name="y")
    return keras.Model(y, inner(shared(y)), name="twice")


def operations():
    x = layers.Input((4,), name="x")
    y = keras.ops.maximum(layers.Dense(4, name="dense")(x), 0.5)
    return keras.Model(x, keras.ops.concatenate([y, x * 2.0], axis=-1), name="operations")


def refused():
    """Layers that cannot be compiled: Python functions, and a class of the user's."""

    class Swirl(layers.Layer):
        def call(self, x):
            return x

    x = layers.Input((4,), name="x")
    y = layers.Lambda(lambda x: x * 2, name="twofold")(x)
    y = Swirl(name="swirl")(layers.Dense(3, name="dense")(y))
    return keras.Model(x, layers.Lambda(lambda x: x + 1, name="plus")(y), name="refused")


def no_input():
    model = keras.Sequential([layers.Dense(2, name="dense")], name="late")
    model.build((None, 3))
    return model


def main():
    models = [sequential, functional, nested, composite, no_input, frozen, twice]
    if dialect == "keras3":
        models += [operations, refused]
    for make in [make for make in models if not sys.argv[2:] or make.__name__ in sys.argv[2:]]:
        keras.backend.clear_session()
        model = make()
        number_weights(model)
        name = os.path.join(FILES, f"{make.__name__}-{dialect}")
        model.save(name + ".keras")
        if make not in (sequential, nested):
            deflate(name + ".keras")
        if make not in (operations, refused, twice):  # Keras cannot read these back from .h5 itself
            model.save(name + ".h5")
        if make in (sequential, nested):
            with open(name + ".json", "w") as out:
                out.write(model.to_json())
            model.save_weights(name + ".weights.h5")


main()
