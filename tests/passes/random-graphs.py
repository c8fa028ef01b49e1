# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints random functions of the nn dialect: layers as Keras models stack them, with branches, reuse and odd outputs.

random-graphs.py SEED COUNT
"""
import math
import random
import sys


def tensor(shape):
    return "tensor<" + "".join(f"{size}x" for size in shape) + "f32>"


class Graph:
    """One function that grows by layers. Every value is a name and a shape whose first dimension is the batch."""

    def __init__(self, name, seed):
        self.name = name
        self.random = random.Random(seed)
        self.lines = []
        batch = self.random.choice([1, 1, 1, 2])
        self.inputs = []
        for number in range(self.random.choice([1, 1, 2])):
            spatial = [self.random.choice([4, 5, 6]) for _ in range(self.random.choice([1, 2, 2]))]
            self.inputs.append((f"%x{number}", [batch, *spatial, self.random.choice([1, 3, 4, 8])]))
        self.values = list(self.inputs)
        layers = [getattr(self, method) for method in dir(Graph) if method.startswith("layer_")]
        for self.layer in range(self.random.randrange(3, 24)):
            recent = self.values[-4:] if self.random.random() < 0.8 else self.values
            self.random.choice(layers)(*self.random.choice(recent))

    def emit(self, op, operands, attributes, shape):
        result = f"%v{len(self.lines)}"
        names = ", ".join(name for name, _ in operands)
        types = ", ".join(tensor(operand) for _, operand in operands)
        self.lines.append(f'  {result} = nn.{op} {names} {attributes} : ({types}) -> {tensor(shape)} loc("layer_{self.layer}")')
        self.values.append((result, list(shape)))
        return self.values[-1]

    def weight(self, *shape):
        result = f"%w{len(self.lines)}"
        self.lines.append(f'  {result} = nn.weight "{self.name}/{len(self.lines)}" : {tensor(shape)}')
        return result, list(shape)

    # Each layer does nothing where the shape does not suit it.

    def layer_conv(self, x, shape):
        spatial = shape[1:-1]
        if not 1 <= len(spatial) <= 2:
            return
        kernel = [self.random.choice([1, 2, 3]) for _ in spatial]
        strides = [self.random.choice([1, 1, 2]) for _ in spatial]
        pads = [self.random.choice([0, 1]) for _ in spatial for _ in range(2)]
        padded = [size + sum(pads[2 * d:2 * d + 2]) for d, size in enumerate(spatial)]
        if any(size < window for size, window in zip(padded, kernel)):
            return
        filters = self.random.choice([3, 4, 8])
        out = [(size - window) // stride + 1 for size, window, stride in zip(padded, kernel, strides)]
        operands = [(x, shape), self.weight(*kernel, shape[-1], filters)]
        self.emit("conv", operands, f"strides {strides} pads {pads}", [shape[0], *out, filters])

    def layer_depthwise(self, x, shape):
        if len(shape) == 4 and shape[-1] > 1 and min(shape[1:3]) >= 2:
            operands = [(x, shape), self.weight(2, 2, 1, shape[-1])]
            self.emit("conv", operands, f"groups {shape[-1]}", [shape[0], shape[1] - 1, shape[2] - 1, shape[3]])

    def layer_conv_transpose(self, x, shape):
        sizes = [2 * size for size in shape[1:-1]]
        if 1 <= len(sizes) <= 2 and max(sizes) <= 24:
            filters, window = self.random.choice([2, 3]), self.random.choice([2, 3])
            operands = [(x, shape), self.weight(*[window] * len(sizes), shape[-1], filters)]
            self.emit("conv_transpose", operands, f"sizes {sizes} strides {[2] * len(sizes)}", [shape[0], *sizes, filters])

    def layer_dense(self, x, shape):
        units = self.random.choice([5, 8, 10])
        operands = [(x, shape), self.weight(shape[-1], units)]
        self.emit("contract", operands, f"contracting [{len(shape) - 1}] x [0]", [*shape[:-1], units])

    def layer_bias(self, x, shape):
        self.emit("binary add", [(x, shape), self.weight(shape[-1])], "", shape)

    def layer_affine(self, x, shape):
        axis = self.random.choice([len(shape) - 1, self.random.randrange(len(shape))])
        operands = [(x, shape), self.weight(shape[axis]), self.weight(shape[axis])]
        self.emit("affine", operands, f"axis {axis}", shape)

    def layer_activation(self, x, shape):
        function = self.random.choice(["relu", "relu", "tanh", "sigmoid", "silu", "abs", "neg", "square"])
        self.emit(f"unary {function}", [(x, shape)], "", shape)

    def layer_gate(self, x, shape):
        gate = self.emit("unary sigmoid", [(x, shape)], "", shape)
        self.emit("binary mul", [(x, shape), gate], "", shape)

    def layer_pool(self, x, shape):
        spatial = shape[1:-1]
        if 1 <= len(spatial) <= 2 and min(spatial) >= 2:
            stride = self.random.choice([1, 2])
            out = [shape[0], *[(size - 2) // stride + 1 for size in spatial], shape[-1]]
            function = self.random.choice(["max", "average"])
            self.emit(f"pool {function}", [(x, shape)], f"window {[2] * len(spatial)} strides {[stride] * len(spatial)}", out)

    def layer_reduce(self, x, shape):
        if len(shape) > 2:
            axes = sorted(self.random.sample(range(1, len(shape)), self.random.choice([1, len(shape) - 2])))
            out = [size for d, size in enumerate(shape) if d not in axes]
            self.emit(f"reduce {self.random.choice(['mean', 'max', 'sum'])}", [(x, shape)], f"axes {axes}", out)

    def layer_softmax(self, x, shape):
        self.emit("softmax", [(x, shape)], f"axes [{len(shape) - 1}]", shape)

    def layer_normalize(self, x, shape):
        self.emit("normalize layer", [(x, shape)], f"axes [{len(shape) - 1}] epsilon 1.0e-3", shape)

    def layer_transpose(self, x, shape):
        permutation = [0, *self.random.sample(range(1, len(shape)), len(shape) - 1)]
        self.emit("transpose", [(x, shape)], f"permutation {permutation}", [shape[d] for d in permutation])

    def layer_flatten(self, x, shape):
        if len(shape) > 2:
            out = [shape[0], math.prod(shape[1:])] if self.random.random() < 0.5 else [shape[0], shape[1] * shape[2], *shape[3:]]
            self.emit("reshape", [(x, shape)], f"shape {[-1, *out[1:]]}", out)

    def layer_pad(self, x, shape):
        low = [0] + [self.random.choice([0, 1]) for _ in shape[1:]]
        high = [0] + [self.random.choice([0, 1]) for _ in shape[1:]]
        if self.random.random() < 0.6:
            low[-1] = high[-1] = 0
        out = [sum(sizes) for sizes in zip(shape, low, high)]
        self.emit("pad", [(x, shape)], f"low {low} high {high} value 0.0", out)

    def layer_slice(self, x, shape):
        starts = [0] + [self.random.randrange(max(1, size // 2)) for size in shape[1:]]
        sizes = [shape[0]] + [max(1, size - start - self.random.choice([0, 1])) for size, start in zip(shape[1:], starts[1:])]
        self.emit("slice", [(x, shape)], f"starts {starts} sizes {sizes}", sizes)

    def layer_reverse(self, x, shape):
        self.emit("reverse", [(x, shape)], f"axes [{self.random.randrange(len(shape))}]", shape)

    def layer_resize(self, x, shape):
        if len(shape) == 4 and max(shape) < 12:
            sizes = [2 * size for size in shape[1:3]]
            self.emit("resize", [(x, shape)], f"sizes {sizes}", [shape[0], *sizes, shape[3]])

    def layer_local_conv(self, x, shape):
        spatial = shape[1:-1]
        if 1 <= len(spatial) <= 2 and max(spatial) <= 12:
            low = self.random.choice([0, 1])
            places = [(size + low - 2) // 2 + 1 for size in spatial]
            if min(places) > 0:
                filters, window = self.random.choice([3, 8]), [2] * len(spatial)
                operands = [(x, shape), self.weight(*places, *window, shape[-1], filters)]
                attributes = f"strides {window} pads {[low, 0] * len(spatial)}"
                self.emit("local_conv", operands, attributes, [shape[0], *places, filters])

    def integers(self, x, shape):
        """The numbers of x, a ninth apart, as integers."""
        result, types = f"%i{len(self.lines)}", tensor(shape).replace("f32", "i32")
        self.lines.append(f"  {result}n = nn.constant dense<9.0> : tensor<f32>")
        scaled, _ = self.emit("binary mul", [(x, shape), (f"{result}n", [])], "", shape)
        self.lines.append(f'  {result} = nn.cast {scaled} : ({tensor(shape)}) -> {types} loc("layer_{self.layer}")')
        return result, types

    def layer_gather(self, x, shape):
        if math.prod(shape) <= 400 and len(shape) < 5:
            indices, types = self.integers(x, shape)
            table, rows = self.weight(self.random.choice([1, 3, 7]), self.random.choice([1, 4, 8]))
            self.lines.append(f'  %g{len(self.lines)} = nn.gather clamp {table}, {indices} axis 0 : ({tensor(rows)}, {types}) -> '
                              f'{tensor([*shape, rows[1]])} loc("layer_{self.layer}")')
            self.values.append((f"%g{len(self.lines) - 1}", [*shape, rows[1]]))

    def layer_one_hot(self, x, shape):
        if math.prod(shape) <= 400 and len(shape) < 5:
            indices, types = self.integers(x, shape)
            out = [*shape, self.random.choice([1, 3, 5])]
            bools, result = tensor(out).replace("f32", "i1"), f"%h{len(self.lines)}"
            self.lines.append(f'  {result}b = nn.one_hot {indices} depth {out[-1]} : ({types}) -> {bools} loc("layer_{self.layer}")')
            self.lines.append(f'  {result} = nn.cast {result}b : ({bools}) -> {tensor(out)} loc("layer_{self.layer}")')
            self.values.append((result, out))

    def layer_bucketize(self, x, shape):
        result, types = f"%b{len(self.lines)}", tensor(shape).replace("f32", "i32")
        self.lines.append(f"  {result}c = nn.constant dense<[-0.5, 0.0, 0.3]> : tensor<3xf32>")
        self.lines.append(f'  {result}i = nn.bucketize {x}, {result}c : ({tensor(shape)}, tensor<3xf32>) -> {types} loc("layer_{self.layer}")')
        self.lines.append(f'  {result} = nn.cast {result}i : ({types}) -> {tensor(shape)} loc("layer_{self.layer}")')
        self.values.append((result, shape))

    def layer_broadcast(self, x, shape):
        if 1 in shape[1:]:
            out = [shape[0], *[3 if size == 1 else size for size in shape[1:]]]
            self.emit("broadcast", [(x, shape)], f"shape {out}", out)

    def layer_concat(self, x, shape):
        axis = self.random.choice([len(shape) - 1, 1])
        fits = [value for value in self.values
                if len(value[1]) == len(shape) and all(a == b for d, (a, b) in enumerate(zip(value[1], shape)) if d != axis)]
        parts = [self.random.choice(fits) for _ in range(self.random.choice([2, 2, 3]))]
        out = list(shape)
        out[axis] = sum(part[1][axis] for part in parts)
        if out[axis] <= 64:
            self.emit("concat", parts, f"axis {axis}", out)

    def layer_merge(self, x, shape):
        def broadcasts(other):
            return len(other) <= len(shape) and all(a in (1, b) for a, b in zip(reversed(other), reversed(shape)))

        other = self.random.choice([value for value in self.values if broadcasts(value[1])])
        self.emit(f"binary {self.random.choice(['add', 'add', 'mul', 'maximum', 'sub'])}", [(x, shape), other], "", shape)

    def layer_squeeze_and_excite(self, x, shape):
        if len(shape) == 4:
            batch, channels = shape[0], shape[-1]
            mean = self.emit("reduce mean", [(x, shape)], "axes [1, 2]", [batch, channels])
            mean = self.emit("reshape", [mean], f"shape [-1, 1, 1, {channels}]", [batch, 1, 1, channels])
            gate = self.emit("conv", [mean, self.weight(1, 1, channels, channels)], "", [batch, 1, 1, channels])
            gate = self.emit("unary sigmoid", [gate], "", gate[1])
            self.emit("binary mul", [(x, shape), gate], "", shape)

    def text(self):
        outputs = [self.values[-1]] + [self.random.choice(self.values) for _ in range(self.random.choice([0, 0, 1, 2]))]
        arguments = ", ".join(f"{name}: {tensor(shape)}" for name, shape in self.inputs)
        results = ", ".join(tensor(shape) for _, shape in outputs)
        names = ", ".join(name for name, _ in outputs)
        return "\n".join([f"func.func @{self.name}({arguments}) -> ({results}) {{", *self.lines,
                          f"  return {names} : {results}", "}"])


if __name__ == "__main__":
    first, count = int(sys.argv[1]), int(sys.argv[2])
    for seed in range(first, first + count):
        print(Graph(f"graph_{seed}", seed).text())
