"""Proven intervals of all values of a module, from its inputs' and its actual weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

import numpy as np

from lstmir.ir.captures import captures_of
from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of, segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import is_float
from lstmir.numeric.affine import Affine, born
from lstmir.numeric.boxes import Box, Matrix, anything, exactly, filled
from lstmir.numeric.invariants import invariant
from lstmir.passes.bounds.linear import Correlations, Forms, affine
from lstmir.passes.bounds.relations import RULES
from lstmir.passes.bounds.rules import sizes

_SYMBOLS = 512
"""The symbols of a form; what is beyond them is folded."""
_NUMBERS = 2**24
"""The generators of a form, all elements together."""


def prove(module: Module, inputs: Sequence[Box]) -> dict[Value, Box]:
    """The interval of each element of each float value that is computed or is an argument.

    It holds for all inputs in theirs and any number of steps, for the REAL numbers that the module
    means: floats may be off by what they round. Elements along a dynamic axis share an interval,
    so the axis has length 1. Infinite ends say that nothing was proven.
    """
    analysis = Analysis(module)
    analysis.region(module.main.region, inputs)
    return analysis.found


class Analysis(Forms):
    """What is known so far. A body's values are those of its last evaluation.

    Forms end with the evaluation of their region: what enters a region, and what no linear
    operation gives, is a box whose elements are symbols of their own, new ones each time.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.found: dict[Value, Box] = {}
        self._matrices: dict[int, Matrix] = {}
        self._correlations: dict[Region, Correlations] = {}
        self._forms: dict[Value, Affine] = {}
        self._born = 0

    def region(self, region: Region, arguments: Iterable[Box | None]) -> list[Box]:
        """The intervals of what leaves a region, from those of what enters it."""
        for value, box in zip(region.arguments, arguments, strict=True):
            if box is not None:
                self.found[value] = box
        if region not in self._correlations:
            self._correlations[region] = Correlations(region, self)
        correlations = self._correlations[region]
        outside, self._forms = self._forms, {}
        for op in region.operations():
            if op is not region.end:
                self.operation(op)
            if op in correlations.made:
                self.correlated(op, narrows=op in correlations.gain)
        self._forms = outside
        return [self.box(value) for value in region.end.operands]

    def operation(self, op: Operation) -> None:
        """Enter the intervals of an operation's results."""
        if op.name == "rnn.scan":
            boxes = self.scan(op)
        else:
            rule = RULES.get(op.name)
            boxes = [self.box(value) if rule is None else rule(op, self) for value in op.results]
        for value, box in zip(op.results, boxes, strict=True):
            if is_float(value.type):
                self.found[value] = box.spread(sizes(value))

    def correlated(self, op: Operation, *, narrows: bool) -> None:
        """Enter the form of a linear operation's result, and what it says of the interval."""
        value = op.result
        box, form = self.found[value], affine(op, self).folded(_symbols(value))
        range_ = form.range
        if narrows:
            self.found[value] = range_.meet(box)
        # A form that forgot what the box knows, such as a mean, is better begun again.
        if not np.all(range_.hi - range_.lo > 2 * (box.hi - box.lo)):
            self._forms[value] = form

    def scan(self, op: Operation) -> list[Box]:
        """The sequences that a loop emits and its last states, under its invariant."""
        body = op.regions[0]
        held = body.end.attributes["segments"][0]
        inputs = [self.box(value).over((0,)) for value in segment(op, "")]
        captured = [
            self.box(value) if is_float(value.type) else None for _, value in captures_of(op)
        ]
        initial = [self.box(value) for value in segment(op, "state")]

        def step(states: Sequence[Box]) -> list[Box]:
            return self.region(body, [*inputs, *states, *captured])

        states = invariant(lambda states: step(states)[:held], initial)
        after = step(states)
        emitted = [box.map(lambda end: end[None]) for box in after[held:]]
        if segment(op, "length"):
            # Behind the length, what is emitted is zero.
            emitted = [box.hull(filled(box.shape, 0, 0)) for box in emitted]
        # Of no step at all, the initial states come out.
        return [*emitted, *(a.hull(b) for a, b in zip(after, initial, strict=False))]

    def box(self, value: Value) -> Box:
        """The interval of each element of a value; all reals where nothing is known."""
        if value in self.found:
            return self.found[value]
        array = self.constant(value)
        return anything(sizes(value)) if array is None else exactly(array)

    def form(self, value: Value) -> Affine:
        """The form of a value; without one, that of its box."""
        if value not in self._forms:
            self._forms[value] = born(self.box(value), self._born, _symbols(value))
            self._born += self.box(value).lo.size
        return self._forms[value]

    def matrix(self, value: Value) -> Matrix | None:
        """A constant matrix, prepared for products."""
        array = self.constant(value)
        if array is None:
            return None
        # In a loop that is evaluated many times, the captured matrix is always the same array.
        if id(array) not in self._matrices:
            self._matrices[id(array)] = Matrix(array)
        return self._matrices[id(array)]

    def constant(self, value: Value) -> np.ndarray | None:
        """The numbers behind a value; None where they are unknown, or some are none."""
        array = constant_of(value, self.module.resources)
        if array is None or not is_float(value.type) or not np.isfinite(array).all():
            return None
        return array


def _symbols(value: Value) -> int:
    """As many as memory is spent on."""
    return min(_SYMBOLS, _NUMBERS // max(1, prod(sizes(value))))
