# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models that layerc must refuse, and what its one line must say.

Keras does not write most of them, so each is a good model whose config.json is edited: "a.units" is the key `units` in the
config of layer a, "a:class_name" the key beside it. Layers are called x (the input; x, x1, ... if several), a, b, ...
"""
import dataclasses

from matrix import New


@dataclasses.dataclass
class Error:
    shapes: list                 # of the inputs, without the batch
    layers: list                 # (class, arguments) of a, b, ...: a chain from the inputs
    edit: dict                   # where -> value; a value that is a function is called with the old one
    says: list                   # what the diagnostic must hold


CONV = [("Conv2D", dict(filters=4, kernel_size=3))]
CONV_AT = "layer 'a' (Conv2D)"
DENSE = [("Dense", dict(units=3))]
DENSE_AT = "layer 'a' (Dense)"
LSTM = [("LSTM", dict(units=2))]
LSTM_AT = "layer 'a' (LSTM)"


def with_argument(name, value):
    """The edit of a call that adds a keyword argument."""
    return lambda nodes: [{**nodes[0], "kwargs": {**nodes[0]["kwargs"], name: value}}]


def reading(layer, call=0, tensor=0):
    """The edit of a call that makes it read another tensor."""
    def edit(nodes):
        nodes[0]["args"][0]["config"]["keras_history"] = [layer, call, tensor]
        return nodes
    return edit


def stored_as(mode):
    return {"module": "keras", "class_name": "QuantizedDTypePolicy", "config": {"mode": mode, "source_name": "float32"}, "registered_name": None}


ERRORS = {
    # classes and functions
    "unknown_class": Error([(4,)], [("Activation", dict(activation="relu"))], {"a:class_name": "Dance", "a:registered_name": None}, ["layer 'a' (Dance)", "not supported"]),
    "foreign_package": Error([(4,)], DENSE, {"a:module": "mine.layers", "a:registered_name": "mine>Dense"}, [DENSE_AT, "not supported"]),
    "unknown_activation": Error([(4,)], DENSE, {"a.activation": "wiggle"}, [DENSE_AT, "wiggle"]),
    "foreign_activation": Error([(4,)], DENSE, {"a.activation": {"class_name": "function", "config": "mine", "module": "builtins",
                                "registered_name": "function"}}, [DENSE_AT, "mine"]),
    "lambda": Error([(4,)], [("Activation", dict(activation="relu"))], {"a:class_name": "Lambda"}, ["layer 'a' (Lambda)"]),
    "unknown_operation": Error([(4,)], [("Activation", dict(activation="relu"))], {"a:class_name": "Cholesky", "a:module": "keras.src.ops.linalg",
                               "a:registered_name": "Cholesky", "a.name": "a"}, ["layer 'a' (Cholesky)", "not supported"]),
    "custom_activation_layer": Error([(4,)], DENSE, {"a.activation": {"module": "mine", "class_name": "Wave", "config": {}, "registered_name": "mine>Wave"}},
                                     ["layer 'a/activation' (Wave)", "not supported"]),
    "dtype_policy": Error([(4,)], DENSE, {"a.dtype": "mixed_decimal"}, [DENSE_AT, "mixed_decimal"]),
    "quantized": Error([(4,)], DENSE, {"a.dtype": {"module": "keras", "class_name": "QuantizedDTypePolicy", "config": {"name": "float8_from_float32"},
                       "registered_name": None}}, [DENSE_AT, "float8_from_float32"]),
    "quantized_floats": Error([(4,)], DENSE, {"a.dtype": stored_as("int8")}, [DENSE_AT, "'kernel'", "float32", "int8"]),
    "quantized_group": Error([(4,)], [("Dense", dict(units=3, dtype="int4/2_from_float32"))], {"a.dtype": stored_as("int4/1")},
                             [DENSE_AT, "'kernel_scale'", "[2, 3]", "[4, 3]"]),
    "quantized_pairs": Error([(4,)], [("Dense", dict(units=3, dtype="int4/2_from_float32"))], {"a.units": 5}, [DENSE_AT, "'kernel'", "[4, 2]", "[4, 3]"]),
    "quantized_scale": Error([(4,)], [("Dense", dict(units=3, use_bias=False, dtype="int8_from_float32"))], {"a.use_bias": True},
                             [DENSE_AT, "'kernel_scale'", "missing"]),
    # Keras 3.15 itself leaves the variable out.
    "quantized_zero": Error([(4,)], [("Dense", dict(units=3, dtype="gptq/4/2_from_float32"))], {}, [DENSE_AT, "4 weights", "'kernel_zero'"]),
    "quantized_inputs": Error([(4,)], [("Dense", dict(units=3, dtype="int8_from_float32"))], {"a.quantization_config": {
        "module": "keras.quantizers", "class_name": "Int8QuantizationConfig", "registered_name": None, "config": {"activation_quantizer": {
            "module": "mine", "class_name": "Percentile", "config": {}, "registered_name": "mine>Percentile"}}}}, [DENSE_AT, "'activation_quantizer'"]),
    "quantized_rest": Error([(2, 4)], [("EinsumDense", dict(equation="abc,cd->abd", output_shape=(2, 3), dtype="int8_from_float32"))],
                            {"a.equation": "...c,cd->...d"}, ["layer 'a' (EinsumDense)", "'...'", "'...c,cd->...d'"]),
    "text_layer": Error([(4,)], [("Activation", dict(activation="relu"))], {"a:class_name": "StringLookup"}, ["layer 'a' (StringLookup)", "strings"]),
    # weights
    "kernel_rows": Error([(4,)], DENSE, {"x.batch_shape": [None, 5]}, [DENSE_AT, "kernel", "5", "4"]),
    "kernel_columns": Error([(4,)], DENSE, {"a.units": 7}, [DENSE_AT, "7", "3"]),
    "conv_kernel": Error([(5, 6, 2)], CONV, {"a.kernel_size": [3, 2]}, [CONV_AT, "[3, 2, 2, 4]", "[3, 3, 2, 4]"]),
    "missing_bias": Error([(4,)], [("Dense", dict(units=3, use_bias=False))], {"a.use_bias": True}, [DENSE_AT, "'bias'", "[3]"]),
    "extra_bias": Error([(4,)], DENSE, {"a.use_bias": False}, [DENSE_AT, "2 weights"]),
    # windows
    "window_beyond": Error([(5, 6, 2)], [("MaxPooling2D", dict(pool_size=2))], {"a.pool_size": [9, 2]}, ["layer 'a' (MaxPooling2D)", "9", "5"]),
    "kernel_beyond": Error([(5, 6, 2)], CONV, {"x.batch_shape": [None, 2, 6, 2]}, [CONV_AT, "3", "2"]),
    "stride_zero": Error([(5, 6, 2)], CONV, {"a.strides": [0, 1]}, [CONV_AT, "strides", "0"]),
    "stride_negative": Error([(5, 6, 2)], CONV, {"a.strides": [1, -1]}, [CONV_AT, "strides", "-1"]),
    "dilation_zero": Error([(5, 6, 2)], CONV, {"a.dilation_rate": [0, 0]}, [CONV_AT, "dilation_rate", "0"]),
    "pool_zero": Error([(5, 6, 2)], [("AveragePooling2D", dict(pool_size=2))], {"a.pool_size": [0, 2]}, ["layer 'a' (AveragePooling2D)", "pool_size", "0"]),
    "strided_and_dilated": Error([(9, 9, 2)], CONV, {"a.strides": [2, 2], "a.dilation_rate": [2, 2]}, [CONV_AT, "strides", "dilation_rate"]),
    "groups_of_inputs": Error([(5, 6, 4)], [("Conv2D", dict(filters=4, kernel_size=3, groups=2))], {"a.groups": 3}, [CONV_AT, "groups", "3"]),
    "groups_zero": Error([(5, 6, 4)], CONV, {"a.groups": 0}, [CONV_AT, "groups", "0"]),
    "groups_of_filters": Error([(5, 6, 4)], [("Conv2D", dict(filters=4, kernel_size=3, groups=2))], {"a.filters": 5}, [CONV_AT, "groups", "5"]),
    "transpose_strided_and_dilated": Error([(5, 3)], [("Conv1DTranspose", dict(filters=2, kernel_size=3))], {"a.strides": [2], "a.dilation_rate": [2]},
                                           ["layer 'a' (Conv1DTranspose)", "strides", "dilation_rate"]),
    "kernel_zero": Error([(5, 6, 2)], CONV, {"a.kernel_size": [0, 3]}, [CONV_AT, "kernel_size", "0"]),
    "depth_multiplier_zero": Error([(5, 6, 2)], [("DepthwiseConv2D", dict(kernel_size=3))], {"a.depth_multiplier": 0},
                                   ["layer 'a' (DepthwiseConv2D)", "depth_multiplier", "0"]),
    "adaptive_zero": Error([(5, 2)], [("AdaptiveMaxPooling1D", dict(output_size=2))], {"a.output_size": [0]},
                           ["layer 'a' (AdaptiveMaxPooling1D)", "output_size", "0"]),
    "upsampling_zero": Error([(5, 2)], [("UpSampling1D", dict(size=2))], {"a.size": 0}, ["layer 'a' (UpSampling1D)", "size", "0"]),
    "resizing_zero": Error([(5, 6, 2)], [("Resizing", dict(height=3, width=4))], {"a.height": 0}, ["layer 'a' (Resizing)", "height", "0"]),
    "resizing_both": Error([(5, 6, 2)], [("Resizing", dict(height=3, width=4))], {"a.crop_to_aspect_ratio": True, "a.pad_to_aspect_ratio": True},
                           ["layer 'a' (Resizing)", "crop_to_aspect_ratio", "pad_to_aspect_ratio"]),
    "padding_word": Error([(5, 6, 2)], CONV, {"a.padding": "full"}, [CONV_AT, "padding", "full"]),
    "causal_in_two": Error([(5, 6, 2)], CONV, {"a.padding": "causal"}, [CONV_AT, "padding", "causal"]),
    "data_format_word": Error([(5, 6, 2)], CONV, {"a.data_format": "sideways"}, [CONV_AT, "data_format", "sideways"]),
    "output_padding": Error([(5, 3)], [("Conv1DTranspose", dict(filters=2, kernel_size=3, strides=2))], {"a.output_padding": [2]},
                            ["layer 'a' (Conv1DTranspose)", "output_padding", "2"]),
    "cropping_all": Error([(5, 3)], [("Cropping1D", dict(cropping=1))], {"a.cropping": [3, 2]}, ["layer 'a' (Cropping1D)", "3", "2", "5"]),
    "padding_negative": Error([(5, 3)], [("ZeroPadding1D", dict(padding=1))], {"a.padding": [-1, 1]}, ["layer 'a' (ZeroPadding1D)", "padding", "-1"]),
    # arguments
    "units_negative": Error([(4,)], DENSE, {"a.units": -3}, [DENSE_AT, "units", "-3"]),
    "units_text": Error([(4,)], DENSE, {"a.units": "many"}, [DENSE_AT, "units"]),
    "units_missing": Error([(4,)], DENSE, {"a.units": None}, [DENSE_AT, "units"]),
    "reshape_size": Error([(6, 4)], [("Reshape", dict(target_shape=(4, 6)))], {"a.target_shape": [5, 5]}, ["layer 'a' (Reshape)", "5"]),
    "reshape_two_free": Error([(6, 4)], [("Reshape", dict(target_shape=(4, 6)))], {"a.target_shape": [-1, -1]}, ["layer 'a' (Reshape)", "[1, 6, 4]"]),
    "permute_zero": Error([(6, 4)], [("Permute", dict(dims=(2, 1)))], {"a.dims": [0, 1]}, ["layer 'a' (Permute)", "dims"]),
    "permute_twice": Error([(6, 4)], [("Permute", dict(dims=(2, 1)))], {"a.dims": [1, 1]}, ["layer 'a' (Permute)", "dims"]),
    "repeat_rank": Error([(4,)], [("RepeatVector", dict(n=2))], {"x.batch_shape": [None, 4, 3]}, ["layer 'a' (RepeatVector)"]),
    "norm_axis": Error([(5, 3)], [("BatchNormalization", {})], {"a.axis": 4}, ["layer 'a' (BatchNormalization)", "axis", "4"]),
    "norm_axis_size": Error([(5, 3)], [("BatchNormalization", {})], {"a.axis": 1}, ["layer 'a' (BatchNormalization)", "5", "3"]),
    "softmax_axis": Error([(5, 3)], [("Softmax", {})], {"a.axis": 3}, ["layer 'a' (Softmax)", "axis", "3"]),
    "upsampling_word": Error([(4, 5, 3)], [("UpSampling2D", {})], {"a.interpolation": "magic"}, ["layer 'a' (UpSampling2D)", "magic"]),
    "einsum_equation": Error([(4,)], [("EinsumDense", dict(equation="ab,bc->ac", output_shape=3))], {"a.equation": "ab,cd"}, ["layer 'a' (EinsumDense)", "ab,cd"]),
    "einsum_rank": Error([(4,)], [("EinsumDense", dict(equation="ab,bc->ac", output_shape=3))], {"a.equation": "abc,cd->abd"},
                         ["layer 'a' (EinsumDense)", "equation", "3", "[1, 4]"]),
    "embedding_table": Error([(4,)], [("Embedding", dict(input_dim=7, output_dim=3))], {"a.input_dim": 8}, ["layer 'a' (Embedding)", "7", "8"]),
    "layer_norm_axis": Error([(5, 3)], [("LayerNormalization", {})], {"a.axis": 3}, ["layer 'a' (LayerNormalization)", "axis", "3"]),
    "group_norm_groups": Error([(5, 6)], [("GroupNormalization", dict(groups=2))], {"a.groups": 4}, ["layer 'a' (GroupNormalization)", "4", "6"]),
    "unit_norm_axis": Error([(5, 3)], [("UnitNormalization", {})], {"a.axis": [5]}, ["layer 'a' (UnitNormalization)", "axis", "5"]),
    "prelu_shared": Error([(5, 3)], [("PReLU", dict(shared_axes=[1]))], {"a.shared_axes": [4]}, ["layer 'a' (PReLU)", "shared_axes", "4"]),
    "relu_slope_text": Error([(4,)], [("LeakyReLU", {})], {"a.negative_slope": "steep"}, ["layer 'a' (LeakyReLU)", "negative_slope"]),
    "repeat_zero": Error([(4,)], [("RepeatVector", dict(n=2))], {"a.n": 0}, ["layer 'a' (RepeatVector)", "n", "0"]),
    "discretization_order": Error([(4,)], [("Discretization", dict(bin_boundaries=[0.0, 1.0]))], {"a.bin_boundaries": [1.0, 0.0]},
                                  ["layer 'a' (Discretization)", "bin_boundaries"]),
    "encoding_mode": Error([(4,)], [("CategoryEncoding", dict(num_tokens=3))], {"a.output_mode": "loud"}, ["layer 'a' (CategoryEncoding)", "loud"]),
    # merging
    "add_shapes": Error([(4, 3), (4, 3)], [("Add", {})], {"x1.batch_shape": [None, 4, 2]}, ["layer 'a' (Add)", "3", "2"]),
    "subtract_three": Error([(4,), (4,)], [("Subtract", {})], {"a:inbound_nodes": lambda nodes: [{**nodes[0], "args": [nodes[0]["args"][0] * 2]}]},
                            ["layer 'a' (Subtract)", "4"]),
    "concatenate_shapes": Error([(4, 3), (4, 3)], [("Concatenate", {})], {"x1.batch_shape": [None, 5, 3]}, ["layer 'a' (Concatenate)", "4", "5"]),
    "concatenate_batch": Error([(4, 3), (4, 3)], [("Concatenate", {})], {"a.axis": 0}, ["layer 'a' (Concatenate)", "batch"]),
    "concatenate_axis": Error([(4, 3), (4, 3)], [("Concatenate", {})], {"a.axis": 3}, ["layer 'a' (Concatenate)", "axis", "3"]),
    "dot_sizes": Error([(4, 3), (4, 3)], [("Dot", dict(axes=1))], {"x1.batch_shape": [None, 5, 3]}, ["layer 'a' (Dot)", "4", "5"]),
    "dot_batch": Error([(4, 3), (4, 3)], [("Dot", dict(axes=1))], {"a.axes": 0}, ["layer 'a' (Dot)", "axes", "batch"]),
    "average_ranks": Error([(4, 3), (4, 3)], [("Average", {})], {"x1.batch_shape": [None, 5, 2]}, ["layer 'a' (Average)", "3", "2"]),
    "dot_axes_text": Error([(4, 3), (4, 3)], [("Dot", dict(axes=1))], {"a.axes": "all"}, ["layer 'a' (Dot)", "axes"]),
    "attention_depths": Error([(4, 3), (5, 3)], [("Attention", {})], {"x1.batch_shape": [None, 5, 2]}, ["layer 'a' (Attention)", "3", "2"]),
    # graph
    "dangling": Error([(4,)], DENSE * 2, {"b:inbound_nodes": reading("nowhere")}, ["'b'", "'nowhere'"]),
    "tensor_index": Error([(4,)], DENSE * 2, {"b:inbound_nodes": reading("a", 0, 1)}, ["'b'", "'a'", "1"]),
    "node_index": Error([(4,)], DENSE * 2, {"b:inbound_nodes": reading("a", 3)}, ["'b'", "'a'", "3"]),
    "cycle": Error([(3,)], DENSE * 2, {"a:inbound_nodes": reading("b")}, ["'a'"]),
    "same_name": Error([(3,)], DENSE * 2, {"b:name": "a", "b.name": "a"}, ["'a'"]),
    "missing_output": Error([(3,)], DENSE, {"output_layers": [["nothing", 0, 0]]}, ["'nothing'"]),
    "missing_input": Error([(3,)], DENSE, {"input_layers": [["nothing", 0, 0]]}, ["'nothing'"]),
    # inputs
    "free_size": Error([(4,)], DENSE, {"x.batch_shape": [None, None]}, ["--input-shape x="]),
    "sparse_input": Error([(4,)], DENSE, {"x.sparse": True}, ["layer 'x' (InputLayer)", "sparse"]),
    "ragged_input": Error([(4,)], DENSE, {"x.ragged": True}, ["layer 'x' (InputLayer)", "ragged"]),
    "optional_input": Error([(4,)], DENSE, {"x.optional": True}, ["layer 'x' (InputLayer)", "optional"]),
    "complex_input": Error([(4,)], DENSE, {"x.dtype": "complex64"}, ["layer 'x' (InputLayer)", "complex64"]),
    "text_input": Error([(4,)], DENSE, {"x.dtype": "string"}, ["layer 'x' (InputLayer)", "string"]),
    "rank_of_input": Error([(5, 6, 2)], CONV, {"x.batch_shape": [None, 5, 12]}, [CONV_AT, "rank"]),
    "huge_input": Error([(4,)], [("Activation", dict(activation="relu"))], {"x.batch_shape": [None, 1 << 40, 1 << 30]}, ["x"]),
    "free_channels": Error([(5, 6, 2)], CONV, {"x.batch_shape": [None, 5, 6, None]}, ["layer 'x' (InputLayer)", "--input-shape x=1x5x6x?"]),
    "no_shape": Error([(4,)], DENSE, {"x.batch_shape": None}, ["layer 'x' (InputLayer)", "--input-shape x="]),
    "no_features": Error([(4,)], DENSE, {"x.batch_shape": [None]}, [DENSE_AT, "rank"]),
    # over time
    "unroll_free_time": Error([(4, 3)], LSTM, {"a.unroll": True, "x.batch_shape": [None, None, 3]}, ["--input-shape x=1x?x3"]),
    "stateful_free_batch": Error([(4, 3)], LSTM, {"a.stateful": True}, [LSTM_AT, "stateful", "batch", "'x'"]),
    "recurrent_rank": Error([(4, 3)], LSTM, {"x.batch_shape": [None, 12]}, [LSTM_AT, "3 dimensions", "[1, 12]"]),
    "recurrent_kernel": Error([(4, 3)], LSTM, {"x.batch_shape": [None, 4, 5]}, [LSTM_AT, "kernel", "[5, 8]", "[3, 8]"]),
    "recurrent_units": Error([(4, 3)], LSTM, {"a.units": 3}, [LSTM_AT, "kernel", "[3, 12]", "[3, 8]"]),
    "conv_lstm_rank": Error([(2, 5, 4, 2)], [("ConvLSTM2D", dict(filters=2, kernel_size=2))], {"x.batch_shape": [None, 5, 4, 2]},
                            ["layer 'a' (ConvLSTM2D)", "rank", "[1, 5, 4, 2]"]),
    "time_distributed_rank": Error([(4, 3)], [("TimeDistributed", dict(layer=New("layers.Activation", "relu")))], {"x.batch_shape": [None, 12]},
                                   ["layer 'a' (TimeDistributed)", "3 dimensions", "[1, 12]"]),
    "same_direction": Error([(4, 3)], [("Bidirectional", dict(layer=New("layers.GRU", 2)))],
                            {"a.backward_layer": lambda layer: {**layer, "config": {**layer["config"], "go_backwards": False}}},
                            ["layer 'a/forward_layer' (GRU)", "same direction"]),
    "merge_mode": Error([(4, 3)], [("Bidirectional", dict(layer=New("layers.GRU", 2)))], {"a.merge_mode": "knit"},
                        ["layer 'a' (Bidirectional)", "merge_mode", "knit"]),
    "norm_two_axes": Error([(5, 3)], [("BatchNormalization", {})], {"a.axis": [1, 2]}, ["layer 'a' (BatchNormalization)", "axis"]),
    "rms_norm_axis": Error([(5, 3)], [("RMSNormalization", {})], {"a.axis": 1}, ["layer 'a' (RMSNormalization)", "axis"]),
    "vocabulary_missing": Error([(4,)], [("Activation", dict(activation="relu"))], {"a:class_name": "IntegerLookup", "x.dtype": "int64"},
                                ["layer 'a' (IntegerLookup)", "vocabulary"]),
    # calls
    "mask_that_is_none": Error([(4,)], DENSE, {"a:inbound_nodes": with_argument("mask", 1)}, [DENSE_AT, "mask"]),
    "training": Error([(4,)], [("Dropout", dict(rate=0.5))], {"a:inbound_nodes": with_argument("training", True)}, ["layer 'a' (Dropout)", "training"]),
    "unknown_argument": Error([(4,)], DENSE, {"a:inbound_nodes": with_argument("sideways", 1)}, [DENSE_AT, "sideways"]),
}
