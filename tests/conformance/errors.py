# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models that layerc must refuse, and what its one line must say.

Keras does not write most of them, so each is a good model whose config.json is edited: "a.units" is the key `units` in the
config of layer a, "a:class_name" the key beside it. Layers are called x (the input; x, x1, ... if several), a, b, ...
"""
import dataclasses


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


def with_argument(name, value):
    """The edit of a call that adds a keyword argument."""
    return lambda nodes: [{**nodes[0], "kwargs": {**nodes[0]["kwargs"], name: value}}]


def reading(layer, call=0, tensor=0):
    """The edit of a call that makes it read another tensor."""
    def edit(nodes):
        nodes[0]["args"][0]["config"]["keras_history"] = [layer, call, tensor]
        return nodes
    return edit


ERRORS = {
    # classes and functions
    "unknown_class": Error([(4,)], [("Activation", dict(activation="relu"))], {"a:class_name": "Dance", "a:registered_name": None}, ["layer 'a' (Dance)", "not supported"]),
    "foreign_package": Error([(4,)], DENSE, {"a:module": "mine.layers", "a:registered_name": "mine>Dense"}, [DENSE_AT, "not supported"]),
    "unknown_activation": Error([(4,)], DENSE, {"a.activation": "wiggle"}, [DENSE_AT, "wiggle"]),
    "foreign_activation": Error([(4,)], DENSE, {"a.activation": {"class_name": "function", "config": "mine", "module": "builtins",
                                "registered_name": "function"}}, [DENSE_AT, "mine"]),
    "lambda": Error([(4,)], [("Activation", dict(activation="relu"))], {"a:class_name": "Lambda"}, ["layer 'a' (Lambda)"]),
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
    # merging
    "add_shapes": Error([(4, 3), (4, 3)], [("Add", {})], {"x1.batch_shape": [None, 4, 2]}, ["layer 'a' (Add)", "3", "2"]),
    "subtract_three": Error([(4,), (4,)], [("Subtract", {})], {"a:inbound_nodes": lambda nodes: [{**nodes[0], "args": [nodes[0]["args"][0] * 2]}]},
                            ["layer 'a' (Subtract)", "4"]),
    "concatenate_shapes": Error([(4, 3), (4, 3)], [("Concatenate", {})], {"x1.batch_shape": [None, 5, 3]}, ["layer 'a' (Concatenate)", "4", "5"]),
    "concatenate_batch": Error([(4, 3), (4, 3)], [("Concatenate", {})], {"a.axis": 0}, ["layer 'a' (Concatenate)", "batch"]),
    "concatenate_axis": Error([(4, 3), (4, 3)], [("Concatenate", {})], {"a.axis": 3}, ["layer 'a' (Concatenate)", "axis", "3"]),
    "dot_sizes": Error([(4, 3), (4, 3)], [("Dot", dict(axes=1))], {"x1.batch_shape": [None, 5, 3]}, ["layer 'a' (Dot)", "4", "5"]),
    "dot_batch": Error([(4, 3), (4, 3)], [("Dot", dict(axes=1))], {"a.axes": 0}, ["layer 'a' (Dot)", "axes", "batch"]),
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
    "text_input": Error([(4,)], DENSE, {"x.dtype": "string"}, ["layer 'x' (InputLayer)", "string"]),
    "rank_of_input": Error([(5, 6, 2)], CONV, {"x.batch_shape": [None, 5, 12]}, [CONV_AT, "rank"]),
    "huge_input": Error([(4,)], [("Activation", dict(activation="relu"))], {"x.batch_shape": [None, 1 << 40, 1 << 30]}, ["x"]),
    # calls
    "training": Error([(4,)], [("Dropout", dict(rate=0.5))], {"a:inbound_nodes": with_argument("training", True)}, ["layer 'a' (Dropout)", "training"]),
    "unknown_argument": Error([(4,)], DENSE, {"a:inbound_nodes": with_argument("sideways", 1)}, [DENSE_AT, "sideways"]),
}
