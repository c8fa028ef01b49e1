# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random arguments for every Keras layer: a table from class name to a function that draws them for an input shape.

A function takes a random.Random and the shape without the batch, and returns the keyword arguments, or None where the
layer does not suit the shape. What Keras refuses nevertheless, the caller drops. Sizes are small and the corners are
likely: 1, kernels as large as the input, strides above the kernel, primes, everything cropped but one element.
"""
import math

ONE_INPUT = {}
MERGES = {}
INTERPOLATIONS = ["nearest", "nearest", "bilinear", "bilinear", "bicubic", "lanczos3", "lanczos5"]
DEPTHWISE_STRIDES_ABOVE_KERNEL = True
ADAPTIVE_TO_ANY_SIZE = True


def layer(*names, table=ONE_INPUT):
    """Enters the function below in the table, once per class; it is called with the class name first."""
    def enter(draw):
        for name in names:
            table[name] = lambda r, shape, name=name: draw(name, r, shape)
        return draw
    return enter


ACTIVATIONS = ["linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "sigmoid", "hard_sigmoid",
               "hard_silu", "tanh", "hard_tanh", "tanh_shrink", "soft_shrink", "hard_shrink", "softplus", "softsign",
               "squareplus", "sparse_plus", "sparse_sigmoid", "log_sigmoid", "log_softmax", "softmax", "exponential",
               "mish", "sparsemax", "glu"]
ROW_ACTIVATIONS = {"softmax", "log_softmax", "sparsemax", "glu"}


def activation(r):
    return r.choice(["linear", "relu", r.choice([a for a in ACTIVATIONS if a not in ROW_ACTIVATIONS])])


def spatial_rank(name):
    return int(next(c for c in name if c.isdigit()))


def formatted(r, rank, shape, causal=False):
    """data_format, the spatial sizes and the channels it gives `shape`; None where the rank is another."""
    if len(shape) != rank + 1:
        return None
    if r.random() < 0.25 and not causal:
        return "channels_first", shape[1:], shape[0]
    return "channels_last", shape[:-1], shape[-1]


def one_or_each(r, rank, draw):
    """One number for all dimensions or one for each."""
    return draw(0) if r.random() < 0.4 else tuple(draw(d) for d in range(rank))


def window(r, sizes, largest=5):
    return tuple(r.choice([1, 2, 3, 3, min(largest, size), r.randint(1, largest)]) for size in sizes)


def strides_or_dilation(r, rank):
    """At most one of the two is above 1, as Keras demands."""
    kind = r.random()
    one = 1 if r.random() < 0.5 else (1,) * rank
    if kind < 0.4:
        return one, one
    if kind < 0.75:
        return one_or_each(r, rank, lambda d: r.choice([1, 2, 2, 3, 4, 5])), one
    return one, one_or_each(r, rank, lambda d: r.choice([1, 2, 2, 3]))


def channels(r):
    return r.choice([1, 2, 3, 4, 5, 7, 8, 11, 13, 16, 17, 24])


@layer("Conv1D", "Conv2D", "Conv3D")
def conv(name, r, shape):
    rank = spatial_rank(name)
    causal = name == "Conv1D" and r.random() < 0.25
    fits = formatted(r, rank, shape, causal)
    if not fits:
        return None
    data_format, sizes, depth = fits
    groups = r.choice([1, 1, 1, r.choice([g for g in range(1, depth + 1) if depth % g == 0])])
    strides, dilation = strides_or_dilation(r, rank)
    filters = groups * r.choice([1, 2, 3, 5]) if groups > 1 else channels(r)
    return dict(filters=filters, kernel_size=window(r, sizes), strides=strides, dilation_rate=dilation, groups=groups,
                padding="causal" if causal else r.choice(["valid", "same"]), data_format=data_format,
                activation=activation(r), use_bias=r.random() < 0.8)


@layer("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D")
def depthwise(name, r, shape):
    rank = spatial_rank(name)
    causal = name == "SeparableConv1D" and r.random() < 0.2
    fits = formatted(r, rank, shape, causal)
    if not fits:
        return None
    data_format, sizes, _ = fits
    strides, kernel = r.choice([1, 1, 2, 3]), window(r, sizes)
    if strides > min(kernel) and not DEPTHWISE_STRIDES_ABOVE_KERNEL:
        return None
    arguments = dict(kernel_size=kernel, strides=strides, depth_multiplier=r.choice([1, 1, 2, 3]),
                     dilation_rate=r.choice([1, 1, 2, 3]) if strides == 1 else 1, data_format=data_format,
                     padding="causal" if causal else r.choice(["valid", "same"]), activation=activation(r),
                     use_bias=r.random() < 0.8)
    if name.startswith("Separable"):
        arguments["filters"] = channels(r)
    return arguments


@layer("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
def conv_transpose(name, r, shape):
    rank = spatial_rank(name)
    fits = formatted(r, rank, shape)
    if not fits:
        return None
    strides, dilation = strides_or_dilation(r, rank)
    steps = strides if isinstance(strides, tuple) else (strides,) * rank
    arguments = dict(filters=r.choice([1, 2, 3, 5, 8]), kernel_size=window(r, fits[1], 4), strides=strides,
                     dilation_rate=dilation, padding=r.choice(["valid", "same"]), data_format=fits[0],
                     activation=activation(r), use_bias=r.random() < 0.8)
    if min(steps) > 1 and r.random() < 0.3:
        arguments["output_padding"] = tuple(r.randrange(step) for step in steps)
    return arguments


@layer("LocallyConnected1D", "LocallyConnected2D")
def locally_connected(name, r, shape):
    fits = formatted(r, spatial_rank(name), shape)
    if not fits:
        return None
    implementation = r.choice([1, 2, 3])
    return dict(filters=r.choice([1, 2, 3]), kernel_size=window(r, fits[1], 3), strides=r.choice([1, 1, 2]),
                padding="valid" if implementation == 1 else r.choice(["valid", "same"]), implementation=implementation,
                data_format=fits[0], use_bias=r.random() < 0.7)


@layer(*[f"{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3)])
def pooling(name, r, shape):
    rank = spatial_rank(name)
    fits = formatted(r, rank, shape)
    if not fits:
        return None
    return dict(pool_size=window(r, fits[1]), strides=r.choice([None, 1, 2, one_or_each(r, rank, lambda d: r.choice([1, 2, 3, 4]))]),
                padding=r.choice(["valid", "same"]), data_format=fits[0])


@layer(*[f"Global{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3)])
def global_pooling(name, r, shape):
    fits = formatted(r, spatial_rank(name), shape)
    return fits and dict(data_format=fits[0], keepdims=r.random() < 0.5)


@layer(*[f"Adaptive{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3)])
def adaptive_pooling(name, r, shape):
    fits = formatted(r, spatial_rank(name), shape)
    sizes = lambda size: [n for n in range(1, size + 1) if ADAPTIVE_TO_ANY_SIZE or n & (n - 1) == 0]
    return fits and dict(output_size=tuple(r.choice(sizes(size)) for size in fits[1]), data_format=fits[0])


@layer("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
def zero_padding(name, r, shape):
    rank = spatial_rank(name)
    fits = formatted(r, rank, shape)
    if not fits:
        return None
    pair = lambda d: (r.choice([0, 1, 2, 3]), r.choice([0, 0, 1, 2]))
    padding = r.choice([1, 2, pair(0)]) if rank == 1 else r.choice([1, 2, tuple(pair(d) for d in range(rank))])
    return dict(padding=padding, **({"data_format": fits[0]} if rank > 1 or r.random() < 0.5 else {}))


@layer("Cropping1D", "Cropping2D", "Cropping3D")
def cropping(name, r, shape):
    rank = spatial_rank(name)
    fits = ("channels_last", shape[:-1], shape[-1]) if rank == 1 and len(shape) == 2 else formatted(r, rank, shape)
    if not fits or rank == 1 and len(shape) != 2:
        return None

    def pair(size):
        keep = r.choice([1, r.randint(1, size)])  # often one element is left
        low = r.randint(0, size - keep)
        return low, size - keep - low
    pairs = tuple(pair(size) for size in fits[1])
    return dict(cropping=pairs[0]) if rank == 1 else dict(cropping=pairs, data_format=fits[0])


@layer("UpSampling1D", "UpSampling2D", "UpSampling3D")
def up_sampling(name, r, shape):
    rank = spatial_rank(name)
    if len(shape) != rank + 1:
        return None
    if rank == 1:
        return dict(size=r.choice([1, 2, 3]))
    arguments = dict(size=one_or_each(r, rank, lambda d: r.choice([1, 2, 2, 3])),
                     data_format=r.choice(["channels_last", "channels_last", "channels_first"]))
    if rank == 2:
        arguments["interpolation"] = r.choice(INTERPOLATIONS)
    return arguments


@layer("Resizing")
def resizing(name, r, shape):
    if len(shape) != 3:
        return None
    return dict(height=r.choice([1, 2, 3, 5, 7, 9]), width=r.choice([1, 2, 4, 5, 8]), data_format="channels_last",
                interpolation=r.choice(INTERPOLATIONS),
                **r.choice([{}, {}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True}]))


@layer("CenterCrop")
def center_crop(name, r, shape):
    return len(shape) == 3 and dict(height=r.randint(1, shape[0] + 1), width=r.randint(1, shape[1]), data_format="channels_last") or None


@layer("Dense")
def dense(name, r, shape):
    return dict(units=channels(r), activation=r.choice([activation(r), "softmax"]), use_bias=r.random() < 0.8)


@layer("EinsumDense")
def einsum_dense(name, r, shape):
    units = r.choice([1, 3, 5])
    if len(shape) == 1:
        return dict(equation="ab,bc->ac", output_shape=units, bias_axes=r.choice([None, "c"]))
    if len(shape) == 2:
        return r.choice([dict(equation="abc,cd->abd", output_shape=(None, units), bias_axes="d"),
                         dict(equation="...x,xy->...y", output_shape=units, bias_axes="y"),
                         dict(equation="abc,cde->abde", output_shape=(None, 2, units), bias_axes=r.choice(["de", "e"])),
                         dict(equation="abc,bd->adc", output_shape=(units, shape[1]))])
    return dict(equation="abcd,cde->abe", output_shape=(None, units), bias_axes="e") if len(shape) == 3 else None


@layer("Activation")
def activation_layer(name, r, shape):
    return dict(activation=r.choice(ACTIVATIONS))


@layer("ReLU")
def relu(name, r, shape):
    return dict(max_value=r.choice([None, 1.0, 6.0]), negative_slope=r.choice([0.0, 0.1, 0.3]), threshold=r.choice([0.0, 0.0, 0.5]))


@layer("LeakyReLU")
def leaky_relu(name, r, shape):
    return dict(negative_slope=r.choice([0.0, 0.1, 0.3, 1.5]))


@layer("ELU")
def elu(name, r, shape):
    return dict(alpha=r.choice([1.0, 0.3, 2.0]))


@layer("PReLU")
def prelu(name, r, shape):
    return dict(shared_axes=r.choice([None, sorted(r.sample(range(1, len(shape) + 1), r.randint(1, len(shape))))]))


@layer("ThresholdedReLU")
def thresholded_relu(name, r, shape):
    return dict(theta=r.choice([0.5, 1.0]))


@layer("Softmax")
def softmax(name, r, shape):
    axes = sorted(r.sample(range(1, len(shape) + 1), r.randint(1, len(shape))))
    return dict(axis=r.choice([-1, axes[0], axes]))


@layer("BatchNormalization", "SyncBatchNormalization")
def batch_normalization(name, r, shape):
    return dict(axis=r.choice([-1, -1, r.randint(1, len(shape))]), center=r.random() < 0.8, scale=r.random() < 0.8,
                epsilon=r.choice([1e-3, 1e-2, 1.001e-5]))


@layer("LayerNormalization")
def layer_normalization(name, r, shape):
    axes = sorted(r.sample(range(1, len(shape) + 1), r.randint(1, len(shape))))
    return dict(axis=r.choice([-1, axes]), center=r.random() < 0.8, scale=r.random() < 0.8, epsilon=1e-2)


@layer("GroupNormalization")
def group_normalization(name, r, shape):
    if len(shape) < 2:
        return None
    axis = r.choice([-1, -1, r.randint(1, len(shape))])
    size = shape[-1] if axis < 0 else shape[axis - 1]
    return dict(groups=r.choice([-1, 1, r.choice([g for g in range(1, size + 1) if size % g == 0])]), axis=axis, epsilon=1e-2)


@layer("RMSNormalization")
def rms_normalization(name, r, shape):
    return dict(axis=-1, epsilon=1e-2)


@layer("UnitNormalization")
def unit_normalization(name, r, shape):
    return dict(axis=r.choice([-1, r.randint(1, len(shape))]))


@layer("Flatten")
def flatten(name, r, shape):
    return dict(data_format=r.choice(["channels_last", "channels_last", "channels_first"]))


@layer("Reshape")
def reshape(name, r, shape):
    """A random factorisation of the same number of elements, at most one size written as -1."""
    rest, target = math.prod(shape), []
    for _ in range(r.randint(0, 3)):
        target.append(r.choice([d for d in range(1, rest + 1) if rest % d == 0]))
        rest //= target[-1]
    target.insert(r.randint(0, len(target)), rest)
    if r.random() < 0.4:
        target[r.randrange(len(target))] = -1
    return dict(target_shape=tuple(target))


@layer("Permute")
def permute(name, r, shape):
    return dict(dims=tuple(r.sample(range(1, len(shape) + 1), len(shape))))


@layer("RepeatVector")
def repeat_vector(name, r, shape):
    return dict(n=r.choice([1, 2, 5])) if len(shape) == 1 else None


@layer("Rescaling")
def rescaling(name, r, shape):
    scale = r.choice([1 / 255, -2.0, [0.5 + 0.1 * c for c in range(shape[-1])]])
    return dict(scale=scale, offset=r.choice([0.0, -1.0]))


@layer("Normalization")
def normalization(name, r, shape):
    axis = r.choice([-1, None, r.randint(1, len(shape))])
    size = 1 if axis is None else shape[-1] if axis < 0 else shape[axis - 1]
    number = lambda low: [low + 0.25 * (i % 5) for i in range(size)] if axis is not None else low + 0.5
    return dict(axis=axis, mean=number(-0.5), variance=number(0.5), invert=r.random() < 0.2)


@layer("Identity", "Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout", "ActivityRegularization",
       "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "RandomFlip", "RandomContrast")
def identity(name, r, shape):
    if name.startswith("SpatialDropout") and len(shape) != spatial_rank(name) + 1 or name.startswith("Random") and len(shape) != 3:
        return None
    return {"Dropout": dict(rate=0.5), "GaussianDropout": dict(rate=0.3), "GaussianNoise": dict(stddev=2.0), "AlphaDropout": dict(rate=0.4),
            "ActivityRegularization": dict(l1=0.1), "RandomContrast": dict(factor=0.5)}.get(name, {})


@layer("SimpleRNN", "GRU", "LSTM")
def recurrent(name, r, shape):
    if len(shape) != 2:
        return None
    arguments = dict(units=r.choice([1, 3, 4, 8, 9]), return_sequences=r.random() < 0.6, go_backwards=r.random() < 0.3, use_bias=r.random() < 0.8,
                     activation=r.choice(["tanh", "tanh", "relu", "sigmoid"]))
    if name != "SimpleRNN":
        arguments["recurrent_activation"] = r.choice(["sigmoid", "sigmoid", "hard_sigmoid"])
    if name == "GRU":
        arguments["reset_after"] = r.random() < 0.5
    return arguments


@layer("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
def conv_lstm(name, r, shape):
    if len(shape) != spatial_rank(name) + 2:
        return None
    return dict(filters=r.choice([1, 2, 3]), kernel_size=r.choice([1, 2, 3]), padding=r.choice(["valid", "same"]), strides=r.choice([1, 1, 2]),
                return_sequences=r.random() < 0.5)


@layer("Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract", table=MERGES)
def merge(name, r, shape):
    return {}


@layer("Concatenate", table=MERGES)
def concatenate(name, r, shape):
    axis = r.randint(1, len(shape))
    return dict(axis=r.choice([axis, axis - len(shape) - 1]))


@layer("Dot", table=MERGES)
def dot(name, r, shape):
    return dict(axes=r.choice([r.randint(1, len(shape)), -1, (r.randint(1, len(shape)), r.randint(1, 2))]), normalize=r.random() < 0.3)


@layer("Attention", "AdditiveAttention", table=MERGES)
def attention(name, r, shape):
    return dict(use_scale=r.random() < 0.5) if len(shape) == 2 else None


@layer("MultiHeadAttention", table=MERGES)
def multi_head_attention(name, r, shape):
    return dict(num_heads=r.choice([1, 2, 3]), key_dim=r.choice([1, 3, 4]), value_dim=r.choice([None, 2, 5]),
                use_bias=r.random() < 0.8) if len(shape) == 2 else None
