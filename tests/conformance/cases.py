# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The matrix of recorded cases as data: tables of variations per layer, and the graphs of graphs.py.

A case is a small model, inputs and what real Keras computes from them; record.py makes recorded/FOLDER/NAME.* of it.
Sizes are small and differ from each other, so that a transposed axis cannot hide. This file needs no Keras.
"""
import custom_layers
import networks
import old_files
import operations
import quantized_cases
import sequence_cases
import tensorflow_nodes
import tensorflow_operations
from matrix import Graph, New, Table, all_cases, each, grid, pairs

OLD = ("tfk_h5", "tfk", "h5", "tfk_json", "json")


def strided_and_dilated(c):
    """What no Keras convolution accepts."""
    return c["strides"] != 1 and c["dilation_rate"] != 1


ACTIVATIONS = ["linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "sigmoid", "hard_sigmoid",
               "hard_silu", "hard_tanh", "hard_shrink", "soft_shrink", "tanh_shrink", "silu", "mish",
               "softplus", "softsign", "squareplus", "sparse_plus", "sparse_sigmoid", "tanh", "exponential",
               "log_sigmoid", "softmax", "log_softmax", "sparsemax", "glu"]
OLD_ACTIVATIONS = ["hard_sigmoid", "swish", "gelu", "elu", "selu", "softplus", "softsign", "exponential", "relu",
                   "mish", "softmax", "tanh", "sigmoid", "linear"]

CORE = [
    Table("Dense", (4,), dict(units=3), grid(activation=[None, "relu", "softmax"], use_bias=[True, False]), old=OLD),
    Table("Dense", (5, 4), dict(units=3), grid(activation=[None, "relu", "softmax"], use_bias=[True, False]), old=("tfk_h5",)),
    Table("Dense", (2, 5, 4), dict(units=3), each(activation=[None, "relu", "softmax", "gelu"])),
    Table("Dense", (2, 3, 2, 4), dict(units=5)),
    Table("Dense", (1,), dict(units=1), each(use_bias=[True, False])),
    Table("Dense", (67,), dict(units=37), each(activation=["tanh", "sigmoid"]), batch=1),
    Table("Dense", (33,), dict(units=17), batch=7),
    Table("Dense", (4,), dict(units=3), [dict(activation=New("layers.LeakyReLU", negative_slope=0.1)),
                                         dict(activation=New("layers.PReLU")),
                                         dict(activation=New("layers.ReLU", max_value=0.25))]),
    # Keras adds the two factors to the kernel when it saves.
    *[Table(layer, shape, config, each(lora_rank=[2])) for layer, shape, config in (
        ("Dense", (4,), dict(units=3)), ("EinsumDense", (3, 4), dict(equation="abc,cd->abd", output_shape=(None, 5), bias_axes="d")),
        ("Conv1D", (7, 3), dict(filters=4, kernel_size=2)), ("Conv2D", (5, 6, 3), dict(filters=4, kernel_size=2)),
        ("Conv3D", (3, 4, 5, 2), dict(filters=3, kernel_size=2)))],
    Table("Embedding", (5,), dict(input_dim=7, output_dim=3), each(lora_rank=[2]), values="ids", dtype="int32"),
    Table("EinsumDense", (4,), dict(equation="ab,bc->ac", output_shape=5), each(bias_axes=["c"]), old=("tfk",)),
    Table("EinsumDense", (3, 4), dict(output_shape=(None, 5), bias_axes="d"), each(equation=["abc,cd->abd"]), old=("tfk_h5",)),
    Table("EinsumDense", (3, 4), dict(equation="abc,cde->abde", output_shape=(None, 2, 5)), each(bias_axes=["de", "e", None])),
    Table("EinsumDense", (3, 4), dict(output_shape=5, bias_axes="y"), each(equation=["...x,xy->...y"])),
    Table("EinsumDense", (2, 3, 4), dict(output_shape=5, bias_axes="y", activation="relu"), each(equation=["...x,xy->...y"])),
    Table("EinsumDense", (4, 3), dict(output_shape=(5, None), bias_axes="c"), each(equation=["ab...,bc->ac..."])),
    Table("EinsumDense", (3, 2, 5), dict(output_shape=(None, 4), bias_axes="e"), each(equation=["abcd,cde->abe"])),
    Table("Embedding", (5,), dict(input_dim=7, output_dim=3), values="ids", dtype="int32", old=OLD),
    Table("Embedding", (5,), dict(input_dim=7, output_dim=3), values="ids", dtype="int64", label="int64"),
    Table("Embedding", (5,), dict(input_dim=7, output_dim=3), values="ids", old=("tfk_h5",), label="float"),
    Table("Embedding", (2, 5), dict(input_dim=7, output_dim=3), each(mask_zero=[True, False]), values="ids", dtype="int32"),
    Table("Embedding", (6,), dict(input_dim=7, output_dim=3), values="negative_ids", dtype="int32"),
    Table("Embedding", (4,), dict(input_dim=7, output_dim=3), each(input_length=[4]), values="ids", dtype="int32", only="tfk_h5"),
    Table("ReversibleEmbedding", (5,), dict(input_dim=7, output_dim=3), each(tie_weights=[True, False]), values="ids", dtype="int32"),
    Table("ReversibleEmbedding", (5, 3), dict(input_dim=7, output_dim=3), grid(tie_weights=[True, False], logit_soft_cap=[None, 0.5]),
          call=dict(reverse=True), label="reverse"),
    Table("Identity", (3, 4)),
    Table("Masking", (4, 3), {}, each(mask_value=[0.0, -1.0, 0.5]), values="halves", old=("tfk_h5", "tfk")),
]

CONVOLUTION = [
    Table("Conv1D", (9, 3), dict(filters=4), grid(strided_and_dilated, kernel_size=[2, 3], padding=["valid", "same", "causal"],
          strides=[1, 2], dilation_rate=[1, 2]), twins=4, old=OLD),
    Table("Conv1D", (3, 9), dict(filters=4, padding="causal", kernel_size=3, data_format="channels_first"), each(strides=[1, 2], dilation_rate=[2])),
    Table("Conv1D", (10, 4), dict(filters=4), each(kernel_size=[1, 4, 5]), old=("tfk_h5",)),
    Table("Conv1D", (8, 4), dict(filters=8, kernel_size=3, padding="same"), each(groups=[2, 4])),
    Table("Conv1D", (2, 3), dict(filters=4, kernel_size=5, padding="same"), each(strides=[1, 2])),
    Table("Conv1D", (7, 3), dict(filters=4, kernel_size=3), each(activation=["relu", "softmax"], use_bias=[False])),
    Table("Conv2D", (9, 7, 3), dict(filters=4), pairs(strided_and_dilated, padding=["valid", "same"],
          kernel_size=[1, 2, 3, (3, 2), (1, 4)], strides=[1, 2, (1, 2), 3], dilation_rate=[1, 2, (2, 1)]), twins=3, old=OLD),
    Table("Conv2D", (6, 5, 4), dict(filters=8, kernel_size=3, padding="same"), each(groups=[1, 2, 4]), twins=2),
    Table("Conv2D", (2, 3, 3), dict(filters=4, kernel_size=5, padding="same"), each(strides=[1, 2])),
    Table("Conv2D", (7, 8, 2), dict(filters=3, kernel_size=2), each(strides=[3, 4])),
    Table("Conv2D", (5, 6, 3), dict(filters=2, kernel_size=3), each(activation=["relu", "softmax", "silu"], use_bias=[False])),
    Table("Conv2D", (10, 11, 8), dict(filters=33, kernel_size=3, padding="same"), batch=1),
    Table("Conv2D", (6, 5, 16), dict(filters=19, kernel_size=1), batch=3),
    Table("Conv3D", (5, 6, 4, 2), dict(filters=3, kernel_size=(2, 3, 2)), pairs(strided_and_dilated, padding=["valid", "same"],
          strides=[1, 2], dilation_rate=[1, 2, (1, 2, 1)]), twins=2, old=("tfk_h5",)),
    Table("DepthwiseConv1D", (7, 3), dict(kernel_size=3), pairs(depth_multiplier=[1, 2], padding=["valid", "same"], strides=[1, 2]),
          twins=3, old=("tfk_h5", "h5")),
    Table("DepthwiseConv1D", (7, 3), dict(kernel_size=2, padding="same"), each(dilation_rate=[2], use_bias=[False])),
    Table("DepthwiseConv2D", (6, 7, 3), dict(kernel_size=(3, 2)), pairs(depth_multiplier=[1, 2, 3], padding=["valid", "same"],
          strides=[1, 2]), twins=2, old=OLD),
    Table("DepthwiseConv2D", (6, 7, 3), dict(kernel_size=2, padding="same"), each(dilation_rate=[2, (1, 2)], activation=["relu"])),
    Table("DepthwiseConv2D", (9, 8, 19), dict(kernel_size=3, padding="same"), batch=1),
    Table("SeparableConv1D", (8, 3), dict(filters=4, kernel_size=3), pairs(depth_multiplier=[1, 2], padding=["valid", "same"],
          strides=[1, 2], use_bias=[True, False]), twins=3, old=("tfk_h5", "tfk")),
    Table("SeparableConv2D", (6, 7, 3), dict(filters=4, kernel_size=(3, 2)), pairs(depth_multiplier=[1, 2], padding=["valid", "same"],
          strides=[1, 2], use_bias=[True, False]), twins=3, old=OLD),
    Table("SeparableConv2D", (6, 7, 3), dict(filters=4, kernel_size=2, padding="same"), each(dilation_rate=[2], activation=["relu"])),
    Table("Conv1DTranspose", (5, 3), dict(filters=4), grid(padding=["valid", "same"], kernel_size=[1, 2, 3, 4, 5], strides=[1, 2, 3]),
          twins=7, old=OLD),
    Table("Conv1DTranspose", (5, 3), dict(filters=4, strides=3), grid(padding=["valid", "same"], kernel_size=[3, 5],
          output_padding=[0, 1, 2])),
    Table("Conv1DTranspose", (5, 3), dict(filters=4, kernel_size=3), grid(padding=["valid", "same"], dilation_rate=[2])),
    Table("Conv2DTranspose", (4, 5, 3), dict(filters=2), pairs(padding=["valid", "same"], kernel_size=[1, 2, 3, (2, 4)],
          strides=[1, 2, (2, 3)], use_bias=[True, False]), twins=3, old=OLD),
    Table("Conv2DTranspose", (4, 5, 3), dict(filters=2, kernel_size=3, strides=2, padding="same"),
          each(output_padding=[0, 1], activation=["relu"])),
    Table("Conv2DTranspose", (6, 5, 16), dict(filters=19, kernel_size=2, strides=2), batch=1),
    Table("Conv3DTranspose", (3, 2, 4, 3), dict(filters=2, kernel_size=(2, 3, 2)), pairs(padding=["valid", "same"],
          strides=[1, 2, (1, 2, 1)]), twins=2, old=("tfk_h5",)),
    Table("LocallyConnected1D", (7, 3), dict(filters=4, kernel_size=3), pairs(implementation=[1, 2, 3], strides=[1, 2],
          use_bias=[True, False]), only="tfk_h5"),
    Table("LocallyConnected1D", (7, 3), dict(filters=4, kernel_size=3, padding="same"), pairs(implementation=[2, 3], strides=[1, 2]),
          only="tfk"),
    Table("LocallyConnected1D", (3, 7), dict(filters=4, kernel_size=2, data_format="channels_first"), each(implementation=[1, 2, 3]),
          only="tfk_h5"),
    Table("LocallyConnected2D", (5, 6, 2), dict(filters=3, kernel_size=(3, 2)), pairs(implementation=[1, 2, 3], strides=[1, 2, (2, 1)],
          use_bias=[True, False]), only="tfk"),
    Table("LocallyConnected2D", (5, 6, 2), dict(filters=3, kernel_size=2, padding="same"), each(implementation=[2, 3]), only="tfk"),
    Table("LocallyConnected2D", (2, 5, 6), dict(filters=3, kernel_size=2, data_format="channels_first"), each(implementation=[1, 2, 3]),
          only="tfk_h5"),
]

GLOBAL_POOLING = [Table(f"Global{kind}Pooling{rank}D", shape, {}, each(keepdims=[False, True]), twins=1, old=("tfk_h5",))
                  for kind in ("Max", "Average") for rank, shape in ((1, (5, 3)), (2, (4, 5, 3)), (3, (3, 4, 2, 5)))]
MASKED_POOLING = Table("GlobalAveragePooling1D", (4, 3), {}, each(keepdims=[False, True]), before={0: New("layers.Masking")}, values="padded",
                       batch=5, old=("tfk", "tfk_h5"), label="masked")
# On JAX, Keras 3.15 reads behind the end where the size stays the same; on TensorFlow, it dies for size 1.
ADAPTIVE_POOLING = [Table(f"Adaptive{kind}Pooling{rank}D", shape, {}, each(output_size=sizes), backend="tensorflow")
                    for kind in ("Max", "Average")
                    for rank, shape, sizes in ((1, (7, 3), [2, 3, 7]), (2, (6, 5, 3), [2, (3, 4), 4]),
                                               (3, (4, 5, 3, 2), [2, (3, 2, 2)]))]
POOLING = [
    *[Table(f"{kind}Pooling1D", (7, 3), {}, pairs(pool_size=[1, 2, 3], strides=[None, 1, 2, 3], padding=["valid", "same"]),
            twins=3, old=("tfk_h5", "h5")) for kind in ("Max", "Average")],
    *[Table(f"{kind}Pooling2D", (7, 6, 3), {}, pairs(pool_size=[1, 2, (3, 2)], strides=[None, 1, 2, (3, 1)], padding=["valid", "same"]),
            twins=2, old=OLD) for kind in ("Max", "Average")],
    *[Table(f"{kind}Pooling2D", (5, 7, 2), dict(pool_size=3, strides=2), each(padding=["same"]), values="negative")
      for kind in ("Max", "Average")],
    *[Table(f"{kind}Pooling2D", (9, 8, 19), dict(pool_size=3, strides=2), each(padding=["same", "valid"]), batch=1)
      for kind in ("Max", "Average")],
    *[Table(f"{kind}Pooling3D", (5, 4, 6, 2), {}, pairs(pool_size=[2, (1, 3, 2)], strides=[None, 1, 2], padding=["valid", "same"]),
            twins=3, old=("tfk_h5",)) for kind in ("Max", "Average")],
    *GLOBAL_POOLING, MASKED_POOLING, *ADAPTIVE_POOLING,
]

SMOOTH = ["bilinear", "bicubic", "lanczos3", "lanczos5"]
RESHAPING = [
    *[Table("Flatten", shape) for shape in ((), (3,), (3, 2), (3, 2, 4), (2, 3, 2, 5))],
    *[Table("Flatten", shape, {}, each(data_format=["channels_first"]), old=("tfk_h5",)) for shape in ((3, 2), (3, 2, 4))],
    Table("Reshape", (6, 4), {}, each(target_shape=[(24,), (4, 6), (-1,), (-1, 3), (2, -1, 3), (3, 4, -1), (2, 3, 2, 2)]), old=OLD),
    Table("Permute", (3, 4, 5), {}, each(dims=[(1, 2, 3), (1, 3, 2), (2, 1, 3), (2, 3, 1), (3, 1, 2), (3, 2, 1)]), old=("tfk_h5", "h5")),
    Table("RepeatVector", (3,), {}, each(n=[1, 3]), old=("tfk_h5",)),
    Table("Cropping1D", (7, 3), {}, each(cropping=[1, (2, 1), (0, 0), (0, 3)]), old=("tfk_h5",)),
    Table("Cropping2D", (7, 6, 3), {}, each(cropping=[1, (2, 1), ((1, 2), (0, 3)), 0]), twins=1, old=("tfk_h5", "h5")),
    Table("Cropping3D", (5, 6, 4, 2), {}, each(cropping=[1, (2, 1, 0), ((1, 2), (0, 3), (1, 1))]), twins=2, old=("tfk_h5",)),
    Table("ZeroPadding1D", (5, 3), {}, each(padding=[1, (2, 1), (0, 2), 0]), old=("tfk_h5",)),
    Table("ZeroPadding2D", (5, 4, 3), {}, each(padding=[1, (2, 1), ((1, 2), (0, 3)), 0]), twins=1, old=("tfk_h5", "h5")),
    Table("ZeroPadding3D", (3, 4, 2, 5), {}, each(padding=[1, (2, 1, 0), ((1, 2), (0, 3), (1, 1))]), twins=2, old=("tfk_h5",)),
    Table("UpSampling1D", (4, 3), {}, each(size=[1, 2, 3]), old=("tfk_h5",)),
    Table("UpSampling2D", (4, 5, 3), {}, each(size=[1, 2, (2, 3)]), twins=1, old=OLD),
    Table("UpSampling2D", (4, 5, 3), {}, grid(interpolation=SMOOTH, size=[2, (2, 3)]), twins=4),
    Table("UpSampling2D", (4, 5, 3), dict(size=2), each(interpolation=["bilinear", "bicubic", "area", "gaussian", "mitchellcubic",
          "lanczos3"]), only="tfk"),
    Table("UpSampling3D", (3, 2, 4, 5), {}, each(size=[1, 2, (1, 2, 3)]), twins=2, old=("tfk_h5",)),
    Table("Resizing", (6, 5, 3), {}, grid(height=[9, 4], width=[7], interpolation=["nearest", *SMOOTH]), twins=5),
    Table("Resizing", (8, 9, 2), dict(height=5, width=3), grid(interpolation=["bilinear", "bicubic", "lanczos3"], antialias=[True])),
    Table("Resizing", (7, 5, 3), dict(height=4), grid(width=[4, 6], crop_to_aspect_ratio=[True])),
    Table("Resizing", (7, 5, 3), dict(height=4), grid(width=[4, 6], pad_to_aspect_ratio=[True])),
    Table("Resizing", (6, 5, 3), {}, grid(height=[9, 4], width=[7], interpolation=["nearest", "bilinear", "area"]), only="tfk"),
    Table("CenterCrop", (7, 6, 3), {}, grid(height=[4, 5], width=[3, 6]), twins=2, old=("tfk",)),
    Table("CenterCrop", (5, 6, 3), {}, grid(height=[7], width=[4, 8])),
]

MERGE_SHAPES = [[(4, 3), (4, 3)], [(4, 3), (4, 1)], [(4, 1), (1, 3)], [(3,), (4, 3)], [(5, 4, 3), (4, 3)]]
MERGING = [
    *[Table(layer, shapes, values="ties") for layer in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
      for shapes in MERGE_SHAPES],
    *[Table(layer, [(4, 3)] * 3, values="ties", old=("tfk_h5",)) for layer in ("Add", "Multiply", "Average", "Maximum", "Minimum")],
    Table("Subtract", [(3,), (3,)], old=("tfk_h5", "h5")),
    Table("Concatenate", [(4, 3), (4, 3)], {}, each(axis=[-1, 1, 2, -2]), old=OLD),
    Table("Concatenate", [(4, 3), (4, 1), (4, 5)]), Table("Concatenate", [(2, 3, 4), (5, 3, 4)], {}, each(axis=[1, -3])),
    Table("Concatenate", [(3,), (2,), (1,), (4,)]),
    Table("Dot", [(4,), (4,)], {}, grid(axes=[1, -1], normalize=[False, True]), values="zero_row", old=("tfk_h5",)),
    Table("Dot", [(3, 4), (3, 5)], {}, grid(axes=[1], normalize=[False, True])),
    Table("Dot", [(3, 4), (4, 5)], {}, each(axes=[(2, 1), (-1, -2)])), Table("Dot", [(3, 4), (5, 3)], {}, each(axes=[(1, 2)])),
    Table("Dot", [(3, 4), (5, 4)], {}, grid(axes=[2, -1], normalize=[False, True]), old=("tfk_h5",)),
    Table("Dot", [(3, 4), (4,)], {}, each(axes=[(2, 1)])), Table("Dot", [(4,), (4, 3)], {}, each(axes=[1])),
    Table("Dot", [(2, 3, 4), (4, 5)], {}, each(axes=[(3, 1)])), Table("Dot", [(2, 3, 4), (5, 4)], {}, each(axes=[-1])),
]

ACTIVATION = [
    Table("Activation", (2, 14), {}, each(activation=ACTIVATIONS), values="hard"),
    Table("Activation", (14,), {}, each(activation=[a for a in ACTIVATIONS if a != "exponential"]), values="large", label="large"),
    Table("Activation", (3, 4, 14), {}, each(activation=["softmax", "log_softmax", "sparsemax"]), values="hard"),
    Table("Activation", (14,), {}, each(activation=OLD_ACTIVATIONS), values="hard", only="tfk"),
    Table("Activation", (3,), {}, each(activation=OLD_ACTIVATIONS[:3]), values="hard", only="tfk_h5"),
    Table("ReLU", (14,), {}, grid(negative_slope=[0.0, 0.25], max_value=[None, 6.0, 2.5], threshold=[0.0, 1.0, 2.5]), values="hard",
          old=("tfk_h5", "tfk")),
    Table("LeakyReLU", (14,), {}, [{}, dict(negative_slope=0.1), dict(negative_slope=0.0)], values="hard", old=("h5",)),
    Table("LeakyReLU", (3, 14), {}, [{}, dict(alpha=0.1)], values="hard", only="tfk_h5"),
    Table("PReLU", (4, 5, 3), {}, [{}, *each(shared_axes=[[1], [1, 2], [3]])], values="hard", old=OLD),
    Table("PReLU", (5,), values="hard"),
    Table("ELU", (14,), {}, [{}, dict(alpha=0.5)], values="hard", old=("tfk_h5",)),
    Table("ThresholdedReLU", (14,), {}, [{}, dict(theta=2.5), dict(theta=0.0)], values="hard", only="tfk_h5"),
    Table("Softmax", (3, 4, 5), {}, each(axis=[-1, 1, 2, [1, 2], [-1, -2]]), values="hard", old=("tfk_h5", "tfk")),
    Table("Softmax", (7,), values="large"),
    Table("Softmax", [(3, 4), (3, 4)], {}, each(axis=[-1, 1]), named=dict(mask=1), dtype=["float32", "bool"], old=("tfk",), label="mask"),
]

NORMALIZATION = [
    Table("BatchNormalization", (4, 5, 3), {}, grid(axis=[-1, 1, 2], center=[True, False], scale=[True, False]), old=OLD),
    Table("BatchNormalization", (3,), {}, each(epsilon=[1e-3, 1e-6]), old=("tfk_h5",)), Table("BatchNormalization", (4, 3)),
    Table("BatchNormalization", (2, 3, 4, 5), {}, each(axis=[-1, 2])),
    Table("BatchNormalization", (4, 3), {}, each(renorm=[True]), only="tfk_h5"),
    Table("BatchNormalization", (4, 5, 3), {}, each(axis=[[3], [1]]), only="tfk"),
    Table("LayerNormalization", (4, 5, 3), {}, [*each(axis=[-1, 1, [1, 2], [2, 3], [1, 2, 3]], epsilon=[1e-6], center=[False],
          scale=[False]), dict(rms_scaling=True), dict(center=False, scale=False)], old=("h5",)),
    Table("LayerNormalization", (5,), {}, each(axis=[-1]), values="hard", old=("tfk_h5", "tfk")),
    Table("LayerNormalization", (4, 67), batch=1),
    Table("GroupNormalization", (4, 5, 6), {}, [*each(groups=[1, 2, 6, -1]), dict(groups=2, axis=1), dict(groups=3, center=False),
          dict(groups=3, scale=False)], old=("tfk",)),
    Table("GroupNormalization", (6,), {}, each(groups=[2, 3])),
    Table("RMSNormalization", (4, 5), {}, [{}, dict(axis=[1, 2]), dict(epsilon=1e-3)]),
    Table("UnitNormalization", (4, 5), {}, each(axis=[-1, 1, [1, 2]]), values="zero_row", old=("tfk",)),
    Table("SpectralNormalization", (5, 4, 3), dict(layer=New("layers.Conv2D", 4, 2))),
    Table("SpectralNormalization", (4,), dict(layer=New("layers.Dense", 3)), old=("tfk", "tfk_h5", "h5")),
]

DROPPED = {"Dropout": (0.99,), "GaussianDropout": (0.5,), "GaussianNoise": (0.5,), "AlphaDropout": (0.5,), "SpatialDropout1D": (0.5,),
           "SpatialDropout2D": (0.5,), "SpatialDropout3D": (0.5,), "ActivityRegularization": (0.1,)}
REGULARIZATION = [Table(layer, {"SpatialDropout2D": (4, 3, 2), "SpatialDropout3D": (2, 4, 3, 2)}.get(layer, (4, 3)),
                        {"l1" if layer == "ActivityRegularization" else "stddev" if layer == "GaussianNoise" else "rate": arguments[0]},
                        old=("tfk_h5",)) for layer, arguments in DROPPED.items()]

AUGMENTATIONS = {
    "RandomFlip": {}, "RandomRotation": dict(factor=0.2), "RandomZoom": dict(height_factor=0.2), "RandomTranslation":
    dict(height_factor=0.2, width_factor=0.2), "RandomShear": dict(x_factor=(0.0, 0.2), y_factor=(0.0, 0.2)), "RandomContrast": dict(factor=0.2),
    "RandomBrightness": dict(factor=0.2), "RandomHue": dict(factor=0.2), "RandomSaturation": dict(factor=0.2), "RandomSharpness":
    dict(factor=0.2), "RandomColorJitter": dict(brightness_factor=0.2), "RandomColorDegeneration": dict(factor=0.2), "RandomInvert":
    dict(factor=0.2), "RandomPosterization": dict(factor=4), "RandomPerspective": {}, "RandomElasticTransform": {}, "RandomErasing": {},
    "RandomGaussianBlur": {}, "RandomGrayscale": {}, "AugMix": {}, "CutMix": {}, "MixUp": {}, "RandAugment": {}, "Solarization": {},
    "RandomCrop": dict(height=6, width=5)}
PREPROCESSING = [
    *[Table(layer, (6, 5, 3), config, values="image") for layer, config in AUGMENTATIONS.items()],
    Table("Pipeline", (6, 5, 3), dict(layers=[New("layers.Equalization"), New("layers.Rescaling", 0.01), New("layers.AutoContrast", (0, 3)),
          New("layers.Dense", 2)]), values="image", old=("h5",)),
    *[Table(layer, (6, 5, 3), dict(factor=0.2), values="image", only="tfk") for layer in ("RandomHeight", "RandomWidth")],
    Table("RandomCrop", (6, 5, 3), {}, [dict(height=4, width=3), dict(height=3, width=4), dict(height=8, width=9)], values="image", only="tfk"),
    Table("Rescaling", (4, 3), {}, [dict(scale=1 / 255), dict(scale=2.0, offset=-1.0), dict(scale=[0.5, 2.0, -1.0]),
          dict(scale=[0.5, 2.0, -1.0], offset=[1.0, 2.0, 3.0])], values="image", old=("tfk_h5", "tfk")),
    Table("Rescaling", (4, 3), dict(scale=0.5, offset=1.0), values="ids", dtype="int32", label="int32"),
    Table("Normalization", (4, 3), {}, [dict(mean=0.5, variance=2.0, axis=None), dict(mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 0.25]),
          dict(mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 0.0], invert=True)], old=("tfk",)),
    Table("Normalization", (4, 3), {}, [{}, dict(axis=1), dict(axis=(1, 2)), dict(axis=None)], label="adapted", old=("tfk_h5",)),
    Table("CategoryEncoding", (5,), dict(num_tokens=7), each(output_mode=["multi_hot", "count"]), values="ids", dtype="int32", old=("tfk",)),
    Table("CategoryEncoding", [(5,), (5,)], dict(num_tokens=7, output_mode="count"), values=["ids", "uniform"], dtype=["int32", "float32"],
          named=dict(count_weights=1), label="weights"),
    Table("CategoryEncoding", (1,), dict(num_tokens=7), each(output_mode=["one_hot"]), values="ids", dtype="int32"),
    Table("CategoryEncoding", (4,), dict(num_tokens=3), each(output_mode=["multi_hot", "count"]), values="ids", dtype="int32", label="beyond"),
    Table("Discretization", (5,), dict(bin_boundaries=[-1.0, 0.0, 0.5, 2.5]), each(output_mode=["int", "one_hot", "multi_hot", "count"]),
          values="hard"),
    # JAX has no 64-bit integers unless told.
    Table("IntegerLookup", (5,), dict(vocabulary=[3, 1, 6]), each(num_oov_indices=[1, 2], output_mode=["multi_hot", "count"]),
          values="ids", dtype="int64", old=("tfk",), backend="tensorflow"),
    Table("IntegerLookup", (5,), dict(vocabulary=[3, 1, 6], mask_token=0), each(output_mode=["int", "multi_hot"]),
          values="ids", dtype="int64", label="mask", backend="tensorflow"),
    Table("IntegerLookup", (5,), dict(vocabulary=[3, 1, 6, 9, 8, 7], invert=True), values="ids", dtype="int64", backend="tensorflow", label="invert"),
    Table("IntegerLookup", (5,), dict(vocabulary=[3, 1, 6], output_mode="tf_idf", idf_weights=[0.5, 1.5, 2.0]), values="ids", dtype="int64",
          backend="tensorflow", label="tf_idf"),
    Table("AutoContrast", (6, 5, 3), {}, [{}, dict(value_range=(0, 1))], values="image"),
    Table("AutoContrast", (6, 5, 3), dict(value_range=(-1, 1)), label="floats"),
    Table("Hashing", (5,), dict(num_bins=7), [{}, dict(salt=133), dict(mask_value=0)], values="ids", dtype="int64"),
    Table("STFTSpectrogram", (40, 1), dict(frame_length=16, frame_step=8, fft_length=16), each(mode=["log", "magnitude", "psd", "real",
          "imag", "angle", "stft"])),
    Table("STFTSpectrogram", (41, 2), dict(frame_length=16, frame_step=7), [dict(fft_length=32), dict(window="hamming"), dict(scaling="spectrum"),
          dict(periodic=True), dict(padding="same"), dict(expand_dims=True), dict(window=None)], label="options"),
    Table("MelSpectrogram", (64,), dict(fft_length=32, sequence_stride=16, sequence_length=32, num_mel_bins=8, sampling_rate=8000, max_freq=4000),
          [{}, dict(window="hamming"), dict(power_to_db=False), dict(mag_exp=1.0), dict(top_db=20.0), dict(min_freq=100.0)]),
]

SELF, CROSS = [(4, 6)], [(4, 6), (5, 7)]
ATTENTION = [
    Table("Attention", [(4, 3), (5, 3)], {}, [{}, dict(use_scale=True), dict(score_mode="concat")], old=("tfk",)),
    Table("Attention", [(4, 3), (5, 2), (5, 3)], {}, [{}, dict(use_scale=True)]),
    Table("Attention", [(4, 3), (5, 3)], call=dict(use_causal_mask=True), label="causal"),
    Table("Attention", [(4, 3), (5, 3)], call=dict(return_attention_scores=True), label="scores"),
    Table("AdditiveAttention", [(4, 3), (5, 3)], {}, each(use_scale=[True, False]), old=("tfk",)),
    Table("MultiHeadAttention", SELF * 2, dict(num_heads=2, key_dim=3), [{}, *each(use_bias=[False], output_shape=[5, [2, 5]])],
          old=("tfk", "h5", "tfk_h5")),
    Table("MultiHeadAttention", SELF * 2, dict(num_heads=2, key_dim=3), each(use_gate=[True])),
    Table("MultiHeadAttention", CROSS, dict(num_heads=2, key_dim=3)),
    Table("MultiHeadAttention", CROSS, dict(num_heads=2, key_dim=3, value_dim=5), only="tfk", label="value_dim"),
    Table("MultiHeadAttention", SELF * 2, dict(num_heads=2, key_dim=3), call=dict(use_causal_mask=True), label="causal"),
    Table("MultiHeadAttention", SELF * 2, dict(num_heads=2, key_dim=3), call=dict(return_attention_scores=True), label="scores"),
    Table("MultiHeadAttention", [(3, 4, 6)] * 2, dict(num_heads=2, key_dim=3), each(attention_axes=[[1], [2], [1, 2]])),
    Table("GroupQueryAttention", SELF * 2, dict(head_dim=3), [dict(num_query_heads=4, num_key_value_heads=2), dict(num_query_heads=4,
          num_key_value_heads=1), dict(num_query_heads=2, num_key_value_heads=2, use_bias=False)]),
    Table("GroupQueryAttention", SELF * 2, dict(head_dim=3, num_query_heads=4, num_key_value_heads=2, use_gate=True), label="gate"),
    Table("GroupQueryAttention", SELF * 2, dict(head_dim=2, num_query_heads=4, num_key_value_heads=2), call=dict(use_causal_mask=True),
          label="causal"),
    Table("GroupQueryAttention", SELF * 2, dict(head_dim=2, num_query_heads=4, num_key_value_heads=2), call=dict(return_attention_scores=True),
          label="scores"),
]

CELL = dict(SimpleRNN={}, GRU={}, LSTM={})
RETURNS = grid(return_sequences=[False, True], return_state=[False, True], go_backwards=[False, True])
RECURRENT = [
    *[Table(layer, (4, 3), dict(units=5), RETURNS, old=OLD[:3]) for layer in CELL],
    *[Table(layer, (1, 3), dict(units=2), each(use_bias=[True, False], activation=["relu"])) for layer in CELL],
    *[Table(layer, (4, 3), dict(units=5), each(recurrent_activation=["hard_sigmoid", "relu"])) for layer in ("GRU", "LSTM")],
    Table("GRU", (4, 3), dict(units=5), grid(reset_after=[True, False], return_sequences=[True], use_bias=[True, False]), old=("tfk_h5",)),
    *[Table("RNN", (4, 3), dict(cell=New(f"layers.{cell}Cell", 5)), each(return_sequences=[False, True]), label=cell.lower(), old=("tfk_h5",))
      for cell in CELL],
    Table("RNN", (4, 3), dict(cell=New("layers.StackedRNNCells", [New("layers.LSTMCell", 5), New("layers.GRUCell", 2),
          New("layers.SimpleRNNCell", 3)])), grid(return_sequences=[False, True], return_state=[False, True]), label="stacked", old=("tfk",)),
    *[Table("Bidirectional", (4, 3), dict(layer=New(f"layers.{layer}", 5, return_sequences=sequences)),
            each(merge_mode=["concat", "sum", "mul", "ave", None]), label=f"{layer.lower()}_{sequences}".lower(),
            old=("tfk_h5",) if sequences else ()) for layer in ("GRU", "LSTM") for sequences in (False, True)],
    Table("Bidirectional", (4, 3), dict(layer=New("layers.LSTM", 5, return_state=True)), label="states"),
    Table("TimeDistributed", (4, 3), dict(layer=New("layers.Dense", 5)), old=("tfk_h5", "tfk")),
    Table("TimeDistributed", (4, 5, 6, 2), dict(layer=New("layers.Conv2D", 3, 2)), old=("tfk_h5",)),
    Table("TimeDistributed", (4, 5, 3), dict(layer=New("layers.LSTM", 2)), label="lstm"),
    Table("TimeDistributed", (4, 5, 3), dict(layer=New("layers.Flatten")), label="flatten"),
    Table("ConvLSTM1D", (4, 7, 2), dict(filters=3, kernel_size=2), RETURNS[::3], old=("tfk_h5",)),
    Table("ConvLSTM2D", (3, 5, 6, 2), dict(filters=3, kernel_size=(3, 2)), [*RETURNS[::2], *each(padding=["same"], strides=[2],
          dilation_rate=[2])], twins=3, old=("tfk_h5", "tfk")),
    Table("ConvLSTM3D", (2, 4, 3, 5, 2), dict(filters=2, kernel_size=2, padding="same")),
]

TABLES = [*CORE, *CONVOLUTION, *POOLING, *RESHAPING, *MERGING, *ACTIVATION, *NORMALIZATION, *REGULARIZATION, *PREPROCESSING, *ATTENTION,
          *RECURRENT, *sequence_cases.TABLES, *quantized_cases.TABLES]

ALL_DIALECTS = ("keras", "h5", "json", "tfk", "tfk_h5", "tfk_json")
BOTH = ("keras", "tfk")
OLD_AND_NEW = ("keras", "tfk_h5")
GRAPHS = [
    *[Graph(name, dialects=ALL_DIALECTS) for name in ("tiny", "shared_dense", "nested_twice", "nested_deep", "nested_frozen")],
    Graph("inputs_in_a_dictionary", dialects=BOTH), Graph("output_is_input", dialects=OLD_AND_NEW),
    Graph("two_consumers", dialects=OLD_AND_NEW), Graph("odd_names"), Graph("free_time", sizes=(7,), dialects=BOTH),
    Graph("free_space", sizes=(9, 7)), Graph("fixed_batch", batch=3, dialects=BOTH), Graph("sequential_without_input", dialects=OLD_AND_NEW),
    Graph("trained", dialects=("keras", "h5", "tfk", "tfk_h5")), Graph("layer_given_to_activation"), Graph("nested_unusual", dialects=OLD_AND_NEW), Graph("sync_batch_normalization", dialects=("tfk", "tfk_h5")),
    *[Graph(name, dialects=BOTH) for name in ("residual", "batch_norm_both_sides", "batch_norm_of_rows", "lenet", "unet", "wavenet", "siamese",
                                               "squeeze_excite", "inverted_residual", "inception", "dense_block", "prelu_selu_mlp",
                                               "transpose_chain", "concatenated_branches")],
    Graph("convnext_block"), Graph("stochastic_depth"), Graph("fixed_dropout", dialects=("tfk_h5", "tfk")), Graph("mobilenet_v3_head", dialects=("keras", "tfk", "tfk_h5")),
    *[Graph(policy) for policy in ("mixed_float16", "mixed_bfloat16", "float16", "bfloat16")],
    Graph("mixed_float16", dialects=("tfk",)), Graph("float64", dialects=("tfk",)), Graph("integer_image", values="image", dialects=BOTH),
    *[Graph(name, values=values, batch=4, dialects=BOTH) for values, names in {
        "ids": ("mask_to_pooling", "masked_add", "masked_multiply", "masked_maximum", "masked_minimum", "masked_concatenate",
                "masked_subtract", "masked_average", "half_masked_subtract", "half_masked_multiply", "half_masked_average",
                "half_masked_maximum", "half_masked_minimum", "half_masked_concatenate", "half_masked_add", "masked_lstm", "masked_gru", "masked_rnn_backwards", "masked_bidirectional", "masked_attention"),
        "halves": ("mask_through_dense",)}.items() for name in names],
    Graph("text_classifier", values="ids", dialects=BOTH),
    Graph("embedding_of_other_length", values="ids", batch=4, dialects=("tfk", "tfk_h5")),
    *[Graph(name, dialects=BOTH) for name in ("encoder_decoder", "transformer_block", "crnn", "time_distributed_model")],
    *[Graph(name, folder="operations", values="ids" if name in operations.INTEGERS else "positive" if name in operations.POSITIVE else "uniform",
            backend="tensorflow" if name in operations.ON_TENSORFLOW else "jax") for name in operations.ALL],
    *[Graph(name, folder="operations", dialects=("h5",)) for name in ("multiply_chain", "get_item_slice", "split_at", "antirectifier", "einsum")],
    *[Graph(name, values="ids", batch=4, dialects=("h5",)) for name in ("masked_lstm", "masked_concatenate", "mask_to_pooling")],
    Graph("mobilenet_v3_head", dialects=("h5",)), Graph("int8_dense", dialects=("keras", "h5")), Graph("int8_embedding", values="ids"), Graph("int4_classifier", values="ids", dialects=("keras", "h5")),
    *[Graph(name, folder="tensorflow", values=["uniform", "positive"], dialects=(("tfk", "tfk_h5")[number % 2],))
      for number, name in enumerate(tensorflow_operations.EXPRESSIONS)],
    *[Graph(name, folder="tensorflow_nodes", values=["uniform", "positive"], dialects=("tfk_h5",)) for name in tensorflow_nodes.EXPRESSIONS],
    *[Graph(name, folder="networks", values="pictures", dialects=networks.DIALECTS.get(name, ("keras",)),
            backend="jax" if name in networks.ON_JAX else "tensorflow") for name in networks.ALL],
    *[Graph(function.__name__, folder="custom") for function in custom_layers.ALL],
    *[Graph(name, folder="old_files", dialects=("tfk_h5",), **old.options) for name, old in old_files.OLD_FILES.items()],
    *sequence_cases.GRAPHS,
]

CASES = all_cases(TABLES, GRAPHS)
