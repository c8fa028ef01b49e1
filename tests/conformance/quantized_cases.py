# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recorded cases of layers whose kernels are stored as whole numbers, and what record.py fills those with.

A layer made with a dtype policy such as "gptq/4/3_from_float32" computes as one that Keras has quantized, but costs no
calibration. Whole numbers, scales, zeros and groups are drawn, so that no group repeats another and no bit stays zero.
"""
from matrix import New, Table, each

POLICIES = ["int8", "int4", "int4/-1", "int4/3", "gptq/4/3", "gptq/4/-1", "gptq/8/3", "gptq/2/3", "awq/4/3"]
ODD = 5  # columns, so that the last byte holds one number only


def policies(*modes, source="float32"):
    return each(dtype=[f"{mode}_from_{source}" for mode in modes])


def config(kind, quantizer, **more):
    return New(f"quantizers.{kind}QuantizationConfig", activation_quantizer=quantizer, **more)


WEIGHTS_ONLY = dict(quantization_config=config("Int8", None))
WHOLE_INPUTS = dict(quantization_config=config("Int4", New("quantizers.AbsMaxQuantizer", value_range=(-100, 100)), block_size=-1))


def quantized(layer, shape, label, base, variations, **more):
    return Table(layer, shape, base, variations, label=f"quantized_{label}" if label else "quantized", **more)


TABLES = [
    quantized("Dense", (3, 7), "", dict(units=ODD), policies(*POLICIES)),
    quantized("Dense", (7,), "unbiased", dict(units=ODD, use_bias=False, activation="tanh"), policies("int8", "int4/3", "gptq/4/3")),
    quantized("Dense", (70,), "blocks", dict(units=ODD), policies("int4/32", "int4/128"), batch=1),
    quantized("Dense", (7,), "weights_only", dict(units=4, **WEIGHTS_ONLY), policies("int8")),
    quantized("Dense", (7,), "whole_inputs", dict(units=ODD, **WHOLE_INPUTS), policies("int4/-1")),
    # More terms than float32 adds up exactly.
    quantized("Dense", (1500,), "deep", dict(units=3), policies("int8"), batch=1),
    quantized("Dense", (3, 7), "half", dict(units=ODD), policies("int8", "int4/3", "gptq/4/3", source="mixed_bfloat16")),
    quantized("EinsumDense", (3, 6), "", dict(equation="abc,cd->abd", output_shape=(None, ODD), bias_axes="d"), policies(*POLICIES)),
    quantized("EinsumDense", (3, 6), "heads", dict(equation="abc,cde->abde", output_shape=(None, 3, ODD), bias_axes="de"), policies(
        "int8", "int4/-1", "int4/4", "gptq/4/4", "awq/4/4")),
    quantized("EinsumDense", (4, 3, 2), "joined", dict(equation="abcd,cde->abe", output_shape=(None, 7), bias_axes="e"), policies(
        "int8", "int4/-1", "int4/4", "gptq/4/4", "awq/4/-1")),
    quantized("EinsumDense", (3, 6), "weights_only", dict(equation="abc,cde->abde", output_shape=(None, 3, ODD), **WEIGHTS_ONLY), policies("int8")),
    quantized("EinsumDense", (3, 6), "whole_inputs", dict(equation="abc,cde->abed", output_shape=(None, ODD, 3), **WHOLE_INPUTS), policies("int4/-1")),
    quantized("EinsumDense", (40, 30), "deep", dict(equation="abc,bcd->ad", output_shape=2), policies("int8"), batch=1),
    quantized("Embedding", (5,), "", dict(input_dim=7, output_dim=ODD), policies("int8", "int4", "int4/-1", "int4/2"), values="ids", dtype="int32"),
    # Until 3.13 int4 kernels kept their shape and were packed along the inputs; 3.14 forgets the zeros of gptq in its files.
    quantized("Dense", (3, 7), "old", dict(units=ODD), policies("int4", "gptq/4/3", "gptq/8/3"), release="3.13"),
    quantized("EinsumDense", (4, 3, 2), "old", dict(equation="abcd,cde->abe", output_shape=(None, ODD), bias_axes="e"), policies(
        "int4", "gptq/4/4"), release="3.13"),
    quantized("EinsumDense", (3, 5), "old_heads", dict(equation="abc,dce->abde", output_shape=(None, 4, 3), bias_axes="de"), policies("int4"),
              release="3.13"),
    quantized("Embedding", (5,), "old", dict(input_dim=7, output_dim=ODD), policies("int4"), values="ids", dtype="int32", release="3.13"),
]


def fill(layer, random):
    """Draws what rounding and calibration would have left in a quantized layer."""
    mode = layer.dtype_policy.quantization_mode
    bits = getattr(layer.dtype_policy, "weight_bits", 8 if mode == "int8" else 4)
    scales = next(variable for variable in layer.weights if variable.name.endswith("_scale"))
    groups = scales.shape[-1 if mode in ("gptq", "awq") or layer.name.startswith("embedding") else 0]
    divides = not any(variable.name == "g_idx" for variable in layer.weights)
    for variable in layer.weights:
        name, kind, shape = variable.name, getattr(variable.dtype, "name", variable.dtype), tuple(variable.shape)
        if name == "g_idx":
            variable.assign(random.integers(0, groups, shape) if mode == "gptq" else variable)
        elif name.endswith("_scale"):
            variable.assign(random.uniform(10, 30, shape) if divides else random.uniform(0.02, 0.1, shape))
        elif name == "awq_scales":
            variable.assign(random.uniform(0.5, 2, shape))
        elif name.endswith("zero") or name == "zero_point":
            variable.assign(random.integers(-8 if kind == "int8" else 0, 8 if kind == "int8" else 1 << bits, shape))
        elif kind == "int8":
            variable.assign(random.integers(-127 if mode == "int8" else -128, 128, shape))
        elif kind == "uint8":
            variable.assign(random.integers(0, 256 if bits == 4 else 1 << bits, shape))
    layer.is_gptq_calibrated, layer.is_awq_calibrated = mode == "gptq", mode == "awq"
    if mode in ("gptq", "awq") and len(layer._get_kernel_with_merged_lora()) == 3:
        # Keras 3.14 and 3.15 read kernel_zero from a file but do not write it: they take the null here for a kernel without.
        layer._get_kernel_with_merged_lora = lambda: (layer.kernel, None, layer.kernel_zero)
