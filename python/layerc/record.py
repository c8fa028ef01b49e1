# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Record what real Keras computes: inputs and outputs of a model, for `layerc check`.

The .npz file holds `input:NAME` for every InputLayer and `output:NAME` for every output, in the model's order, and with
--layers `layer:PATH` for every call of a layer, PATH as layerc prints it: names from the outermost model inwards joined
with "/", "#2" appended at the second call of a shared layer, ":1" at a layer's second output.
"""
import contextlib
import json
import os
import zipfile

import numpy

EXAMPLE = """example:
  python -m layerc record digits.keras -o keras.npz --layers
  layerc check digits.keras --expect keras.npz

KERAS_BACKEND chooses Keras' backend (tensorflow, jax, torch). Files of Keras 1 and 2 are read with tf_keras where it
is installed, else with Keras 3."""


def add_arguments(parser):
    parser.add_argument("model", metavar="MODEL", help=".keras, .h5 or architecture .json")
    parser.add_argument("--weights", metavar="FILE", help="weights file of an architecture .json")
    parser.add_argument("-o", dest="output", metavar="NPZ", required=True, help="where to write the record")
    parser.add_argument("--layers", action="store_true", help="also record the output of every layer")
    parser.add_argument("--inputs", metavar="NPZ", help="inputs by name, else in order; default: random")
    parser.add_argument("--seed", type=int, default=0, help="of random inputs (default 0)")
    parser.add_argument("--batch", type=int, default=1, help="batch size of random inputs (default 1)")
    parser.add_argument("--input-shape", metavar="NAME=1x8x8x1", action="append", default=[],
                        help="full shape of a random input; needed where Keras leaves a size free")
    parser.add_argument("--allow-lambda", action="store_true",
                        help="run the Python code of Lambda layers: only for files that you trust")


def main(options):
    model = load_model(options.model, options.weights, allow_lambda=options.allow_lambda)
    if options.inputs:
        inputs = read_inputs(model, options.inputs)
    else:
        inputs = random_inputs(model, options.seed, options.batch, parse_shapes(options.input_shape))
    arrays = record(model, inputs, layers=options.layers)
    numpy.savez_compressed(options.output, **arrays)
    print(f"{options.output}: {len(arrays)} arrays, {sum(array.nbytes for array in arrays.values())} bytes")


def keras_version(path):
    """The version of Keras that wrote the file, "1" where the file does not say."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("metadata.json"))["keras_version"]
    if path.endswith(".json"):
        with open(path, encoding="utf-8") as file:
            architecture = json.load(file)
        return architecture.get("keras_version", "3" if "module" in architecture else "1")
    import h5py
    with h5py.File(path, "r") as file:
        version = file.attrs.get("keras_version", "1")
        return version.decode() if isinstance(version, bytes) else version


def keras_for(version):
    """The Keras that reads files of that version best."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if int(version.split(".")[0]) < 3:
        with contextlib.suppress(ImportError):
            import tf_keras
            return tf_keras
    import keras
    return keras


def load_model(path, weights=None, allow_lambda=False):
    """A Keras model from a .keras or .h5 file, or from an architecture .json and its weights file."""
    keras = keras_for(keras_version(path))
    if not path.endswith(".json"):
        return keras.models.load_model(path, compile=False, safe_mode=not allow_lambda)
    if not weights:
        raise ValueError(f"{path}: an architecture needs its weights: --weights FILE")
    with open(path, encoding="utf-8") as file:
        model = keras.models.model_from_json(file.read())
    model.load_weights(weights)
    return model


def input_names(model):
    return [tensor.name.split(":")[0] for tensor in model.inputs]


def output_names(model):
    """The name of the layer that makes each output, a repeated one with _1, _2, ..."""
    names = []
    for tensor in model.outputs:
        maker = tensor._keras_history[0] if hasattr(tensor, "_keras_history") else model.layers[-1]
        name, number = maker.name, 0
        while name in names:
            number += 1
            name = f"{maker.name}_{number}"
        names.append(name)
    return names


def parse_shapes(words):
    shapes = {}
    for word in words:
        name, _, sizes = word.rpartition("=")
        try:
            shapes[name] = tuple(int(size) for size in sizes.split("x"))
        except ValueError:
            raise ValueError(f"--input-shape: cannot read '{word}'") from None
    return shapes


def shape_of(tensor, name, batch, shapes):
    shape = shapes.get(name, (batch, *tensor.shape[1:]))
    if any(size is None for size in shape):
        raise ValueError(f"input '{name}' has free sizes: "
                         f"--input-shape {name}={'x'.join('?' if size is None else str(size) for size in shape)}")
    return shape


def id_limit(model):
    """Random integers must be ids that every Embedding of the model has."""
    layers = getattr(model, "_flatten_layers", lambda: model.layers)()
    return min([layer.input_dim for layer in layers if type(layer).__name__ == "Embedding"], default=10)


def random_inputs(model, seed, batch=1, shapes=None):
    """Normal numbers for float inputs, ids for integer ones."""
    random = numpy.random.default_rng(seed)
    inputs = []
    for tensor, name in zip(model.inputs, input_names(model)):
        shape, dtype = shape_of(tensor, name, batch, shapes or {}), getattr(tensor.dtype, "name", tensor.dtype)
        if "int" in dtype or dtype == "bool":
            inputs.append(random.integers(0, 2 if dtype == "bool" else id_limit(model), shape).astype(dtype))
        else:
            inputs.append(random.standard_normal(shape).astype("float32").astype(dtype))
    return inputs


def read_inputs(model, path):
    """The arrays of an .npz file by InputLayer name (with or without "input:") where all match, else in order."""
    with numpy.load(path) as file:
        arrays = {name.removeprefix("input:"): file[name] for name in file.files
                  if not name.startswith(("output:", "layer:"))}
    names = input_names(model)
    if all(name in arrays for name in names):
        return [arrays[name] for name in names]
    if len(arrays) == len(names):
        return list(arrays.values())
    raise ValueError(f"{path}: expects an array for each of the model's {len(names)} inputs; got {len(arrays)}")


def flatten(value):
    """Tensors of an output structure in Keras' order: lists in order, dictionaries by sorted key."""
    if isinstance(value, dict):
        return [tensor for key in sorted(value) for tensor in flatten(value[key])]
    if isinstance(value, (list, tuple)):
        return [tensor for part in value for tensor in flatten(part)]
    return [value]


def as_array(tensor):
    return numpy.asarray(tensor.detach().cpu() if hasattr(tensor, "detach") else tensor)


def packed_inputs(model, inputs):
    """The flat list of arrays in the structure that the model is called with."""
    structure = getattr(model, "_inputs_struct", getattr(model, "_nested_inputs", None))
    if isinstance(structure, dict):
        order = {id(tensor): array for tensor, array in zip(model.inputs, inputs)}
        return {key: order[id(tensor)] for key, tensor in structure.items()}
    return inputs[0] if len(inputs) == 1 else list(inputs)


@contextlib.contextmanager
def watch_layers(model, arrays):
    """While this is active, every call of a layer or operation of `model` and of its nested models leaves its outputs
    in `arrays`."""
    calls, undo = {}, []

    def watch(layer, path):
        call = layer.call

        def watched(*args, **kwargs):
            result = call(*args, **kwargs)
            calls[path] = calls.get(path, 0) + 1
            name = f"layer:{path}" + (f"#{calls[path]}" if calls[path] > 1 else "")
            for number, tensor in enumerate(flatten(result)):
                arrays[f"{name}:{number}" if number else name] = as_array(tensor)
            return result

        layer.call = watched
        undo.append((layer, call))

    def watch_model(model, prefix):
        for layer in getattr(model, "operations", None) or model.layers:
            if hasattr(layer, "layers") and hasattr(layer, "inputs"):
                watch_model(layer, f"{prefix}{layer.name}/")
            elif type(layer).__name__ != "InputLayer":
                watch(layer, prefix + layer.name)

    watch_model(model, "")
    try:
        yield
    finally:
        for layer, call in undo:
            layer.call = call


def record(model, inputs, layers=False):
    """The arrays of a record: inputs, every layer's output if asked for, outputs."""
    arrays = {f"input:{name}": numpy.asarray(array) for name, array in zip(input_names(model), inputs)}
    with watch_layers(model, arrays) if layers else contextlib.nullcontext():
        outputs = flatten(model(packed_inputs(model, inputs), training=False))
    arrays.update((f"output:{name}", as_array(tensor)) for name, tensor in zip(output_names(model), outputs))
    return arrays
