#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints how many cases each group of layers has in recorded/ beside the least that it must have; fails where there are fewer.

counts.py [--all]     by default only groups with too few; needs no Keras

A group counts the recorded models whose paths match its patterns, and the models to be refused that name its classes.
"""
import fnmatch
import pathlib
import re
import sys

RECORDED = pathlib.Path(__file__).resolve().parent / "recorded"

GROUPS = [  # (title, least number, patterns of cases)
    ("Dense", 14, ["Dense/*"]),
    ("EinsumDense", 9, ["EinsumDense/*"]),
    ("Embedding", 9, ["Embedding/*"]),
    ("ReversibleEmbedding", 4, ["ReversibleEmbedding/*"]),
    ("quantized layers", 10, ["*/quantized*"]),
    ("Conv1D", 24, ["Conv1D/*"]),
    ("Conv2D", 26, ["Conv2D/*"]),
    ("Conv3D", 8, ["Conv3D/*"]),
    ("DepthwiseConv", 14, ["DepthwiseConv?D/*"]),
    ("SeparableConv", 10, ["SeparableConv?D/*"]),
    ("transposed convolutions", 44, ["Conv?DTranspose/*"]),
    ("LocallyConnected", 18, ["LocallyConnected?D/*"]),
    ("kernels of Theano", 5, ["old_files/theano_*"]),
    ("pooling", 30, ["MaxPooling?D/*", "AveragePooling?D/*"]),
    ("global pooling", 16, ["Global*Pooling?D/*"]),
    ("adaptive pooling", 9, ["Adaptive*Pooling?D/*"]),
    ("ZeroPadding", 12, ["ZeroPadding?D/*"]),
    ("Cropping", 12, ["Cropping?D/*"]),
    ("UpSampling1D and UpSampling3D", 6, ["UpSampling1D/*", "UpSampling3D/*"]),
    ("UpSampling2D", 14, ["UpSampling2D/*"]),
    ("Resizing", 24, ["Resizing/*"]),
    ("CenterCrop", 5, ["CenterCrop/*"]),
    ("Flatten", 8, ["Flatten/*"]),
    ("Reshape", 6, ["Reshape/*"]),
    ("Permute", 8, ["Permute/*"]),
    ("RepeatVector", 3, ["RepeatVector/*"]),
    ("merging", 30, ["Add/*", "Subtract/*", "Multiply/*", "Average/*", "Maximum/*", "Minimum/*"]),
    ("Concatenate", 10, ["Concatenate/*"]),
    ("Dot", 14, ["Dot/*"]),
    ("activations", 60, ["Activation/*"]),
    ("activation layers", 18, ["ReLU/*", "LeakyReLU/*", "PReLU/*", "ELU/*", "ThresholdedReLU/*", "Softmax/*"]),
    ("BatchNormalization", 14, ["BatchNormalization/*"]),
    ("LayerNormalization", 8, ["LayerNormalization/*"]),
    ("GroupNormalization", 7, ["GroupNormalization/*"]),
    ("RMSNormalization and UnitNormalization", 5, ["RMSNormalization/*", "UnitNormalization/*"]),
    ("SpectralNormalization", 3, ["SpectralNormalization/*"]),
    ("Attention", 12, ["Attention/*"]),
    ("AdditiveAttention", 4, ["AdditiveAttention/*"]),
    ("MultiHeadAttention", 20, ["MultiHeadAttention/*"]),
    ("GroupQueryAttention", 6, ["GroupQueryAttention/*"]),
    ("Masking", 4, ["Masking/*"]),
    *[(name, 1, [f"{name}/*"]) for name in (
        "Identity", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianDropout", "GaussianNoise",
        "ActivityRegularization", "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomShear", "RandomContrast",
        "RandomBrightness", "RandomHue", "RandomSaturation", "RandomSharpness", "RandomColorJitter", "RandomColorDegeneration", "RandomInvert",
        "RandomPosterization", "RandomPerspective", "RandomElasticTransform", "RandomErasing", "RandomGaussianBlur", "RandomGrayscale",
        "RandomHeight", "RandomWidth", "AugMix", "CutMix", "MixUp", "RandAugment", "Solarization")],
    ("RandomCrop", 2, ["RandomCrop/*"]),
    ("StochasticDepth", 1, ["graphs/stochastic_depth*"]),
    ("FixedDropout", 1, ["graphs/fixed_dropout*"]),
    ("LayerScale", 1, ["graphs/convnext_block*"]),
    ("Lambda and custom layers", 8, ["custom/*"]),
    ("networks of keras.applications", 20, ["networks/*"]),
    ("tables and scales", 22, ["Rescaling/*", "Normalization/*", "Discretization/*", "CategoryEncoding/*", "IntegerLookup/*"]),
    ("recurrent layers", 60, ["SimpleRNN/*", "GRU/*", "LSTM/*", "ConvLSTM?D/*"]),
    ("masks over time", 48, [f"{name}/*mask*" for name in ("SimpleRNN", "GRU", "LSTM", "RNN", "ConvLSTM?D")]),
    ("state kept between calls", 10, ["*/stateful*", "graphs/two_stateful*"]),
    ("initial states", 10, ["*/states*", "*/masked_states*", "graphs/encoder_decoder*", "graphs/states_of_cells*"]),
    ("cells", 9, ["RNN/*"]),
    ("weights of cuDNN", 8, ["old_files/cudnn_*"]),
    ("files of Keras 1.2 to 2.3 themselves", 137, ["multi_backend/*"]),
    ("Bidirectional", 26, ["Bidirectional/*"]),
    ("TimeDistributed", 12, ["TimeDistributed/*"]),
    ("time before the batch", 2, ["*/time_major*"]),
    ("windows of ConvLSTM", 8, ["ConvLSTM?D/window*", "ConvLSTM2D/even*"]),
]


def refused_models():
    """For each class, the models to be refused that name it."""
    by_class = {}
    for file in RECORDED.glob("errors/*.txt"):
        for name in re.findall(r"\((\w+)\)", file.read_text(encoding="utf-8")):
            by_class.setdefault(name, set()).add(file.stem)
    return by_class


def main():
    cases = [str(file.relative_to(RECORDED).with_suffix("")) for file in RECORDED.rglob("*.npz")]
    refused = refused_models()
    few = 0
    for title, least, patterns in GROUPS:
        found = {case for case in cases if any(fnmatch.fnmatch(case, pattern) for pattern in patterns)}
        folders = [pattern.split("/")[0] for pattern in patterns if pattern.endswith("/*")]
        errors = set().union(*(models for name, models in refused.items() if any(fnmatch.fnmatch(name, folder) for folder in folders)))
        is_few = len(found) + len(errors) < least
        few += is_few
        if is_few or "--all" in sys.argv:
            print(f"{len(found):4} + {len(errors):2} refused, at least {least:2}: {title}")
    print(f"{len(cases)} cases in {len(GROUPS)} groups, {few} groups with too few")
    return 1 if few else 0


if __name__ == "__main__":
    sys.exit(main())
