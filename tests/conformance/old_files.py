# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files that no Keras of today writes: whole .h5 models of Keras 1, of Keras 2 with weights in cuDNN's layout, and of
Keras 2 on Theano.

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
    shape: tuple                 # of the input, without the batch
    layer: object                # makes today's layer: a function of keras.layers
    old_class: str
    old_config: dict
    arrays: list                 # shapes of the stored weights, in order
    version: str = "1.2.2"
    options: dict = dataclasses.field(default_factory=dict)
    backend: str = "tensorflow"


def keras1_convolution(old_class, new_class, shape, kernel, old, stored, **config):
    """Channels last: TensorFlow has no channels_first convolution on a processor."""
    old = {"nb_filter": FILTERS, "border_mode": "valid", "activation": "relu", "bias": True, "dim_ordering": "tf", **old}
    return OldFile(shape, lambda layers: getattr(layers, new_class)(FILTERS, kernel, activation="relu", **config), old_class, old,
                   [stored, (FILTERS,)])


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
    "keras1_simple_rnn": keras1_gates("SimpleRNN", 1),
    "keras1_lstm": keras1_gates(*LSTM),
    "keras1_lstm_backwards": keras1_gates(*LSTM, go_backwards=True, return_sequences=True),
    "keras1_gru": keras1_gates(*GRU),
    "keras1_gru_sequences": keras1_gates(*GRU, return_sequences=True),
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


def write(path, old, arrays, backend):
    import h5py
    config = {"name": "old", "trainable": True, "batch_input_shape": [None, *old.shape], "input_dtype": "float32", **old.old_config}
    architecture = {"class_name": "Sequential", "config": [{"class_name": old.old_class, "config": config}]}
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = old.version.encode()
        file.attrs["model_config"] = json.dumps(architecture).encode()
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"old"]
        weights.attrs["backend"] = backend.encode()
        if not old.version.startswith("1."):  # Keras 1 wrote it beside the architecture only
            weights.attrs["keras_version"] = old.version.encode()
        group, names = weights.create_group("old"), []
        for number, array in enumerate(arrays):
            names.append(f"old/param_{number}:0".encode())
            group.create_dataset(names[-1].decode(), data=array)
        group.attrs["weight_names"] = names


def build(keras, name, path, random):
    """Writes the file and gives the model of today with its weights."""
    old = OLD_FILES[name]
    arrays = [random.uniform(-0.5, 0.5, shape).astype("float32") for shape in old.arrays]
    write(path, old, arrays, "tensorflow")
    model = keras.Sequential([keras.Input(old.shape, name="old_input"), old.layer(keras.layers)])
    model.load_weights(path)
    if old.backend == "theano":
        write(path, old, [numpy.flip(array, range(array.ndim - 2)) if array.ndim > 2 else array for array in arrays], old.backend)
    return model
