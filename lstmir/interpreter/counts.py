"""Counts what a run of a module did: operations and elements, and values that did not fit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from lstmir.interpreter.plan import Array
from lstmir.ir.module import Function
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import ENTRY
from lstmir.ir.types import element_of
from lstmir.numeric.arrays import quantize_real
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.modes import Rounding
from lstmir.numeric.rounding import rounded


@dataclass(frozen=True)
class Count:
    """What the operations of one name did. An operation that runs on all samples at once runs once."""

    name: str
    operations: int
    runs: int
    elements: int


class Counts:
    """A listener that counts, by the operation's name, how often operations ran and what they gave.

    Operations without an array as their first result are not seen.
    """

    def __init__(self) -> None:
        self._runs: Counter[Operation] = Counter()
        self._elements: Counter[str] = Counter()

    def see(self, value: Value, array: Array) -> None:
        if value.op.name == ENTRY:
            return
        self._runs[value.op] += value.index == 0
        self._elements[value.op.name] += array.size

    @property
    def counts(self) -> list[Count]:
        """All that ran, by name."""
        operations = Counter(op.name for op in self._runs)
        runs: Counter[str] = Counter()
        for op, number in self._runs.items():
            runs[op.name] += number
        return [
            Count(name, operations[name], runs[name], self._elements[name])
            for name in sorted(operations)
        ]


@dataclass(frozen=True)
class Saturation:
    """How many of the elements that were brought to a format lay below and above it."""

    type: FixedType
    elements: int = 0
    below: int = 0
    above: int = 0

    def __add__(self, other: Saturation) -> Saturation:
        return Saturation(
            self.type,
            self.elements + other.elements,
            self.below + other.below,
            self.above + other.above,
        )

    @property
    def outside(self) -> int:
        """Elements that the format does not have."""
        return self.below + self.above


def saturation_of_reals(reals: np.ndarray, type_: FixedType) -> Saturation:
    """What rounding real numbers, half to even, to a format loses at its ends."""
    wider = FixedType(True, type_.width + 2, type_.frac)
    return _outside(quantize_real(np.asarray(reals, np.float64), wider), type_)


class Saturations:
    """A listener that counts, for each requantization, the elements that it had to clip or wrap."""

    def __init__(self, function: Function) -> None:
        found = [op for op in function.region.walk() if op.name == "fx.requantize"]
        self._sources = {op.result: op.operands[0] for op in found}
        self._needed = frozenset(self._sources.values())
        self._latest: dict[Value, np.ndarray] = {}
        self.found: dict[Value, Saturation] = {}

    def see(self, value: Value, array: Array) -> None:
        if value in self._needed:
            self._latest[value] = array
        source = self._sources.get(value)
        if source is None:
            return
        before, after = element_of(source.type), element_of(value.type)
        assert isinstance(before, FixedType) and isinstance(after, FixedType)
        rounding = Rounding(value.op.attributes["rounding"])
        integers = rounded(self._latest[source], before, after.frac, rounding)
        seen = _outside(integers, after)
        self.found[value] = self.found.get(value, Saturation(after)) + seen


def _outside(integers: np.ndarray, type_: FixedType) -> Saturation:
    below = int((integers < type_.min_int).sum())
    above = int((integers > type_.max_int).sum())
    return Saturation(type_, integers.size, below, above)
