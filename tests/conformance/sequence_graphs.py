# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models over time that are more than one layer: stacks, encoders with decoders, transformers."""


def stacked_lstm(keras):
    layers = keras.layers
    return keras.Sequential([keras.Input((5, 3)), layers.LSTM(4, return_sequences=True), layers.Dropout(0.2), layers.LSTM(2), layers.Dense(2)])


def encoder_decoder_gru(keras):
    layers = keras.layers
    source, target = keras.Input((5, 3), name="source"), keras.Input((4, 2), name="target")
    _, state = layers.GRU(4, return_state=True)(source)
    y = layers.GRU(4, return_sequences=True)(target, initial_state=state)
    return keras.Model([source, target], layers.TimeDistributed(layers.Dense(3, activation="softmax"))(y))


def repeated_code(keras):
    """An autoencoder: the last output, repeated, is what the decoder reads."""
    layers = keras.layers
    return keras.Sequential([keras.Input((5, 3)), layers.LSTM(2), layers.RepeatVector(5), layers.LSTM(4, return_sequences=True),
                             layers.TimeDistributed(layers.Dense(3))])


def shared_recurrent(keras):
    a, b = keras.Input((4, 3), name="a"), keras.Input((4, 3), name="b")
    shared = keras.layers.GRU(2, name="shared")
    return keras.Model([a, b], keras.layers.Subtract()([shared(a), shared(b)]))


def nested_recurrent(keras):
    layers = keras.layers
    i = keras.Input((4, 3), name="i")
    inner = keras.Model(i, layers.Bidirectional(layers.LSTM(2, return_sequences=True), merge_mode="sum")(i), name="inner")
    x = keras.Input((4, 3), name="x")
    return keras.Model(x, layers.GRU(3)(inner(x)))


def last_step(keras):
    x = keras.Input((4, 3), name="x")
    y = keras.layers.LSTM(2, return_sequences=True)(x)
    return keras.Model(x, [y[:, -1], y[:, ::2]])


def bidirectional_encoder(keras):
    layers = keras.layers
    source, target = keras.Input((5, 3), name="source"), keras.Input((4, 2), name="target")
    y, fh, fc, bh, bc = layers.Bidirectional(layers.LSTM(2, return_state=True))(source)
    h, c = layers.Concatenate()([fh, bh]), layers.Concatenate()([fc, bc])
    return keras.Model([source, target], [y, layers.LSTM(4)(target, initial_state=[h, c])])


def states_of_cells(keras):
    layers = keras.layers
    source, target = keras.Input((5, 3), name="source"), keras.Input((4, 2), name="target")
    cells = [[layers.GRUCell(4), layers.SimpleRNNCell(2)] for _ in range(2)]
    _, *states = layers.RNN(cells[0], return_state=True)(source)
    return keras.Model([source, target], layers.RNN(cells[1], return_sequences=True)(target, initial_state=states))


def video_classifier(keras):
    layers = keras.layers
    x = keras.Input((3, 8, 7, 2), name="x")
    y = layers.TimeDistributed(layers.Conv2D(3, 3, activation="relu"))(x)
    y = layers.TimeDistributed(layers.MaxPooling2D(2))(y)
    y = layers.LSTM(4)(layers.TimeDistributed(layers.Flatten())(y))
    return keras.Model(x, layers.Dense(2, activation="softmax")(y))


def frame_predictor(keras):
    layers = keras.layers
    x = keras.Input((3, 5, 4, 1), name="x")
    y = layers.BatchNormalization()(layers.ConvLSTM2D(2, 3, padding="same", return_sequences=True)(x))
    y = layers.ConvLSTM2D(3, 3, padding="same", return_sequences=True)(y)
    return keras.Model(x, layers.Conv3D(1, 3, padding="same", activation="sigmoid")(y))


def luong_decoder(keras):
    layers = keras.layers
    source, target = keras.Input((5, 3), name="source"), keras.Input((4, 2), name="target")
    keys, h, c = layers.LSTM(4, return_sequences=True, return_state=True)(source)
    y = layers.LSTM(4, return_sequences=True)(target, initial_state=[h, c])
    context = layers.Attention()([y, keys])
    additive = layers.AdditiveAttention()([y, keys])
    return keras.Model([source, target], layers.Dense(3)(layers.Concatenate()([y, context, additive])))


def encoder(layers, x, width, mask=None):
    y = layers.MultiHeadAttention(2, 3, dropout=0.1)(x, x) if mask is None else layers.MultiHeadAttention(2, 3)(x, x, attention_mask=mask)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, layers.Dropout(0.1)(y)]))
    y = layers.Dense(width)(layers.Dense(2 * width, activation="relu")(x))
    return layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, layers.Dropout(0.1)(y)]))


def decoder(layers, x, memory, width):
    y = layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, y]))
    if memory is not None:
        y = layers.MultiHeadAttention(2, 3)(x, memory)
        x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, y]))
    y = layers.Dense(width)(layers.Dense(2 * width, activation="gelu")(x))
    return layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, y]))


def encoder_block(keras):
    x = keras.Input((5, 8), name="x")
    return keras.Model(x, encoder(keras.layers, encoder(keras.layers, x, 8), 8))


def decoder_block(keras):
    x, memory = keras.Input((4, 8), name="x"), keras.Input((5, 6), name="memory")
    return keras.Model([x, memory], decoder(keras.layers, x, memory, 8))


def causal_language_model(keras):
    layers = keras.layers
    x = keras.Input((5,), dtype="int32", name="x")
    y = decoder(layers, layers.Embedding(7, 6)(x), None, 6)
    return keras.Model(x, layers.Dense(7, activation="softmax")(decoder(layers, y, None, 6)))


def masked_transformer(keras):
    layers = keras.layers
    x = keras.Input((5,), dtype="int32", name="x")
    y = encoder(layers, layers.Embedding(7, 6, mask_zero=True)(x), 6)
    return keras.Model(x, layers.Dense(2)(layers.GlobalAveragePooling1D()(y)))


def masked_decoders(keras):
    """Two decoder blocks that read one memory: Keras 3 takes the masks off the tensors that the first attention reads."""
    layers = keras.layers
    source, target = keras.Input((5,), dtype="int32", name="source"), keras.Input((4,), dtype="int32", name="target")
    memory = encoder(layers, layers.Embedding(7, 6, mask_zero=True)(source), 6)
    x = layers.Embedding(7, 6, mask_zero=True)(target)
    for _ in range(2):
        x = decoder(layers, x, memory, 6)
    return keras.Model([source, target], layers.Dense(7, activation="softmax")(x))


def masked_pre_norm_decoder(keras):
    """Normalization before each attention, so that the residual sums keep their masks."""
    layers = keras.layers
    source, target = keras.Input((5,), dtype="int32", name="source"), keras.Input((4,), dtype="int32", name="target")
    memory = layers.Embedding(7, 6, mask_zero=True)(source)
    x = layers.Embedding(7, 6, mask_zero=True)(target)
    y = layers.LayerNormalization()(x)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 3)(y, y, use_causal_mask=True)])
    x = layers.Add()([x, layers.MultiHeadAttention(2, 3)(layers.LayerNormalization()(x), memory)])
    y = layers.Dense(6)(layers.Dense(12, activation="relu")(layers.LayerNormalization()(x)))
    x = layers.Add()([x, y])
    return keras.Model([source, target], layers.Dense(3)(layers.Attention()([x, x])))


def masks_after_attention(keras):
    """What reads the tensors of an attention, beside it and behind it."""
    layers = keras.layers
    ids = keras.Input((5,), dtype="int32", name="ids")
    x = layers.Embedding(7, 6, mask_zero=True)(ids)
    dropped = layers.Dropout(0.1)(x)
    before = layers.Attention()([x, x])
    attended = layers.MultiHeadAttention(2, 3)(dropped, dropped)
    after = layers.Attention()([layers.Dense(6)(layers.Dense(6)(attended)), x])
    both = layers.Maximum()([x, attended])
    return keras.Model(ids, [before, attended, after, both])


def masked_stack(keras):
    layers = keras.layers
    return keras.Sequential([keras.Input((5,), dtype="int32"), layers.Embedding(7, 3, mask_zero=True), layers.GRU(4, return_sequences=True),
                             layers.Dropout(0.1), layers.SimpleRNN(3, return_sequences=True, go_backwards=True), layers.LSTM(2)])


def masked_bidirectional_stack(keras):
    layers = keras.layers
    return keras.Sequential([keras.Input((5,), dtype="int32"), layers.Embedding(7, 3, mask_zero=True),
                             layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode="sum"),
                             layers.TimeDistributed(layers.Dense(4)), layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
                             layers.GlobalAveragePooling1D()])


def masked_decoder(keras):
    layers = keras.layers
    source, target = keras.Input((5,), dtype="int32", name="source"), keras.Input((4,), dtype="int32", name="target")
    _, h, c = layers.LSTM(4, return_state=True)(layers.Embedding(7, 3, mask_zero=True)(source))
    y = layers.LSTM(4, return_sequences=True)(layers.Embedding(7, 3, mask_zero=True)(target), initial_state=[h, c])
    return keras.Model([source, target], layers.Dense(3)(y))


def masked_time_distributed(keras):
    layers = keras.layers
    x = keras.Input((5,), dtype="int32", name="x")
    y = layers.TimeDistributed(layers.Dense(3, activation="relu"))(layers.Embedding(7, 4, mask_zero=True)(x))
    return keras.Model(x, layers.LSTM(2)(y))


def sentences_of_words(keras):
    """Documents of three sentences of five words; masks of words inside a model per sentence."""
    layers = keras.layers
    words = keras.Input((5,), dtype="int32", name="words")
    sentence = keras.Model(words, layers.Bidirectional(layers.GRU(2))(layers.Embedding(7, 3, mask_zero=True)(words)), name="sentence")
    x = keras.Input((3, 5), dtype="int32", name="x")
    return keras.Model(x, layers.GRU(3)(layers.TimeDistributed(sentence)(x)))


def masked_words_of_sentences(keras):
    """Masks of words from outside, which layers and models inside TimeDistributed are told of."""
    layers = keras.layers
    i = keras.Input((5, 3), name="i")
    inner = keras.Model(i, layers.LSTM(2)(layers.Dense(3)(i)), name="inner")
    x = keras.Input((3, 5), dtype="int32", name="x")
    y = layers.Embedding(7, 3, mask_zero=True)(x)
    return keras.Model(x, [layers.TimeDistributed(layer)(y) for layer in (layers.Bidirectional(layers.GRU(2)), inner,
                           layers.TimeDistributed(layers.Dense(2)), layers.SimpleRNN(2, return_sequences=True))])


def sentences_masked_by_words(keras):
    """A sentence counts where one of its words does."""
    layers = keras.layers
    x = keras.Input((3, 5), dtype="int32", name="x")
    y = layers.TimeDistributed(layers.GRU(3))(layers.Embedding(7, 3, mask_zero=True)(x))
    return keras.Model(x, layers.LSTM(2, return_sequences=True)(y))


def sentences_of_embedded_words(keras):
    """The mask that comes out of the layer inside."""
    layers = keras.layers
    x = keras.Input((3, 5), dtype="int32", name="x")
    y = layers.TimeDistributed(layers.Embedding(7, 3, mask_zero=True))(x)
    return keras.Model(x, layers.TimeDistributed(layers.LSTM(2))(layers.TimeDistributed(layers.Dense(3))(y)))


def masked_concatenated_directions(keras):
    layers = keras.layers
    x = keras.Input((5,), dtype="int32", name="x")
    y = layers.Embedding(7, 3, mask_zero=True)(x)
    a, b = layers.LSTM(2, return_sequences=True)(y), layers.GRU(2, return_sequences=True, go_backwards=True)(y)
    return keras.Model(x, layers.LSTM(3)(layers.Concatenate()([a, b])))


def two_stateful(keras):
    layers = keras.layers
    x = keras.Input(batch_shape=(2, 3, 4), name="x")
    y = layers.LSTM(3, stateful=True, return_sequences=True)(x)
    return keras.Model(x, [y, layers.GRU(2, stateful=True)(y)])


def shared_stateful(keras):
    """Which call of a layer comes first shows in its state."""
    layers = keras.layers
    x = keras.Input(batch_shape=(2, 3, 4), name="x")
    kept = layers.GRU(3, stateful=True)
    return keras.Model(x, [kept(x), kept(layers.Dense(4)(x))])


def stateful_in_nested_model(keras):
    layers = keras.layers
    i = keras.Input(batch_shape=(2, 3, 4), name="i")
    inner = keras.Model(i, layers.GRU(3, stateful=True, return_sequences=True, name="kept")(i), name="inner")
    x = keras.Input(batch_shape=(2, 3, 4), name="x")
    return keras.Model(x, layers.SimpleRNN(2)(inner(x)))


def recurrent_policy(policy):
    def build(keras):
        layers = keras.layers
        x = keras.Input((4, 3), name="x")
        y = layers.Bidirectional(layers.GRU(3, return_sequences=True, dtype=policy), dtype=policy)(x)
        return keras.Model(x, layers.LSTM(2, dtype=policy)(y))
    return build


mixed_float16_recurrent, mixed_bfloat16_recurrent = recurrent_policy("mixed_float16"), recurrent_policy("mixed_bfloat16")
float64_recurrent = recurrent_policy("float64")


def mixed_float16_stack(keras):
    layers = keras.layers
    x = keras.Input((6, 3), name="x")
    y = layers.GRU(5, return_sequences=True, dtype="mixed_float16")(x)
    return keras.Model(x, layers.LSTM(4, return_sequences=True, dtype="mixed_float16")(y))


def residual_convolutions(keras):
    """A stack of dilated causal convolutions with residuals and skips."""
    layers = keras.layers
    x = keras.Input((12, 3), name="x")
    y, skips = layers.Conv1D(4, 1)(x), []
    for dilation in (1, 2, 4):
        z = layers.BatchNormalization()(layers.Conv1D(4, 3, padding="causal", dilation_rate=dilation, activation="relu")(y))
        skips.append(z)
        y = layers.Add()([y, layers.Conv1D(4, 1)(z)])
    return keras.Model(x, layers.Dense(2)(layers.LayerNormalization()(layers.Add()(skips))))


def keyword_spotter(keras):
    """Strided convolution and pooling over time, then a recurrent layer whose last output counts."""
    layers = keras.layers
    return keras.Sequential([keras.Input((16, 3)), layers.Conv1D(5, 3, strides=2, padding="causal", activation="relu"), layers.MaxPooling1D(2),
                             layers.GRU(4), layers.Dense(3, activation="softmax")])
