#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random Keras models against layerc: graphs.py --layerc PATH [--seed S] [--graphs N] [--flavour keras3|tf_keras] [--stacks]

Every graph, or with --stacks every stack of recurrent layers, is drawn from its own seed (S, S+1, ...), run by Keras,
saved in one of the dialects its Keras can write, run by `layerc run` with one and with two threads, and compared. KERAS_BACKEND chooses what Keras runs on (jax unless told).
Where they differ more than rounding explains, the model is saved together with the first operation that differs, cut
out as a model of its own. Above 400 lines because drawing, running and cutting know the same graph.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy

import certificate
import layers as table

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "conformance"))
import stacks

ODD_NAMES = ["class", "1x", "a b", "a-b", "a.b", "über", "int", "std", "model", "_", "run", "weights", "a:0", "x" * 70, "main", "nul$`'"]
INCONCLUSIVE = "differs, with numbers inside so large that Keras' own rounding may explain it"
LARGEST = 6000  # elements of one sample of one tensor
OPERATIONS = {
    "Add": lambda r, ops, x: r.choice([lambda: x + 1.5, lambda: 0.5 + x, lambda: x + x])(),
    "Subtract": lambda r, ops, x: r.choice([lambda: x - 0.25, lambda: 1.0 - x])(),
    "Multiply": lambda r, ops, x: r.choice([lambda: x * 0.5, lambda: x * x])(),
    "Divide": lambda r, ops, x: x / 3.0,
    "Maximum": lambda r, ops, x: ops.maximum(x, 0.1),
    "Minimum": lambda r, ops, x: ops.minimum(x, 0.1),
    "Negative": lambda r, ops, x: -x,
    "Absolute": lambda r, ops, x: abs(x),
    "Power": lambda r, ops, x: x ** 2,
    "Relu": lambda r, ops, x: ops.relu(x),
    "Relu6": lambda r, ops, x: ops.relu6(x),
    "Sigmoid": lambda r, ops, x: ops.sigmoid(x),
    "HardSigmoid": lambda r, ops, x: ops.hard_sigmoid(x),
    "Silu": lambda r, ops, x: ops.silu(x),
    "HardSilu": lambda r, ops, x: ops.hard_silu(x),
    "Tanh": lambda r, ops, x: ops.tanh(x),
    "Softplus": lambda r, ops, x: ops.softplus(x),
    "Softsign": lambda r, ops, x: ops.softsign(x),
    "Gelu": lambda r, ops, x: ops.gelu(x, approximate=r.random() < 0.5),
    "Exp": lambda r, ops, x: ops.exp(x * 0.1),
    "Square": lambda r, ops, x: ops.square(x),
    "Mean": lambda r, ops, x: ops.mean(x, axis=r.choice([-1, 1, list(range(1, len(x.shape)))]), keepdims=True),
    "Sum": lambda r, ops, x: ops.sum(x, axis=r.randint(1, len(x.shape) - 1), keepdims=True),
    "Max": lambda r, ops, x: ops.max(x, axis=-1, keepdims=r.random() < 0.5) if len(x.shape) > 2 else None,
    "Softmax": lambda r, ops, x: ops.softmax(x, axis=r.choice([-1, 1])),
    "Transpose": lambda r, ops, x: ops.transpose(x, [0] + r.sample(range(1, len(x.shape)), len(x.shape) - 1)),
    "Reshape": lambda r, ops, x: ops.reshape(x, (-1, int(numpy.prod(x.shape[1:])))),
    "GetItem": lambda r, ops, x: r.choice([lambda: x[:, ::2], lambda: x[..., :1], lambda: x[:, ::-1], lambda: x[:, 0:1], lambda: x[..., None]])(),
    "Clip": lambda r, ops, x: ops.clip(x, -0.5, 0.75),
    "ExpandDims": lambda r, ops, x: ops.expand_dims(x, r.choice([1, -1])) if len(x.shape) < 5 else None,
    "Flip": lambda r, ops, x: ops.flip(x, axis=r.randint(1, len(x.shape) - 1)),
    "Roll": lambda r, ops, x: ops.roll(x, 2, axis=r.randint(1, len(x.shape) - 1)),
    "Pad": lambda r, ops, x: ops.pad(x, [[0, 0]] + [[r.randint(0, 2), r.randint(0, 1)] for _ in x.shape[1:]]),
    "Cumsum": lambda r, ops, x: ops.cumsum(x, axis=r.randint(1, len(x.shape) - 1)),
    "Where": lambda r, ops, x: ops.where(x > 0.0, x, -0.5 * x),
}


def supported_classes(layerc):
    """The classes and the operations that `layerc layers` does not refuse."""
    found, current = {"layers": set(), "operations": set()}, "layers"
    for line in subprocess.run([layerc, "layers"], capture_output=True, text=True, check=True).stdout.splitlines():
        if not line.startswith(" "):
            current = "operations" if "perations" in line else "layers"
        elif "not supported" not in line:
            found[current].add(line.split()[0])
    return found


class Graph:
    """One random model. `tensors` are all symbolic tensors so far; the last ones are built upon more often."""

    def __init__(self, keras, seed, supported, largest=LARGEST, layers=None):
        self.keras, self.supported, self.largest = keras, supported, largest
        self.random = r = random.Random(seed)
        self.names, self.calls = set(), []  # calls: (layer, input shape), for sharing
        self.has_operations = False
        self.is_keras3 = keras.__version__.startswith("3")
        self.inputs = [self.input() for _ in range(r.choice([1, 1, 1, 2, 3]))]
        self.tensors = list(self.inputs)
        for _ in range(layers or r.choice([1, 2, 4, 6, 9, 14, r.randint(1, 40)])):
            self.grow()
        outputs = [self.tensors[-1]] + [r.choice(self.tensors) for _ in range(r.choice([0, 0, 0, 1, 2]))]
        if r.random() < 0.06:
            outputs.append(outputs[0])
        self.model = self.wrap(keras.Model(self.inputs if len(self.inputs) > 1 else self.inputs[0], outputs if len(outputs) > 1 else outputs[0]))
        set_weights(self.model, r.randrange(1 << 30))
        self.batch = r.choice([1, 1, 1, 2, 3])
        generator = numpy.random.default_rng(seed)
        self.arrays = [self.draw(generator, x) for x in self.model.inputs]

    def draw(self, generator, x):
        shape = (self.batch, *x.shape[1:])
        if "int" in str(x.dtype):
            return generator.integers(0, 5, shape).astype(str(x.dtype))
        return (generator.standard_normal(shape) * self.random.choice([1, 1, 1, 4])).astype("float32")

    def input(self):
        r = self.random
        sizes = lambda count: [r.choice([1, 2, 3, 4, 5, 6, 7, 8, 9, 12]) for _ in range(count)]
        shape = sizes(r.choice([0, 1, 1, 2, 2, 2, 2, 3])) + [r.choice([1, 2, 3, 4, 5, 8, 16, 17])]
        if len(shape) == 1:
            shape = [r.choice([1, 3, 7, 16, 33, 64])]
        return self.keras.Input(tuple(shape), name=self.name("input" if r.random() < 0.8 else None))

    def name(self, wish=None):
        """None, which lets Keras choose, or an unused and sometimes odd name."""
        if wish is None and self.random.random() < 0.85:
            return None
        wish = wish or self.random.choice(ODD_NAMES)
        if not self.is_keras3:
            wish = "".join(c for c in wish if c.isascii() and (c.isalnum() or c in "_.")).lstrip("_.") or "odd"
        name = wish
        while name in self.names:
            name = f"{wish}_again{len(self.names)}"
        self.names.add(name)
        return name

    def add(self, tensor):
        """Keeps a new tensor unless it is too large, too deep or empty."""
        for t in tensor if isinstance(tensor, (list, tuple)) else [tensor]:
            sizes = t.shape[1:]
            if len(t.shape) in (2, 3, 4, 5) and all(sizes) and numpy.prod(sizes) <= self.largest and "float" in str(t.dtype):
                self.tensors.append(t)

    def grow(self):
        r = self.random
        x = r.choice(self.tensors[-3:] if r.random() < 0.75 else self.tensors)
        step = r.choices([self.apply_one, self.apply_merge, self.apply_shared, self.apply_nested, self.apply_operation, self.apply_pattern],
                         [60, 14, 5, 4, 8, 9])[0]
        try:
            result = step(x)
        except (ValueError, TypeError, ZeroDivisionError, AttributeError, IndexError):  # arguments that Keras refuses
            return
        except Exception as error:  # backends refuse in their own words
            if any(word in type(error).__module__ for word in ("jax", "tensorflow", "keras")):
                return
            raise
        if result is not None:
            self.add(result)

    def make(self, name, x, source=table.ONE_INPUT):
        shape = [int(size) for size in x.shape[1:]]
        arguments = source[name](self.random, shape)
        if arguments is None:
            return None
        arguments = arguments if self.is_keras3 else tf_keras_arguments(name, arguments)
        kind = getattr(self.keras.layers, name, None)
        return kind and kind(**arguments, name=self.name())

    def apply_one(self, x):
        for _ in range(20):
            name = self.random.choice(sorted(self.supported["layers"] & set(table.ONE_INPUT)))
            layer = self.make(name, x)
            if layer is not None:
                result = layer(x)
                self.calls.append((layer, tuple(x.shape)))
                return result
        return None

    def apply_merge(self, x):
        r = self.random
        name = r.choice(sorted(self.supported["layers"] & set(table.MERGES)))
        same = [t for t in self.tensors if len(t.shape) == len(x.shape)]
        equal = [t for t in same if tuple(t.shape) == tuple(x.shape)]
        count = 2 if name in ("Subtract", "Dot") else r.choice([2, 2, 3, 5, 17 if name == "Concatenate" else 2])
        others = [r.choice(equal if r.random() < 0.7 else same) for _ in range(count - 1)]
        layer = self.make(name, x, table.MERGES)
        operands = [x, *others]
        r.shuffle(operands)
        return layer and (layer(operands[0], operands[1]) if name == "MultiHeadAttention" else layer(operands))

    def apply_shared(self, x):
        fitting = [layer for layer, shape in self.calls if shape == tuple(x.shape)]
        return self.random.choice(fitting)(x) if fitting else None

    def apply_operation(self, x):
        name = self.random.choice(sorted(OPERATIONS))
        if name not in self.supported["operations"] or not self.is_keras3:
            return None
        self.has_operations = True
        return OPERATIONS[name](self.random, self.keras.ops, x)

    def apply_nested(self, x):
        """A model of its own inside, Sequential or Functional, sometimes called twice."""
        r, outer = self.random, (self.tensors, self.calls)
        inner = self.keras.Input(tuple(x.shape[1:]))
        self.tensors, self.calls = [inner], []
        if r.random() < 0.5:
            parts = [self.make(r.choice(["Dense", "Activation", "BatchNormalization"]), x) for _ in range(r.choice([1, 2]))]
            model = self.keras.Sequential([inner, *parts] if not self.is_keras3 else [self.keras.layers.InputLayer(shape=tuple(x.shape[1:])), *parts],
                                          name=self.name())
        else:
            for _ in range(r.choice([1, 2, 4])):
                self.grow()
            ends = [self.tensors[-1]] if r.random() < 0.8 else [self.tensors[-1], r.choice(self.tensors)]
            model = self.keras.Model(inner, ends if len(ends) > 1 else ends[0], name=self.name())
        self.tensors, self.calls = outer
        self.calls.append((model, tuple(x.shape)))
        return model(x)

    def apply_pattern(self, x):
        """What compilers rewrite: residual chains, gates, views of views."""
        r, layers = self.random, self.keras.layers
        rank = len(x.shape) - 1
        pattern = r.choice(["relu", "chain", "views", "squeeze", "block"])
        if pattern == "relu":
            return layers.Add()([x, layers.Activation("relu")(x)])
        if pattern == "chain":
            for _ in range(r.choice([2, 6, 12])):
                y = layers.Dense(x.shape[-1], activation="tanh")(x)
                x = r.choice([layers.Add, layers.Average, layers.Maximum])()([x, y])
            return x
        if pattern == "views":
            joined = layers.Concatenate(axis=1)([x, r.choice([t for t in self.tensors if tuple(t.shape) == tuple(x.shape)])])
            flat = layers.Reshape((joined.shape[1] * int(numpy.prod(joined.shape[2:])) // x.shape[-1], x.shape[-1]))(joined)
            return layers.Cropping1D((r.randrange(flat.shape[1]), 0))(flat)
        if pattern == "squeeze" and rank == 3:
            gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
            gate = layers.Conv2D(x.shape[-1], 1, activation="sigmoid")(gate)
            return layers.Multiply()([x, gate])
        if pattern == "block" and rank == 3:
            y = layers.BatchNormalization()(layers.Conv2D(3 * x.shape[-1], 1, use_bias=False)(x))
            y = layers.DepthwiseConv2D(3, padding="same")(layers.ReLU(6.0)(y))
            y = layers.Conv2D(x.shape[-1], 1)(layers.Activation("silu")(layers.BatchNormalization()(y)))
            return layers.Add()([x, y])
        return None

    def wrap(self, model):
        """Sometimes the whole model is one layer of another."""
        if self.random.random() > 0.05 or len(model.inputs) > 1:
            return model
        x = self.keras.Input(tuple(model.inputs[0].shape[1:]))
        return self.keras.Model(x, model(x))


class Stack:
    """A random stack of recurrent layers, on sequences that are padded behind, before, in the middle, throughout and not at all."""

    has_operations = False

    def __init__(self, keras, seed):
        self.random, self.is_keras3 = random.Random(seed), keras.__version__.startswith("3")
        self.model = stacks.build(keras, seed)
        set_weights(self.model, seed)
        self.arrays = [stacks.padded(numpy.random.default_rng(seed).uniform(-1, 1, (5, *self.model.inputs[0].shape[1:])).astype("float32"))]


def set_weights(model, seed):
    """Numbers that keep values near 1, with no layer left at its initial identity."""
    generator = numpy.random.default_rng(seed)
    for variable in model.weights:
        name, shape = variable.name, tuple(variable.shape)
        if not str(variable.dtype).startswith(("float", "<dtype: 'float")) or "seed" in name:
            continue
        if "variance" in name or "gamma" in name:
            value = generator.uniform(0.5, 1.5, shape)
        elif len(shape) < 2:
            value = generator.uniform(-0.5, 0.5, shape)
        else:
            value = generator.standard_normal(shape) / numpy.sqrt(max(1, numpy.prod(shape[:-1])))
        variable.assign(value.astype("float32"))


def tf_keras_arguments(name, arguments):
    """The same in Keras 2's words; ValueError where it has none."""
    known = {"linear", "relu", "elu", "selu", "gelu", "sigmoid", "hard_sigmoid", "tanh", "softplus", "softsign", "softmax", "exponential", "mish"}
    arguments = {"alpha" if name == "LeakyReLU" and key == "negative_slope" else key: value for key, value in arguments.items()}
    arguments["activation"] = {"silu": "swish"}.get(arguments.get("activation"), arguments.get("activation"))
    if arguments["activation"] is None:
        del arguments["activation"]
    elif arguments["activation"] not in known | {"swish"}:
        raise ValueError("not in Keras 2")
    if arguments.get("data_format") == "channels_first" and name not in ("Flatten",) and "Cropping" not in name and "Zero" not in name:
        raise ValueError("not on this device")
    if name == "AlphaDropout" or name == "Identity":
        raise ValueError("not in Keras 2")
    return arguments


def save(keras, model, stem, dialect):
    """Writes the model in a dialect; returns layerc's arguments for it."""
    if dialect == "json":
        pathlib.Path(f"{stem}.json").write_text(model.to_json())
        model.save_weights(f"{stem}.weights.h5")
        return [f"{stem}.json", "--weights", f"{stem}.weights.h5"]
    model.save(f"{stem}.{dialect}")
    return [f"{stem}.{dialect}"]


def as_list(value):
    """The tensors of a structure; a stack of cells gives each cell's states as a list of their own."""
    return [tensor for part in value for tensor in as_list(part)] if isinstance(value, (list, tuple)) else [value]


def largest_inside(keras, model, arrays):
    """The largest magnitude of any tensor inside; differences of large numbers say nothing."""
    tensors = {}
    for layer in model.layers:
        for node in layer._inbound_nodes:
            for tensor in as_list(getattr(node, "output_tensors", None) or node.outputs):
                tensors[id(tensor)] = tensor
    try:
        inside = run_keras(keras.Model(model.inputs, list(tensors.values())), arrays)
    except Exception:  # a shared layer has nodes of other models too
        return 0.0
    return max(float(numpy.abs(y).max()) for y in inside if y.size and y.dtype.kind == "f")


def run_keras(model, arrays):
    return [numpy.array(y) for y in as_list(model(list(arrays) if len(arrays) > 1 else arrays[0], training=False))]


def excess(ours, expected, slack):
    """The largest error as a share of 1e-5 S + 1e-4 |Keras| + slack, S the largest magnitude."""
    if ours.shape != expected.shape:
        return f"shape {ours.shape} instead of {expected.shape}"
    finite = numpy.isfinite(expected)
    if not numpy.array_equal(ours[~finite], expected[~finite], equal_nan=True):
        return "NaN or infinity elsewhere"
    ours, expected = ours[finite].astype("float64"), expected[finite].astype("float64")
    if ours.size == 0:
        return 0.0
    slack = numpy.asarray(slack)[finite] if numpy.ndim(slack) else slack
    allowed = 1e-5 * numpy.abs(expected).max() + 1e-4 * numpy.abs(expected) + slack + 1e-30
    worst = (numpy.abs(ours - expected) / allowed).max()
    return float(worst) if numpy.isfinite(worst) else "NaN or infinity elsewhere"


def rounding_slack(model, arrays, expected):
    """How far a relative error of some 2^-22 in inputs and weights moves each output: what rounding may explain."""
    generator = numpy.random.default_rng(0)
    noisy = lambda a: (a * (1 + 2e-7 * generator.standard_normal(a.shape))).astype(a.dtype) if a.dtype.kind == "f" else a
    weights = model.get_weights()
    slack = [numpy.zeros(y.shape) for y in expected]
    for _ in range(3):
        model.set_weights([noisy(w) for w in weights])
        for i, y in enumerate(run_keras(model, [noisy(a) for a in arrays])):
            difference = numpy.abs(y.astype("float64") - expected[i])
            slack[i] = numpy.maximum(slack[i], numpy.nan_to_num(difference).max() if difference.size else 0)
    model.set_weights(weights)
    return [8 * s for s in slack]


class Judge:
    """Runs layerc on saved models."""

    def __init__(self, keras, layerc, folder, cpu):
        self.keras, self.layerc, self.folder, self.cpu = keras, layerc, pathlib.Path(folder), cpu

    def outputs(self, model, arrays, dialect, threads):
        stem = str(self.folder / "model")
        if threads == 1:
            self.arguments = save(self.keras, model, stem, dialect)
            numpy.savez(f"{stem}.in.npz", **{x.name.split(":")[0]: a for x, a in zip(model.inputs, arrays)} if len(arrays) == 1 else
                        {f"arr_{i}": a for i, a in enumerate(arrays)})
        command = [self.layerc, "run", *self.arguments, "--inputs", f"{stem}.in.npz", "--outputs", f"{stem}.out.npz", "--threads", str(threads)]
        command += ["--target-cpu", self.cpu] if self.cpu else []
        command += ["--save-stages", f"{stem}.stages"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode:
            return f"layerc exit code {done.returncode}: {(done.stderr.strip() or '?').splitlines()[0][:300]}"
        return certificate.complaint(f"{stem}.stages") or list(numpy.load(f"{stem}.out.npz").values())

    def verdict(self, model, arrays, dialect="keras"):
        """'' where layerc agrees, else what is wrong."""
        expected = run_keras(model, arrays)
        if any(not numpy.isfinite(y).all() and numpy.abs(numpy.nan_to_num(y)).max() > 1e30 for y in expected):
            return ""  # overflow at another place of the sum
        results = self.outputs(model, arrays, dialect, 1)
        if isinstance(results, str):
            return results
        ratios = [excess(a, e, 0.0) for a, e in zip(results, expected)]
        if any(isinstance(ratio, str) or ratio > 1 for ratio in ratios):
            ratios = [excess(a, e, s) for a, e, s in zip(results, expected, rounding_slack(model, arrays, expected))]
        wrong = [f"output {i}: {ratio if isinstance(ratio, str) else f'{ratio:.3g} times the tolerance'}" for i, ratio in enumerate(ratios)
                 if isinstance(ratio, str) or ratio > 1]
        if wrong:
            return "; ".join(wrong) if largest_inside(self.keras, model, arrays) < 500 else INCONCLUSIVE
        again = self.outputs(model, arrays, dialect, 2)
        if isinstance(again, str):
            return again
        return "" if all(a.tobytes() == b.tobytes() for a, b in zip(results, again)) else "two threads give other bits"


def smallest_failure(judge, model, arrays, symptom):
    """The first operation whose output is wrong, as a model of its own where that alone is wrong too."""
    keras = judge.keras
    for layer in model.layers:
        nodes = [node for node in layer._inbound_nodes if not isinstance(layer, keras.layers.InputLayer)]
        for node in nodes:
            try:
                prefix = keras.Model(model.inputs, as_list(getattr(node, "output_tensors", None) or node.outputs))
                problem = judge.verdict(prefix, arrays)
            except Exception:
                continue
            if not problem:
                continue
            tensors = as_list(getattr(node, "input_tensors", None) or node.keras_inputs)
            try:
                fresh = list({id(t): t for t in tensors}.values())
                alone = keras.Model(fresh, prefix.outputs)
                values = run_keras(keras.Model(model.inputs, fresh), arrays)
                again = judge.verdict(alone, values)
                if again:
                    return alone, values, again, layer
            except Exception:
                pass
            return prefix, arrays, problem, layer
    return None


def report(judge, graph, seed, problem, where):
    where.mkdir(parents=True, exist_ok=True)
    dialect = "keras" if graph.is_keras3 else "h5"
    graph.model.save(where / f"{seed}.{dialect}")
    expected = run_keras(graph.model, graph.arrays)
    numpy.savez(where / f"{seed}.npz", **{f"input:{i}": a for i, a in enumerate(graph.arrays)}, **{f"output:{i}": a for i, a in enumerate(expected)})
    print(f"FAILED seed {seed}: {problem}", flush=True)
    small = smallest_failure(judge, graph.model, graph.arrays, problem) if judge and "exit code" not in problem else None
    if small:
        model, arrays, again, layer = small
        model.save(where / f"{seed}-small.{dialect}")
        numpy.savez(where / f"{seed}-small.npz", **{f"input:{i}": a for i, a in enumerate(arrays)},
                    **{f"output:{i}": a for i, a in enumerate(run_keras(model, arrays))})
        config = json.dumps(layer.get_config(), default=str) if hasattr(layer, "get_config") else ""
        print(f"    first wrong: {type(layer).__name__} on {[list(a.shape) for a in arrays]}: {again}\n    {config[:900]}", flush=True)


def record(graph, seed, folder):
    """One case of the conformance runner: the model and beside it inputs and outputs."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"graph_{seed}"
    graph.model.save(f"{path}.keras")
    arrays = {f"input:{x.name}": a for x, a in zip(graph.model.inputs, graph.arrays)}
    names = collections.Counter()
    for i, y in enumerate(run_keras(graph.model, graph.arrays)):
        name = graph.model.output_names[i]
        arrays[f"output:{name}" + (f"_{names[name]}" if names[name] else "")] = y
        names[name] += 1
    numpy.savez_compressed(f"{path}.npz", **arrays)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layerc", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--graphs", type=int, default=50)
    parser.add_argument("--flavour", choices=["keras3", "tf_keras"], default="keras3")
    parser.add_argument("--stacks", action="store_true", help="stacks of recurrent layers; Keras 3 cannot mask a stack of cells of several sizes")
    parser.add_argument("--only", help="classes to draw from, with commas")
    parser.add_argument("--target-cpu", help="rather than this machine")
    parser.add_argument("--failures", type=pathlib.Path, default=pathlib.Path("random-failures"))
    parser.add_argument("--record", type=pathlib.Path, help="write cases for the conformance runner that layerc passes")
    arguments = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "jax")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if arguments.flavour == "keras3":
        import keras
    else:
        import tf_keras as keras
    if keras.backend.backend() == "tensorflow":
        table.INTERPOLATIONS.remove("bicubic")  # rounds the position of a sample to 1/1024 of an element
        table.DEPTHWISE_STRIDES_ABOVE_KERNEL = False  # differs from the other backends
    elif keras.backend.backend() == "jax":
        table.ADAPTIVE_TO_ANY_SIZE = False  # divides by multiplying with an f32 reciprocal: 84 / 7 is above 12, and so NaN
    supported = supported_classes(arguments.layerc)
    if arguments.only:
        supported["layers"] &= set(arguments.only.split(",")) | set(table.MERGES)
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        judge = Judge(keras, arguments.layerc, folder, arguments.target_cpu)
        for seed in range(arguments.seed, arguments.seed + arguments.graphs):
            keras.backend.clear_session()
            size = dict(largest=600, layers=random.Random(seed).randint(2, 7)) if arguments.record else {}
            dialects = ["keras", "keras", "h5", "json"] if arguments.flavour == "keras3" else ["h5", "h5", "keras"]
            try:
                graph = Stack(keras, seed) if arguments.stacks else Graph(keras, seed, supported, **size)
                run_keras(graph.model, graph.arrays)
            except Exception as error:  # passes Keras' shape rules, fails in its backend or when the model is put together
                counts["refused"] += 1
                print(f"seed {seed}: Keras cannot run it: {type(error).__name__}", flush=True)
                continue
            dialect = "keras" if graph.has_operations else graph.random.choice(dialects)  # Keras cannot load them from others
            problem = judge.verdict(graph.model, graph.arrays, dialect)
            if problem == INCONCLUSIVE:
                counts["inconclusive"] += 1
                print(f"seed {seed}: {problem}", flush=True)
                continue
            counts["failed" if problem else "passed"] += 1
            counts["operations"] += len(graph.model.layers)
            if problem:
                report(judge, graph, seed, problem, arguments.failures)
            elif arguments.record:
                record(graph, seed, arguments.record)
    print(f"{arguments.flavour}, seeds {arguments.seed} to {arguments.seed + arguments.graphs - 1}: {counts['passed']} {'stacks' if arguments.stacks else 'graphs'} of "
          f"{counts['operations']} layers passed, {counts['failed']} failed, "
          f"{counts['refused']} that Keras cannot run, {counts['inconclusive']} inconclusive")
    sys.exit(1 if counts["failed"] else 0)


if __name__ == "__main__":
    main()
