# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""TensorFlow functions on the tensors of a tf.keras model, which saves them as TFOpLambda and SlicingOpLambda layers.

Two floats x and y of shape (4, 6), y positive. TensorFlow is imported where it is used: cases.py needs none.
"""
import numpy


def constant(*shape):
    return numpy.linspace(-1, 1, numpy.prod(shape), dtype="float32").reshape(shape)


def whole(tf, x):
    return tf.cast(x * 4, tf.int32)


def image(tf, x):
    return tf.reshape(x, [-1, 4, 3, 2])


EXPRESSIONS = {
    "operators": lambda tf, x, y: (x + y) * 0.5 - x / y + 2.0 / y - (1.0 - x) ** 2 + (-x),
    "floor_operators": lambda tf, x, y: x // 0.25 + x % 0.75 + abs(x),
    "compare_operators": lambda tf, x, y: tf.where((x > y) | (x <= -0.5), x, y),
    "slices": lambda tf, x, y: x[:, 1:3, ::2],
    "slice_index": lambda tf, x, y: x[:, -1],
    "slice_ellipsis": lambda tf, x, y: x[..., 2:],
    "slice_new_axis": lambda tf, x, y: x[:, tf.newaxis, :, 1],
    "slice_reversed": lambda tf, x, y: x[:, ::-1],
    "constant_first": lambda tf, x, y: tf.subtract(2.0, x) + tf.divide(1.0, y) + tf.pow(2.0, x),
    "elementary": lambda tf, x, y: [tf.abs(x), tf.exp(x), tf.sqrt(y), tf.square(x), tf.math.rsqrt(y), tf.math.log(y), tf.math.sign(x)],
    "trigonometry": lambda tf, x, y: [tf.sin(x), tf.cos(x), tf.tan(x * 0.5), tf.atan(x), tf.atan2(x, y), tf.tanh(x), tf.sinh(x)],
    "inverse_trigonometry": lambda tf, x, y: [tf.asin(x * 0.4), tf.acos(x * 0.4), tf.asinh(x), tf.acosh(y + 1.0), tf.atanh(x * 0.4)],
    "exponentials": lambda tf, x, y: [tf.math.expm1(x), tf.math.log1p(y), tf.math.erf(x), tf.math.reciprocal(y), tf.math.softplus(x)],
    "rounding": lambda tf, x, y: [tf.floor(x * 3), tf.math.ceil(x * 3), tf.round(x * 2.5)],
    "clip": lambda tf, x, y: tf.clip_by_value(x, -0.5, 0.75),
    "extrema": lambda tf, x, y: tf.maximum(x, y) + tf.minimum(x, 0.25),
    "divide_no_nan": lambda tf, x, y: tf.math.divide_no_nan(x, tf.floor(y)),
    "squared_difference": lambda tf, x, y: tf.math.squared_difference(x, y),
    "add_n": lambda tf, x, y: tf.add_n([x, y, x]),
    "scalar_mul": lambda tf, x, y: tf.scalar_mul(0.5, x),
    "logical": lambda tf, x, y: tf.cast(tf.logical_and(x > 0.0, tf.logical_not(y > 1.0)), "float32") + tf.cast(tf.logical_or(x > 1.0, y > 1.5), "float32"),
    "finite": lambda tf, x, y: [tf.math.is_nan(x / tf.floor(y)), tf.math.is_inf(x / tf.floor(y)), tf.math.is_finite(x / tf.floor(y))],
    "casts": lambda tf, x, y: tf.cast(tf.cast(x * 3, tf.int32), tf.float32),
    "sums": lambda tf, x, y: [tf.reduce_sum(x, axis=1), tf.reduce_mean(x, axis=[1, 2]), tf.reduce_prod(x, axis=-1, keepdims=True)],
    "reductions": lambda tf, x, y: [tf.reduce_max(x, 1), tf.reduce_min(x, axis=-1), tf.math.reduce_std(x, axis=1), tf.math.reduce_variance(x, 2)],
    "logical_reductions": lambda tf, x, y: [tf.reduce_any(x > 0.5, axis=1), tf.reduce_all(x > -0.5, axis=2), tf.reduce_logsumexp(x, axis=-1)],
    "arguments": lambda tf, x, y: [tf.argmax(x, axis=-1), tf.argmin(x, axis=1, output_type=tf.int32), tf.argsort(y, direction="DESCENDING")],
    "sort": lambda tf, x, y: tf.sort(x, axis=1, direction="DESCENDING"),
    "top_k": lambda tf, x, y: list(tf.math.top_k(x, k=3)),
    "cumulative": lambda tf, x, y: [tf.cumsum(x, axis=1), tf.cumsum(x, axis=2, exclusive=True, reverse=True), tf.math.cumprod(x, axis=-1)],
    "l2_normalize": lambda tf, x, y: tf.nn.l2_normalize(x, axis=-1),
    "norm": lambda tf, x, y: tf.norm(x, axis=-1),
    "reshape": lambda tf, x, y: tf.reshape(x, [-1, 3, 8]),
    "reshape_by_shape": lambda tf, x, y: tf.reshape(x, [tf.shape(x)[0], 24]),
    "transpose": lambda tf, x, y: tf.transpose(x, [0, 2, 1]),
    "expand_and_squeeze": lambda tf, x, y: tf.squeeze(tf.expand_dims(x, 2), axis=[2]) + tf.expand_dims(y, -1)[..., 0],
    "concat": lambda tf, x, y: tf.concat([x, y, x], axis=-1),
    "stack": lambda tf, x, y: tf.stack([x, y], axis=1),
    "unstack": lambda tf, x, y: tf.unstack(x, axis=1)[2],
    "split": lambda tf, x, y: tf.split(x, 3, axis=2),
    "split_sizes": lambda tf, x, y: tf.split(x, [1, 2, 3], axis=-1),
    "tile_and_repeat": lambda tf, x, y: [tf.tile(x, [1, 2, 3]), tf.repeat(x, 2, axis=1)],
    "pads": lambda tf, x, y: [tf.pad(x, [[0, 0], [1, 2], [0, 1]]), tf.pad(x, [[0, 0], [1, 0], [2, 1]], constant_values=0.5),
                              tf.pad(x, [[0, 0], [1, 2], [2, 1]], mode="REFLECT")],
    "reverse_and_roll": lambda tf, x, y: [tf.reverse(x, axis=[1]), tf.roll(x, shift=2, axis=2)],
    "gather": lambda tf, x, y: tf.gather(x, [2, 0, 3], axis=1),
    "broadcast_to": lambda tf, x, y: tf.broadcast_to(x[:, :, :1], [2, 4, 5]),
    "likes": lambda tf, x, y: tf.ones_like(x) * 0.5 + tf.zeros_like(y) + x,
    "slice": lambda tf, x, y: tf.slice(x, [0, 1, 2], [-1, 2, 3]),
    "one_hot": lambda tf, x, y: tf.one_hot(tf.argmax(x, axis=-1), 6),
    "matmul": lambda tf, x, y: [tf.matmul(x, y, transpose_b=True), tf.matmul(x, constant(6, 3))],
    "matmul_operator": lambda tf, x, y: x @ tf.transpose(y, [0, 2, 1]),
    "tensordot": lambda tf, x, y: tf.tensordot(x, constant(6, 3), axes=1),
    "activations": lambda tf, x, y: [tf.nn.relu(x), tf.nn.relu6(x * 5), tf.nn.elu(x), tf.nn.selu(x), tf.nn.leaky_relu(x, alpha=0.1), tf.nn.silu(x)],
    "smooth_activations": lambda tf, x, y: [tf.nn.sigmoid(x), tf.nn.tanh(x), tf.nn.gelu(x), tf.nn.gelu(x, approximate=True), tf.nn.softsign(x)],
    "softmax": lambda tf, x, y: [tf.nn.softmax(x), tf.nn.softmax(x, axis=1), tf.nn.log_softmax(x)],
    "batch_normalization": lambda tf, x, y: tf.nn.batch_normalization(x, constant(6), constant(6) + 2, constant(6) * 3, constant(6) * 2, 1e-3),
    "depth_and_space": lambda tf, x, y: [tf.nn.depth_to_space(tf.reshape(x, [-1, 2, 3, 4]), 2), tf.nn.space_to_depth(tf.reshape(x, [-1, 4, 2, 3]), 2)],
    "resize": lambda tf, x, y: tf.image.resize(tf.reshape(x, [-1, 4, 3, 2]), [7, 5]),
    "resize_nearest": lambda tf, x, y: tf.image.resize(tf.reshape(x, [-1, 4, 3, 2]), [3, 5], method="nearest"),
    "hard_swish": lambda tf, x, y: x * tf.nn.relu6(x + 3.0) * (1.0 / 6.0),
    "integers": lambda tf, x, y: tf.cast(x * 4, tf.int32) // 3 + tf.cast(y * 4, tf.int32) % 3,
    "stop_gradient": lambda tf, x, y: tf.stop_gradient(x) * tf.identity(y),
    "comparisons": lambda tf, x, y: [tf.equal(tf.floor(x), tf.floor(y)), tf.not_equal(tf.floor(x), tf.floor(y)), tf.less(x, y), tf.greater_equal(x, 0.5)],
    "logical_xor": lambda tf, x, y: tf.math.logical_xor(x > 0.0, y > 1.0),
    "cosh": lambda tf, x, y: tf.cosh(x) - tf.math.log_sigmoid(y),
    "bitwise": lambda tf, x, y: [tf.bitwise.bitwise_and(whole(tf, x), whole(tf, y)), tf.bitwise.bitwise_or(whole(tf, x), whole(tf, y)),
                                 tf.bitwise.bitwise_xor(whole(tf, x), 5), tf.bitwise.invert(whole(tf, y))],
    "shifts": lambda tf, x, y: [tf.bitwise.left_shift(whole(tf, y), 2), tf.bitwise.right_shift(whole(tf, x) * 37, whole(tf, y) // 4)],
    "colours": lambda tf, x, y: [tf.image.rgb_to_hsv(tf.reshape(y, [-1, 4, 2, 3])), tf.image.hsv_to_rgb(tf.nn.sigmoid(tf.reshape(x, [-1, 4, 2, 3])))],
    "cross": lambda tf, x, y: tf.linalg.cross(x[:, :, :3], y[:, :, 3:]),
    "error_functions": lambda tf, x, y: [tf.math.erfinv(x * 0.4), tf.math.erfc(y), tf.math.rint(x * 2.5)],
    "scatter_update": lambda tf, x, y: tf.tensor_scatter_nd_update(x, [[0, 1], [1, 3]], y[0, :2]),
    "segment_sum": lambda tf, x, y: tf.math.unsorted_segment_sum(x[0], [2, 0, 2, 1], 4),
    "in_top_k": lambda tf, x, y: tf.math.in_top_k(tf.argmax(x[:, 0], axis=-1, output_type=tf.int32), y[:, 0], 2),
    "bias_and_shape": lambda tf, x, y: tf.nn.bias_add(tf.ensure_shape(x, [None, 4, 6]), constant(6)) + tf.saturate_cast(y, "float32"),
    "images": lambda tf, x, y: [tf.image.flip_left_right(image(tf, x)), tf.image.flip_up_down(image(tf, x)),
                                tf.image.crop_to_bounding_box(image(tf, x), 1, 1, 2, 2), tf.image.pad_to_bounding_box(image(tf, x), 1, 2, 6, 7),
                                tf.image.rgb_to_grayscale(tf.reshape(x, [-1, 4, 2, 3]))],
    "cross_entropies": lambda tf, x, y: [tf.nn.softmax_cross_entropy_with_logits(tf.nn.softmax(x), y),
                                         tf.nn.sigmoid_cross_entropy_with_logits(tf.nn.sigmoid(x), y)],
    "diagonals": lambda tf, x, y: [tf.linalg.diag_part(x[:, :, :4]), tf.linalg.trace(x[:, :, 2:]), tf.linalg.matrix_transpose(y)],
    "saturated": lambda tf, x, y: tf.saturate_cast(x * 200, tf.uint8),
    "euclidean_norm": lambda tf, x, y: tf.math.reduce_euclidean_norm(x, axis=1),
    "lookup": lambda tf, x, y: tf.nn.embedding_lookup(constant(5, 3), whole(tf, y) % 5),
    "pools": lambda tf, x, y: [tf.nn.max_pool1d(x, 2, 2, "VALID"), tf.nn.avg_pool1d(x, 3, 2, "SAME"), tf.nn.max_pool2d(image(tf, x), 2, 1, "SAME"),
                               tf.nn.max_pool(image(tf, y), [1, 2, 3, 1], [1, 2, 1, 1], "VALID"), tf.nn.avg_pool2d(image(tf, x), [2, 1], 2, "SAME")],
    "convolutions": lambda tf, x, y: [tf.nn.conv2d(image(tf, x), constant(2, 3, 2, 4), [1, 2, 1, 1], "SAME"),
                                      tf.nn.conv2d(image(tf, x), constant(2, 2, 2, 3), 1, "VALID", dilations=[1, 2, 1, 1]), tf.nn.conv1d(x, constant(2, 6, 5), 2, "SAME"),
                                      tf.nn.depthwise_conv2d(image(tf, y), constant(2, 3, 2, 2), [1, 1, 1, 1], "SAME")],
    "compat": lambda tf, x, y: [tf.compat.v1.nn.softmax(x, dim=1), tf.compat.v1.where(x > 0.0, x, y)],
}
# Those that a graph holds as nodes which layerc does not know.
NO_NODES = {"cross_entropies", "diagonals", "images", "saturated", "compat"}


def build(keras, name):
    import tensorflow

    x, y = (keras.Input((4, 6), name=letter) for letter in "xy")
    result = EXPRESSIONS[name](tensorflow, x, y)
    return keras.Model([x, y], list(result) if isinstance(result, (list, tuple)) else result)
