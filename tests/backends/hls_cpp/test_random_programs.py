"""Random programs over a few memories: whatever is overwritten, old contents must stay as they were.

All memories have the same few types, so that any value can take any other's place: in loops they
are carried twice, exchanged, dropped, or captured beside being carried.
"""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lstmir import dialects
from lstmir.ir.builder import Builder
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import I32, TensorType, Type
from lstmir.numeric.fixed import FixedType

if TYPE_CHECKING:
    from tests.backends.hls_cpp.conftest import Run, Workshop

dialects.load()

WORD = FixedType(True, 8, 3)
SUM = FixedType(True, 40, 6)
LINE = TensorType((4,), WORD)
GRID = TensorType((4, 4), WORD)
SUMS = TensorType((4,), SUM)
WRAP = {"rounding": "floor", "overflow": "wrap"}

Values = defaultdict[Type, list[Value]]


class Maker:
    """Makes one module; `values` are those that the region under construction can read."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.module = Module(f"program_{seed}")

    def make(self) -> Module:
        """A scan with random states and a random body, and random operations behind it."""
        region = Region([TensorType((None, 4), WORD)], ["x"])
        build = Builder(self.module, region)
        values = self.constants(build)
        states = [self.random.choice(values[t]) for t in (LINE, LINE, GRID, SUMS)]
        finals = self.scan(build, region.arguments[0], states, values)
        for value in finals:
            values[value.type].append(value)
        self.statements(build, values, [], 2)
        build.end("return", [self.mixed(build, values)])
        self.module.functions["main"] = Function("main", region)
        return self.module

    def constants(self, build: Builder) -> Values:
        values: Values = defaultdict(list)
        for index, type_ in enumerate([LINE, LINE, GRID, SUMS]):
            shape = type_.static_shape
            numbers = [self.random.randint(-128, 127) for _ in range(int(np.prod(shape)))]
            array = np.array(numbers).reshape(shape)
            values[type_].append(build.constant(array, type_, f"constant_{index}"))
        return values

    def scan(
        self, build: Builder, x: Value, states: list[Value], outside: Values
    ) -> tuple[Value, ...]:
        captured = self.some([v for group in outside.values() for v in group])
        types = [LINE, *(v.type for v in (*states, *captured))]
        region = Region(types, ["x", *(f"state_{k}" for k in range(len(states)))])
        op = Operation(
            "rnn.scan", [v.type for v in states], {"segments": (1, 0, len(states), len(captured))},
            [region],
        )  # fmt: skip
        build.region.insert(op, [x, *states, *captured])
        inside = grouped(region.arguments)
        body = Builder(self.module, region)
        self.statements(body, inside, [], 3)
        nexts = [self.random.choice(inside[v.type]) for v in states]
        body.end("rnn.yield", nexts, segments=(len(nexts), 0))
        return op.results

    def statements(self, build: Builder, values: Values, indices: list[Value], depth: int) -> None:
        """Random operations; what they give can be read by those behind them."""
        for _ in range(self.random.randint(2, 5)):
            kinds = [self.load, self.store, self.store, self.mac, self.tile, self.rearranged]
            if depth and self.random.random() < 0.4:
                for value in self.loop(build, values, indices, depth - 1):
                    values[value.type].append(value)
                continue
            value = self.random.choice(kinds)(build, values, indices)
            values[value.type].append(value)

    def loop(
        self, build: Builder, values: Values, indices: list[Value], depth: int
    ) -> tuple[Value, ...]:
        everything = [v for group in values.values() for v in group]
        carried = [self.random.choice(everything) for _ in range(self.random.randint(1, 4))]
        captured = self.some(everything)
        types = [I32, *(v.type for v in (*carried, *captured, *indices))]
        region = Region(types, ["k"])
        op = Operation(
            "tile.for", [v.type for v in carried],
            {"trip": self.random.randint(1, 3), "segments": (len(carried), len(captured + indices))},
            [region],
        )  # fmt: skip
        build.region.insert(op, [*carried, *captured, *indices])
        arguments = region.arguments
        inner = Builder(self.module, region)
        inside = grouped(arguments[1 : len(arguments) - len(indices)])
        self.statements(inner, inside, [v for v in arguments if v.type == I32], depth)
        inner.end("tile.yield", [self.random.choice(inside[v.type]) for v in carried])
        return op.results

    def some(self, values: list[Value]) -> list[Value]:
        """Most of the values, the way it happens that a body needs them."""
        kept = [v for v in values if self.random.random() < 0.8]
        present = {v.type for v in kept}
        return kept + [next(v for v in values if v.type == t) for t in (LINE, GRID, SUMS)
                       if t not in present]  # fmt: skip

    # -- operations -------------------------------------------------------------------------

    def pick(self, values: Values, type_: Type) -> Value:
        """A value of a type: rather a new one, sometimes one that has been replaced since."""
        group = values[type_]
        return group[-1] if self.random.random() < 0.6 else self.random.choice(group)

    def address(self, indices: list[Value], words: int = 1) -> tuple[list[Value], dict[str, Any]]:
        """Indices and an address of four words that stays inside, whatever the loops' trips."""
        used = [index for index in indices if self.random.random() < 0.5][:1]
        if not used or words > 1:
            return [], {"base": self.random.randint(0, 4 - words), "strides": ()}
        up = self.random.random() < 0.5
        return used, {"base": 0 if up else 3, "strides": (1 if up else -1,)}

    def load(self, build: Builder, values: Values, indices: list[Value]) -> Value:
        used, address = self.address(indices)
        return build.value("tile.load", self.pick(values, LINE), *used, hint="word", **address)

    def tile(self, build: Builder, values: Values, indices: list[Value]) -> Value:
        used, address = self.address(indices)
        return build.value("tile.load", self.pick(values, GRID), *used, hint="row", **address)

    def number(self, build: Builder, values: Values, indices: list[Value]) -> Value:
        left, right = (self.load(build, values, indices) for _ in range(2))
        if values[WORD]:
            right = self.pick(values, WORD)
        total = build.value("arith.add", left, right)
        return build.value("fx.requantize", total, type=WORD, hint="number", **WRAP)

    def store(self, build: Builder, values: Values, indices: list[Value]) -> Value:
        used, address = self.address(indices)
        type_ = self.random.choice([LINE, GRID])
        word = self.pick(values, LINE) if type_ == GRID else self.number(build, values, indices)
        memory = self.pick(values, type_)
        return build.value("tile.store", memory, word, *used, hint="stored", **address)

    def mac(self, build: Builder, values: Values, indices: list[Value]) -> Value:
        weights = self.pick(values, GRID)
        vector = self.pick(values, self.random.choice([LINE, GRID]))
        sums = self.pick(values, SUMS)
        return build.value("tile.mac", sums, weights, vector, type=SUMS, hint="sums")

    def rearranged(self, build: Builder, values: Values, indices: list[Value]) -> Value:
        """A grid as a vector, some of which is cut out; or part of a line with zeros behind."""
        if self.random.random() < 0.5:
            part = build.value("tile.load", self.pick(values, LINE), base=1, strides=(), words=3)
            return build.value("tile.pad", part, hint="padded", size=4)
        flat = build.value("tensor.reshape", self.pick(values, GRID), type=TensorType((16,), WORD))
        start = self.random.randint(0, 12)
        return build.value("tensor.slice", flat, hint="cut", axis=0, start=start, size=4)

    def mixed(self, build: Builder, values: Values) -> Value:
        """A result on which a line, a grid and sums have their effect."""
        grid = build.value("tile.load", self.pick(values, GRID), base=1, strides=())
        result = self.pick(values, LINE)
        for k in range(4):
            words = [
                build.value("tile.load", memory, base=k, strides=())
                for memory in (result, grid, self.pick(values, SUMS))
            ]
            total = build.value("arith.add", *words)
            word = build.value("fx.requantize", total, type=WORD, **WRAP)
            result = build.value("tile.store", result, word, hint="result", base=k, strides=())
        return result


def grouped(values: tuple[Value, ...]) -> Values:
    groups: Values = defaultdict(list)
    for value in values:
        if value.type != I32:
            groups[value.type].append(value)
    return groups


def random_run(new_run: type[Run], seed: int) -> Run:
    """A program, run on sequences of one, two and five steps."""
    run = new_run(Maker(seed).make())
    numbers = np.random.default_rng(seed)
    for steps in (1, 2, 5):
        run.add(numbers.integers(-128, 128, (3, steps, 4)))
    return run


def check(workshop: Workshop, runs: list[Run]) -> None:
    wrong = [
        (run.module.name, found)
        for run, found in zip(runs, workshop.compare(runs), strict=True)
        if found["mismatches"] or found["values_compared"] != 9 * 4
    ]
    assert not wrong


@pytest.mark.needs("g++", "hls4ml")
def test_some_programs(new_run: type[Run], workshop: Workshop) -> None:
    check(workshop, [random_run(new_run, seed) for seed in range(24)])


@pytest.mark.soak
@pytest.mark.needs("g++", "hls4ml")
@pytest.mark.parametrize("batch", range(25))
def test_a_thousand_programs(new_run: type[Run], workshop: Workshop, batch: int) -> None:
    check(workshop, [random_run(new_run, 1000 + 40 * batch + seed) for seed in range(40)])
