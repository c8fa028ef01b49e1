# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How cases.py writes its tables: combinations of arguments, and what one case is."""
import dataclasses
import itertools

# How a model is saved: by which Keras, in which files.
DIALECTS = {
    "keras": ("keras", ".keras"), "h5": ("keras", ".h5"), "json": ("keras", ".json"),
    "tfk": ("tf_keras", ".keras"), "tfk_h5": ("tf_keras", ".h5"), "tfk_json": ("tf_keras", ".json"),
}


class New:
    """A Keras object inside a layer's arguments: New("layers.LeakyReLU", negative_slope=0.1)."""

    def __init__(self, path, *arguments, **config):
        self.path, self.arguments, self.config = path, arguments, config

    def make(self, keras):
        made = keras
        for word in self.path.split("."):
            made = getattr(made, word)
        return made(*resolve(self.arguments, keras), **resolve(self.config, keras))

    def __repr__(self):
        return "_".join([self.path.split(".")[-1], *map(slug, self.arguments), *map(slug, self.config.values())])


def resolve(value, keras):
    """The arguments with every New made."""
    if isinstance(value, New):
        return value.make(keras)
    if isinstance(value, dict):
        return {key: resolve(part, keras) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(resolve(part, keras) for part in value)
    return value


def slug(value):
    """A value as part of a file name."""
    if isinstance(value, (list, tuple)):
        return "x".join(slug(part) for part in value) or "scalar"
    text = str(value).lower().replace("->", "_to_").replace(",", "_").replace("-", "m").replace("...", "rest_")
    return "".join(c if c.isalnum() or c in "_." else "_" for c in text)


def grid(unless=None, **lists):
    """Every combination of the lists, but those for which `unless` holds."""
    combinations = [dict(zip(lists, values)) for values in itertools.product(*lists.values())]
    return [c for c in combinations if not (unless and unless(c))]


def pairs(unless=None, **lists):
    """Combinations in which every two values of different lists meet, few of them: greedy, in a fixed order."""
    candidates = grid(unless, **lists)

    def pairs_of(c):
        return {((a, repr(c[a])), (b, repr(c[b]))) for a, b in itertools.combinations(lists, 2)}

    missing, chosen = set().union(*map(pairs_of, candidates)), []
    while missing:
        best = max(candidates, key=lambda c: len(pairs_of(c) & missing))
        missing -= pairs_of(best)
        chosen.append(best)
    return chosen


def each(**lists):
    """One argument at a time."""
    return [{key: value} for key, values in lists.items() for value in values]


@dataclasses.dataclass
class Table:
    """Cases of one layer: `base` arguments joined with each of `variations`, called on inputs of the given shapes."""
    layer: str
    shapes: object               # one input's shape without the batch, or a list of such
    base: dict = dataclasses.field(default_factory=dict)
    variations: list = dataclasses.field(default_factory=lambda: [{}])
    values: str = "uniform"      # what the inputs hold, see VALUES of record.py; a list where inputs differ
    dtype: object = "float32"    # of the inputs; a list where they differ
    batch: int = 2
    call: dict = dataclasses.field(default_factory=dict)  # keyword arguments of the call
    twins: int = 0               # every twins-th variation also with channels_first
    old: tuple = ()              # dialects besides .keras, each for one more variation in turn
    only: str = ""               # the one dialect of a layer that Keras 3 does not have
    label: str = ""              # tells apart tables that would name their cases alike
    before: dict = dataclasses.field(default_factory=dict)  # by an input's number: a layer between it and this one
    named: dict = dataclasses.field(default_factory=dict)   # arguments of the call that are inputs: their numbers, in lists
    fixed: bool = False          # the model's inputs state the batch
    steps: int = 0               # where positive, so many calls in a row, of a model that keeps state
    backend: str = "jax"         # of Keras 3
    release: str = ""            # of Keras 3, "3.13", where an old one writes other files; only that one records them


@dataclasses.dataclass
class Graph:
    """Cases of one function of graphs.py, or of one expression of operations.py."""
    function: str
    values: str = "uniform"
    batch: int = 2
    dialects: tuple = ("keras",)
    sizes: tuple = ()            # for free sizes of the inputs, in order
    folder: str = "graphs"
    steps: int = 0
    backend: str = "jax"
    release: str = ""


@dataclasses.dataclass
class Case:
    """One recorded case: recorded/FOLDER/NAME.*"""
    folder: str
    name: str
    dialect: str
    source: object               # its Table or Graph
    config: dict = dataclasses.field(default_factory=dict)
    shapes: list = dataclasses.field(default_factory=list)

    @property
    def path(self):
        return f"{self.folder}/{self.name}"


def channels_first(shape):
    return (shape[-1], *shape[:-1])


def _table_case(table, config, shapes, dialect, words=()):
    words = [table.label, "+".join(slug(shape) for shape in shapes), *(f"{key}_{slug(value)}" for key, value in config.items()),
             *words, "" if dialect == "keras" else dialect]
    name = "-".join(word for word in words if word)
    return Case(table.layer, name, dialect, table, {**table.base, **config}, shapes)


def table_cases(table):
    shapes = table.shapes if isinstance(table.shapes, list) else [table.shapes]
    for number, config in enumerate(table.variations):
        yield _table_case(table, config, shapes, table.only or "keras")
        if table.twins and number % table.twins == 0 and config.get("padding") != "causal":
            twin = {**config, "data_format": "channels_first"}
            yield _table_case(table, twin, [channels_first(shape) for shape in shapes], "keras")
    for number, dialect in enumerate(table.old):
        yield _table_case(table, table.variations[(2 * number) % len(table.variations)], shapes, dialect)


def graph_cases(graph):
    for dialect in graph.dialects:
        yield Case(graph.folder, graph.function + ("" if dialect == "keras" else "-" + dialect), dialect, graph)


def all_cases(tables, graphs):
    """All cases by path. Two of one path would overwrite each other."""
    cases = [case for table in tables for case in table_cases(table)] + [c for graph in graphs for c in graph_cases(graph)]
    by_path = {case.path: case for case in cases}
    if len(by_path) != len(cases):
        names = [case.path for case in cases]
        raise ValueError(f"two cases are named {next(name for name in names if names.count(name) > 1)}")
    return by_path
