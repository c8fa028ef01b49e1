# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rewrite Lambda and custom layers of a model into the keras.ops graph that they compute, for layerc.

Each such layer is called once on symbolic tensors: what its Python code computes with keras.ops, operators and other
layers becomes nodes of a Functional model, and its variables become constants of those nodes. Code that calls a backend
directly (tf., jnp., numpy) or branches on values leaves no such trace and is refused with the layer's name.
"""
import contextlib
import importlib
import os
import sys

import numpy

EXAMPLE = """example:
  python -m layerc export mine.keras plain.keras --import my_layers
  layerc compile plain.keras -o out

--import runs a Python module that registers the custom classes; --allow-lambda runs the code of Lambda layers that the
file holds. Both run code: only for files that you trust."""


def add_arguments(parser):
    parser.add_argument("model", metavar="MODEL", help=".keras or .h5 with Lambda or custom layers")
    parser.add_argument("output", metavar="OUT", help=".keras to write, with layers and operations of Keras only")
    parser.add_argument("--import", dest="imports", metavar="MODULE", action="append", default=[],
                        help="module that defines and registers the custom classes")
    parser.add_argument("--allow-lambda", action="store_true",
                        help="run the Python code of Lambda layers: only for files that you trust")


def main(options):
    keras = import_keras()
    sys.path.insert(0, os.getcwd())
    for name in options.imports:
        importlib.import_module(name)
    model = keras.models.load_model(options.model, compile=False, safe_mode=not options.allow_lambda)
    exported = export(model)
    check_same(model, exported)
    exported.save(options.output)
    print(f"wrote {options.output}: {len(foreign_layers(model))} layers rewritten")


def import_keras():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    if int(keras.__version__.split(".")[0]) < 3:
        raise ValueError(f"export needs Keras 3; installed is {keras.__version__}")
    return keras


def is_foreign(layer):
    """Whether layerc cannot know the layer's class: it holds or comes from someone's own Python code."""
    import keras
    return isinstance(layer, keras.layers.Lambda) or type(layer).__module__.split(".")[0] != "keras"


def is_model(layer):
    import keras
    return isinstance(layer, (keras.Sequential, keras.Model)) and hasattr(layer, "operations")


def foreign_layers(model):
    """Foreign layers of a model and of the models nested in it."""
    found = []
    for layer in model.layers:
        if is_model(layer):
            found += foreign_layers(layer)
        elif is_foreign(layer):
            found.append(layer)
    return found


def export(model):
    """A Functional model with the same inputs, outputs and layers, the foreign ones replaced by what they compute."""
    import keras
    from keras.src.models.cloning import clone_model
    if not foreign_layers(model):
        return model
    functional = keras.Model(model.inputs, model.outputs, name=model.name)
    return clone_model(functional, clone_function=lambda layer: layer, call_function=call)


def call(layer, *args, **kwargs):
    """One call of the new model: of foreign layers, their code instead."""
    if is_model(layer) and foreign_layers(layer):
        return export(layer)(*args, **kwargs)
    if not is_foreign(layer):
        return layer(*args, **kwargs)
    try:
        with variables_as_constants():
            return layer.call(*args, **kwargs)
    except Exception as error:
        raise ValueError(f"layer '{layer.name}' ({type(layer).__name__}) does not compute with keras.ops alone: "
                         f"{type(error).__name__}: {error}") from error


@contextlib.contextmanager
def variables_as_constants():
    """Operations on symbolic tensors get the numbers of variables instead of the variables themselves."""
    from keras import tree
    from keras.src.backend.common.variables import Variable
    from keras.src.ops.operation import Operation
    symbolic_call = Operation.symbolic_call

    def plain(value):
        return numpy.asarray(value) if isinstance(value, Variable) else value

    def with_constants(self, *args, **kwargs):
        args, kwargs = tree.map_structure(plain, (args, kwargs))
        return symbolic_call(self, *args, **kwargs)

    Operation.symbolic_call = with_constants
    try:
        yield
    finally:
        Operation.symbolic_call = symbolic_call


def check_same(model, exported):
    """Runs both on random numbers: code that depends on the values it sees would show here."""
    random = numpy.random.default_rng(0)
    inputs = []
    for tensor in model.inputs:
        shape = [2 if size is None else size for size in tensor.shape]
        is_float = "float" in tensor.dtype
        inputs.append((random.normal(size=shape) if is_float else random.integers(0, 2, shape)).astype(tensor.dtype))
    expected, actual = (flat(each(inputs if len(inputs) > 1 else inputs[0], training=False)) for each in (model, exported))
    for name, one, other in zip(exported.output_names, expected, actual):
        if not numpy.allclose(one, other, rtol=1e-4, atol=1e-5 * (numpy.abs(one).max() if one.size else 0), equal_nan=True):
            raise ValueError(f"output '{name}' of the rewritten model differs from the original's")


def flat(outputs):
    from keras import tree
    return [numpy.asarray(output).astype("float64") for output in tree.flatten(outputs)]
