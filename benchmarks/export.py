# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes what a peer reads from model.keras: usage: export.py FOLDER model.onnx|model.tflite|model.xml|weights.h

Inputs are called input0, input1, ... in the model's order, for not every format keeps that order.
"""
import os
import pathlib
import sys
import tempfile

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
from keras import layers


def callable_of(model):
    signature = [tf.TensorSpec((1,) + tuple(tensor.shape[1:]), tensor.dtype, name=f"input{i}")
                 for i, tensor in enumerate(model.inputs)]

    @tf.function(input_signature=signature)
    def call(*inputs):
        return model(inputs if len(inputs) > 1 else inputs[0], training=False)

    return call


def export_onnx(model, path):
    import tf2onnx

    call = callable_of(model)
    tf2onnx.convert.from_function(call, call.input_signature, opset=17, output_path=str(path))
    spell_out_erfc(path)


def spell_out_erfc(path):
    """tf2onnx writes Keras' exact gelu with an operation Erfc, which ONNX does not have: it becomes 1 - Erf."""
    import onnx
    from onnx import helper, numpy_helper

    file = onnx.load(str(path))
    nodes = []
    for node in file.graph.node:
        nodes.append(node)
        if node.op_type == "Erfc":
            result = node.output[0]
            node.op_type, node.output[0] = "Erf", result + "/erf"
            nodes.append(helper.make_node("Sub", ["erfc/one", node.output[0]], [result]))
    if len(nodes) > len(file.graph.node):
        file.graph.initializer.append(numpy_helper.from_array(np.float32(1), "erfc/one"))
        del file.graph.node[:]
        file.graph.node.extend(nodes)
        onnx.save(file, str(path))


def export_onnx_in_two_parts(model, path):
    """tf2onnx needs some 30 GB for the 500 MB of VGG16: it exports the convolutions, the Dense layers are added here."""
    import onnx
    from onnx import helper, numpy_helper

    tail = model.layers[next(i for i, layer in enumerate(model.layers) if isinstance(layer, layers.Dense)):]
    export_onnx(keras.Model(model.inputs, tail[0].input), path)
    file = onnx.load(str(path))
    last = file.graph.output.pop().name
    for layer in tail:
        names = [f"{layer.name}/{part}" for part in ("kernel", "bias")]
        file.graph.initializer.extend(map(numpy_helper.from_array, layer.get_weights(), names))
        activation = {"relu": "Relu", "softmax": "Softmax"}[layer.activation.__name__]
        file.graph.node.append(helper.make_node("Gemm", [last, *names], [f"{layer.name}/sum"]))
        file.graph.node.append(helper.make_node(activation, [f"{layer.name}/sum"], [layer.name]))
        last = layer.name
    file.graph.output.append(helper.make_tensor_value_info(last, onnx.TensorProto.FLOAT, (1, tail[-1].units)))
    onnx.save(file, str(path))


def onnx_exporter(model):
    return export_onnx_in_two_parts if model.count_params() > 50e6 else export_onnx


def export_tflite(model, path):
    """With the variables frozen first: TensorFlow's converter leaves those of a Keras 3 model without values."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    frozen = convert_variables_to_constants_v2(callable_of(model).get_concrete_function())
    path.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([frozen]).convert())


def convert_saved_model(model):
    import openvino

    module = tf.Module()
    module.model, module.call = model, callable_of(model)
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=module.call.get_concrete_function())
        return openvino.convert_model(folder)


def export_openvino(model, path):
    """From the ONNX file; but OpenVINO does not read the loops that tf2onnx writes for recurrent layers."""
    import onnx
    import openvino

    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "model.onnx"
        onnx_exporter(model)(model, file)
        loops = any(node.op_type == "Loop" for node in onnx.load(str(file)).graph.node)
        converted = convert_saved_model(model) if loops else openvino.convert_model(file)
    names = [tensor.any_name for tensor in converted.inputs]
    if names != sorted(names):
        raise ValueError(f"OpenVINO orders the inputs as {names}")
    openvino.save_model(converted, path, compress_to_fp16=False)


def export_weights(model, path):
    """Constants of C++, named after layer and weight."""
    lines = ["#pragma once"]
    for layer in model.layers:
        for weight in layer.weights:
            values = np.asarray(weight).ravel()
            text = ", ".join(f"{float(value).hex()}F" for value in values)
            lines.append(f"alignas(64) constexpr float {layer.name}_{weight.name}[{values.size}] = {{{text}}};")
    path.write_text("\n".join(lines) + "\n")


def main(folder, file):
    model = keras.models.load_model(folder / "model.keras", compile=False)
    export = {
        "model.onnx": onnx_exporter(model),
        "model.tflite": export_tflite,
        "model.xml": export_openvino,
        "weights.h": export_weights,
    }[file]
    with tempfile.TemporaryDirectory(dir=folder) as part:  # so that half a file is not left behind
        export(model, pathlib.Path(part) / file)
        for made in sorted(pathlib.Path(part).iterdir()):  # model.bin comes before the model.xml that needs it
            made.rename(folder / made.name)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
