"""Listeners of `calibrate`: ranges, histograms and Gram matrices, summed up while data run through."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from lstmir.interpreter.listeners import Ranges
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import is_float
from lstmir.passes.records import has_room
from lstmir.passes.sums import Sum
from lstmir.pipeline.passes import Pass, cannot

OCTAVES = 40
"""The bins of a histogram."""
LOWEST = -24
"""Bin k counts the elements of magnitude 2**(k + LOWEST) to below 2**(k + 1 + LOWEST); the first
those below as well, zeros included, and the last those above."""


class FiniteRanges(Ranges):
    """The ranges of floats, which must be finite: `UserError` where one is not."""

    def __init__(self, pass_: Pass) -> None:
        super().__init__()
        self.pass_ = pass_

    def see(self, value: Value, array: np.ndarray) -> None:
        if not is_float(value.type):
            return
        super().see(value, array)
        if not all(map(isfinite, self.found.get(value, ()))):
            why = f"'%{value.name or value.index}' is not finite on the calibration data"
            raise cannot(self.pass_, why, value.op.location)


class Octaves:
    """Histograms of some values: how many elements have which binary order of magnitude."""

    def __init__(self, values: Sequence[Value]) -> None:
        self.found = {value: np.zeros(OCTAVES, np.int64) for value in values}

    def see(self, value: Value, array: np.ndarray) -> None:
        counts = self.found.get(value)
        if counts is not None:
            counts += octaves(array)


def octaves(array: np.ndarray) -> np.ndarray:
    """The histogram of the elements of an array of any shape."""
    _, exponents = np.frexp(array)  # of mantissas from 1/2, one more than that of 1 to 2
    bins = np.where(array == 0, 0, np.clip(exponents - 1 - LOWEST, 0, OCTAVES - 1))
    return np.bincount(bins.ravel(), minlength=OCTAVES)


def rounded_values(module: Module) -> list[Value]:
    """The computed values that a format is chosen for: where fixed point may lose something.

    Those are operands and results of real functions, what a step of a recurrence gives, and
    arithmetic outside of recurrences.
    """
    found: dict[Value, None] = {}
    for op in module.walk():
        if op.name.startswith("math."):
            found.update(dict.fromkeys([*op.operands, *op.results]))
        elif op.name == "rnn.yield":
            found.update(dict.fromkeys(op.operands))
        elif op.name.startswith("arith.") and op.parent.owner is None:
            found.update(dict.fromkeys(op.results))
    return [value for value in found if is_float(value.type) and has_room(value.op)]


class GramMatrices:
    """Sums the outer products of [vectors of a sum, 1] over samples and steps."""

    def __init__(self, sums: Sequence[Sum]) -> None:
        self.sums = {each.total.results[0]: each for each in sums}
        self.vectors = {vector for each in sums for vector in each.vectors}
        self.latest: dict[Value, np.ndarray] = {}
        self.found: dict[Operation, np.ndarray] = {}

    def see(self, value: Value, array: np.ndarray) -> None:
        if value in self.vectors:
            self.latest[value] = array
        each = self.sums.get(value)
        if each is None:
            return
        samples = len(array)
        parts = [self.latest[vector] for vector in each.vectors]
        parts = [np.broadcast_to(part, (samples, part.shape[1])) for part in parts]
        together = np.concatenate([*parts, np.ones((samples, 1))], axis=1, dtype=np.float64)
        product = together.T @ together
        if each.total in self.found:
            self.found[each.total] += product
        else:
            self.found[each.total] = product
