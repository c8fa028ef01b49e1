# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models that are more than one layer: what crosses layers, and small forms of well-known networks."""
import numpy


def tiny(keras):
    layers = keras.layers
    return keras.Sequential([keras.Input((6, 5, 2), name="image"), layers.Conv2D(3, 3, padding="same"), layers.BatchNormalization(),
                             layers.ReLU(), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(4, activation="softmax", name="scores")])


def shared_dense(keras):
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = keras.layers.Dense(4, name="shared")
    return keras.Model([a, b], keras.layers.Concatenate()([shared(a), shared(b), shared(shared(a))]))


def nested_twice(keras):
    """One inner model at two places, and at another depth: A(B(A(x)))."""
    i = keras.Input((3,), name="i")
    inner = keras.Model(i, keras.layers.Dense(3, activation="tanh")(i), name="inner")
    x = keras.Input((3,), name="x")
    return keras.Model(x, inner(keras.layers.Dense(3, name="between")(inner(x))))


def nested_deep(keras):
    layers = keras.layers
    innermost = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.BatchNormalization()], name="innermost")
    i = keras.Input((5,), name="i")
    middle = keras.Model(i, innermost(layers.Dense(4)(i)), name="middle")
    x = keras.Input((5,), name="x")
    y = middle(x)
    return keras.Model(x, [y, layers.Dense(2, name="last")(y)])


def nested_frozen(keras):
    """Frozen layers inside a nested model change the order of weights in old files."""
    layers = keras.layers
    i = keras.Input((4,), name="i")
    first, norm, last = layers.Dense(4, name="first"), layers.BatchNormalization(name="norm"), layers.Dense(4, name="last")
    inner = keras.Model(i, last(norm(first(i))), name="inner")
    first.trainable = False
    x = keras.Input((4,), name="x")
    model = keras.Model(x, layers.Dense(2, name="outer")(inner(x)))
    return model


def inputs_in_a_dictionary(keras):
    """Dictionaries are flattened by key, whatever the order in which they are written."""
    b, a = keras.Input((3,), name="beta"), keras.Input((3,), name="alpha")
    y = keras.layers.Subtract(name="difference")([a, b])
    return keras.Model({"beta": b, "alpha": a}, {"y": y, "sum": keras.layers.Add(name="sum")([a, b])})


def output_is_input(keras):
    x = keras.Input((4,), name="x")
    y = keras.layers.Dense(3, name="y")(x)
    return keras.Model(x, [y, x, y])


def two_consumers(keras):
    x = keras.Input((4,), name="x")
    keras.layers.Dense(7, name="unused")(x)
    y = keras.layers.Dense(4, activation="relu", name="y")(x)
    return keras.Model(x, [keras.layers.Add()([x, y]), keras.layers.Multiply()([x, y])])


def odd_names(keras):
    """Names that are C++ keywords, begin with a digit, hold other letters, or become equal when made legal."""
    layers = keras.layers
    x, y = keras.Input((3,), name="class"), keras.Input((3,), name="1x")
    a, b = layers.Dense(3, name="größe")(x), layers.Dense(3, name="a b")(y)
    return keras.Model([x, y], [layers.Add(name="a-b")([a, b]), layers.Dense(2, name="a.b")(a), layers.Dense(2, name="n" * 120)(b)])


def free_time(keras):
    x = keras.Input((None, 3), name="x")
    return keras.Model(x, keras.layers.GlobalMaxPooling1D()(keras.layers.Conv1D(4, 3, padding="causal")(x)))


def free_space(keras):
    x = keras.Input((None, None, 3), name="x")
    y = keras.layers.Conv2DTranspose(2, 3, strides=2, padding="same")(keras.layers.Conv2D(4, 3, strides=2)(x))
    return keras.Model(x, y)


def fixed_batch(keras):
    x = keras.Input(batch_shape=(3, 4), name="x")
    return keras.Model(x, keras.layers.Dense(2)(x))


def sequential_without_input(keras):
    model = keras.Sequential([keras.layers.Dense(3, activation="relu"), keras.layers.Dense(2)])
    model.build((None, 4))
    return model


def layer_given_to_activation(keras):
    x = keras.Input((4,), name="x")
    return keras.Model(x, keras.layers.Activation(keras.layers.PReLU())(keras.layers.Dense(3)(x)))


def trained(keras):
    """Saved behind training: the state of an optimizer, a loss and metrics, and an initializer and a regularizer of one's own."""
    class Halves(keras.initializers.Initializer):
        def __call__(self, shape, dtype=None, **words):
            return keras.initializers.Constant(0.5)(shape, dtype)

    class Smooth(keras.regularizers.L2):
        pass

    layers = keras.layers
    x = keras.Input((4,), name="x")
    y = layers.Dense(5, kernel_initializer=Halves(), kernel_regularizer=Smooth(0.1), kernel_constraint="max_norm", activity_regularizer="l2")(x)
    y = layers.Dense(3, name="y")(layers.Dropout(0.5)(layers.BatchNormalization()(y)))
    model = keras.Model(x, y)
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(numpy.ones((4, 4)), numpy.ones((4, 3)))
    return model


def nested_unusual(keras):
    """A nested model of layers that old files tell apart by the number of their weights alone, or that have none."""
    layers = keras.layers
    i = keras.Input((6, 5, 3), name="i")
    y = layers.SpectralNormalization(layers.Conv2D(3, 2, name="wrapped"), name="spectral")(i)
    if keras.__name__ == "keras":
        y = layers.Solarization(name="solarization")(layers.RandAugment(name="augment")(y))
    else:
        y = layers.experimental.SyncBatchNormalization(name="norm")(y)
    y = layers.Dense(2, name="last")(y)
    x = keras.Input((6, 5, 3), name="x")
    return keras.Model(x, keras.Model(i, y, name="inner")(x))


def sync_batch_normalization(keras):
    """The name that tf.keras has had for BatchNormalization over several devices."""
    x = keras.Input((6, 5, 3), name="x")
    y = keras.layers.experimental.SyncBatchNormalization()(keras.layers.Conv2D(4, 3, use_bias=False)(x))
    return keras.Model(x, keras.layers.ReLU()(y))


def residual(keras):
    layers = keras.layers
    x = keras.Input((6, 5, 4), name="x")
    y = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same", use_bias=False)(x)))
    y = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same", use_bias=False)(y))
    y = layers.ReLU()(layers.Add()([x, y]))
    return keras.Model(x, layers.Dense(3)(layers.GlobalAveragePooling2D()(y)))


def batch_norm_both_sides(keras):
    """Folding an affine into a convolution before it, behind it, and into one that pads."""
    layers = keras.layers
    x = keras.Input((6, 5, 3), name="x")
    y = layers.Conv2D(4, 3, padding="same")(layers.BatchNormalization()(x))
    y = layers.BatchNormalization()(layers.DepthwiseConv2D(3, depth_multiplier=2)(y))
    y = layers.BatchNormalization()(layers.Conv2DTranspose(3, 2, strides=2)(y))
    return keras.Model(x, layers.BatchNormalization()(layers.Dense(5)(layers.Flatten()(y))))


def lenet(keras):
    layers = keras.layers
    return keras.Sequential([keras.Input((12, 11, 1)), layers.Conv2D(3, 3, activation="relu"), layers.MaxPooling2D(), layers.Conv2D(4, 3, activation="tanh"),
                             layers.AveragePooling2D(2), layers.Dropout(0.5), layers.Flatten(), layers.Dense(8, activation="relu"), layers.Dense(5, activation="softmax")])


def unet(keras):
    layers = keras.layers
    x = keras.Input((8, 8, 2), name="x")
    a = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    b = layers.Conv2D(6, 3, padding="same", activation="relu")(layers.MaxPooling2D()(a))
    c = layers.Conv2DTranspose(4, 2, strides=2, padding="same")(b)
    y = layers.Concatenate()([layers.Cropping2D(1)(c), layers.Cropping2D(1)(a)])
    return keras.Model(x, layers.Conv2D(1, 1, activation="sigmoid")(layers.ZeroPadding2D(1)(y)))


def wavenet(keras):
    layers = keras.layers
    x = keras.Input((12, 3), name="x")
    y = layers.Conv1D(4, 1)(x)
    for dilation in (1, 2, 4):
        gate = layers.Multiply()([layers.Conv1D(4, 2, padding="causal", dilation_rate=dilation, activation="tanh")(y),
                                  layers.Conv1D(4, 2, padding="causal", dilation_rate=dilation, activation="sigmoid")(y)])
        y = layers.Add()([y, layers.Conv1D(4, 1)(gate)])
    return keras.Model(x, y)


def siamese(keras):
    layers = keras.layers
    a, b = keras.Input((5,), name="a"), keras.Input((5,), name="b")
    tower = keras.Sequential([keras.Input((5,)), layers.Dense(4, activation="relu"), layers.Dense(3)], name="tower")
    return keras.Model([a, b], layers.Dot(axes=-1, normalize=True)([tower(a), tower(b)]))


def squeeze_excite(keras):
    layers = keras.layers
    x = keras.Input((5, 6, 8), name="x")
    s = layers.Reshape((1, 1, 8))(layers.GlobalAveragePooling2D()(x))
    s = layers.Conv2D(8, 1, activation="sigmoid")(layers.Conv2D(2, 1, activation="swish")(s))
    return keras.Model(x, layers.Multiply()([x, s]))


def inverted_residual(keras):
    layers = keras.layers
    x = keras.Input((8, 7, 4), name="x")
    y = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(12, 1, use_bias=False)(x)))
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(y)
    y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(4, 1, use_bias=False)(y))
    return keras.Model(x, layers.Add()([x, y]))


def inception(keras):
    layers = keras.layers
    x = keras.Input((7, 6, 5), name="x")
    a, b = layers.Conv2D(3, 1, activation="relu")(x), layers.Conv2D(4, 3, padding="same", activation="relu")(layers.Conv2D(2, 1)(x))
    c = layers.Conv2D(2, 1)(layers.AveragePooling2D(3, strides=1, padding="same")(x))
    return keras.Model(x, layers.Concatenate()([a, b, c, layers.MaxPooling2D(3, strides=1, padding="same")(x)]))


def dense_block(keras):
    layers = keras.layers
    x = y = keras.Input((5, 4, 3), name="x")
    for _ in range(3):
        z = layers.Conv2D(2, 3, padding="same", use_bias=False)(layers.Activation("relu")(layers.BatchNormalization()(y)))
        y = layers.Concatenate()([y, z])
    return keras.Model(x, layers.AveragePooling2D(2, strides=2)(y))


def convnext_block(keras):
    layers = keras.layers
    from keras.src.applications.convnext import LayerScale
    x = keras.Input((6, 5, 8), name="x")
    y = layers.LayerNormalization(epsilon=1e-6)(layers.Conv2D(8, 7, padding="same", groups=8)(x))
    y = layers.Dense(8)(layers.Activation("gelu")(layers.Dense(32)(y)))
    return keras.Model(x, x + LayerScale(0.5, 8, name="scale")(y))


def stochastic_depth(keras):
    from keras.src.applications.convnext import StochasticDepth
    x = keras.Input((4, 3), name="x")
    return keras.Model(x, StochasticDepth(0.5)(keras.layers.Dense(3)(x)))


def fixed_dropout(keras):
    """The end of a block of the efficientnet package, which registers a Dropout of its own."""
    class FixedDropout(keras.layers.Dropout):
        pass

    layers = keras.layers
    x = keras.Input((4, 5, 3), name="x")
    y = layers.BatchNormalization()(layers.Conv2D(3, 1, use_bias=False)(x))
    return keras.Model(x, layers.add([FixedDropout(0.2, noise_shape=(None, 1, 1, 1), name="drop")(y), x]))


def mobilenet_v3_head(keras):
    layers = keras.layers
    x = keras.Input((4, 5, 6), name="x")
    y = layers.Conv2D(6, 1)(x)
    return keras.Model(x, y * (layers.ReLU(6.0)(y + 3.0) * (1.0 / 6.0)))


def batch_norm_of_rows(keras):
    """BatchNormalization along another dimension than a Dense in front of it."""
    layers = keras.layers
    return keras.Sequential([keras.Input((4, 12, 4)), layers.Dense(16, activation="relu"), layers.BatchNormalization(axis=1)])


def prelu_selu_mlp(keras):
    layers = keras.layers
    return keras.Sequential([keras.Input((6,)), layers.Dense(5), layers.PReLU(), layers.AlphaDropout(0.3), layers.Dense(4, activation="selu"),
                             layers.GaussianNoise(0.1), layers.Dense(2)])


def transpose_chain(keras):
    layers = keras.layers
    x = keras.Input((3, 4, 5), name="x")
    y = layers.Permute((3, 1, 2))(layers.Permute((2, 3, 1))(x))
    return keras.Model(x, layers.Reshape((5, 12))(layers.Dense(12)(layers.Reshape((5, -1))(y))))


def concatenated_branches(keras):
    """Concatenation of what convolutions write and of an input; one part is also read by others."""
    layers = keras.layers
    x = keras.Input((5, 6, 3), name="x")
    a, b = layers.Conv2D(2, 3, padding="same")(x), layers.Conv2D(4, 1, activation="relu")(x)
    joined = layers.Concatenate()([a, x, b])
    return keras.Model(x, [layers.Conv2D(2, 1)(joined), layers.ReLU()(a), joined])


def mixed_policy(policy):
    def build(keras):
        layers = keras.layers
        x = keras.Input((6, 5, 3), name="x")
        y = layers.ReLU(dtype=policy)(layers.BatchNormalization(dtype=policy)(layers.Conv2D(4, 3, dtype=policy)(x)))
        y = layers.Dense(5, activation="tanh", dtype=policy)(layers.Flatten(dtype=policy)(y))
        return keras.Model(x, layers.Activation("softmax", dtype="float32")(y))
    return build


mixed_float16, mixed_bfloat16 = mixed_policy("mixed_float16"), mixed_policy("mixed_bfloat16")
float16, bfloat16, float64 = mixed_policy("float16"), mixed_policy("bfloat16"), mixed_policy("float64")


def int8_dense(keras):
    """Kernels as whole numbers; the start is seeded, since record.py leaves weights that are not floats alone."""
    layers, start = keras.layers, lambda seed: keras.initializers.RandomUniform(-0.5, 0.5, seed=seed)
    x = keras.Input((3, 7), name="x")
    y = layers.Dense(5, activation="relu", kernel_initializer=start(1))(x)
    model = keras.Model(x, layers.Dense(4, use_bias=False, kernel_initializer=start(2))(y))
    model.quantize("int8")
    return model


def int8_embedding(keras):
    layers, start = keras.layers, lambda seed: keras.initializers.RandomUniform(-0.5, 0.5, seed=seed)
    x = keras.Input((5,), dtype="int32", name="x")
    y = layers.Embedding(7, 6, embeddings_initializer=start(1))(x)
    model = keras.Model(x, [y, layers.Dense(3, kernel_initializer=start(2))(layers.LayerNormalization()(y))])
    model.quantize("int8")
    return model


def int4_classifier(keras):
    """All layers that model.quantize knows, in Keras' own groups of 128."""
    layers, start = keras.layers, lambda seed: keras.initializers.RandomUniform(-0.5, 0.5, seed=seed)
    x = keras.Input((5,), dtype="int32", name="x")
    y = layers.LayerNormalization()(layers.Embedding(7, 6, embeddings_initializer=start(1))(x))
    y = layers.EinsumDense("abc,cde->abde", (5, 3, 5), bias_axes="de", activation="gelu", kernel_initializer=start(2))(y)
    y = layers.Dense(130, activation="relu", kernel_initializer=start(3))(layers.Flatten()(y))
    model = keras.Model(x, layers.Dense(3, activation="softmax", kernel_initializer=start(4))(y))
    model.quantize("int4")
    return model


def integer_image(keras):
    x = keras.Input((6, 5, 3), dtype="uint8", name="x")
    return keras.Model(x, keras.layers.Conv2D(2, 3)(keras.layers.Rescaling(1 / 127.5, offset=-1)(x)))


def mask_to_pooling(keras):
    layers = keras.layers
    x = keras.Input((5,), dtype="int32", name="x")
    return keras.Model(x, layers.GlobalAveragePooling1D()(layers.Embedding(7, 3, mask_zero=True)(x)))


def mask_through_dense(keras):
    layers = keras.layers
    x = keras.Input((5, 3), name="x")
    return keras.Model(x, layers.GlobalAveragePooling1D()(layers.Dense(4)(layers.Dropout(0.5)(layers.Masking()(x)))))


def masked_merge(layer, both=True):
    def build(keras):
        layers = keras.layers
        a, b = keras.Input((5,), dtype="int32", name="a"), keras.Input((5,), dtype="int32", name="b")
        x, y = layers.Embedding(7, 3, mask_zero=True)(a), layers.Embedding(7, 3, mask_zero=both)(b)
        merged = getattr(layers, layer)()([x, y])
        return keras.Model([a, b], [layers.GlobalAveragePooling1D()(merged), merged])
    return build


masked_add, masked_multiply, masked_maximum, masked_minimum, masked_concatenate, masked_subtract, masked_average = (
    masked_merge(layer) for layer in ("Add", "Multiply", "Maximum", "Minimum", "Concatenate", "Subtract", "Average"))
half_masked_multiply, half_masked_maximum, half_masked_minimum, half_masked_concatenate, half_masked_subtract, half_masked_average = (
    masked_merge(layer, both=False) for layer in ("Multiply", "Maximum", "Minimum", "Concatenate", "Subtract", "Average"))


def half_masked_add(keras):
    layers = keras.layers
    a, b = keras.Input((5,), dtype="int32", name="a"), keras.Input((5,), dtype="int32", name="b")
    y = layers.Add()([layers.Embedding(7, 3, mask_zero=True)(a), layers.Embedding(7, 3)(b)])
    return keras.Model([a, b], layers.GlobalAveragePooling1D()(y))


def masked_recurrent(layer, **config):
    def build(keras):
        layers = keras.layers
        x = keras.Input((5,), dtype="int32", name="x")
        return keras.Model(x, getattr(layers, layer)(4, **config)(layers.Embedding(7, 3, mask_zero=True)(x)))
    return build


masked_lstm, masked_gru = masked_recurrent("LSTM"), masked_recurrent("GRU", return_sequences=True)
masked_rnn_backwards = masked_recurrent("SimpleRNN", return_sequences=True, go_backwards=True)


def masked_bidirectional(keras):
    layers = keras.layers
    x = keras.Input((5,), dtype="int32", name="x")
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(layers.Embedding(7, 3, mask_zero=True)(x))
    return keras.Model(x, layers.Dense(2)(layers.Bidirectional(layers.LSTM(2))(y)))


def masked_attention(keras):
    layers = keras.layers
    x = keras.Input((5,), dtype="int32", name="x")
    y = layers.Embedding(7, 4, mask_zero=True)(x)
    return keras.Model(x, [layers.MultiHeadAttention(2, 2)(y, y), layers.Attention()([y, y])])


def text_classifier(keras):
    layers = keras.layers
    return keras.Sequential([keras.Input((6,), dtype="int32"), layers.Embedding(7, 4), layers.LSTM(5), layers.Dense(1, activation="sigmoid")])


def embedding_of_other_length(keras):
    """tf_keras writes an `input_length` down and never compares it with the input."""
    layers = keras.layers
    x = keras.Input((4,), dtype="int32", name="x")
    return keras.Model(x, layers.GRU(2)(layers.Embedding(7, 3, mask_zero=True, input_length=5)(x)))


def encoder_decoder(keras):
    layers = keras.layers
    source, target = keras.Input((5, 3), name="source"), keras.Input((4, 2), name="target")
    _, h, c = layers.LSTM(4, return_state=True)(source)
    return keras.Model([source, target], layers.Dense(3, activation="softmax")(layers.LSTM(4, return_sequences=True)(target, initial_state=[h, c])))


def transformer_block(keras):
    layers = keras.layers
    x = keras.Input((5, 8), name="x")
    h = layers.LayerNormalization(epsilon=1e-6)(x)
    x1 = layers.Add()([x, layers.MultiHeadAttention(2, 4)(h, h)])
    h = layers.Dense(8)(layers.Dense(16, activation="gelu")(layers.LayerNormalization(epsilon=1e-6)(x1)))
    return keras.Model(x, layers.Add()([x1, h]))


def crnn(keras):
    layers = keras.layers
    x = keras.Input((6, 8, 1), name="x")
    y = layers.MaxPooling2D((2, 1))(layers.Conv2D(3, 3, padding="same", activation="relu")(x))
    y = layers.Reshape((8, 9))(layers.Permute((2, 1, 3))(y))
    return keras.Model(x, layers.Dense(4, activation="softmax")(layers.Bidirectional(layers.GRU(3, return_sequences=True))(y)))


def time_distributed_model(keras):
    layers = keras.layers
    inner = keras.Sequential([keras.Input((6, 5, 2)), layers.Conv2D(3, 3), layers.Flatten(), layers.Dense(2)], name="inner")
    x = keras.Input((3, 6, 5, 2), name="x")
    return keras.Model(x, layers.TimeDistributed(inner)(x))
