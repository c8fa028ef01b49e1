# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks of keras.applications as its own code builds them, but narrow: the whole graph with small files.

Most builders have their widths written in. They get layers of a sixteenth of the filters they ask for; those that
compare widths with those of their inputs are asked for narrow networks by their own arguments.
"""
import importlib
import math

import numpy

CLASSES = 7
PLAIN = dict(weights=None, classes=CLASSES, classifier_activation=None)


class Narrow:
    """keras.layers with a sixteenth of the filters, but for those that a residual must have: they alone have a bias."""

    def __init__(self, layers, unless_biased):
        self.layers, self.unless_biased = layers, unless_biased

    def __getattr__(self, name):
        layer = getattr(self.layers, name)
        if name not in ("Conv2D", "SeparableConv2D", "Dense"):
            return layer

        def make(*arguments, **words):
            key = "units" if name == "Dense" else "filters"
            count = words.pop(key) if key in words else arguments[0]
            if not (self.unless_biased and words.get("use_bias")) and count != CLASSES:
                count = math.ceil(count / 16)
            return layer(count, *arguments[1:], **words)
        return make


def module_of(keras, name):
    return importlib.import_module(f"{keras.__name__}.src.applications.{name}")


def narrowed(keras, name, function, size, unless_biased=False, inside=None, **words):
    """FUNCTION of the module `name` of keras.applications, which makes its layers there or in the module `inside`."""
    maker = module_of(keras, inside or name)
    layers, maker.layers = maker.layers, Narrow(keras.layers, unless_biased)
    maker.range = lambda *bounds: range(*bounds)[:2]  # of blocks that repeat
    try:
        return built(keras, name, function, size, **words)
    finally:
        maker.layers = layers
        vars(maker).pop("range", None)


def built(keras, module, function, size, **words):
    return getattr(module_of(keras, module), function)(input_shape=(size, size, 3), **{**PLAIN, **words})


SLIM = 1 / 16
ALL = {
    "vgg16": lambda keras: narrowed(keras, "vgg16", "VGG16", 32),
    "resnet50": lambda keras: narrowed(keras, "resnet", "ResNet50", 64),
    "resnet50v2": lambda keras: narrowed(keras, "resnet_v2", "ResNet50V2", 64, inside="resnet"),
    "inception_v3": lambda keras: narrowed(keras, "inception_v3", "InceptionV3", 75),
    "inception_resnet_v2": lambda keras: narrowed(keras, "inception_resnet_v2", "InceptionResNetV2", 75, unless_biased=True),
    "xception": lambda keras: narrowed(keras, "xception", "Xception", 71),
    "mobilenet": lambda keras: built(keras, "mobilenet", "MobileNet", 32, alpha=SLIM),
    "mobilenet_v2": lambda keras: built(keras, "mobilenet_v2", "MobileNetV2", 32, alpha=SLIM),
    "mobilenet_v3_small": lambda keras: built(keras, "mobilenet_v3", "MobileNetV3Small", 32, alpha=SLIM),
    "mobilenet_v3_large": lambda keras: built(keras, "mobilenet_v3", "MobileNetV3Large", 32, alpha=SLIM),
    "densenet121": lambda keras: narrowed(keras, "densenet", "DenseNet121", 32),
    "nasnet": lambda keras: built(keras, "nasnet", "NASNet", 32, penultimate_filters=96, num_blocks=1, stem_block_filters=4, skip_reduction=False),
    "efficientnet_b0": lambda keras: built(keras, "efficientnet", "EfficientNet", 32, width_coefficient=SLIM, depth_coefficient=0.4, default_size=32),
    "efficientnet_v2s": lambda keras: built(keras, "efficientnet_v2", "EfficientNetV2", 32, width_coefficient=SLIM, depth_coefficient=0.2,
                                            default_size=32, name="efficientnetv2-s"),
    "convnext": lambda keras: built(keras, "convnext", "ConvNeXt", 32, depths=[1, 1, 2, 1], projection_dims=[6, 12, 24, 48], default_size=32),
    "resnet_rs": lambda keras: narrowed(keras, "resnet_rs", "ResNetRS", 32, depth=50),
    "regnet": lambda keras: built(keras, "regnet", "RegNet", 32, depths=[1, 2, 2, 1], widths=[8, 16, 24, 32], group_width=4, block_type="Y",
                                  default_size=32),
}
DIALECTS = {"resnet_rs": ("tfk",), "regnet": ("tfk",), "convnext": ("keras", "tfk"), "mobilenet_v2": ("keras", "tfk_h5"),
            "mobilenet_v3_small": ("keras", "tfk")}
ON_JAX = ("convnext",)  # TensorFlow has no groups on a processor


def fill(keras, model, inputs, random):
    """Kernels of 33 values each, which pack well; statistics as the inputs have them; results that spread about 1."""
    for variable in model.weights:
        shape = tuple(variable.shape)
        if len(shape) >= 2:
            limit = math.sqrt(6 / math.prod(shape[:2] if shape[-1] == 1 else shape[:-1]))  # those with 1 are depthwise
            variable.assign(limit / 16 * random.integers(-16, 17, shape))
    norms = [layer for layer in model.layers if type(layer).__name__ == "BatchNormalization"]
    for layer in norms:
        if layer.scale:
            layer.gamma.assign(random.uniform(0.7, 1.3, layer.gamma.shape))
        layer.beta.assign(random.uniform(-0.2, 0.2, layer.beta.shape))
    momenta = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0  # one step of training takes over the statistics of its batch
    model(inputs, training=True)
    for layer, momentum in zip(norms, momenta):
        layer.momentum = momentum
        variance = numpy.asarray(layer.moving_variance)
        layer.moving_variance.assign(variance * random.uniform(0.6, 1.6, variance.shape) + 0.1 * variance.mean())
    kernel = [layer for layer in model.layers if type(layer).__name__ in ("Dense", "Conv2D")][-1].kernel
    spread = numpy.std(keras.ops.convert_to_numpy(model(inputs, training=False)) if keras.__name__ == "keras" else model(inputs, training=False))
    kernel.assign(kernel / spread)
