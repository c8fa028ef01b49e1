#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Records recorded/multi_backend with the Keras of its time: 1.2 to 2.3 on TensorFlow 1.15, run by Python 3.7, and with
tf.keras of TensorFlow 1.12, "2.1.6-tf", run by Python 3.6 where it finds no Keras.

multi_backend.py FOLDER     with the Keras that Python finds, all cases of its version; scripts/record-multi-backend
                            brings every version together with what it needs

What these versions did with masks and states differs between them and from tf.keras, which reads their files but computes
what tf.keras does. A case is a function of the package keras that makes a model; weights and inputs are random.
"""
import pathlib
import sys
import types
import zlib

# Keras 2.2 imports its networks with itself, from a package that TensorFlow needs in another version.
sys.modules["keras.applications"] = types.ModuleType("keras.applications")

import numpy

try:
    import keras
except ImportError:
    from tensorflow import keras

layers, Input = keras.layers, keras.layers.Input
VERSION = keras.__version__
BATCH = 5
ALL = ("1.2.2", "2.1.6", "2.2.2", "2.2.4", "2.2.5", "2.3.1")
WITH_CELLS = ALL[1:]
EARLY_TF = "2.1.6-tf"
SIZE = 3


def steps(shape=(4, 3), fixed=False):
    """An input of sequences, and the mask that its padded steps make."""
    x = Input(batch_shape=(BATCH if fixed else None,) + shape, name="x")
    return x, layers.Masking()(x)


def states(*sizes):
    return [Input((size,), name="s%d" % number) for number, size in enumerate(sizes)]


def model(inputs, outputs):
    return keras.models.Model(inputs, outputs)


def cells(**options):
    return layers.RNN([layers.LSTMCell(SIZE), layers.GRUCell(SIZE)], **options)


def masked(layer):
    """A layer called on padded sequences."""
    x, padded_steps = steps()
    return model(x, layer(padded_steps))


def stack():
    return masked(cells(return_sequences=True, return_state=True))


def stack_last():
    return masked(cells())


def stack_backwards():
    return masked(cells(return_sequences=True, go_backwards=True))


def stack_unrolled():
    return masked(cells(return_sequences=True, unroll=True))


def stack_of_sizes():
    return masked(layers.RNN([layers.SimpleRNNCell(5), layers.GRUCell(2)], return_sequences=True, return_state=True))


def stack_of_sizes_unrolled():
    return masked(layers.RNN([layers.SimpleRNNCell(5), layers.SimpleRNNCell(2)], return_sequences=True, unroll=True))


def stack_states():
    """Initial states in the order of the version, and a mask."""
    x, masked = steps()
    given = states(SIZE, SIZE, SIZE)
    return model([x] + given, cells(return_sequences=True, return_state=True)(masked, initial_state=given))


def stack_of_sizes_states():
    x, given = Input((4, 3), name="x"), states(*((2, 5) if VERSION < "2.2.3" else (5, 2)))
    stack = layers.RNN([layers.SimpleRNNCell(5), layers.SimpleRNNCell(2)], return_state=True)
    return model([x] + given, stack(x, initial_state=given))


def lstm_states():
    x, masked = steps()
    given = states(SIZE, SIZE)
    return model([x] + given, layers.LSTM(SIZE, return_sequences=True, return_state=True)(masked, initial_state=given))


def lstm_states_unrolled():
    x, masked = steps()
    given = states(SIZE, SIZE)
    return model([x] + given, layers.LSTM(SIZE, return_sequences=True, unroll=True)(masked, initial_state=given))


def bidirectional_states():
    x, masked = steps()
    given = states(SIZE, SIZE)
    layer = layers.Bidirectional(layers.GRU(SIZE, return_sequences=True, return_state=True), merge_mode="sum")
    return model([x] + given, layer(masked, initial_state=given))


def lstm_stateful():
    x, masked = steps(fixed=True)
    return model(x, layers.LSTM(SIZE, stateful=True, return_sequences=True)(masked))


def gru_stateful_last():
    x, masked = steps(fixed=True)
    return model(x, layers.GRU(SIZE, stateful=True, go_backwards=True)(masked))


def bidirectional_stateful():
    x, masked = steps(fixed=True)
    return model(x, layers.Bidirectional(layers.LSTM(SIZE, stateful=True, return_sequences=True))(masked))


def stack_stateful():
    x, masked = steps(fixed=True)
    return model(x, cells(stateful=True, return_sequences=True)(masked))


def bidirectional():
    return masked(layers.Bidirectional(layers.LSTM(SIZE, return_sequences=True)))


def bidirectional_last():
    return masked(layers.Bidirectional(layers.GRU(SIZE), merge_mode=None))


def bidirectional_stack():
    return masked(layers.Bidirectional(cells(return_sequences=True), merge_mode="mul"))


def distributed_dense():
    x, masked = steps()
    return model(x, layers.LSTM(2)(layers.TimeDistributed(layers.Dense(SIZE))(masked)))


def words(fixed):
    """The words of two sentences with a mask: ids of which some are 0, or in Keras 1 vectors."""
    if VERSION < "2":
        return steps((2, 4, SIZE), fixed)
    x = Input(batch_shape=(BATCH if fixed else None, 2, 4), name="x")
    return x, layers.Embedding(7, SIZE, mask_zero=True)(x)


def distributed_lstm(fixed=False):
    x, embedded = words(fixed)
    return model(x, layers.TimeDistributed(layers.LSTM(SIZE))(embedded))


def distributed_lstm_fixed():
    return distributed_lstm(True)


def sentences():
    """The mask of the words in a sentence, then that of the sentences which hold any."""
    x, embedded = words(False)
    return model(x, layers.GRU(2)(layers.TimeDistributed(layers.LSTM(SIZE))(embedded)))


def distributed_sequences():
    """The mask of the words goes on to the next wrapper."""
    x, embedded = words(False)
    y = layers.TimeDistributed(layers.GRU(SIZE, return_sequences=True))(embedded)
    return model(x, layers.TimeDistributed(layers.LSTM(2))(y))


def distributed_embedding(fixed=False):
    """The mask begins inside a wrapper. Keras 2.1 and 2.2 could not call a recurrent one with a fixed batch."""
    x = Input(batch_shape=(BATCH if fixed else None, 2, 4), name="x")
    y = layers.TimeDistributed(layers.Embedding(7, SIZE, mask_zero=True))(x)
    return model(x, layers.TimeDistributed(layers.LSTM(2))(y))


def distributed_embedding_fixed():
    return distributed_embedding(True)


def distributed_masking():
    x = Input((2, 4, 3), name="x")
    return model(x, layers.TimeDistributed(layers.LSTM(2))(layers.TimeDistributed(layers.Masking())(x)))


def masking_in_model(fixed=False):
    """A whole model inside, which masks by itself."""
    inside = keras.models.Sequential([layers.Masking(input_shape=(4, 3)), layers.LSTM(2)])
    x = Input(batch_shape=(BATCH if fixed else None, 2, 4, 3), name="x")
    return model(x, layers.TimeDistributed(inside)(x))


def masking_in_model_fixed():
    return masking_in_model(True)


def distributed_model(fixed=False):
    """A mask from outside for a whole model."""
    inside = keras.models.Sequential([layers.Dense(2, input_shape=(4, SIZE)), layers.GRU(2)])
    x, embedded = words(fixed)
    return model(x, layers.TimeDistributed(inside)(embedded))


def distributed_model_fixed():
    return distributed_model(True)


def distributed_flatten(fixed=False):
    x, embedded = words(fixed)
    return model(x, layers.TimeDistributed(layers.Flatten())(embedded))


def distributed_flatten_fixed():
    return distributed_flatten(True)


def embedding_length():
    """Ids beside an input_length that says otherwise, which no version before 2.2.3 minded."""
    x = Input((4,), name="x")
    return model(x, layers.Embedding(7, SIZE, input_length=5)(x))


def plain(kind, **options):
    x = Input((4, 3), name="x")
    return model(x, getattr(layers, kind)(SIZE, **options)(x))


def simple_rnn():
    return plain("SimpleRNN", return_sequences=True, go_backwards=True)


def lstm():
    return plain("LSTM", return_sequences=True)


def gru():
    return plain("GRU")


def gru_reset_after():
    return plain("GRU", reset_after=True, return_sequences=True, recurrent_activation="sigmoid", implementation=2)


def conv_lstm():
    x = Input((3, 5, 6, 2), name="x")
    kernel = (3, 3, 2) if VERSION < "2" else (3, (3, 2))
    return model(x, layers.ConvLSTM2D(*kernel, return_sequences=True, go_backwards=True)(x))


def nested():
    """A wrapper of a wrapper of a stack of cells."""
    x = Input((2, 4, 3), name="x")
    return model(x, layers.TimeDistributed(layers.Bidirectional(cells(return_sequences=True), merge_mode="ave"))(x))


IDS, CALLS = dict(ids=True), dict(calls=2)
CASES = [  # (model, versions that have it, options)
    (stack, WITH_CELLS + (EARLY_TF,), {}),
    (stack_last, ("2.2.2", "2.2.4", "2.3.1"), {}),
    (stack_backwards, ("2.2.4",), {}),
    (stack_unrolled, ("2.1.6", "2.2.4"), {}),
    (stack_of_sizes, ("2.2.2", "2.2.5", "2.3.1"), {}),
    (stack_of_sizes_unrolled, ("2.1.6", "2.2.4", EARLY_TF), {}),
    (stack_states, ("2.1.6", "2.2.2", "2.2.4", "2.2.5", EARLY_TF), {}),
    (stack_of_sizes_states, ("2.1.6", "2.2.2", "2.2.4"), {}),
    (lstm_states, WITH_CELLS + (EARLY_TF,), {}),
    (lstm_states_unrolled, ("2.1.6", "2.2.4"), {}),
    (bidirectional_states, ("2.1.6", "2.2.4", "2.2.5", "2.3.1"), {}),
    (lstm_stateful, ALL, CALLS),
    (gru_stateful_last, ("1.2.2", "2.2.4", "2.3.1"), CALLS),
    (bidirectional_stateful, ALL, CALLS),
    (stack_stateful, ("2.1.6", "2.2.4", "2.2.5"), CALLS),
    (bidirectional, ("1.2.2", "2.2.4", "2.3.1", EARLY_TF), {}),
    (bidirectional_last, ("2.1.6", "2.2.4"), {}),
    (bidirectional_stack, ("2.1.6", "2.2.4", "2.3.1"), {}),
    (distributed_dense, ALL, {}),
    (distributed_lstm, ALL + (EARLY_TF,), IDS),
    (distributed_lstm_fixed, ("1.2.2", "2.3.1"), IDS),
    (sentences, ("2.2.2", "2.2.4", "2.3.1", EARLY_TF), IDS),
    (distributed_sequences, ("2.1.6", "2.2.4", "2.3.1"), IDS),
    (distributed_embedding, ("2.1.6", "2.2.2", "2.3.1", EARLY_TF), IDS),
    (distributed_embedding_fixed, ("2.3.1",), IDS),
    (distributed_masking, ("2.1.6", "2.2.4"), {}),
    (masking_in_model, ("1.2.2", "2.1.6", "2.2.4"), {}),
    (masking_in_model_fixed, ("2.3.1",), {}),
    (distributed_model, ("2.1.6", "2.2.4", "2.3.1"), IDS),
    (distributed_model_fixed, ("2.3.1",), IDS),
    (distributed_flatten, ("1.2.2", "2.1.6"), IDS),
    (distributed_flatten_fixed, ("2.2.4", "2.3.1"), IDS),
    (embedding_length, ("1.2.2", "2.1.6", "2.2.2"), IDS),
    (simple_rnn, ALL, {}),
    (lstm, ALL, {}),
    (gru, ALL, {}),
    (gru_reset_after, ("2.2.2", "2.3.1"), {}),
    (conv_lstm, ALL, {}),
    (nested, ("2.1.6", "2.2.4", "2.3.1"), {}),
]


def padded(random, shape):
    """Sequences whose last, first or middle steps are zeros, one that is nothing else, and one that is whole."""
    array = random.uniform(-1, 1, shape)
    for number in range(shape[0]):
        sequence = array[number].reshape((-1,) + shape[-2:])
        for kind, part in enumerate(sequence):
            part[[slice(2, None), slice(0, 2), slice(1, 3), slice(None), slice(0, 0)][(number + kind) % 5]] = 0
    return array


def draw(random, tensor, is_ids):
    shape = (BATCH,) + tuple(keras.backend.int_shape(tensor)[1:])
    if is_ids and len(shape) < 4:
        return random.randint(1, 7, shape) * (random.uniform(size=shape) < 0.6)
    return padded(random, shape) if len(shape) > 2 else random.uniform(-1, 1, shape)


def output_names(made):
    """The name of the layer that makes each output, a repeated one with _1, _2, ..."""
    names = []
    for tensor in made.outputs:
        name = maker = tensor._keras_history[0].name
        while name in names:
            name = "%s_%d" % (maker, names.count(maker) + sum(taken.startswith(maker + "_") for taken in names))
        names.append(name)
    return names


def record(function, folder, ids=False, calls=0):
    keras.backend.clear_session()
    random = numpy.random.RandomState(zlib.crc32(function.__name__.encode()) % 2**32)
    made = function()
    made.set_weights([random.uniform(-0.5, 0.5, array.shape) for array in made.get_weights()])
    stem = pathlib.Path(folder) / "{}-{}".format(function.__name__, VERSION)
    made.save(str(stem) + ".h5")
    taken = []
    for _ in range(max(1, calls)):
        inputs = [draw(random, tensor, ids).astype("float32") for tensor in made.inputs]
        outputs = made.predict(inputs if len(inputs) > 1 else inputs[0], batch_size=BATCH)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        call = {"input:" + tensor.name.split(":")[0]: array for tensor, array in zip(made.inputs, inputs)}
        call.update(("output:" + name, array) for name, array in zip(output_names(made), outputs))
        taken.append(call)
    arrays = {name: numpy.stack([call[name] for call in taken]) if calls else taken[0][name] for name in taken[0]}
    if calls:
        arrays["steps:"] = numpy.int32(calls)
    numpy.savez_compressed(str(stem) + ".npz", **arrays)


def main(folder):
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    chosen = [(function, options) for function, versions, options in CASES if VERSION in versions]
    for function, options in chosen:
        try:
            record(function, folder, **options)
        except Exception as error:
            print("{}: {}: {}".format(function.__name__, type(error).__name__, str(error)[:300]))
    print("{} cases of Keras {} in {}".format(len(chosen), VERSION, folder))


if __name__ == "__main__":
    main(sys.argv[1])
