# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models that layerc must refuse, and what its one line must say.

Keras does not write most of them, so each is a good model whose config.json is edited: "a.units" is the key `units` in the
config of layer a, "a:class_name" the key beside it. Layers are called x (the input; x, x1, ... if several), a, b, ... A
layer may be a model of layers of its own, called p, q, ..., on an input i: "a/p.units".

OLD are files of Keras 1 and 2, written as old_files.py does.
"""
import dataclasses

from matrix import New
from old_files import OldFile, sizes


@dataclasses.dataclass
class Error:
    shapes: list                 # of the inputs, without the batch
    layers: list                 # (class, arguments) of a, b, ...: a chain from the inputs; ("Model", layers) is a model
    edit: dict                   # where -> value; a value that is a function is called with the old one
    says: list                   # what the diagnostic must hold
    named: dict = dataclasses.field(default_factory=dict)   # arguments of the first call that are inputs: their numbers
    dtypes: list = dataclasses.field(default_factory=list)  # of the inputs where not all are float32


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


def stored_class(name):
    """The edit of a layer inside another that makes it one of another class."""
    return lambda layer: {**layer, "class_name": name, "registered_name": None}


def with_config(**config):
    """The edit of a layer inside another, in its own configuration."""
    return lambda layer: {**layer, "config": {**layer["config"], **config}}


def edited_cells(stack, number, **config):
    cells = list(stack["config"]["cells"])
    cells[number] = with_config(**config)(cells[number])
    return {**stack, "config": {**stack["config"], "cells": cells}}


def with_states(count):
    """The edit of a call that leaves only the first initial states."""
    return lambda nodes: with_argument("initial_state", nodes[0]["kwargs"]["initial_state"][:count])(nodes)


NESTED = [("Model", [("Dense", dict(units=3)), ("Dense", dict(units=2))])]
FLOATS_AND_MASK = ["float32", "float32", "bool"]


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
    "recurrent_strided_and_dilated": Error([(2, 9, 9, 2)], [("ConvLSTM2D", dict(filters=2, kernel_size=3))], {"a.strides": [2, 2], "a.dilation_rate": [2, 2]},
                                           ["layer 'a' (ConvLSTM2D)", "strides", "dilation_rate"]),
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
    # inside of others
    "nested_class": Error([(4,)], NESTED, {"a/p:class_name": "Dance", "a/p:registered_name": None}, ["layer 'a/p' (Dance)", "not supported"]),
    "nested_weight": Error([(4,)], NESTED, {"a/q.units": 7}, ["layer 'a/q' (Dense)", "'kernel'", "[3, 7]", "[3, 2]"]),
    "nested_deep": Error([(4,)], [("Model", NESTED)], {"a/p/q.activation": "wiggle"}, ["layer 'a/p/q' (Dense)", "wiggle"]),
    "nested_reference": Error([(4,)], NESTED, {"a/q:inbound_nodes": reading("nowhere")}, ["'q'", "'nowhere'"]),
    "distributed_class": Error([(4, 3)], [("TimeDistributed", dict(layer=New("layers.Dense", 2)))], {"a.layer": stored_class("Dance")},
                               ["layer 'a/layer' (Dance)", "not supported"]),
    "distributed_weight": Error([(4, 3)], [("TimeDistributed", dict(layer=New("layers.Dense", 2)))], {"a.layer": with_config(units=5)},
                                ["layer 'a/layer' (Dense)", "[3, 5]", "[3, 2]"]),
    "distributed_state": Error([(4, 5, 3)], [("TimeDistributed", dict(layer=New("layers.LSTM", 2)))], {"a.layer": with_config(stateful=True),
                               "x.batch_shape": [2, 4, 5, 3]}, ["layer 'a' (TimeDistributed)", "stateful"]),
    "distributed_state_inside": Error([(4, 5, 3)], [("TimeDistributed", dict(layer=New("layers.Bidirectional", New("layers.LSTM", 2))))],
                                      {"a.layer": lambda layer: with_config(layer=with_config(stateful=True)(layer["config"]["layer"]))(layer),
                                       "x.batch_shape": [2, 4, 5, 3]}, ["layer 'a/layer/forward_layer' (LSTM)", "keeps state"]),
    "direction_class": Error([(4, 3)], [("Bidirectional", dict(layer=New("layers.GRU", 2)))], {"a.layer": stored_class("Dance")},
                             ["layer 'a", "(Dance)", "not supported"]),
    "direction_returns": Error([(4, 3)], [("Bidirectional", dict(layer=New("layers.GRU", 2)))], {"a.backward_layer": with_config(return_sequences=True)},
                               ["layer 'a", "return_sequences"]),
    "cell_class": Error([(4, 3)], [("RNN", dict(cell=New("layers.LSTMCell", 2)))], {"a.cell": stored_class("Dance")}, ["layer 'a", "Dance"]),
    "cell_missing": Error([(4, 3)], [("RNN", dict(cell=New("layers.LSTMCell", 2)))], {"a.cell": None}, ["layer 'a' (RNN)", "cell"]),
    "cell_empty": Error([(4, 3)], [("RNN", dict(cell=New("layers.LSTMCell", 2)))], {"a.cell": lambda cell: {}}, ["layer 'a' (RNN)", "cell"]),
    "cell_is_layer": Error([(4, 3)], [("RNN", dict(cell=New("layers.LSTMCell", 2)))], {"a.cell": stored_class("LSTM")},
                           ["layer 'a/", "(LSTM)", "'RNN' needs a cell"]),
    "cells_missing": Error([(4, 3)], [("RNN", dict(cell=[New("layers.LSTMCell", 2)]))], {"a.cell": with_config(cells=None)},
                           ["layer 'a' (RNN)", "'cells'"]),
    "cells_empty": Error([(4, 3)], [("RNN", dict(cell=[New("layers.LSTMCell", 2)]))], {"a.cell": with_config(cells=[])},
                         ["layer 'a' (RNN)", "'cells'"]),
    "cells_of_nothing": Error([(4, 3)], [("RNN", dict(cell=[New("layers.LSTMCell", 2)]))], {"a.cell": with_config(cells=[None])},
                              ["layer 'a' (RNN)", "'cells'"]),
    "stacked_cell_is_layer": Error([(4, 3)], [("RNN", dict(cell=[New("layers.LSTMCell", 2), New("layers.GRUCell", 3)]))], {"a.cell": lambda stack: {
        **stack, "config": {**stack["config"], "cells": [stack["config"]["cells"][0], stored_class("GRU")(stack["config"]["cells"][1])]}}},
                                   ["layer 'a/", "(GRU)", "'StackedRNNCells' needs a cell"]),
    "direction_is_cell": Error([(4, 3)], [("Bidirectional", dict(layer=New("layers.GRU", 2)))], {"a.layer": stored_class("GRUCell")},
                               ["layer 'a/", "(GRUCell)", "is a cell"]),
    "stacked_cell_weight": Error([(4, 3)], [("RNN", dict(cell=[New("layers.LSTMCell", 2), New("layers.GRUCell", 3)]))],
                                 {"a.cell": lambda cells: edited_cells(cells, 1, units=5)}, ["layer 'a/", "(GRUCell)", "[2, 15]", "[2, 9]"]),
    "stacked_cell_activation": Error([(4, 3)], [("RNN", dict(cell=[New("layers.LSTMCell", 2), New("layers.GRUCell", 3)]))],
                                     {"a.cell": lambda cells: edited_cells(cells, 0, activation="wiggle")}, ["layer 'a/", "(LSTMCell)", "wiggle"]),
    # masks and states given to a call
    "attention_mask_sizes": Error([(4, 6), (5, 7), (4, 5)], [("MultiHeadAttention", dict(num_heads=2, key_dim=3))], {"x2.batch_shape": [None, 4, 6]},
                                  ["layer 'a' (MultiHeadAttention)", "mask", "[1, 1, 4, 6]", "[1, 2, 4, 5]"], dict(attention_mask=2), FLOATS_AND_MASK),
    "query_mask_size": Error([(4, 6), (5, 6), (4,)], [("GroupQueryAttention", dict(head_dim=3, num_query_heads=2, num_key_value_heads=1))],
                             {"x2.batch_shape": [None, 3]}, ["layer 'a' (GroupQueryAttention)", "mask", "[1, 1, 3, 1]", "[1, 2, 4, 5]"], dict(query_mask=2), FLOATS_AND_MASK),
    "value_mask_size": Error([(4, 6), (5, 7), (5,)], [("MultiHeadAttention", dict(num_heads=2, key_dim=3))], {"x2.batch_shape": [None, 6]},
                             ["layer 'a' (MultiHeadAttention)", "mask", "[1, 1, 1, 6]", "[1, 2, 4, 5]"], dict(value_mask=2), FLOATS_AND_MASK),
    "attention_key_mask_size": Error([(4, 3), (5, 3), (5,)], [("Attention", {})], {"x2.batch_shape": [None, 6]}, ["layer 'a' (Attention)", "mask", "[1, 1, 6]", "[1, 4, 5]"],
                                     dict(mask=[None, 2]), FLOATS_AND_MASK),
    "recurrent_mask_size": Error([(4, 3), (4,)], LSTM, {"x1.batch_shape": [None, 5]}, [LSTM_AT, "mask", "5", "4"], dict(mask=1), ["float32", "bool"]),
    "pooling_mask_size": Error([(4, 3), (4,)], [("GlobalAveragePooling1D", {})], {"x1.batch_shape": [None, 5]},
                               ["layer 'a' (GlobalAveragePooling1D)", "mask", "5", "4"], dict(mask=1), ["float32", "bool"]),
    "softmax_mask_size": Error([(4, 3), (4, 3)], [("Softmax", {})], {"x1.batch_shape": [None, 5, 3]}, ["layer 'a' (Softmax)", "mask", "[1, 5, 3]", "[1, 4, 3]"],
                               dict(mask=1), ["float32", "bool"]),
    "initial_state_size": Error([(4, 3), (2,), (2,)], LSTM, {"x2.batch_shape": [None, 3]}, [LSTM_AT, "[1, 3]", "[1, 2]"], dict(initial_state=[1, 2])),
    "initial_state_missing": Error([(4, 3), (2,), (2,)], LSTM, {"a:inbound_nodes": with_states(1)}, [LSTM_AT, "state", "1", "2"], dict(initial_state=[1, 2])),
    # more arguments that contradict
    "einsum_letter": Error([(4,)], [("EinsumDense", dict(equation="ab,bc->ac", output_shape=3))], {"a.equation": "ab,bc->ad"},
                           ["layer 'a' (EinsumDense)", "ab,bc->ad"]),
    "einsum_kernel": Error([(4,)], [("EinsumDense", dict(equation="ab,bc->ac", output_shape=3))], {"a.output_shape": [5]},
                           ["layer 'a' (EinsumDense)", "[4, 5]", "[4, 3]"]),
    "ternary": Error([(4,)], [("Activation", dict(activation="relu"))], {"a:class_name": "TernaryDense"}, ["layer 'a' (TernaryDense)", "not supported"]),
    "conv_channels": Error([(5, 6, 2)], CONV, {"x.batch_shape": [None, 5, 6, 3]}, [CONV_AT, "[3, 3, 3, 4]", "[3, 3, 2, 4]"]),
    "conv_rank": Error([(5, 6, 2)], CONV, {"x.batch_shape": [None, 2, 5, 6, 2]}, [CONV_AT, "rank", "[1, 2, 5, 6, 2]"]),
    "depthwise_channels": Error([(5, 6, 2)], [("DepthwiseConv2D", dict(kernel_size=3))], {"x.batch_shape": [None, 5, 6, 3]},
                                ["layer 'a' (DepthwiseConv2D)", "[3, 3, 3, 1]", "[3, 3, 2, 1]"]),
    "separable_filters": Error([(5, 6, 2)], [("SeparableConv2D", dict(filters=4, kernel_size=3))], {"a.filters": 5},
                               ["layer 'a' (SeparableConv2D)", "pointwise_kernel", "[1, 1, 2, 5]", "[1, 1, 2, 4]"]),
    "transpose_filters": Error([(5, 3)], [("Conv1DTranspose", dict(filters=2, kernel_size=3))], {"a.filters": 4},
                               ["layer 'a' (Conv1DTranspose)", "[3, 4, 3]", "[3, 2, 3]"]),
    "pool_stride_zero": Error([(5, 6, 2)], [("MaxPooling2D", dict(pool_size=2))], {"a.strides": [0, 2]}, ["layer 'a' (MaxPooling2D)", "strides", "0"]),
    "pool_rank": Error([(5, 6, 2)], [("AveragePooling2D", dict(pool_size=2))], {"x.batch_shape": [None, 5, 6]}, ["layer 'a' (AveragePooling2D)", "rank", "[1, 5, 6]"]),
    "global_pool_rank": Error([(5, 2)], [("GlobalMaxPooling1D", {})], {"x.batch_shape": [None, 5]}, ["layer 'a' (GlobalMaxPooling1D)", "rank", "[1, 5]"]),
    "upsampling_rank": Error([(5, 6, 2)], [("UpSampling2D", {})], {"x.batch_shape": [None, 5, 6]}, ["layer 'a' (UpSampling2D)", "rank", "[1, 5, 6]"]),
    "cropping_negative": Error([(5, 3)], [("Cropping1D", dict(cropping=1))], {"a.cropping": [-1, 1]}, ["layer 'a' (Cropping1D)", "cropping", "-1"]),
    "relu_bound_negative": Error([(4,)], [("ReLU", {})], {"a.max_value": -1.0}, ["layer 'a' (ReLU)", "max_value", "-1"]),
    "relu_slope_negative": Error([(4,)], [("ReLU", {})], {"a.negative_slope": -1.0}, ["layer 'a' (ReLU)", "negative_slope", "-1"]),
    "relu_threshold_negative": Error([(4,)], [("ReLU", {})], {"a.threshold": -1.0}, ["layer 'a' (ReLU)", "threshold", "-1"]),
    "group_norm_few_channels": Error([(5, 6)], [("GroupNormalization", dict(groups=2))], {"a.groups": 12}, ["layer 'a' (GroupNormalization)", "12", "6"]),
    "group_norm_batch": Error([(5, 6)], [("GroupNormalization", dict(groups=2))], {"a.axis": 0}, ["layer 'a' (GroupNormalization)", "axis"]),
    "rescaling_channels": Error([(4, 3)], [("Rescaling", dict(scale=[1.0, 2.0, 3.0]))], {"x.batch_shape": [None, 4, 2]}, ["layer 'a' (Rescaling)", "3", "2"]),
    "normalization_axis": Error([(4, 3)], [("Normalization", dict(mean=[1.0, 2.0, 3.0], variance=[1.0, 1.0, 1.0]))], {"a.axis": [3]},
                                ["layer 'a' (Normalization)", "axis", "3"]),
    "encoding_tokens": Error([(4,)], [("CategoryEncoding", dict(num_tokens=3))], {"a.num_tokens": 0}, ["layer 'a' (CategoryEncoding)", "num_tokens", "0"]),
    "heads_zero": Error([(4, 6), (4, 6)], [("MultiHeadAttention", dict(num_heads=2, key_dim=3))], {"a.num_heads": 0},
                        ["layer 'a' (MultiHeadAttention)", "num_heads", "0"]),
    "heads_of_groups": Error([(4, 6), (4, 6)], [("GroupQueryAttention", dict(head_dim=3, num_query_heads=4, num_key_value_heads=2))],
                             {"a.num_key_value_heads": 3}, ["layer 'a' (GroupQueryAttention)", "key heads", "4 and 3"]),
    "attention_lengths": Error([(4, 3), (5, 2), (5, 3)], [("Attention", {})], {"x2.batch_shape": [None, 6, 3]}, ["layer 'a' (Attention)", "6", "5"]),
    "dot_axis": Error([(4, 3), (4, 3)], [("Dot", dict(axes=1))], {"a.axes": 3}, ["layer 'a' (Dot)", "axes", "3"]),
    "add_nothing": Error([(4,), (4,)], [("Add", {})], {"a:inbound_nodes": lambda nodes: [{**nodes[0], "args": [[]]}]}, ["layer 'a' (Add)"]),
    "subtract_one": Error([(4,), (4,)], [("Subtract", {})], {"a:inbound_nodes": lambda nodes: [{**nodes[0], "args": [nodes[0]["args"][0][:1]]}]},
                          ["layer 'a' (Subtract)", "1"]),
    "equalization_of_tiles": Error([(4,)], [("Activation", dict(activation="relu"))], {"a:class_name": "ContrastLimitedAdaptiveHistogramEqualization"},
                                   ["layer 'a' (ContrastLimitedAdaptiveHistogramEqualization)", "tiles"]),
    "training_of_norm": Error([(4, 3)], [("BatchNormalization", {})], {"a:inbound_nodes": with_argument("training", True)},
                              ["layer 'a' (BatchNormalization)", "training"]),
}


def merged(**words):
    return OldFile([(4, 3), (4, 3)], None, "Merge", {"mode": "sum", "mode_type": "raw", "concat_axis": -1, "dot_axes": -1, **words}, [])


def chain(shape, *layers, version="2.2.4"):
    """A Sequential of (class, config, shapes of its arrays), called a, b, ...: architecture, shapes by layer, version."""
    entries = [{"class_name": layer, "config": {"name": name, **config}} for name, (layer, config, _) in zip("abc", layers)]
    entries[0]["config"]["batch_input_shape"] = [None, *shape]
    return {"class_name": "Sequential", "config": entries}, {name: shapes for name, (_, _, shapes) in zip("abc", layers)}, version


# What tf_keras 2.21 writes for tf.einsum("bij,bjk->bik", x, y), and fails to load.
EINSUM = {"class_name": "Functional", "config": {"name": "model", "layers": [
    *[{"class_name": "InputLayer", "name": name, "inbound_nodes": [], "config": {"batch_input_shape": [None, 3, 3], "dtype": "float32", "name": name}}
      for name in "xy"],
    {"class_name": "TFOpLambda", "name": "old", "config": {"name": "old", "function": "einsum"},
     "inbound_nodes": [["_CONSTANT_VALUE", -1, "bij,bjk->bik", {}]]}],
    "input_layers": [["x", 0, 0], ["y", 0, 0]], "output_layers": [["old", 0, 0]]}}

MASK = ("Masking", {"mask_value": 0.0}, [])
CELLS_5_2 = {"class_name": "StackedRNNCells", "config": {"cells": [
    {"class_name": "SimpleRNNCell", "config": {"units": units, "activation": "tanh", "use_bias": True}} for units in (5, 2)]}}
NORM_1 = {"epsilon": 1e-3, "axis": -1, "momentum": 0.99}
CONV_1 = {"nb_filter": 4, "filter_length": 2, "subsample_length": 1, "border_mode": "valid", "activation": "linear", "bias": True}
OLD = {  # name: (file, what the diagnostic must hold)
    "keras1_mode_1": (OldFile((4, 3), None, "BatchNormalization", {**NORM_1, "mode": 1}, [(3,)] * 4), ["layer 'old' (BatchNormalization)", "'mode' 1"]),
    "keras1_mode_2": (OldFile((4, 3), None, "BatchNormalization", {**NORM_1, "mode": 2}, [(3,)] * 4), ["layer 'old' (BatchNormalization)", "'mode' 2"]),
    "keras1_full_padding": (OldFile((7, 3), None, "Convolution1D", {**CONV_1, "border_mode": "full"}, [(2, 1, 3, 4), (4,)]),
                            ["layer 'old' (Conv1D)", "padding", "full"]),
    "keras1_kernel": (OldFile((7, 3), None, "Convolution1D", {**CONV_1, "nb_filter": 5}, [(2, 1, 3, 4), (4,)]), ["layer 'old' (Conv1D)", "kernel", "[2, 1, 3, 4]"]),
    "keras1_maxout": (OldFile((4,), None, "MaxoutDense", {"output_dim": 3, "nb_feature": 2}, [(2, 4, 3), (2, 3)]), ["layer 'old' (MaxoutDense)", "not supported"]),
    "keras1_highway": (OldFile((4,), None, "Highway", {"activation": "tanh"}, [(4, 4), (4, 4), (4,), (4,)]), ["layer 'old' (Highway)", "not supported"]),
    "keras1_cosine": (merged(mode="cos"), ["layer 'old' (Merge)", "mode"]),
    "keras1_merge_by_code": (merged(mode="4wEAAAA=", mode_type="lambda"), ["layer 'old' (Merge)", "mode"]),
    "keras1_merge_sizes": (OldFile([(4, 3), (4, 2)], None, "Merge", {"mode": "sum", "mode_type": "raw"}, []), ["layer 'old' (Add)", "3", "2"]),
    "keras1_merge_of_layers": (({"class_name": "Sequential", "config": [{"class_name": "Merge", "config": {"name": "merge_1", "mode": "sum", "layers": [
        {"class_name": "Dense", "config": {"name": "left", "output_dim": 3}}, {"class_name": "Dense", "config": {"name": "right", "output_dim": 3}}]}}]},
        {}, "1.2.2"), ["layer 'merge_1' (Merge)", "models"]),
    "keras2_embedding_length": (chain((4,), ("Embedding", {"input_dim": 7, "output_dim": 3, "input_length": 5}, [(7, 3)])),
                                ["layer 'a' (Embedding)", "'input_length' 5", "[1, 4]"]),
    "keras2_embedding_lengths": (chain((4, 3), ("Embedding", {"input_dim": 7, "output_dim": 2, "input_length": [4, 2]}, [(7, 2)])),
                                 ["layer 'a' (Embedding)", "'input_length' [4,2]", "[1, 4, 3]"]),
    "theano_separable": (OldFile((6, 7, 3), None, "SeparableConv2D", {"filters": 4, "kernel_size": [3, 2]}, [(3, 2, 3, 1), (1, 1, 3, 4), (4,)], "2.2.4",
                                 backend="theano"), ["layer 'old' (SeparableConv2D)", "Theano"]),
    # Keras refused masks that a layer does not support until TensorFlow took it over.
    "keras2_masked_flatten": (chain((4, 3), MASK, ("Flatten", {}, [])), ["layer 'b' (Flatten)", "does not support masks", "2.2.4"]),
    "keras1_masked_flatten": (chain((4, 3), MASK, ("Flatten", {}, []), version="1.2.2"), ["layer 'b' (Flatten)", "does not support masks", "1.2.2"]),
    "keras2_masked_cudnn": (chain((4, 3), MASK, ("CuDNNLSTM", {"units": 2}, [(3, 8), (2, 8), (16,)])), ["layer 'b' (CuDNNLSTM)", "mask"]),
    "keras2_masked_cells": (chain((4, 3), MASK, ("RNN", {"cell": CELLS_5_2}, [(3, 5), (5, 5), (5,), (5, 2), (2, 2), (2,)])),
                            ["layer 'b' (RNN)", "2.2.4", "[1, 5]", "[1, 2]"]),
    "keras2_masked_cells_early": (chain((4, 3), MASK, ("RNN", {"cell": CELLS_5_2}, [(3, 5), (5, 5), (5,), (5, 2), (2, 2), (2,)]), version="2.1.6"),
                                  ["layer 'b' (RNN)", "2.1.6", "[1, 5]", "[1, 2]"]),
    **{f"{name}_masked_distributed_flatten": (chain((2, 4, 3), MASK, ("TimeDistributed", {"layer": {"class_name": "Flatten", "config": {"name": "flat"}}}, []),
       version=version), ["layer 'b/", "(Flatten)", "does not support masks", version]) for name, version in (("keras2", "2.2.4"), ("tf_keras", "2.15.0"))},
    "keras2_pooling": (chain((4, 3), ("MaxPooling1D", {"pool_size": 5, "strides": 1}, [])), ["layer 'a' (MaxPooling1D)", "5", "4"]),
    "keras2_local": (chain((4, 3), ("LocallyConnected1D", {"filters": 2, "kernel_size": [5]}, [(1, 15, 2), (1, 2)])),
                     ["layer 'a' (LocallyConnected1D)", "5", "4"]),
    "keras2_missing_bias": (chain((4,), ("Dense", {"units": 2, "use_bias": True}, [(4, 2)])), ["layer 'a' (Dense)", "'bias'"]),
    "keras2_unknown": (chain((4,), ("Dance", {"units": 2}, [(4, 2)])), ["layer 'a' (Dance)", "not supported"]),
    "cudnn_bias": (OldFile((4, 3), None, "GRU", {"units": 2, "reset_after": False}, [(3, 6), (2, 6), (12,)], "2.2.4"), ["layer 'old' (GRU)", "reset_after"]),
    "tensorflow_node": (OldFile((4,), None, "TensorFlowOpLayer", {"node_def": {"name": "old", "op": "Betainc", "attr": {}}, "constants": {}}, [], "2.3.0-tf"),
                        ["layer 'old' (TensorFlowOpLayer)", "'Betainc'", "not supported"]),
    "tensorflow_einsum": ((EINSUM, {}, "2.15.0"), ["layer 'old' (TFOpLambda)", "'einsum'", "without its operands"]),
    "tensorflow_function": (OldFile((4,), None, "TFOpLambda", {"function": "math.zeta"}, [], "2.15.0"), ["layer 'old' (TFOpLambda)", "math.zeta"]),
}
