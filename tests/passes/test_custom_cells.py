"""Recurrences that no layer has: states of several lengths, gates of one unit, values used twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstmir import dialects, passes
from lstmir.interpreter.run import run_samples
from lstmir.ir.builder import Builder
from lstmir.ir.captures import add_capture
from lstmir.ir.interface import Port, set_ports
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, element_of, shape_of
from lstmir.ir.verify import verify
from lstmir.numeric.fixed import FixedType
from tests.passes.levels import apply
from tests.passes.nests import lanes, nests, walks

FEATURES, WORD, STATE = 3, FixedType(True, 4, 2), FixedType(True, 8, 4)
WEIGHT = FixedType(True, 4, 5)

dialects.load()
passes.load()


class Cell:
    """A module of one recurrence under construction."""

    def __init__(self, **states: int) -> None:
        self.module, self.random = Module("cell"), np.random.default_rng(0)
        x = TensorType((None, FEATURES), WORD)
        self.region = Region([x], ["x"])
        self.outer = Builder(self.module, self.region)
        held = {name: self.constant(f"{name}_0", STATE, size) for name, size in states.items()}
        step = TensorType((FEATURES,), WORD)
        body = Region([step, *(v.type for v in held.values())], ["x", *held])
        self.scan = Operation("rnn.scan", (), {"segments": (1, 0, len(held), 0)}, [body])
        self.region.insert(self.scan, [self.region.arguments[0], *held.values()])
        self.build = Builder(self.module, body)
        self.x, *self.states = body.arguments

    def constant(self, name: str, element: FixedType, *shape: int) -> Value:
        array = self.random.integers(element.min_int, element.max_int, shape, endpoint=True)
        return self.outer.constant(array, TensorType(shape, element), name)

    def inside(self, name: str, *shape: int) -> Value:
        return add_capture(self.scan, self.constant(name, WEIGHT, *shape))

    def product(self, name: str, rows: int, vector: Value) -> Value:
        (size,) = shape_of(vector.type)
        return self.build.value("linalg.matvec", self.inside(name, rows, size or 0), vector)

    def op(self, name: str, *operands: Value, **attributes: Any) -> Value:
        return self.build.value(name, *operands, **attributes)

    def narrow(self, value: Value) -> Value:
        type_ = TensorType(shape_of(value.type), STATE)
        modes = {"rounding": "half_up", "overflow": "saturate"}
        return self.build.value("fx.requantize", value, type=type_, **modes)

    def end(self, *nexts: Value) -> Module:
        """The module, which gives the last of the states."""
        self.build.end("rnn.yield", nexts, segments=(len(nexts), 0))
        self.scan.result_types = [value.type for value in nexts]
        self.scan.result_names = [None] * len(nexts)
        last = self.scan.results[-1]
        self.outer.end("return", [last])
        self.module.functions["main"] = Function("main", self.region)
        (size,) = shape_of(last.type)
        set_ports(self.module, [Port("x", "input", "f32", (-1, -1, FEATURES), 0, 1),
                                Port("y", "output", "f32", (-1, size or 0), 0)])  # fmt: skip
        self.module.attributes["form"] = "sample"
        return self.module


def two_lengths() -> Module:
    """A long state is driven by the new short one, joined with x."""
    cell = Cell(a=3, b=7)
    _, b = cell.states
    short = cell.narrow(cell.op("arith.add", cell.product("u", 3, cell.x), cell.product("v", 3, b)))
    both = cell.op("tensor.concat", cell.narrow(cell.x), short, axis=0)
    long = cell.narrow(cell.op("arith.add", cell.product("w", 7, both), cell.inside("p", 7)))
    return cell.end(short, long)


def one_gate_for_all() -> Module:
    """A gate of one unit weighs all units, and a share of the state feeds it elementwise."""
    cell = Cell(a=5)
    (a,) = cell.states
    gate = cell.narrow(cell.product("g", 1, cell.x))
    weighted = cell.op("arith.mul", gate, a)
    terms = [weighted, cell.product("w", 5, a), cell.product("v", 5, cell.x)]
    return cell.end(cell.narrow(cell.op("arith.add", *terms)))


def separate_matrices() -> Module:
    """Gates with a matrix each, in formats of their own, and a difference of products."""
    cell = Cell(a=5)
    (a,) = cell.states
    first = cell.narrow(cell.op("arith.sub", cell.product("u", 5, cell.x), cell.product("v", 5, a)))
    second = cell.narrow(
        cell.op("arith.add", cell.product("w", 5, cell.x), cell.product("z", 5, a))
    )
    return cell.end(cell.narrow(cell.op("arith.mul", first, second)))


def computed_once() -> Module:
    """A gate is needed before and behind a product with it."""
    cell = Cell(a=5)
    (a,) = cell.states
    gate = cell.narrow(cell.product("u", 5, cell.x))
    reset = cell.narrow(cell.op("arith.mul", gate, a))
    return cell.end(cell.narrow(cell.op("arith.add", cell.product("w", 5, reset), gate)))


def part_of_a_state() -> Module:
    """A matrix multiplies a part of a state, and each unit adds what its neighbour was."""
    cell = Cell(a=6)
    (a,) = cell.states
    low = cell.op("tensor.slice", a, axis=0, start=2, size=3)
    high = cell.op("tensor.slice", a, axis=0, start=3, size=3)
    first = cell.narrow(cell.op("arith.add", cell.product("w", 3, low), high))
    second = cell.narrow(cell.op("arith.sub", cell.product("v", 3, cell.x), high))
    return cell.end(cell.op("tensor.concat", first, second, axis=0))


def old_and_new() -> Module:
    """A state that is another state's old value, and one that nothing multiplies."""
    cell = Cell(a=4, b=4, c=4)
    a, b, c = cell.states
    new = cell.narrow(cell.op("arith.add", cell.product("w", 4, cell.x), cell.product("v", 4, b)))
    decayed = cell.narrow(cell.op("arith.sub", c, b))
    return cell.end(new, a, decayed)


def neighbours() -> Module:
    """A unit adds what its neighbour computes in this step."""
    cell = Cell(a=5, b=4)
    a, b = cell.states
    new = cell.narrow(cell.op("arith.add", cell.product("w", 5, cell.x), cell.product("v", 5, b)))
    shifted = cell.op("tensor.slice", new, axis=0, start=1, size=4)
    both = cell.op("arith.add", cell.product("u", 4, a), shifted)
    return cell.end(new, cell.narrow(both))


def first_for_all() -> Module:
    """The first unit, as it was, weighs all units."""
    cell = Cell(a=5)
    (a,) = cell.states
    first = cell.op("tensor.slice", a, axis=0, start=0, size=1)
    weighted = cell.op("arith.mul", first, cell.product("w", 5, cell.x))
    return cell.end(cell.narrow(cell.op("arith.add", weighted, cell.product("v", 5, a))))


def table_of_a_sum() -> Module:
    """A table is indexed by a sum as it is, in the format that its model gave it."""
    cell = Cell(a=5)
    (a,) = cell.states
    total = cell.op("arith.add", cell.product("w", 5, cell.x), cell.inside("p", 5))
    index = element_of(total.type)
    assert isinstance(index, FixedType)
    table = cell.constant("table", STATE, 1 << index.width)
    found = cell.op("fx.lookup", add_capture(cell.scan, table), total)
    return cell.end(cell.narrow(cell.op("arith.add", found, cell.product("v", 5, a))))


def sums_in_turns() -> Module:
    """Two gates that never read the same, one of them a vector that this step computes."""
    cell = Cell(a=5, b=5)
    a, b = cell.states
    joined = cell.op("tensor.concat", cell.narrow(cell.x), a, cell.narrow(cell.x), axis=0)
    first = cell.op("arith.add", cell.product("u", 5, cell.x), cell.product("v", 5, joined))
    second = cell.narrow(cell.product("w", 5, b))
    new = cell.narrow(first)
    return cell.end(new, cell.narrow(cell.op("arith.add", new, second)))


CELLS: dict[str, tuple[Callable[[], Module], list[int], list[int]]] = {
    "two lengths": (two_lengths, [1, 1], [2, 2]),
    "one gate for all": (one_gate_for_all, [1, 1], [1, 2]),
    "separate matrices": (separate_matrices, [3], [2]),
    "computed once": (computed_once, [1, 1], [1, 1]),
    "part of a state": (part_of_a_state, [1, 1], [1, 1]),
    "old and new": (old_and_new, [1], [2]),
    "neighbours": (neighbours, [1, 1], [2, 1]),
    "first for all": (first_for_all, [2], [2]),
    "sums in turns": (sums_in_turns, [2], [5]),
    "a table of a sum": (table_of_a_sum, [2], [2]),
}


@pytest.mark.parametrize("macs", [4, 8, 32])
@pytest.mark.parametrize("name", CELLS)
def test_bits_and_nests(name: str, macs: int) -> None:
    make, sums, read = CELLS[name]
    module = make()
    verify(module)
    element = element_of(module.main.parameters[0].type)
    assert isinstance(element, FixedType)
    random = np.random.default_rng(1)
    data = random.integers(element.min_int, element.max_int, (4, 5, FEATURES), endpoint=True)
    wanted = run_samples(module, [data])[0]
    assert len(np.unique(wanted)) > 4
    apply(module, f"tile{{macs={macs}}}")
    assert np.array_equal(run_samples(module, [data])[0], wanted)
    scan = next(op for op in module.walk() if op.name == "rnn.scan")
    found = [nest for nest in nests(scan.regions[0]) if walks(nest)]
    assert [lanes(nest) for nest in found] == sums
    assert [len(walks(nest)) for nest in found] == read
    apply(module, "block-layout")
    assert np.array_equal(run_samples(module, [data])[0], wanted)
