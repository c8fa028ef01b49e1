# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares layerc with the Keras at hand on five networks as Keras makes them: scripts/check-keras.

Untrained networks could hide errors: their normalizations are identities and their outputs nearly constant. So weights are
seeded, BatchNormalization has random weights and statistics near those of the inputs, the last kernel is scaled until its
results spread about 1, and two inputs must give different outputs. Largest error allowed: 1e-4 of the largest output.
"""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import argparse
import logging
import pathlib
import subprocess
import sys

import keras
import numpy

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "python"))
from layerc.record import record

LIMIT = 1e-4


def application(name, classes=100):
    return lambda size: getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3), classes=classes)


def unet(size, filters=(16, 32, 64)):
    """Encoder and decoder with transposed convolutions, joined at every level."""
    layers = keras.layers

    def unit(tensor, count):
        for _ in range(2):
            tensor = layers.Activation("relu")(layers.BatchNormalization()(layers.Conv2D(count, 3, padding="same")(tensor)))
        return tensor

    image = tensor = keras.Input((size, size, 3), name="image")
    levels = []
    for count in filters:
        levels.append(unit(tensor, count))
        tensor = layers.MaxPooling2D()(levels[-1])
    tensor = unit(tensor, 2 * filters[-1])
    for count, level in zip(reversed(filters), reversed(levels)):
        tensor = layers.Conv2DTranspose(count, 3, strides=2, padding="same")(tensor)
        tensor = unit(layers.Concatenate()([level, tensor]), count)
    return keras.Model(image, layers.Conv2D(2, 1, activation="sigmoid", name="mask")(tensor))


NETWORKS = {"MobileNetV2": application("MobileNetV2"), "ResNet50": application("ResNet50"),
            "EfficientNetB0": application("EfficientNetB0"), "VGG16": application("VGG16"), "UNet": unet}


def randomise_statistics(model, inputs, random):
    """Statistics near those of the inputs: with made-up ones the signal dies on its way through fifty layers."""
    norms = [layer for layer in model.layers if type(layer).__name__ == "BatchNormalization"]
    for layer in norms:
        layer.gamma.assign(random.uniform(0.7, 1.3, layer.gamma.shape))
        layer.beta.assign(random.uniform(-0.2, 0.2, layer.beta.shape))
    momenta = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0  # one step of training takes over the statistics of its batch
    model(numpy.concatenate(inputs), training=True)
    for layer, momentum in zip(norms, momenta):
        layer.momentum = momentum
        layer.moving_mean.assign(layer.moving_mean * random.uniform(0.8, 1.2, layer.moving_mean.shape))
        layer.moving_variance.assign(layer.moving_variance * random.uniform(0.6, 1.6, layer.moving_variance.shape) + 1e-3)


def spread_results(model, inputs):
    """Scales the last kernel so that what its activation sees has spread 1."""
    last = model.layers[-1]
    activation, last.activation = last.activation, keras.activations.linear
    spread = numpy.std(numpy.concatenate([numpy.asarray(model(image, training=False)) for image in inputs]))
    last.activation = activation
    last.kernel.assign(last.kernel / spread)


def stripes(size):
    """Wide diagonal stripes, other ones in each colour: nothing like noise."""
    rows, columns, colours = numpy.meshgrid(numpy.arange(size), numpy.arange(size), numpy.arange(3), indexing="ij")
    return 0.5 + 0.5 * numpy.sign(numpy.sin((rows + (colours - 1) * columns) * 12 / size))[None]


def make_network(name, size):
    keras.utils.set_random_seed(1)
    random = numpy.random.default_rng(1)
    model = NETWORKS[name](size)
    brightest = 255 if name == "EfficientNetB0" else 1  # it holds its own rescaling
    inputs = [(brightest * image).astype("float32") for image in (random.uniform(0, 1, (1, size, size, 3)), stripes(size))]
    randomise_statistics(model, inputs, random)
    spread_results(model, inputs)
    return model, inputs


def run_layerc(layerc, file, arrays, cpu):
    """The outputs of `layerc run`, by position."""
    given, made = file.with_suffix(".in.npz"), file.with_suffix(".out.npz")
    numpy.savez(given, **{name: array for name, array in arrays.items() if name.startswith("input:")})
    subprocess.run([layerc, "run", file, "--name", "net", "--inputs", given, "--outputs", made, "--target-cpu", cpu], check=True)
    with numpy.load(made) as outputs:
        return [outputs[name] for name in outputs.files]


def check_network(name, options):
    model, inputs = make_network(name, options.size)
    records = [record(model, [image]) for image in inputs]
    expected = [[array for key, array in arrays.items() if key.startswith("output:")] for arrays in records]
    change = numpy.abs(expected[0][0] - expected[1][0]).max() / numpy.abs(expected[0][0]).max()
    if not change > 0.1:
        raise AssertionError(f"{name}: outputs of two inputs differ by {change:.1e} only, so that little would be tested")
    worst = 0.0
    for extension in (".keras", ".h5"):
        file = options.folder / (name + extension)
        model.save(file)
        for cpu in options.cpus:
            error = max(numpy.abs(ours - theirs).max() / numpy.abs(theirs).max() for arrays, outputs in zip(records, expected)
                        for ours, theirs in zip(run_layerc(options.layerc, file, arrays, cpu), outputs))
            worst = max(worst, error if numpy.isfinite(error) else numpy.inf)
            print(f"{'ok  ' if error <= LIMIT else 'FAIL'}  {name:16}{extension:8}{cpu:12}largest error {error:.1e} of the largest output",
                  flush=True)
    return worst <= LIMIT


def main():
    parser = argparse.ArgumentParser(prog="scripts/check-keras", description=__doc__.splitlines()[0],
                                     epilog="example: scripts/check-keras --size 96 MobileNetV2 UNet")
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(NETWORKS)}; default: all")
    parser.add_argument("--size", type=int, default=224, help="height and width of the images (default 224)")
    parser.add_argument("--layerc", default=str(ROOT / "build/release/bin/layerc"), help="the compiler")
    parser.add_argument("--cpus", default="x86-64-v3,native", type=lambda words: words.split(","), help="values of --target-cpu")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build/check-keras", help="for the models")
    options = parser.parse_args()
    unknown = set(options.networks) - set(NETWORKS)
    if unknown:
        parser.error(f"unknown network {sorted(unknown)[0]}; there are {', '.join(NETWORKS)}")
    logging.disable(logging.WARNING)
    options.folder.mkdir(parents=True, exist_ok=True)
    results = [check_network(name, options) for name in options.networks or NETWORKS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
