# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Records the cases of cases.py with real Keras: recorded/FOLDER/NAME.{keras,h5,json} and .npz.

record.py [-o FOLDER] [--list] [PATTERN...]     patterns as "Conv2D/*same*"; default: all cases

Keras 3 runs on JAX unless a case says otherwise: TensorFlow's backend gives known wrong results (bias of channels_first
convolutions) and is older in its padding rules. tf_keras writes the old dialects. The same Keras versions give the same
bytes.
"""
import os

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import argparse
import fnmatch
import importlib
import importlib.metadata
import io
import json
import logging
import pathlib
import subprocess
import sys
import warnings
import zipfile
import zlib

import numpy

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "python"))

import custom_layers
import graphs
import networks
import old_files
import operations
import quantized_cases
import sequence_graphs
import stacks
import tensorflow_nodes
import tensorflow_operations
from cases import CASES
from errors import ERRORS, OLD
from layerc.export import export
from layerc.record import input_names, output_names, record
from matrix import DIALECTS, Table, resolve

EXPRESSIONS = {"operations": operations, "tensorflow": tensorflow_operations, "tensorflow_nodes": tensorflow_nodes}
HARD = [-3.0, 3.0, 2.5, -2.5, -1.0, 1.0, 0.5, -0.5, 0.0, -0.0, 2.0, -2.0, 6.0, -6.0]
LARGE = [-20.0, 20.0, 100.0, -100.0, 0.0, -0.0, 3.0, -3.0, 0.5, -0.5, 1.0, -1.0, 6.0, -6.0]


def uniform(random, shape):
    """Random numbers in every even row of the batch; small whole ones in the others: ties, zeros and exact sums."""
    array = random.uniform(-1, 1, shape)
    array[1::2] = random.integers(-2, 3, array[1::2].shape)
    return array


def zero_row(random, shape):
    array = uniform(random, shape)
    array[(0,) * (array.ndim - 1)] = 0
    return array


def masked_halves(random, shape):
    """Numbers of which some whole steps are 0, -1 or 0.5."""
    array = uniform(random, shape)
    for position, index in enumerate(numpy.ndindex(*shape[:-1])):
        if position % 4 < 3 and random.random() < 0.6:
            array[index] = (0.0, -1.0, 0.5)[position % 3]
    return array


def pictures(random, shape):
    """Noise, and wide diagonal stripes, other ones in each colour."""
    rows, columns, colours = numpy.meshgrid(*map(numpy.arange, shape[1:]), indexing="ij")
    stripes = 127.5 * (1 + numpy.sign(numpy.sin((rows + (colours - 1) * columns) * 12 / shape[1])))
    return numpy.stack([stripes if number % 2 else random.integers(0, 256, shape[1:]) for number in range(shape[0])])


SPREAD = ("MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention")  # called with several tensors, not with a list
VALUES = {
    "uniform": uniform,
    "ties": lambda random, shape: random.integers(-1, 2, shape) + 0.5 * (random.random(shape) < 0.5),
    "hard": lambda random, shape: numpy.resize(HARD, shape),
    "large": lambda random, shape: numpy.resize(LARGE, shape),
    "negative": lambda random, shape: random.uniform(-3, -1, shape),
    "positive": lambda random, shape: random.uniform(0.25, 2, shape),
    "pictures": pictures,
    "image": lambda random, shape: random.integers(0, 256, shape),
    "ids": lambda random, shape: numpy.concatenate([[0, 6], random.integers(0, 7, max(0, numpy.prod(shape, dtype=int) - 2))])[
        :numpy.prod(shape, dtype=int)].reshape(shape),
    "negative_ids": lambda random, shape: random.integers(-7, 7, shape),
    "bool": lambda random, shape: random.integers(0, 2, shape),
    "zero_row": zero_row,
    "halves": masked_halves,
    "padded": lambda random, shape: stacks.padded(uniform(random, shape)),
}


def seed_of(case):
    return numpy.random.default_rng(zlib.crc32(case.path.encode()))


def pick(tensors, numbers):
    """The tensors that stand in a structure by their numbers."""
    if isinstance(numbers, list):
        return [pick(tensors, number) for number in numbers]
    return None if numbers is None else tensors[numbers]


def numbers_in(structure):
    return [number for part in structure for number in (numbers_in(part) if isinstance(part, list) else [part])]


def build_table(keras, case):
    table = case.source
    dtypes = table.dtype if isinstance(table.dtype, list) else [table.dtype] * len(case.shapes)
    inputs = [keras.Input(dtype=dtype, name=f"x{number}" if number else "x",
                          **(dict(batch_shape=(table.batch, *shape)) if table.fixed else dict(shape=shape)))
              for number, (shape, dtype) in enumerate(zip(case.shapes, dtypes))]
    layer = getattr(keras.layers, table.layer)(**resolve(case.config, keras))
    tensors = [table.before[number].make(keras)(tensor) if number in table.before else tensor for number, tensor in enumerate(inputs)]
    named = {name: pick(tensors, numbers) for name, numbers in table.named.items()}
    taken = set(numbers_in(list(table.named.values())))
    listed = [tensor for number, tensor in enumerate(tensors) if number not in taken]
    arguments = listed if table.layer in SPREAD or len(listed) == 1 else [listed]
    return keras.Model(inputs, layer(*arguments, **table.call, **named))


def make_weights(model, random):
    """Every weight from -0.5 to 0.5, variances positive. Statistics given by a layer's arguments stay."""
    for variable in model.weights:
        name = variable.name.split("/")[-1].split(":")[0]
        shape = tuple(variable.shape)
        if not str(getattr(variable.dtype, "name", variable.dtype)).startswith(("float", "bfloat")):
            continue
        if "variance" in name or "stddev" in name:
            variable.assign(random.uniform(0.5, 1.5, shape))
        elif not name.startswith(("vector_u", "seed", "real_kernel", "imag_kernel", "g_idx", "awq_scales")) and not name.endswith("_scale"):
            variable.assign(random.uniform(-0.5, 0.5, shape))


def make_inputs(model, case, random):
    sizes = list(getattr(case.source, "sizes", ()))
    values = case.source.values
    arrays = []
    for number, tensor in enumerate(model.inputs):
        shape = tuple(size if size is not None else sizes.pop(0) if axis else case.source.batch
                      for axis, size in enumerate(tensor.shape))
        kind = values[number] if isinstance(values, (list, tuple)) else values
        dtype = getattr(tensor.dtype, "name", tensor.dtype)
        if kind == "uniform" and dtype != "float32" and not dtype.startswith(("float", "bfloat")):
            kind = "bool" if dtype == "bool" else "ids"
        arrays.append(numpy.asarray(VALUES[kind](random, shape)).astype("float32" if dtype == "bfloat16" else dtype))
        if dtype == "bfloat16":
            import ml_dtypes
            arrays[-1] = arrays[-1].astype(ml_dtypes.bfloat16)
    return arrays


def pack(path, edit=lambda members: None):
    """Rewrites a .keras archive compressed and without dates, so that files are small and the same every time."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    if "metadata.json" in members:
        metadata = json.loads(members["metadata.json"])
        metadata["date_saved"] = "2026-01-01@00:00:00"
        members["metadata.json"] = json.dumps(metadata).encode()
    edit(members)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    path.write_bytes(packed.getvalue())


def save(model, case, stem):
    keras_name, extension = DIALECTS[case.dialect]
    path = pathlib.Path(f"{stem}{extension}")
    if extension == ".json":
        path.write_text(model.to_json(), encoding="utf-8")
        # tf_keras chooses its old layout of weights by the name.
        model.save_weights(f"{stem}.weights.h5" if keras_name == "keras" else f"{stem}.h5")
        return
    model.save(path)
    if extension == ".keras":
        pack(path)


def record_on_arrays(keras, model, case, inputs):
    """What the expression itself gives where Keras cannot run the model of its nodes."""
    output = operations.ALL[case.source.function](keras.ops, *(keras.ops.convert_to_tensor(array) for array in inputs))
    arrays = {f"input:{name}": array for name, array in zip(input_names(model), inputs)}
    return {**arrays, f"output:{output_names(model)[0]}": keras.ops.convert_to_numpy(output)}


def record_case(case, folder):
    keras = importlib.import_module(DIALECTS[case.dialect][0])
    keras.backend.clear_session()
    random = seed_of(case)
    stem = folder / case.path
    stem.parent.mkdir(parents=True, exist_ok=True)
    is_written = case.folder == "old_files"
    if is_written:
        model = old_files.build(keras, case.source.function, f"{stem}.h5", random)
    elif isinstance(case.source, Table):
        model = build_table(keras, case)
    elif case.folder in EXPRESSIONS:
        model = EXPRESSIONS[case.folder].build(keras, case.source.function)
    elif case.folder == "networks":
        model = networks.ALL[case.source.function](keras)
    elif case.folder == "custom":
        model = getattr(custom_layers, case.source.function)(keras)
    elif case.folder == "stacks":
        model = stacks.build(keras, int(case.source.function.removeprefix("stack")))
    else:
        model = getattr(graphs if hasattr(graphs, case.source.function) else sequence_graphs, case.source.function)(keras)
    if getattr(case.source, "label", "") == "adapted":
        model.layers[-1].adapt(random.normal(1, 2, (8, *case.shapes[0])))
    elif not is_written and case.folder != "networks":
        make_weights(model, random)
    if isinstance(case.source, Table) and case.source in quantized_cases.TABLES:
        quantized_cases.fill(model.layers[-1], random)
    if case.folder == "operations" and case.source.function in operations.ON_ARRAYS:
        steps = [record_on_arrays(keras, model, case, make_inputs(model, case, random))]
    elif case.folder == "networks":
        inputs = make_inputs(model, case, random)
        networks.fill(keras, model, inputs[0], random)
        steps = [record(model, inputs)]
    else:
        steps = [record(model, make_inputs(model, case, random)) for _ in range(max(1, case.source.steps))]
    arrays = {name: numpy.stack([step[name] for step in steps]) for name in steps[0]} if case.source.steps else steps[0]
    if case.source.steps:
        arrays["steps:"] = numpy.int32(case.source.steps)
    if not is_written:
        save(export(model) if case.folder == "custom" else model, case, stem)
    if case.folder == "tensorflow_nodes":
        tensorflow_nodes.age(f"{stem}.h5")
    numpy.savez_compressed(f"{stem}.npz", **arrays)


def edit_architecture(architecture, edits):
    """Applies the edits of errors.py to a config.json."""
    for where, value in edits.items():
        *models, last = where.split("/")
        model = architecture
        for name in models:
            model = layer_of(model, name)
        owner, separator, key = last.replace(":", ".").partition(".")
        place = layer_of(model, owner) if ":" in last else layer_of(model, owner)["config"] if separator else model["config"]
        key = key or owner
        place[key] = value(place[key]) if callable(value) else value


def layer_of(model, name):
    return next(entry for entry in model["config"]["layers"] if entry["name"] == name)


def make_chain(keras, layers, names):
    """Layers by their classes and arguments, one after the other."""
    return [make_inner(keras, config, name) if layer == "Model" else getattr(keras.layers, layer)(**resolve(config, keras), name=name)
            for name, (layer, config) in zip(names, layers)]


def make_inner(keras, layers, name):
    i = keras.Input((4,), name="i")
    tensor = i
    for layer in make_chain(keras, layers, "pqr"):
        tensor = layer(tensor)
    return keras.Model(i, tensor, name=name)


def record_error(name, error, folder):
    keras = importlib.import_module("keras")
    keras.utils.set_random_seed(1)
    dtypes = error.dtypes or ["float32"] * len(error.shapes)
    inputs = [keras.Input(shape, dtype=dtype, name=f"x{number}" if number else "x")
              for number, (shape, dtype) in enumerate(zip(error.shapes, dtypes))]
    taken = set(numbers_in(list(error.named.values())))
    listed = [tensor for number, tensor in enumerate(inputs) if number not in taken]
    first, *others = make_chain(keras, error.layers, "abc")
    spread = len(listed) == 1 or error.layers[0][0] in SPREAD
    tensor = first(*(listed if spread else [listed]), **{key: pick(inputs, numbers) for key, numbers in error.named.items()})
    for layer in others:
        tensor = layer(tensor)
    path = folder / "errors" / f"{name}.keras"
    path.parent.mkdir(parents=True, exist_ok=True)
    keras.Model(inputs, tensor).save(path)

    def edit(members):
        architecture = json.loads(members["config.json"])
        edit_architecture(architecture, error.edit)
        members["config.json"] = json.dumps(architecture).encode()

    pack(path, edit)
    path.with_suffix(".txt").write_text("".join(f"{words}\n" for words in error.says), encoding="utf-8")


def record_old_error(name, old, says, folder):
    path = folder / "errors" / f"{name}.h5"
    path.parent.mkdir(parents=True, exist_ok=True)
    random = numpy.random.default_rng(1)
    if isinstance(old, old_files.OldFile):
        old_files.write(path, old, old_files.draw(old, random), old.backend)
    else:
        architecture, groups, version = old
        arrays = {layer: [random.uniform(-0.5, 0.5, shape).astype("float32") for shape in shapes] for layer, shapes in groups.items()}
        old_files.write_groups(path, architecture, arrays, version, "tensorflow")
    path.with_suffix(".txt").write_text("".join(f"{words}\n" for words in says), encoding="utf-8")


def record_cases(cases, folder):
    """The number of cases that Keras refused, one line for each; the others are recorded."""
    failed = 0
    for number, case in enumerate(cases):
        try:
            record_case(case, folder)
        except Exception as error:
            failed += 1
            print(f"{case.path}: {type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}", file=sys.stderr)
        if number % 200 == 199 and os.environ["KERAS_BACKEND"] == "jax":
            import jax
            jax.clear_caches()  # compiled code of every shape so far: gigabytes
        if number % 50 == 49 and sys.stderr.isatty():
            print(f"{number + 1} of {len(cases)}", file=sys.stderr)
    return failed


def record_on(backend, cases, folder):
    """The same by a process of its own: Keras chooses its backend once."""
    environment = {**os.environ, "KERAS_BACKEND": backend}
    command = [sys.executable, __file__, "--exactly", "-o", folder]
    return subprocess.run(command, env=environment, input="\n".join(case.path for case in cases), text=True).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("-o", dest="folder", type=pathlib.Path, default=HERE / "recorded")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("--missing", action="store_true", help="only cases that are not recorded yet")
    parser.add_argument("--exactly", action="store_true", help="the cases named on standard input, on KERAS_BACKEND")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    if options.exactly:
        return min(record_cases([CASES[path] for path in sys.stdin.read().split()], options.folder), 100)
    chosen = [case for path, case in CASES.items()
              if not options.patterns or any(fnmatch.fnmatch(path, pattern) for pattern in options.patterns)]
    if options.missing:
        chosen = [case for case in chosen if not (options.folder / f"{case.path}.npz").exists()]
    if options.list:
        print("\n".join(case.path for case in chosen))
        return 0
    release = ".".join(importlib.metadata.version("keras").split(".")[:2])
    others = [case for case in chosen if case.source.release not in ("", release)]
    chosen = [case for case in chosen if case not in others]
    here = os.environ["KERAS_BACKEND"]
    failed = record_cases([case for case in chosen if case.source.backend == here], options.folder)
    for backend in sorted({case.source.backend for case in chosen} - {here}):
        failed += record_on(backend, [case for case in chosen if case.source.backend == backend], options.folder)
    errors = [f"errors/{name}" for name in (*ERRORS, *OLD)]
    errors = [path for path in errors if not options.patterns or any(fnmatch.fnmatch(path, pattern) for pattern in options.patterns)]
    if options.missing:
        errors = [path for path in errors if not (options.folder / f"{path}.txt").exists()]
    for name in (path.partition("/")[2] for path in errors):
        if name in OLD:
            record_old_error(name, *OLD[name], options.folder)
        else:
            record_error(name, ERRORS[name], options.folder)
    print(f"{len(errors)} models to be refused")
    if others:
        print(f"{len(others)} cases left to Keras {', '.join(sorted({case.source.release for case in others}))}: name a Python that has it by PYTHON")
    print(f"{len(chosen) - failed} cases recorded in {options.folder}, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
