# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models with Lambda and custom layers. What they compute is recorded; what is saved is their `python -m layerc export`.

The code is as in Keras' manuals: functions and classes over keras.ops with weights of their own.
"""


def square(keras):
    x = keras.Input((4, 3), name="x")
    return keras.Model(x, keras.layers.Lambda(lambda x: x ** 2, name="square")(x))


def antirectifier(keras):
    """Positive and negative parts of normalized samples, side by side."""
    ops = keras.ops

    def parts(x):
        x = ops.normalize(x - ops.mean(x, axis=1, keepdims=True), axis=1)
        return ops.concatenate([ops.relu(x), ops.relu(-x)], axis=1)

    x = keras.Input((6,), name="x")
    y = keras.layers.Lambda(parts, output_shape=(10,), name="antirectifier")(keras.layers.Dense(5)(x))
    return keras.Model(x, keras.layers.Dense(3)(y))


def product_and_sum(keras):
    """One Lambda with two outputs."""
    def products(tensors):
        product = tensors[0] * tensors[1]
        return [product, keras.ops.sum(product, axis=-1)]

    a, b = keras.Input((4, 3), name="a"), keras.Input((4, 3), name="b")
    return keras.Model([a, b], keras.layers.Lambda(products, name="products")([a, b]))


def lambda_with_arguments(keras):
    x = keras.Input((4, 3), name="x")
    return keras.Model(x, keras.layers.Lambda(lambda x, scale, axis: keras.ops.max(scale * x, axis=axis), arguments=dict(scale=-0.5, axis=1))(x))


def my_layer(keras):
    class MyLayer(keras.layers.Layer):
        def __init__(self, units, **words):
            super().__init__(**words)
            self.units = units

        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

        def call(self, x):
            return keras.ops.dot(x, self.kernel)

        def compute_output_shape(self, shape):
            return (*shape[:-1], self.units)

    x = keras.Input((4,), name="x")
    return keras.Model(x, MyLayer(3, name="mine")(keras.layers.Activation("tanh")(x)))


def linear(keras):
    """Two of one class with two weights, in a Sequential."""
    class Linear(keras.layers.Layer):
        def __init__(self, units, inputs, **words):
            super().__init__(**words)
            self.w = self.add_weight(shape=(inputs, units), name="w")
            self.b = self.add_weight(shape=(units,), name="b", initializer="zeros")

        def call(self, x):
            return keras.ops.matmul(x, self.w) + self.b

    return keras.Sequential([keras.Input((4,), name="x"), Linear(5, 4), keras.layers.ReLU(), Linear(2, 5)])


def layer_scale(keras):
    class LayerScale(keras.layers.Layer):
        def build(self, shape):
            self.gamma = self.add_weight(shape=(shape[-1],), name="gamma")

        def call(self, x):
            return x * self.gamma

    x = keras.Input((5, 4, 3), name="x")
    y = LayerScale(name="scale")(keras.layers.Conv2D(3, 3, padding="same")(x))
    return keras.Model(x, keras.layers.Add()([x, y]))


def stochastic_depth(keras):
    """Code that asks whether it trains, on the way of a residual."""
    class StochasticDepth(keras.layers.Layer):
        def call(self, x, training=None):
            if training:
                return x * keras.ops.cast(keras.random.uniform((1,)) > 0.5, x.dtype)
            return x

    x = keras.Input((5, 4, 3), name="x")
    y = StochasticDepth(name="drop_path")(keras.layers.Conv2D(3, 1)(x))
    return keras.Model(x, keras.layers.Add()([x, y]))


ALL = [square, antirectifier, product_and_sum, lambda_with_arguments, my_layer, linear, layer_scale, stochastic_depth]
