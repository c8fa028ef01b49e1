# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files that no Keras of today writes: whole .h5 models of Keras 1, of Keras 2 with weights in cuDNN's layout, and of
both on Theano.

Each is written here, array by array, around one layer. What it must compute comes from tf_keras: it builds the same
layer in today's words, loads the weights of the file, which it converts, and is called. Only what Theano wrote it does
not convert: its convolutions were true ones, so the file gets the kernels turned around in space (Keras 2.2,
engine/saving.py, preprocess_weights_for_loading).
"""
import dataclasses
import json

import numpy

UNITS, FILTERS = 5, 4


@dataclasses.dataclass
class OldFile:
    shape: object                # of the input, without the batch; a list where there are several
    layer: object                # makes today's layer: a function of keras.layers
    old_class: str
    old_config: dict
    arrays: list                 # shapes of the stored weights, in order
    version: str = "1.2.2"
    options: dict = dataclasses.field(default_factory=dict)
    backend: str = "tensorflow"
    swaps: bool = False          # computed with channels last, between two transposes
    dtype: str = "float32"       # of the input
    stored: str = "float32"      # type of the arrays in the file
    convert: object = None       # makes today's weights of the file's arrays where tf_keras does not know how


def keras1_convolution(old_class, new_class, shape, kernel, old, stored, **config):
    """Channels last: TensorFlow has no channels_first convolution on a processor."""
    old = {"nb_filter": FILTERS, "border_mode": "valid", "activation": "relu", "bias": True, "dim_ordering": "tf", **old}
    return OldFile(shape, lambda layers: getattr(layers, new_class)(FILTERS, kernel, activation="relu", **config), old_class, old,
                   [stored, (FILTERS,)] if old["bias"] else [stored])


def keras1_gates(kind, gates, **options):
    """Kernel, recurrent kernel and bias of each gate by themselves."""
    old = {"output_dim": UNITS, "init": "glorot_uniform", "inner_init": "orthogonal", "activation": "tanh", "inner_activation": "hard_sigmoid",
           "return_sequences": False, "go_backwards": False, "stateful": False, "unroll": False, "consume_less": "cpu",
           "dropout_W": 0.0, "dropout_U": 0.0, "input_dim": 3, "input_length": 4, **options}
    if gates == 1:
        old.pop("inner_activation")
    words = dict(recurrent_activation="hard_sigmoid") if gates > 1 else {}
    words = {**words, **(dict(reset_after=False) if kind == "GRU" else {}), **options}
    return OldFile((4, 3), lambda layers: getattr(layers, kind)(UNITS, **words), kind, old, [(3, UNITS), (UNITS, UNITS), (UNITS,)] * gates)


def cudnn(kind, gates, version="2.2.4", old_class=None, **options):
    """Kernel and recurrent kernel by gates, and a bias of each."""
    old = {"units": UNITS, "return_sequences": False, "return_state": False, "go_backwards": False, "stateful": False, **options}
    if old_class is None:
        old_class = "CuDNN" + kind
    else:  # a layer that runs anywhere, with weights trained by cuDNN
        old = {**old, "activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True, "implementation": 2, "unroll": False}
        old = {**old, "reset_after": True} if kind == "GRU" else old
    return OldFile((4, 3), lambda layers: getattr(layers, kind)(UNITS, **options), old_class, old,
                   [(3, gates * UNITS), (UNITS, gates * UNITS), (2 * gates * UNITS,)], version)


def theano(kind, shape, kernel, arrays, **options):
    """A convolution with kernels of shape `kernel`, as Keras 2 on Theano saved it."""
    old = {"filters": FILTERS, "kernel_size": list(kernel), "strides": [1] * len(kernel), "padding": "valid", "data_format": "channels_last",
           "dilation_rate": [1] * len(kernel), "activation": "tanh", "use_bias": True, **options}
    return OldFile(shape, lambda layers: getattr(layers, kind)(FILTERS, kernel, activation="tanh", **options), kind, old,
                   [(*kernel, *array) for array in arrays] + [((4 if "LSTM" in kind else 1) * FILTERS,)], "2.2.4", backend="theano")


def stacked_states(version, is_last_first):
    """Two cells and an initial state for each, in the order of the version: until Keras 2.2 the last cell's came first."""
    below, above = 5, 2
    cells = [{"class_name": "SimpleRNNCell", "config": {"units": units, "activation": "tanh", "use_bias": True}} for units in (below, above)]
    config = {"return_sequences": False, "return_state": False, "go_backwards": False, "stateful": False, "unroll": False,
              "cell": {"class_name": "StackedRNNCells", "config": {"cells": cells}}}

    def today(layers):
        layer = layers.RNN([layers.SimpleRNNCell(below), layers.SimpleRNNCell(above)])
        return lambda inputs: layer(inputs[0], initial_state=inputs[:0:-1] if is_last_first else inputs[1:])

    states = [(above,), (below,)] if is_last_first else [(below,), (above,)]
    return OldFile([(4, 3), *states], today, "RNN", config,
                   [(3, below), (below, below), (below,), (below, above), (above, above), (above,)], version)


def keras1(shape, old_class, today, stored=(), options=None, **old):
    """Any layer in Keras 1's words `old`; `today` makes it in those of now: a function of keras.layers."""
    return OldFile(shape, today, old_class, old, list(stored), options=options or {})


def keras1_images_first(shape, old_class, today, stored=(), **old):
    """A layer with channels before the spatial dimensions, of which TensorFlow has most on graphics cards only."""
    made = keras1(shape, old_class, today, stored, dim_ordering="th", **old)
    return dataclasses.replace(made, swaps=True)


def keras1_cells(kind, old_class, gates, stored, today, **outer):
    """A wrapper around a recurrent layer of Keras 1."""
    inner = keras1_gates(kind, gates, return_sequences=True)
    layer = {"class_name": kind, "config": {"name": "inner", **inner.old_config}}
    return OldFile((2, 4, 3) if old_class == "TimeDistributed" else (4, 3), today, old_class, {"layer": layer, **outer}, inner.arrays * stored)


def four_gates(arrays, images_first):
    """Today's kernel, recurrent kernel and bias of Keras 1's input, candidate, forget and output gates."""
    def today(array):
        return array.transpose(2, 3, 1, 0) if images_first and array.ndim == 4 else array
    gates = [arrays[first:first + 3] for first in (0, 6, 3, 9)]
    return [numpy.concatenate([today(gate[number]) for gate in gates], axis=-1) for number in range(3)]


def keras1_conv_lstm(ordering, **options):
    """Channels behind the time, or at the end. A window of 3 x 2 over 5 x 6 images of 2 channels."""
    first = ordering == "th"
    old = {**sizes(3, 2, dim_ordering=ordering), "inner_activation": "hard_sigmoid", "inner_init": "orthogonal", "forget_bias_init": "one",
           "return_sequences": True, "go_backwards": False, "stateful": False}
    old.pop("bias")
    kernels = [(FILTERS, 2, 3, 2), (FILTERS, FILTERS, 3, 2)] if first else [(3, 2, 2, FILTERS), (3, 2, FILTERS, FILTERS)]

    def today(layers):
        layer = layers.ConvLSTM2D(FILTERS, (3, 2), activation="tanh", recurrent_activation="hard_sigmoid", return_sequences=True)
        return [layers.Permute((1, 3, 4, 2)), layer, layers.Permute((1, 4, 2, 3))] if first else layer

    return OldFile((3, 2, 5, 6) if first else (3, 5, 6, 2), today, "ConvLSTM2D", old, [*kernels, (FILTERS,)] * 4, **options,
                   convert=(lambda arrays: four_gates(arrays, True)) if first else None)


def batch_normalization(old_class, version):
    old = {"axis": [2], "momentum": 0.99, "epsilon": 0.01, "center": True, "scale": True, "dtype": "float32"}
    return OldFile((4, 3), lambda layers: layers.BatchNormalization(epsilon=0.01), old_class, old, [(3,)] * 4, version)


def keras1_merge(mode, shapes, layer, **old):
    config = {"mode": mode, "mode_type": "raw", "concat_axis": -1, "dot_axes": -1, "output_shape": None, "output_shape_type": "raw",
              "output_mask": None, "output_mask_type": "raw", "arguments": {}, **old}
    return OldFile(shapes, layer, "Merge", config, [])


@dataclasses.dataclass
class MergedBranches:
    """A Sequential that begins with a Merge of two others, as models with several inputs often were in Keras 1."""
    options: dict = dataclasses.field(default_factory=dict)
    with_graph: bool = False  # the left model is a functional one, and behind the Merge comes a model

    @staticmethod
    def dense(name, units, size=None, **activation):
        first = {"batch_input_shape": [None, size], "input_dtype": "float32"} if size else {}
        return {"class_name": "Dense", "config": {"name": name, "output_dim": units, "init": "glorot_uniform", "activation": "linear", "bias": True,
                                                  **first, **activation}}

    def build(self, keras, path, random):
        left = [self.dense("left_1", 5, None if self.with_graph else 4, activation="tanh"), self.dense("left_2", 3)]
        left = self.graph(left, 4) if self.with_graph else {"class_name": "Sequential", "config": left}
        branches = [left, {"class_name": "Sequential", "config": [self.dense("right_1", 3, 6, activation="relu")]}]
        last = [self.dense("last", 2, 6), self.dense("very_last", 3)]
        last = {"class_name": "Sequential", "config": last} if self.with_graph else self.dense("last", 2)
        merge = {"class_name": "Merge", "config": {"name": "merge_1", "mode": "concat", "mode_type": "raw", "concat_axis": -1, "layers": branches}}
        layers = keras.layers
        a, b = keras.Input((4,), name="left_1_input"), keras.Input((6,), name="right_1_input")
        x = layers.Dense(3, name="left_2")(layers.Dense(5, activation="tanh", name="left_1")(a))
        y = layers.Dense(3, activation="relu", name="right_1")(b)
        z = layers.Dense(2, name="last")(layers.Concatenate()([x, y]))
        model = keras.Model([a, b], layers.Dense(3, name="very_last")(z) if self.with_graph else z)
        groups = {}
        for layer in model.layers:
            if layer.weights:
                layer.set_weights([random.uniform(-0.5, 0.5, weight.shape).astype("float32") for weight in layer.weights])
                groups[layer.name] = layer.get_weights()
        if self.with_graph:
            groups["sequential_3"] = groups.pop("last") + groups.pop("very_last")
        write_groups(path, {"class_name": "Sequential", "config": [merge, last]}, groups, "1.2.2", "tensorflow")
        return model

    @staticmethod
    def graph(layers, size):
        """The layers one after the other as a functional model."""
        name = f"{layers[0]['config']['name']}_input"
        entries = [{"class_name": "InputLayer", "name": name, "inbound_nodes": [], "config": {"batch_input_shape": [None, size],
                    "input_dtype": "float32", "sparse": False, "name": name}}]
        for layer in layers:
            entries.append({**layer, "name": layer["config"]["name"], "inbound_nodes": [[[entries[-1]["name"], 0, 0]]]})
        return {"class_name": "Model", "config": {"name": "model_1", "layers": entries, "input_layers": [[name, 0, 0]],
                                                  "output_layers": [[entries[-1]["name"], 0, 0]]}}


def sizes(nb_row, nb_col, **old):
    return {"nb_filter": FILTERS, "nb_row": nb_row, "nb_col": nb_col, "border_mode": "valid", "subsample": [1, 1], "activation": "tanh", "bias": True,
            **old}


def without_half_pixels(keras_layers):
    """UpSampling2D until Keras 2.3 took TensorFlow's old way to resize."""
    import tensorflow
    return keras_layers.Lambda(lambda x: tensorflow.raw_ops.ResizeBilinear(images=x, size=[8, 15]))


TF = dict(dim_ordering="tf")
IMAGE, FIRST, VOLUME = (6, 7, 3), (3, 6, 7), (4, 5, 3, 2)
KERAS1_CORE = {
    "activation": keras1((5,), "Activation", lambda layers: layers.Activation("hard_sigmoid"), options=dict(values="hard"), activation="hard_sigmoid"),
    "dropout": keras1((5,), "Dropout", lambda layers: layers.Dropout(0.5), p=0.5),
    "spatial_dropout2d": keras1(IMAGE, "SpatialDropout2D", lambda layers: layers.SpatialDropout2D(0.5), p=0.5, **TF),
    "gaussian_noise": keras1((5,), "GaussianNoise", lambda layers: layers.GaussianNoise(0.5), sigma=0.5),
    "gaussian_dropout": keras1((5,), "GaussianDropout", lambda layers: layers.GaussianDropout(0.5), p=0.5),
    "activity_regularization": keras1((5,), "ActivityRegularization", lambda layers: layers.ActivityRegularization(), l1=0.1, l2=0.0),
    "flatten": keras1(IMAGE, "Flatten", lambda layers: layers.Flatten()),
    "reshape": keras1((6, 4), "Reshape", lambda layers: layers.Reshape((3, 8)), target_shape=[3, 8]),
    "permute": keras1((6, 4), "Permute", lambda layers: layers.Permute((2, 1)), dims=[2, 1]),
    "repeat_vector": keras1((5,), "RepeatVector", lambda layers: layers.RepeatVector(3), n=3),
    "masking": keras1((4, 3), "Masking", lambda layers: layers.Masking(), options=dict(values="padded", batch=5), mask_value=0.0),
    "dense_of_sequence": keras1((4, 3), "TimeDistributedDense", lambda layers: layers.Dense(UNITS, activation="relu"), [(3, UNITS), (UNITS,)],
                                output_dim=UNITS, init="glorot_uniform", activation="relu", bias=True, input_dim=3, input_length=4),
    "time_distributed": keras1((4, 3), "TimeDistributed", lambda layers: layers.TimeDistributed(layers.Dense(UNITS)), [(3, UNITS), (UNITS,)],
                               layer={"class_name": "Dense", "config": {"name": "dense_1", "output_dim": UNITS, "init": "glorot_uniform",
                                                                        "activation": "linear", "bias": True, "input_dim": None}}),
    "leaky_relu": keras1((14,), "LeakyReLU", lambda layers: layers.LeakyReLU(0.1), options=dict(values="hard"), alpha=0.1),
    "prelu": keras1((14,), "PReLU", lambda layers: layers.PReLU(), [(14,)], options=dict(values="hard"), init="zero", shared_axes=None),
    "elu": keras1((14,), "ELU", lambda layers: layers.ELU(0.5), options=dict(values="hard"), alpha=0.5),
    "thresholded_relu": keras1((14,), "ThresholdedReLU", lambda layers: layers.ThresholdedReLU(0.5), options=dict(values="hard"), theta=0.5),
    "batch_normalization": keras1((4, 3), "BatchNormalization", lambda layers: layers.BatchNormalization(epsilon=1e-5), [(3,)] * 4, epsilon=1e-5,
                                  mode=0, axis=-1, momentum=0.99, beta_init="zero", gamma_init="one", gamma_regularizer=None, beta_regularizer=None),
    "batch_normalization_th": keras1((3, 4, 5), "BatchNormalization", lambda layers: layers.BatchNormalization(1), [(3,)] * 4, epsilon=1e-3,
                                     mode=0, axis=1, momentum=0.99),
    "merge_sum": keras1_merge("sum", [(4, 3), (4, 3)], lambda layers: layers.Add()),
    "merge_mul": keras1_merge("mul", [(4, 3)] * 3, lambda layers: layers.Multiply()),
    "merge_ave": keras1_merge("ave", [(4, 3), (4, 3)], lambda layers: layers.Average()),
    "merge_max": keras1_merge("max", [(4, 3), (4, 3)], lambda layers: layers.Maximum()),
    "merge_concat": keras1_merge("concat", [(4, 3), (4, 2)], lambda layers: layers.Concatenate()),
    "merge_concat_axis": keras1_merge("concat", [(4, 3), (2, 3)], lambda layers: layers.Concatenate(1), concat_axis=1),
    "merge_dot": keras1_merge("dot", [(4, 3), (5, 3)], lambda layers: layers.Dot((2, 2)), dot_axes=[2, 2]),
}
KERAS1_WINDOWS = {
    "atrous_convolution1d": keras1_convolution("AtrousConvolution1D", "Conv1D", (9, 3), 2, dict(filter_length=2, subsample_length=1, atrous_rate=2),
                                               (2, 1, 3, FILTERS), dilation_rate=2),
    "atrous_convolution2d": keras1_convolution("AtrousConvolution2D", "Conv2D", (6, 7, 3), (3, 2), dict(nb_row=3, nb_col=2, subsample=[1, 1],
                                               atrous_rate=[1, 2]), (3, 2, 3, FILTERS), dilation_rate=(1, 2)),
    "convolution2d_same": keras1_convolution("Convolution2D", "Conv2D", (6, 7, 3), (3, 2), dict(nb_row=3, nb_col=2, subsample=[1, 1],
                                             border_mode="same", bias=False), (3, 2, 3, FILTERS), padding="same", use_bias=False),
    "separable_convolution2d": keras1(IMAGE, "SeparableConvolution2D", lambda layers: layers.SeparableConv2D(FILTERS, (3, 2), depth_multiplier=2,
                                      activation="tanh"), [(3, 2, 3, 2), (1, 1, 6, FILTERS), (FILTERS,)], depth_multiplier=2, **sizes(3, 2, **TF)),
    "separable_convolution2d_th": dataclasses.replace(keras1_images_first(FIRST, "SeparableConvolution2D", lambda layers, **word: layers.SeparableConv2D(
        FILTERS, (3, 2), depth_multiplier=2, activation="tanh", **word), [(2, 3, 3, 2), (FILTERS, 6, 1, 1), (FILTERS,)], depth_multiplier=2,
        **sizes(3, 2)), convert=lambda arrays: [array.transpose(2, 3, 1, 0) if array.ndim == 4 else array for array in arrays]),
    "conv_lstm2d": keras1_conv_lstm("tf"),
    "conv_lstm2d_th": keras1_conv_lstm("th"),
    "conv_lstm2d_theano": keras1_conv_lstm("th", backend="theano"),
    "convolution3d": keras1(VOLUME, "Convolution3D", lambda layers: layers.Conv3D(FILTERS, (2, 3, 2), activation="tanh"), [(2, 3, 2, 2, FILTERS),
                            (FILTERS,)], nb_filter=FILTERS, kernel_dim1=2, kernel_dim2=3, kernel_dim3=2, border_mode="valid", subsample=[1, 1, 1],
                            activation="tanh", bias=True, **TF),
    "convolution2d_th": keras1_images_first(FIRST, "Convolution2D", lambda layers, **word: layers.Conv2D(FILTERS, (3, 2), strides=(2, 1),
                                            activation="tanh", **word), [(FILTERS, 3, 3, 2), (FILTERS,)], **sizes(3, 2, subsample=[2, 1])),
    "convolution3d_th": keras1_images_first((2, 4, 5, 3), "Convolution3D", lambda layers, **word: layers.Conv3D(FILTERS, (2, 3, 2), **word),
                                            [(FILTERS, 2, 2, 3, 2), (FILTERS,)], nb_filter=FILTERS, kernel_dim1=2, kernel_dim2=3, kernel_dim3=2,
                                            border_mode="valid", subsample=[1, 1, 1], activation="linear", bias=True),
    "deconvolution2d_th": keras1_images_first((3, 4, 5), "Deconvolution2D", lambda layers, **word: layers.Conv2DTranspose(FILTERS, (3, 2), strides=2,
                                              activation="tanh", **word), [(FILTERS, 3, 3, 2), (FILTERS,)], output_shape=[None, FILTERS, 9, 10],
                                              **sizes(3, 2, subsample=[2, 2])),
    "max_pooling1d": keras1((7, 3), "MaxPooling1D", lambda layers: layers.MaxPooling1D(2, 3), stride=3, pool_length=2, border_mode="valid"),
    "average_pooling1d": keras1((7, 3), "AveragePooling1D", lambda layers: layers.AveragePooling1D(2, padding="same"), stride=2, pool_length=2,
                                border_mode="same"),
    "max_pooling2d": keras1(IMAGE, "MaxPooling2D", lambda layers: layers.MaxPooling2D((2, 3), 2, "same"), pool_size=[2, 3], strides=[2, 2],
                            border_mode="same", **TF),
    "average_pooling2d_th": keras1_images_first(FIRST, "AveragePooling2D", lambda layers, **word: layers.AveragePooling2D((2, 3), **word),
                                                pool_size=[2, 3], strides=[2, 3], border_mode="valid"),
    "max_pooling2d_th": keras1_images_first(FIRST, "MaxPooling2D", lambda layers, **word: layers.MaxPooling2D(2, **word), pool_size=[2, 2],
                                            strides=[2, 2], border_mode="valid"),
    "max_pooling3d": keras1(VOLUME, "MaxPooling3D", lambda layers: layers.MaxPooling3D((2, 2, 1)), pool_size=[2, 2, 1], strides=[2, 2, 1],
                            border_mode="valid", **TF),
    "average_pooling3d_th": keras1_images_first((2, 4, 5, 3), "AveragePooling3D", lambda layers, **word: layers.AveragePooling3D(2, **word),
                                                pool_size=[2, 2, 2], strides=[2, 2, 2], border_mode="valid"),
    "global_max_pooling1d": keras1((5, 3), "GlobalMaxPooling1D", lambda layers: layers.GlobalMaxPooling1D()),
    "global_average_pooling1d": keras1((5, 3), "GlobalAveragePooling1D", lambda layers: layers.GlobalAveragePooling1D()),
    "global_max_pooling2d": keras1(IMAGE, "GlobalMaxPooling2D", lambda layers: layers.GlobalMaxPooling2D(), dim_ordering="default"),
    "global_average_pooling2d_th": keras1_images_first(FIRST, "GlobalAveragePooling2D", lambda layers, **word: layers.GlobalAveragePooling2D(**word)),
    "zero_padding1d": keras1((5, 3), "ZeroPadding1D", lambda layers: layers.ZeroPadding1D(2), padding=2),
    "zero_padding1d_sides": keras1((5, 3), "ZeroPadding1D", lambda layers: layers.ZeroPadding1D((1, 2)), padding={"left_pad": 1, "right_pad": 2}),
    "zero_padding2d": keras1(IMAGE, "ZeroPadding2D", lambda layers: layers.ZeroPadding2D((1, 2)), padding=[1, 2], **TF),
    "zero_padding2d_four": keras1(IMAGE, "ZeroPadding2D", lambda layers: layers.ZeroPadding2D(((1, 2), (3, 0))), padding=[1, 2, 3, 0], **TF),
    "zero_padding2d_sides_th": keras1_images_first(FIRST, "ZeroPadding2D", lambda layers, **word: layers.ZeroPadding2D(((1, 2), (3, 0)), **word),
                                                   padding={"top_pad": 1, "bottom_pad": 2, "left_pad": 3, "right_pad": 0}),
    "zero_padding3d": keras1(VOLUME, "ZeroPadding3D", lambda layers: layers.ZeroPadding3D((1, 2, 0)), padding=[1, 2, 0], **TF),
    "cropping1d": keras1((6, 3), "Cropping1D", lambda layers: layers.Cropping1D((1, 2)), cropping=[1, 2]),
    "cropping2d_th": keras1_images_first(FIRST, "Cropping2D", lambda layers, **word: layers.Cropping2D(((1, 2), (3, 0)), **word),
                                         cropping=[[1, 2], [3, 0]]),
    "cropping3d": keras1(VOLUME, "Cropping3D", lambda layers: layers.Cropping3D(((1, 2), (1, 0), (0, 1))), cropping=[[1, 2], [1, 0], [0, 1]], **TF),
    "upsampling1d": keras1((4, 3), "UpSampling1D", lambda layers: layers.UpSampling1D(3), length=3),
    "upsampling2d": keras1(IMAGE, "UpSampling2D", lambda layers: layers.UpSampling2D((2, 3)), size=[2, 3], **TF),
    "upsampling2d_th": keras1_images_first(FIRST, "UpSampling2D", lambda layers, **word: layers.UpSampling2D((2, 3), **word), size=[2, 3]),
    "upsampling3d": keras1(VOLUME, "UpSampling3D", lambda layers: layers.UpSampling3D((1, 2, 3)), size=[1, 2, 3], **TF),
    "locally_connected1d": keras1((7, 3), "LocallyConnected1D", lambda layers: layers.LocallyConnected1D(FILTERS, 3, strides=2, activation="tanh"),
                                  [(3, 9, FILTERS), (3, FILTERS)], nb_filter=FILTERS, filter_length=3, subsample_length=2, border_mode="valid",
                                  activation="tanh", bias=True, input_dim=3, input_length=7),
    "locally_connected2d": keras1(IMAGE, "LocallyConnected2D", lambda layers: layers.LocallyConnected2D(FILTERS, (3, 2), activation="tanh"),
                                  [(24, 18, FILTERS), (4, 6, FILTERS)], **sizes(3, 2, **TF)),
    "locally_connected2d_th": keras1(FIRST, "LocallyConnected2D", lambda layers: layers.LocallyConnected2D(FILTERS, (3, 2), activation="tanh",
                                     data_format="channels_first"), [(24, 18, FILTERS), (4, 6, FILTERS)], **sizes(3, 2, dim_ordering="th")),
}

LSTM, GRU = ("LSTM", 4), ("GRU", 3)
OLD_FILES = {
    "keras1_dense": OldFile((4,), lambda layers: layers.Dense(UNITS, activation="tanh"), "Dense",
                            {"output_dim": UNITS, "init": "glorot_uniform", "activation": "tanh", "bias": True, "input_dim": 4},
                            [(4, UNITS), (UNITS,)]),
    "keras1_embedding": OldFile((6,), lambda layers: layers.Embedding(7, UNITS), "Embedding",
                                {"input_dim": 7, "output_dim": UNITS, "init": "uniform", "input_length": 6, "mask_zero": False, "dropout": 0.0},
                                [(7, UNITS)], options=dict(values="ids")),
    "keras1_convolution1d": keras1_convolution("Convolution1D", "Conv1D", (9, 3), 2, dict(filter_length=2, subsample_length=1),
                                               (2, 1, 3, FILTERS)),
    "keras1_convolution1d_early": keras1_convolution("Convolution1D", "Conv1D", (9, 3), 2, dict(filter_length=2, subsample_length=1),
                                                     (FILTERS, 3, 2, 1)),
    "keras1_convolution2d": keras1_convolution("Convolution2D", "Conv2D", (6, 7, 3), (3, 2), dict(nb_row=3, nb_col=2, subsample=[2, 1]),
                                               (3, 2, 3, FILTERS), strides=(2, 1)),
    "keras1_deconvolution2d": keras1_convolution("Deconvolution2D", "Conv2DTranspose", (4, 5, 3), (3, 2), dict(nb_row=3, nb_col=2,
                                                 subsample=[2, 2], output_shape=[None, 9, 10, FILTERS]), (3, 2, 3, FILTERS), strides=2),
    **{f"keras1_{name}": file for name, file in {**KERAS1_CORE, **KERAS1_WINDOWS}.items()},
    "keras1_merged_branches": MergedBranches(),
    "keras1_merged_models": MergedBranches(with_graph=True),
    "keras1_embedding_of_integers": OldFile((6,), lambda layers: layers.Embedding(7, UNITS), "Embedding", {
        "input_dim": 7, "output_dim": UNITS, "init": "uniform", "input_length": 6, "mask_zero": False}, [(7, UNITS)],
        options=dict(values="ids"), dtype="int32"),
    **{f"keras2_dense_{name}": OldFile((4,), lambda layers: layers.Dense(UNITS), "Dense", {"units": UNITS, "use_bias": True},
                                       [(4, UNITS), (UNITS,)], "2.2.4", stored=stored) for name, stored in (("half", "float16"), ("big_endian", ">f4"))},
    "batch_normalization_v1": batch_normalization("BatchNormalizationV1", "2.2.4-tf"),
    "batch_normalization_v2": batch_normalization("BatchNormalizationV2", "2.2.4-tf"),
    "keras1_theano": dataclasses.replace(KERAS1_WINDOWS["convolution2d_th"], backend="theano"),
    "keras2_upsampling2d_bilinear": OldFile((4, 5, 3), without_half_pixels, "UpSampling2D", {"size": [2, 3], "data_format": "channels_last",
                                                                                             "interpolation": "bilinear"}, [], "2.2.4"),
    "keras1_simple_rnn": keras1_gates("SimpleRNN", 1),
    "keras1_lstm": keras1_gates(*LSTM),
    "keras1_lstm_backwards": keras1_gates(*LSTM, go_backwards=True, return_sequences=True),
    "keras1_lstm_both_ways": keras1_cells(*LSTM[:1], "Bidirectional", LSTM[1], 2, lambda layers: layers.Bidirectional(layers.LSTM(
        UNITS, recurrent_activation="hard_sigmoid", return_sequences=True), merge_mode="sum"), merge_mode="sum"),
    "keras1_gru_distributed": keras1_cells(*GRU[:1], "TimeDistributed", GRU[1], 1, lambda layers: layers.TimeDistributed(layers.GRU(
        UNITS, recurrent_activation="hard_sigmoid", reset_after=False, return_sequences=True))),
    "keras1_gru": keras1_gates(*GRU),
    "keras1_gru_sequences": keras1_gates(*GRU, return_sequences=True),
    "stacked_states_2_1": stacked_states("2.1.6", True),
    "stacked_states_2_2": stacked_states("2.2.4", False),
    "cudnn_lstm": cudnn(*LSTM),
    "cudnn_lstm_sequences": cudnn(*LSTM, return_sequences=True),
    "cudnn_lstm_backwards": cudnn(*LSTM, go_backwards=True, return_sequences=True),
    "cudnn_lstm_in_lstm": cudnn(*LSTM, old_class="LSTM"),
    "cudnn_gru": cudnn(*GRU),
    "cudnn_gru_sequences": cudnn(*GRU, return_sequences=True),
    "cudnn_gru_backwards": cudnn(*GRU, go_backwards=True),
    "cudnn_gru_in_gru": cudnn(*GRU, old_class="GRU", return_sequences=True),
    "theano_conv1d": theano("Conv1D", (9, 3), (3,), [(3, FILTERS)]),
    "theano_conv2d": theano("Conv2D", (7, 6, 3), (3, 2), [(3, FILTERS)], strides=[2, 1]),
    "theano_conv3d": theano("Conv3D", (4, 5, 4, 2), (2, 3, 2), [(2, FILTERS)]),
    "theano_conv2d_transpose": theano("Conv2DTranspose", (4, 3, 3), (3, 2), [(FILTERS, 3)], strides=[2, 2]),
    "theano_conv_lstm2d": theano("ConvLSTM2D", (3, 5, 6, 2), (3, 2), [(2, 4 * FILTERS), (FILTERS, 4 * FILTERS)], recurrent_activation="hard_sigmoid"),
}


def one_layer(old, config):
    """The architecture of a model of the layer alone: as Keras 1 wrote it where it has several inputs."""
    if not isinstance(old.shape, list):
        config = {**config, "batch_input_shape": [None, *old.shape], "input_dtype": old.dtype}
        return {"class_name": "Sequential", "config": [{"class_name": old.old_class, "config": config}]}
    names = [f"input_{number + 1}" for number in range(len(old.shape))]
    inputs = [{"class_name": "InputLayer", "name": name, "inbound_nodes": [], "config": {"batch_input_shape": [None, *shape],
               "input_dtype": "float32", "sparse": False, "name": name}} for name, shape in zip(names, old.shape)]
    layer = {"class_name": old.old_class, "name": "old", "config": config, "inbound_nodes": [[[name, 0, 0] for name in names]]}
    return {"class_name": "Model", "config": {"name": "model_1", "layers": [*inputs, layer], "input_layers": [[name, 0, 0] for name in names],
                                              "output_layers": [["old", 0, 0]]}}


def write(path, old, arrays, backend):
    write_groups(path, one_layer(old, {"name": "old", "trainable": True, **old.old_config}), {"old": arrays}, old.version, backend)


def write_groups(path, architecture, groups, version, backend):
    """A whole .h5 model; `groups` holds each layer's arrays."""
    import h5py
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = version.encode()
        file.attrs["model_config"] = json.dumps(architecture).encode()
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [name.encode() for name in groups]
        weights.attrs["backend"] = backend.encode()
        if not version.startswith("1."):  # Keras 1 wrote it beside the architecture only
            weights.attrs["keras_version"] = version.encode()
        for name, arrays in groups.items():
            group, names = weights.create_group(name), []
            for number, array in enumerate(arrays):
                names.append(f"{name}/param_{number}:0".encode())
                group.create_dataset(names[-1].decode(), data=array)
            group.attrs["weight_names"] = names


def draw(old, random):
    """The file's arrays; the last of a BatchNormalization is a variance."""
    arrays = [random.uniform(-0.5, 0.5, shape).astype(old.stored) for shape in old.arrays]
    if old.old_class.startswith("BatchNormalization"):
        arrays[-1] += 1
    return arrays


def of_today(keras, old, **word):
    """Today's model of the layer."""
    if isinstance(old.shape, list):
        inputs = [keras.Input(shape, name=f"input_{number + 1}") for number, shape in enumerate(old.shape)]
        return keras.Model(inputs, old.layer(keras.layers)(inputs))
    layers = old.layer(keras.layers, **word)
    return keras.Sequential([keras.Input(old.shape, name="old_input", dtype=old.dtype), *(layers if isinstance(layers, list) else [layers])])


def with_swaps(keras, old, weights):
    """A model of channels_first data that computes with channels last."""
    rank = len(old.shape)
    x = keras.Input(old.shape, name="old_input")
    y = old.layer(keras.layers)(keras.layers.Permute((*range(2, rank + 1), 1))(x))
    model = keras.Model(x, keras.layers.Permute((rank, *range(1, rank)))(y) if y.shape.rank == rank + 1 else y)
    model.set_weights(weights)
    return model


def build(keras, name, path, random):
    """Writes the file and gives the model of today with its weights."""
    old = OLD_FILES[name]
    if isinstance(old, MergedBranches):
        return old.build(keras, path, random)
    arrays = draw(old, random)
    write(path, old, arrays, "tensorflow")
    model = of_today(keras, old, **(dict(data_format="channels_first") if old.swaps else {}))
    if old.convert:
        model.set_weights(old.convert(arrays))
    elif arrays:
        model.load_weights(path)
    if old.swaps:
        model = with_swaps(keras, old, model.get_weights())
    if old.backend == "theano":
        write(path, old, [turned(old, array) for array in arrays], old.backend)
    return model


def turned(old, array):
    """A kernel turned round in space. Keras 1 kept channels_first ones with the spatial dimensions last."""
    if array.ndim < 3:
        return array
    return numpy.flip(array, range(2, array.ndim) if old.old_config.get("dim_ordering") == "th" else range(array.ndim - 2))
