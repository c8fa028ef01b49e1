# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""TensorFlow functions on the tensors of a model of TensorFlow 1.14 to 2.3, which saved the nodes of its graph as TensorFlowOpLayer.

Inside a graph tf_keras still does so; what differs is how the file spells constants. Two floats x and y of shape (4, 6),
y positive.
"""
import json

from tensorflow_operations import EXPRESSIONS as FUNCTIONS
from tensorflow_operations import NO_NODES, constant

OTHERS = {
    "bias_add": lambda tf, x, y: tf.nn.bias_add(x, constant(6)),
    "batch_matmul": lambda tf, x, y: [tf.matmul(x, y, adjoint_b=True), tf.matmul(x, x, adjoint_a=True), tf.matmul(tf.reshape(x, [-1, 6]), constant(6, 3))],
    "strided_slices": lambda tf, x, y: [x[:, 3:0:-1, 1::2], x[..., tf.newaxis, 2], x[:, -2:], x[:, 1, 2:]],
    "pow_and_select": lambda tf, x, y: tf.where(x > 0.0, tf.pow(y, 1.5), tf.math.squared_difference(x, y)),
    "leaky_relu": lambda tf, x, y: tf.nn.leaky_relu(x, alpha=0.1) + tf.nn.elu(x) + tf.nn.selu(y - 1.0),
    "resize_bilinear": lambda tf, x, y: tf.image.resize(tf.reshape(x, [-1, 4, 3, 2]), [7, 5]),
    "same_twice": lambda tf, x, y: x * x + tf.concat([y, y], axis=2)[:, :, 3:9],
    "einsum": lambda tf, x, y: tf.einsum("bij,bkj->bik", x, y),
    "erfc": lambda tf, x, y: tf.math.erfc(x) - tf.math.erf(y),
    "older_nodes": lambda tf, x, y: [tf.raw_ops.Add(x=x, y=y), tf.raw_ops.Div(x=x, y=y), tf.raw_ops.BatchMatMul(x=x, y=y, adj_y=True),
                                     tf.raw_ops.Gather(params=y, indices=[1, 0]), tf.raw_ops.ClipByValue(t=x, clip_value_min=-0.5, clip_value_max=0.75)],
    "mirror_pad": lambda tf, x, y: tf.pad(x, [[0, 0], [1, 2], [2, 1]], mode="SYMMETRIC"),
}
EXPRESSIONS = {**{name: function for name, function in FUNCTIONS.items() if name not in NO_NODES}, **OTHERS}


def build(keras, name):
    import tensorflow as tf

    with tf.Graph().as_default():
        x, y = (keras.Input((4, 6), name=letter) for letter in "xy")
        result = EXPRESSIONS[name](tf, x, y)
        architecture = keras.Model([x, y], list(result) if isinstance(result, (list, tuple)) else result).get_config()
    return keras.Model.from_config(architecture, custom_objects={"TensorFlowOpLayer": keras.src.engine.base_layer.TensorFlowOpLayer})


def old_words(value):
    """The architecture as TensorFlow 2.3 wrote it: arrays as lists, classes without their modules."""
    if isinstance(value, list):
        return [old_words(part) for part in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "__numpy__":
        return value["config"]["value"]
    return {key: old_words(part) for key, part in value.items() if key not in ("module", "registered_name")}


def age(path):
    import h5py
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = json.dumps(old_words(json.loads(file.attrs["model_config"]))).encode()
        file.attrs["keras_version"] = file["model_weights"].attrs["keras_version"] = b"2.4.0"
