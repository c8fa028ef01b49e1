# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the nets that scripts/bench times: usage: models.py NAME FOLDER

Writes into FOLDER model.keras, model.onnx, input.bin (the input, float32) and expected.bin (what Keras computes from it).
The nets are those of keras.applications and two small ones, with made-up weights: statistics of BatchNormalization are
random, so that folding them changes every number, and the last kernel is scaled so that a softmax stays away from 0 and 1.
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


def application(name):
    return lambda: getattr(keras.applications, name)(weights=None)


MODELS = {
    "mobilenet_v2": application("MobileNetV2"),
    "resnet50": application("ResNet50"),
    "efficientnet_b0": application("EfficientNetB0"),
    "vgg16": application("VGG16"),
    "unet": unet,
    "digits": digits,
}


def randomize(model, image):
    random = np.random.default_rng(SEED)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            count = layer.gamma.shape
            layer.gamma.assign(random.uniform(0.7, 1.3, count))
            layer.beta.assign(random.normal(0, 0.2, count))
            layer.moving_mean.assign(random.normal(0, 0.2, count))
            layer.moving_variance.assign(random.uniform(0.7, 1.5, count))
    last = next(layer for layer in reversed(model.layers) if hasattr(layer, "kernel"))
    features = keras.Model(model.inputs, last.input)([image], training=False)
    activation, last.activation = last.activation, keras.activations.linear
    product = np.asarray(last(features))
    last.activation = activation
    last.kernel.assign(np.asarray(last.kernel) / max(product.std(), 1e-6))


def export(model, path):
    import tensorflow as tf
    import tf2onnx

    @tf.function(input_signature=[tf.TensorSpec((1,) + model.inputs[0].shape[1:], tf.float32, name="input")])
    def call(x):
        return model([x], training=False)

    tf2onnx.convert.from_function(call, call.input_signature, opset=17, output_path=str(path))


def export_in_two_parts(model, path):
    """tf2onnx needs some 30 GB for the 500 MB of VGG16: it exports the convolutions, the Dense layers are added here."""
    import onnx
    from onnx import helper, numpy_helper

    tail = model.layers[next(i for i, layer in enumerate(model.layers) if isinstance(layer, layers.Dense)):]
    export(keras.Model(model.inputs, tail[0].input), path)
    file = onnx.load(str(path))
    last = file.graph.output.pop().name
    for layer in tail:
        names = [f"{layer.name}/{part}" for part in ("kernel", "bias")]
        file.graph.initializer.extend(map(numpy_helper.from_array, layer.get_weights(), names))
        activation = {"relu": "Relu", "softmax": "Softmax"}[layer.activation.__name__]
        file.graph.node.append(helper.make_node("Gemm", [last, *names], [f"{layer.name}/sum"]))
        file.graph.node.append(helper.make_node(activation, [f"{layer.name}/sum"], [layer.name]))
        last = layer.name
    file.graph.output.append(helper.make_tensor_value_info(last, onnx.TensorProto.FLOAT, (1, tail[-1].units)))
    onnx.save(file, str(path))


def main(name, folder):
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(SEED)
    model = MODELS[name]()
    shape = (1,) + model.inputs[0].shape[1:]
    image = np.random.default_rng(SEED).uniform(0, 1, shape).astype("float32")
    randomize(model, image)
    model.save(folder / "model.keras")
    image.tofile(folder / "input.bin")
    np.asarray(model(image, training=False), "float32").tofile(folder / "expected.bin")
    large = model.count_params() > 50e6
    (export_in_two_parts if large else export)(model, folder / "model.onnx")


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
