"""What calibration data never move: a network that they say nothing about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.passes.observers import LOWEST
from lstmir.passes.records import has_room
from lstmir.passes.sums import sums_of_products
from lstmir.passes.uses import next_states

Ranges = Mapping[Value, tuple[float, float]]
Histograms = Mapping[Value, np.ndarray]

_GATES = {"math.sigmoid": (0, 1), "math.tanh": (-1, 1)}
"""The ends of gates."""
_NEAR = 2.0 ** (LOWEST + 1)
"""What the first bin of a histogram cannot tell from zero."""


def unmoved(module: Module, ranges: Ranges, histograms: Histograms) -> Iterator[str]:
    """A sentence for each input, sum and function that stays where it is, in the order of the text.

    Of what follows from one of them, nothing is said.
    """
    for value in module.main.parameters:
        lo, hi = ranges.get(value, (0.0, 1.0))
        # A recurrence moves its state, wherever that starts.
        if lo == hi and not next_states(value):
            yield f"the input '%{value.name}' is {lo:g} on all of the calibration data"
    totals = {each.total for each in sums_of_products(module)}
    still = set[Value]()
    for op in module.walk():
        is_sum = op in totals or op.name == "arith.add"
        if op.name.startswith(("tensor.", "math.")) and still.intersection(op.operands):
            still.update(op.results)
        elif is_sum or op.name.startswith("math."):
            end = _end(op, ranges, histograms) if has_room(op) else None
            if end is not None:
                still.add(op.result)
                yield f"{_named(op)} is {end} on all of the calibration data: nothing moves it"


def _end(op: Operation, ranges: Ranges, histograms: Histograms) -> str | None:
    """Where a value stays, if it does; a gate at an end of its range does."""
    if op.result not in ranges:
        return None
    lo, hi = ranges[op.result]
    if lo == hi:
        return f"{lo:g}"
    if op.name not in _GATES:
        return None
    for end in _GATES[op.name]:
        if end - _NEAR < lo and hi < end + _NEAR:
            return str(end)
    counts = histograms.get(op.result)
    # Nothing that a gate gives is larger than 1, so all of that bin is 1 in magnitude.
    is_end = counts is not None and counts[-LOWEST] == counts.sum()
    return "-1 or 1" if is_end else None


def _named(op: Operation) -> str:
    kind = "the gate " if op.name in _GATES else ""
    return (
        f"{kind}'%{op.result.name}'" if op.result.name else f"{kind or 'a result of '}'{op.name}'"
    )
