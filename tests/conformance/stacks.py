# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random stacks of recurrent layers with random arguments and masks: stackN is made from the seed N."""
import random

ACTIVATIONS = ("tanh", "tanh", "relu", "softsign", "sigmoid")
GATES = ("sigmoid", "sigmoid", "hard_sigmoid")


def cell_arguments(choose, kind):
    arguments = dict(activation=choose.choice(ACTIVATIONS), use_bias=choose.random() < 0.8)
    if kind != "SimpleRNN":
        arguments["recurrent_activation"] = choose.choice(GATES)
    if kind == "GRU":
        arguments["reset_after"] = choose.random() < 0.5
    return arguments


def recurrent(layers, choose, sequences, **more):
    """One layer with a cell of its own, or a stack of cells."""
    kind = choose.choice(("SimpleRNN", "GRU", "LSTM", "RNN"))
    arguments = dict(return_sequences=sequences, unroll=choose.random() < 0.2, **more)
    if kind != "RNN":
        return getattr(layers, kind)(choose.randint(1, 5), **cell_arguments(choose, kind), **arguments)
    kinds = [choose.choice(("SimpleRNN", "GRU", "LSTM")) for _ in range(choose.randint(1, 3))]
    return layers.RNN([getattr(layers, kind + "Cell")(choose.randint(1, 5), **cell_arguments(choose, kind)) for kind in kinds], **arguments)


def both_directions(layers, choose, sequences):
    kind, units = choose.choice(("SimpleRNN", "GRU", "LSTM")), choose.randint(1, 5)
    forward = getattr(layers, kind)(units, return_sequences=sequences, **cell_arguments(choose, kind))
    backward = None
    if choose.random() < 0.3:
        other = choose.choice(("SimpleRNN", "GRU", "LSTM"))
        backward = getattr(layers, other)(units, return_sequences=sequences, go_backwards=True, **cell_arguments(choose, other))
    return layers.Bidirectional(forward, merge_mode=choose.choice(("concat", "sum", "mul", "ave")), backward_layer=backward)


def between(layers, choose):
    """A layer that keeps the mask, or one that is told of it."""
    return choose.choice((
        lambda: layers.TimeDistributed(layers.Dense(choose.randint(1, 5), activation="relu")),
        lambda: layers.Dense(choose.randint(1, 5)), lambda: layers.Dropout(0.3), lambda: layers.LayerNormalization(epsilon=0.1),
        lambda: layers.BatchNormalization()))()


def build(keras, seed):
    layers, choose = keras.layers, random.Random(seed)
    x = keras.Input((choose.choice((3, 4, 5)), choose.choice((2, 3))), name="x")
    y = layers.Masking()(x) if choose.random() < 0.7 else x
    for _ in range(choose.randint(0, 2)):
        y = between(layers, choose)(y) if choose.random() < 0.4 else y
        y = (both_directions(layers, choose, True) if choose.random() < 0.3 else
             recurrent(layers, choose, True, go_backwards=choose.random() < 0.3))(y)
    if choose.random() < 0.2:
        return keras.Model(x, both_directions(layers, choose, choose.random() < 0.5)(y))
    return keras.Model(x, recurrent(layers, choose, choose.random() < 0.5, go_backwards=choose.random() < 0.3,
                                    return_state=choose.random() < 0.4)(y))


def padded(sequences):
    """Zeros behind, before, in the middle, throughout, and nowhere, in one sequence of five each."""
    sequences[0::5, sequences.shape[1] // 2:] = 0
    sequences[1::5, :1] = 0
    sequences[2::5, 1] = 0
    sequences[3::5] = 0
    return sequences
