# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recorded cases of layers over time: recurrent ones with masks, states and wrappers, and attention.

Masked tables put a Masking layer before the input; "padded" values hold one sequence each that is padded behind, padded
before, interrupted, nothing but padding, and whole. Of the random stacks (stacks.py) those are left out that mask a stack
of cells of several sizes in a file of Keras 3, which cannot compute them.
"""
from matrix import Graph, New, Table, each, grid, pairs

KINDS = ("SimpleRNN", "GRU", "LSTM")
STATES = {"SimpleRNN": [1], "GRU": [1], "LSTM": [1, 2]}  # numbers of the inputs that are initial states
RETURNS = grid(return_sequences=[False, True], return_state=[False, True], go_backwards=[False, True])
MASKING = New("layers.Masking")
MASKED = dict(before={0: MASKING}, values="padded", batch=5, label="masked")


def given(kind, units, **more):
    """A table of a layer whose initial states are inputs of the model."""
    states = STATES[kind]
    values = [more.pop("values", "uniform")] + ["uniform"] * len(states)
    return dict(shapes=[(4, 3)] + [(units,)] * len(states), named=dict(initial_state=states), values=values, **more)


def cell(kind, units, **config):
    return New(f"layers.{kind}Cell", units, **config)


STACK = [cell("LSTM", 5), cell("GRU", 2), cell("SimpleRNN", 3)]

PLAIN = [
    *[Table(kind, (4, 3), dict(units=5, return_sequences=True), [dict(unroll=True), dict(unroll=True, go_backwards=True)],
            old=("tfk",), label="unroll") for kind in KINDS],
    *[Table(kind, (4, 3), dict(units=5), each(implementation=[1, 2]), old=("tfk_h5",)) for kind in ("GRU", "LSTM")],
    *[Table(kind, (4, 3), dict(units=2), pairs(activation=["relu", "softsign", "linear"], recurrent_activation=["hard_sigmoid",
            "sigmoid", "tanh"], use_bias=[True, False]), only=only, label="gates") for kind in ("GRU", "LSTM") for only in ("", "tfk")],
    *[Table("GRU", (4, 3), dict(units=2, reset_after=False), pairs(return_sequences=[True, False], go_backwards=[True, False],
            use_bias=[True, False], recurrent_activation=["hard_sigmoid", "sigmoid"]), only=only, label="reset_before")
      for only in ("tfk_h5", "h5")],
    *[Table(kind, (2, 3), dict(units=5, time_major=True), RETURNS, only="tfk", batch=4, label="time_major")
      for kind in ("SimpleRNN", "LSTM", "GRU")],
    *[Table(kind, (31, 17), dict(units=33, return_sequences=True), [{}], batch=1, label="long") for kind in KINDS],
    *[Table(kind, (4, 3), dict(units=5, return_sequences=True), each(dtype=["mixed_float16", "mixed_bfloat16"]))
      for kind in KINDS],
    *[Table(kind, (4, 3), dict(units=5, return_sequences=True), each(dtype=["mixed_float16"]), only="tfk", label="half") for kind in KINDS],
    Table("GRU", (4, 3), dict(units=5, reset_after=False, return_sequences=True), each(dtype=["mixed_float16"]), only="tfk", label="reset_before"),
]

MASKS = [
    *[Table(kind, (4, 3), dict(units=2), RETURNS, old=("tfk", "tfk_h5", "tfk", "h5"), **MASKED) for kind in KINDS],
    *[Table(kind, (4, 3), dict(units=2, unroll=True), pairs(return_sequences=[False, True], go_backwards=[False, True],
            return_state=[False, True]), old=("tfk",), **{**MASKED, "label": "masked_unroll"}) for kind in KINDS],
    *[Table(kind, (4, 3), dict(units=2, zero_output_for_mask=True), pairs(return_sequences=[False, True], go_backwards=[False, True],
            return_state=[False, True]), old=("tfk",), **{**MASKED, "label": "masked_zero"}) for kind in KINDS],
    *[Table(kind, (4, 3), dict(units=2, zero_output_for_mask=True, unroll=True, return_sequences=True), each(go_backwards=[True, False]),
            old=("tfk",), backend="tensorflow", **{**MASKED, "label": "masked_unroll_zero"}) for kind in ("GRU", "LSTM")],
    Table("GRU", base=dict(units=2, zero_output_for_mask=True, unroll=True, return_sequences=True, go_backwards=True), backend="tensorflow",
          old=("tfk",), **given("GRU", 2, **{**MASKED, "label": "masked_states_unroll_zero"})),
    *[Table(kind, (4, 3), dict(units=2, use_bias=False, activation="relu"), each(return_sequences=[False, True]),
            **{**MASKED, "label": "masked_relu"})
      for kind in KINDS],
    *[Table(kind, [(4, 3), (4,)], dict(units=2), each(return_sequences=[False, True]), named=dict(mask=1), dtype=["float32", "bool"],
            batch=5, old=("tfk",), label="mask_argument") for kind in KINDS],
    Table("GRU", (4, 3), dict(units=2, reset_after=False), each(return_sequences=[False, True]), old=("tfk",),
          **{**MASKED, "label": "masked_reset_before"}),
]

INITIAL = [
    *[Table(kind, base=dict(units=2), variations=RETURNS[:6:2] + RETURNS[5:], old=("tfk", "tfk_h5"), **given(kind, 2, label="states"))
      for kind in KINDS],
    *[Table(kind, base=dict(units=2), variations=grid(return_sequences=[False, True], go_backwards=[False, True],
            unroll=[False, True]), old=("tfk", "tfk", "tfk"), **given(kind, 2, **{**MASKED, "label": "masked_states"})) for kind in KINDS],
    # Where the first steps are masked, JAX gives the initial state and TensorFlow zeros.
    *[Table(kind, [(4, 3), (4,), *[(2,)] * len(STATES[kind])], dict(units=2, return_state=True), grid(return_sequences=[False, True],
            go_backwards=[False, True]), named=dict(mask=1, initial_state=[number + 1 for number in STATES[kind]]),
            dtype=["float32", "bool"] + ["float32"] * len(STATES[kind]), batch=5, label="mask_and_states", backend="tensorflow")
      for kind in KINDS],
    Table("LSTM", base=dict(units=2, zero_output_for_mask=True), variations=each(return_sequences=[False, True]),
          **given("LSTM", 2, **{**MASKED, "label": "masked_states_zero"})),
    Table("RNN", [(4, 3), (5,), (5,), (2,), (3,)], dict(cell=STACK, return_state=True), each(return_sequences=[False, True]),
          named=dict(initial_state=[[1, 2], [3], [4]]), label="states"),
    Table("RNN", [(4, 3), (5,)], dict(cell=cell("GRU", 5)), each(return_sequences=[False, True]), named=dict(initial_state=[1]),
          old=("tfk",), label="states"),
    *[Table("Bidirectional", [(4, 3)] + [(2,)] * (2 * len(STATES[kind])),
            dict(layer=New(f"layers.{kind}", 2, return_sequences=True, return_state=True)), [{}],
            named=dict(initial_state=list(range(1, 2 * len(STATES[kind]) + 1))), old=("tfk",), label="states_" + kind.lower())
      for kind in KINDS],
]

STATEFUL = [
    *[Table(kind, (4, 3), dict(units=2, stateful=True), pairs(return_sequences=[False, True], return_state=[False, True],
            go_backwards=[False, True]), fixed=True, steps=3, batch=2, old=("tfk", "tfk_h5"), label="stateful") for kind in KINDS],
    *[Table(kind, (4, 3), dict(units=2, stateful=True), each(return_sequences=[False, True]), fixed=True, steps=3,
            old=("tfk",), backend="tensorflow", **{**MASKED, "label": "stateful_masked"}) for kind in KINDS],
    *[Table(kind, base=dict(units=2, stateful=True, return_state=True), fixed=True, steps=2, old=("tfk",),
            **given(kind, 2, label="stateful_states")) for kind in KINDS],
    Table("RNN", (4, 3), dict(cell=STACK, stateful=True, return_sequences=True), fixed=True, steps=3, old=("tfk",), label="stateful"),
    *[Table("Bidirectional", (4, 3), dict(layer=New(f"layers.{kind}", 2, stateful=True, return_sequences=True)), fixed=True, steps=3,
            old=("tfk",), label="stateful_" + kind.lower()) for kind in KINDS],
    Table("ConvLSTM2D", (2, 5, 4, 2), dict(filters=3, kernel_size=2, stateful=True), fixed=True, steps=3, old=("tfk",), label="stateful"),
]

CELLS = [
    *[Table("RNN", (4, 3), dict(cell=cell(kind, 5)), RETURNS[1:], old=("tfk",), label="cell_" + kind.lower()) for kind in KINDS],
    *[Table("RNN", (4, 3), dict(cell=cell(kind, 2)), grid(return_sequences=[False, True], go_backwards=[False, True]), old=("tfk",),
            **{**MASKED, "label": "masked_" + kind.lower()}) for kind in KINDS],
    *[Table("RNN", (4, 3), dict(cell=cell("GRU", 2, reset_after=after, use_bias=bias)), label=f"gru_{after}_{bias}".lower(), old=("tfk",))
      for after in (True, False) for bias in (True, False)],
    Table("RNN", (4, 3), dict(cell=[cell("LSTM", 2), cell("LSTM", 5)]), RETURNS, old=("tfk", "tfk_h5"), label="list"),
    Table("RNN", (4, 3), dict(cell=STACK), grid(return_sequences=[False, True], return_state=[False, True]), old=("tfk", "tfk"),
          **{**MASKED, "label": "masked_list"}),
    Table("RNN", (4, 3), dict(cell=[cell("SimpleRNN", 2), cell("GRU", 5)], unroll=True), each(return_sequences=[False, True]), label="list_unroll"),
    Table("RNN", (2, 3), dict(cell=cell("LSTM", 5), time_major=True), each(return_sequences=[False, True]), only="tfk", batch=4,
          label="time_major"),
]


def directions(kind, units=2, **config):
    return New(f"layers.{kind}", units, **config)


MERGES = ["concat", "sum", "mul", "ave", None]
BIDIRECTIONAL = [
    *[Table("Bidirectional", (4, 3), dict(layer=directions(kind, return_sequences=sequences)), each(merge_mode=MERGES), old=("tfk", "tfk"),
            **{**MASKED, "label": f"masked_{kind}_{sequences}".lower()}) for kind in KINDS for sequences in (False, True)],
    *[Table("Bidirectional", (4, 3), dict(layer=directions(kind, return_state=True, return_sequences=True)), each(merge_mode=["concat", None]),
            old=("tfk",), label="states_" + kind.lower()) for kind in KINDS],
    *[Table("Bidirectional", (4, 3), dict(layer=directions("LSTM", 5, return_sequences=sequences), backward_layer=directions("GRU", 2,
            return_sequences=sequences, go_backwards=True)), old=("tfk",), label=f"backward_{sequences}".lower())
      for sequences in (False, True)],
    Table("Bidirectional", (4, 3), dict(layer=directions("GRU", 2, return_sequences=True), backward_layer=directions("SimpleRNN", 2,
          go_backwards=True, return_sequences=True, activation="relu")), each(merge_mode=["ave", "mul"]), old=("tfk",),
          **{**MASKED, "label": "masked_backward"}),
    Table("Bidirectional", (4, 3), dict(layer=directions("GRU", 3, go_backwards=True, return_sequences=True)), only="tfk",
          label="from_the_end"),
    Table("Bidirectional", (4, 3), dict(layer=New("layers.RNN", cell("LSTM", 3), return_sequences=True)), old=("tfk",), label="rnn"),
    Table("Bidirectional", (4, 3), dict(layer=New("layers.RNN", [cell("LSTM", 3), cell("GRU", 2)])), old=("tfk",), label="list"),
    *[Table("Bidirectional", (3, 5, 4, 2), dict(layer=New("layers.ConvLSTM2D", 3, 2, return_sequences=sequences)), old=("tfk",),
            label=f"convolution_{sequences}".lower()) for sequences in (False, True)],
    Table("Bidirectional", [(4, 3), (4,)], dict(layer=directions("LSTM", return_sequences=True)), named=dict(mask=1),
          dtype=["float32", "bool"], batch=5, old=("tfk",), label="mask_argument"),
    Table("Bidirectional", (4, 3), dict(layer=directions("LSTM", 3, unroll=True)), old=("tfk",), label="unroll"),
    # Unrolled, JAX leaves the outputs of masked steps as they are.
    Table("Bidirectional", (4, 3), dict(layer=directions("GRU", 3, unroll=True, return_sequences=True)), old=("tfk",), backend="tensorflow",
          **{**MASKED, "label": "masked_unroll"}),
]


def inner(*layers):
    return New("Sequential", list(layers))


TIME_DISTRIBUTED = [
    Table("TimeDistributed", (4, 3), dict(layer=New("layers.Dense", 2, activation="relu")), old=("tfk", "h5"), **MASKED),
    Table("TimeDistributed", (4, 3), dict(layer=New("layers.Dense", 2)), fixed=True, only="tfk", **{**MASKED, "label": "masked_fixed"}),
    Table("TimeDistributed", (4, 5, 3), dict(layer=New("layers.TimeDistributed", New("layers.Dense", 2))), old=("tfk", "tfk_h5"), label="nested"),
    Table("TimeDistributed", (2, 4, 3), dict(layer=New("layers.Bidirectional", New("layers.GRU", 2))), old=("tfk", "tfk_h5"), label="bidirectional"),
    Table("TimeDistributed", (2, 4, 3), dict(layer=inner(New("layers.Conv1D", 5, 2), New("layers.LSTM", 2, return_sequences=True),
          New("layers.GlobalMaxPooling1D"))), old=("tfk",), label="model"),
    Table("TimeDistributed", (3, 5, 6, 2), dict(layer=New("layers.MaxPooling2D", 2)), old=("tfk",), label="pooling"),
    Table("TimeDistributed", (3, 4), dict(layer=New("layers.RepeatVector", 2)), label="repeat"),
    Table("TimeDistributed", (3, 5, 4), dict(layer=New("layers.BatchNormalization")), old=("tfk",), label="normalization"),
    Table("TimeDistributed", (3, 5), dict(layer=New("layers.Embedding", 7, 2)), values="ids", dtype="int32", old=("tfk",), label="embedding"),
]

CONVOLUTIONAL = [
    Table("ConvLSTM1D", (4, 7, 2), dict(filters=3, kernel_size=2), RETURNS, twins=3, old=("tfk", "h5"), label="returns"),
    Table("ConvLSTM1D", (3, 8, 2), dict(filters=3, kernel_size=3), pairs(lambda c: c["strides"] != 1 and c["dilation_rate"] != 1,
          padding=["same", "valid"], strides=[1, 2], dilation_rate=[1, 2], use_bias=[True, False]), twins=2, old=("tfk",), label="window"),
    Table("ConvLSTM2D", (3, 5, 6, 2), dict(filters=3, kernel_size=(4, 2), return_sequences=True), pairs(padding=["same", "valid"],
          go_backwards=[False, True], return_state=[False, True]), twins=2, old=("tfk",), label="even"),
    Table("ConvLSTM2D", (3, 5, 6, 2), dict(filters=3, kernel_size=2), pairs(activation=["relu", "tanh"],
          recurrent_activation=["hard_sigmoid", "sigmoid"], use_bias=[True, False]), old=("tfk_h5", "tfk"), label="gates"),
    Table("ConvLSTM3D", (2, 4, 3, 5, 2), dict(filters=2, kernel_size=2), pairs(return_sequences=[False, True], return_state=[False, True],
          go_backwards=[False, True], padding=["same", "valid"]), twins=2, old=("tfk",), label="returns"),
    *[Table(f"ConvLSTM{rank}D", [(4, *(5, 4, 3)[:rank], 2), (4,)], dict(filters=3, kernel_size=2), each(return_sequences=[False, True]),
            named=dict(mask=1), dtype=["float32", "bool"], batch=5, old=("tfk",), label="mask_argument",
            backend="tensorflow") for rank in (1, 2, 3)],
    Table("ConvLSTM2D", [(3, 5, 6, 2), (4, 5, 3), (4, 5, 3)], dict(filters=3, kernel_size=2, return_state=True), named=dict(initial_state=[1, 2]),
          old=("tfk",), label="states"),
]

BOTH_MASKED = dict(before={0: MASKING, 1: MASKING}, values="padded", batch=5)
KEYS_MASKED = dict(before={1: MASKING}, values="padded", batch=5)
ATTENTION = [
    *[Table("Attention", [(4, 3), (4, 3)], {}, [{}, dict(use_scale=True), dict(score_mode="concat")], old=("tfk", "tfk"), label=label, **masks)
      for label, masks in (("masked", BOTH_MASKED), ("keys_masked", KEYS_MASKED))],
    Table("AdditiveAttention", [(4, 3), (4, 3)], {}, each(use_scale=[True, False]), old=("tfk",), label="masked", **BOTH_MASKED),
    *[Table(layer, [(4, 3), (4, 3)], call=dict(use_causal_mask=True, return_attention_scores=True), old=("tfk",), label="masked_causal",
            **BOTH_MASKED) for layer in ("Attention", "AdditiveAttention")],
    Table("Attention", [(5, 3), (4, 3)], call=dict(use_causal_mask=True), label="causal", old=("tfk",)),
    Table("Attention", [(4, 3), (5, 3), (4,), (5,)], named=dict(mask=[2, 3]), dtype=["float32", "float32", "bool", "bool"], batch=3,
          label="mask_argument", old=("tfk",)),
    Table("Attention", [(4, 3), (5, 3), (5,)], named=dict(mask=[None, 2]), dtype=["float32", "float32", "bool"], batch=3,
          label="key_mask_argument", old=("tfk",)),
    Table("Attention", [(4, 3), (5, 3)], dict(dropout=0.5), [{}], label="dropout"),
    Table("MultiHeadAttention", [(4, 6), (4, 6)], dict(num_heads=2, key_dim=3), [{}, dict(dropout=0.3), dict(value_dim=5, dropout=0.3, use_bias=False)],
          old=("tfk", "tfk_h5"), label="masked", **BOTH_MASKED),
    Table("MultiHeadAttention", [(4, 6), (4, 6)], dict(num_heads=2, key_dim=3), old=("tfk",), label="keys_masked", **KEYS_MASKED),
    Table("MultiHeadAttention", [(4, 6), (4, 6)], dict(num_heads=2, key_dim=3), call=dict(return_attention_scores=True), old=("tfk",),
          label="masked_scores", **BOTH_MASKED),
    Table("MultiHeadAttention", [(4, 6), (4, 6)], dict(num_heads=2, key_dim=3), call=dict(use_causal_mask=True), old=("tfk",),
          label="masked_causal", **BOTH_MASKED),
    Table("MultiHeadAttention", [(4, 6), (5, 7), (4, 5)], dict(num_heads=2, key_dim=3), [{}, dict(dropout=0.3)], named=dict(attention_mask=2),
          dtype=["float32", "float32", "bool"], batch=3, old=("tfk",), label="attention_mask"),
    Table("MultiHeadAttention", [(4, 6), (5, 7), (4, 5)], dict(num_heads=2, key_dim=3), named=dict(attention_mask=2),
          dtype=["float32", "float32", "bool"], batch=3, call=dict(use_causal_mask=True, return_attention_scores=True), old=("tfk",),
          label="attention_mask_scores"),
    Table("MultiHeadAttention", [(4, 6), (5, 7), (5, 2)], dict(num_heads=3, key_dim=2), [{}, dict(use_gate=True), dict(output_shape=4)],
          label="three"),
    Table("MultiHeadAttention", [(4, 6), (4, 6)], dict(num_heads=2, key_dim=3), each(sliding_window=[2], flash_attention=[False]),
          label="window"),
    Table("MultiHeadAttention", [(3, 4, 6), (3, 4, 6), (4, 4)], dict(num_heads=2, key_dim=3, attention_axes=2), named=dict(attention_mask=2),
          dtype=["float32", "float32", "bool"], batch=3, old=("tfk",), label="axis_mask"),
    Table("MultiHeadAttention", [(3, 4, 6), (2, 5, 7), (3, 4, 2, 5)], dict(num_heads=2, key_dim=3, attention_axes=(1, 2)),
          named=dict(attention_mask=2), dtype=["float32", "float32", "bool"], values=["uniform", "uniform", "padded"], batch=5,
          old=("tfk",), label="two_axes_mask"),
    Table("MultiHeadAttention", [(4, 6)] * 2, dict(num_heads=2, key_dim=3), each(dtype=["mixed_float16", "mixed_bfloat16"])),
    *[Table(layer, [(4, 6), (4, 6), (4,), (4,)], config, named=dict(query_mask=2, value_mask=3), dtype=["float32", "float32", "bool", "bool"],
            batch=3, label="mask_arguments")
      for layer, config in (("MultiHeadAttention", dict(num_heads=2, key_dim=3)),
                            ("GroupQueryAttention", dict(head_dim=3, num_query_heads=2, num_key_value_heads=1)))],
    Table("GroupQueryAttention", [(4, 6), (4, 6)], dict(head_dim=3, num_query_heads=4, num_key_value_heads=2), label="masked", **BOTH_MASKED),
]

TABLES = [*PLAIN, *MASKS, *INITIAL, *STATEFUL, *CELLS, *BIDIRECTIONAL, *TIME_DISTRIBUTED, *CONVOLUTIONAL, *ATTENTION]

BOTH = ("keras", "tfk")
STACKS = [seed for seed in range(70) if seed not in (0, 3, 20, 23, 31, 53, 58, 61, 65)]
GRAPHS = [
    *[Graph(name, dialects=(*BOTH, "tfk_h5")) for name in ("stacked_lstm", "encoder_decoder_gru", "repeated_code", "shared_recurrent",
                                                           "nested_recurrent", "last_step")],
    *[Graph(name, dialects=BOTH) for name in ("bidirectional_encoder", "states_of_cells", "video_classifier", "frame_predictor",
                                              "luong_decoder", "encoder_block", "decoder_block", "causal_language_model",
                                          "residual_convolutions", "keyword_spotter")],
    *[Graph(name, values="ids", batch=4, dialects=(*BOTH, "tfk_h5")) for name in ("masked_stack", "masked_bidirectional_stack")],
    *[Graph(name, values="ids", batch=4, dialects=BOTH) for name in ("masked_decoder", "masked_time_distributed", "sentences_of_words", "masked_words_of_sentences",
                                                                     "masked_transformer", "masked_decoders",
                                                                     "masked_pre_norm_decoder", "masks_after_attention")],
    *[Graph(name, values="ids", batch=4, dialects=BOTH) for name in ("masked_concatenated_directions",)],
    # Keras 3 hands the masks of words on to the sentences.
    *[Graph(name, values="ids", batch=4, dialects=("tfk", "tfk_h5")) for name in ("sentences_masked_by_words", "sentences_of_embedded_words")],
    Graph("shared_stateful", steps=3, dialects=BOTH), Graph("two_stateful", steps=3, dialects=(*BOTH, "tfk_h5")), Graph("stateful_in_nested_model", steps=3, dialects=BOTH),
    Graph("mixed_float16_recurrent", dialects=BOTH), Graph("mixed_float16_stack", dialects=BOTH), Graph("mixed_bfloat16_recurrent"), Graph("float64_recurrent", dialects=("tfk",)),
    *[Graph(f"stack{seed}", values="padded", batch=5, folder="stacks", dialects=(("keras", "keras", "tfk", "keras", "tfk_h5")[seed % 5],))
      for seed in STACKS],
]
