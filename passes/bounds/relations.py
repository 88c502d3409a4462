"""Rules that look at what the operands have in common: without that, intervals would be too wide."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import permutations
from typing import NamedTuple

import numpy as np

from lstmir.ir.operation import Operation, Value
from lstmir.numeric.boxes import Box, Matrix, exactly
from lstmir.passes.bounds import rules
from lstmir.passes.bounds.rules import Known, Rule, sizes

_NOT = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "eq": "ne", "ne": "eq"}
_TURNED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}
_DEPTH = 3
"""How many operations behind a comparison are evaluated again for what it says of their operands."""


def add(op: Operation, known: Known) -> Box:
    """A sum; where it is a weighted mean of two values, it lies between them."""
    found: Box = reduce(lambda a, b: a + b, map(known.box, op.operands))
    for mean in _means(op, known):
        if np.all(np.isfinite(known.box(mean.weight).magnitude)):
            found = found.meet(_mean(mean, known))
    return found


class _Mean(NamedTuple):
    """weight * left + (1 - weight) * right."""

    weight: Value
    left: Value
    right: Value


def _means(op: Operation, known: Known) -> Iterator[_Mean]:
    """The ways to read a sum of two as a weighted mean: right + w (left - right), or both products."""
    if len(op.operands) != 2:
        return
    for right, other in permutations(op.operands):
        for weight, difference in _factors(other):
            if difference.op.name == "arith.sub" and difference.op.operands[1] == right:
                yield _Mean(weight, difference.op.operands[0], right)
    for first, second in permutations(op.operands):
        for weight, left in _factors(first):
            for rest, right in _factors(second):
                if _is_rest(rest, weight, known):
                    yield _Mean(weight, left, right)


def _factors(value: Value) -> Iterator[tuple[Value, Value]]:
    """A product as two factors, in both orders."""
    if value.op.name == "arith.mul":
        left, right = value.op.operands
        yield from ((left, right), (right, left))


def _is_rest(rest: Value, weight: Value, known: Known) -> bool:
    """Whether a value is 1 - weight."""
    if rest.op.name != "arith.sub" or rest.op.operands[1] != weight:
        return False
    one = known.constant(rest.op.operands[0])
    return one is not None and bool(np.all(one == 1))


def _mean(mean: _Mean, known: Known) -> Box:
    """The mean is straight in each of its three parts, so its ends are at ends of the weight."""
    weight, left, right = (known.box(value) for value in mean)
    one = exactly(np.ones(()))
    corners = [end * left + (one - end) * right for end in (exactly(weight.lo), exactly(weight.hi))]
    found = corners[0].hull(corners[1])
    hull = left.hull(right).spread(found.shape)
    inside = (weight.lo >= 0) & (weight.hi <= 1)
    return Box(
        np.where(inside, np.maximum(found.lo, hull.lo), found.lo),
        np.where(inside, np.minimum(found.hi, hull.hi), found.hi),
    )


def select(op: Operation, known: Known) -> Box:
    """One of two values; what the condition compares is known to be smaller or larger there."""
    condition, *values = op.operands
    shape = sizes(op.result)
    boxes = [known.box(value).spread(shape) for value in values]
    if condition.op.name != "arith.compare":
        return boxes[0].hull(boxes[1])
    predicate = condition.op.attributes["predicate"]
    there, elsewhere = (
        _Narrowed(known, condition.op, holds) for holds in (predicate, _NOT[predicate])
    )
    first, second = there.box(values[0]).spread(shape), elsewhere.box(values[1]).spread(shape)
    both = first.hull(second)
    # A branch that is never taken says nothing.
    return Box(
        np.where(there.never, second.lo, np.where(elsewhere.never, first.lo, both.lo)),
        np.where(there.never, second.hi, np.where(elsewhere.never, first.hi, both.hi)),
    )


class _Narrowed(Known):
    """What is known where a relation holds between the operands of a comparison."""

    def __init__(self, known: Known, comparison: Operation, predicate: str) -> None:
        self.known, self.depth = known, _DEPTH
        left, right = comparison.operands
        boxes = known.box(left), known.box(right)
        shape = np.broadcast_shapes(boxes[0].shape, boxes[1].shape)
        a, b = (box.spread(shape) for box in boxes)
        cuts = _cut(a, predicate, b), _cut(b, _TURNED[predicate], a)
        self.never = np.any([lo > hi for lo, hi in cuts], axis=0)
        self.boxes = {
            value: Box(np.where(self.never, box.lo, lo), np.where(self.never, box.hi, hi))
            for value, box, (lo, hi) in zip((left, right), (a, b), cuts, strict=True)
        }

    def box(self, value: Value) -> Box:
        """The interval under the relation: elementwise operations on what it narrows are narrower."""
        if value in self.boxes:
            return self.boxes[value]
        found = self.known.box(value)
        if self.depth == 0 or value.op.name not in ELEMENTWISE:
            return found
        self.depth -= 1
        again = ELEMENTWISE[value.op.name](value.op, self)
        self.depth += 1
        return again.meet(found)

    def matrix(self, value: Value) -> Matrix | None:
        """As it is."""
        return self.known.matrix(value)

    def constant(self, value: Value) -> np.ndarray | None:
        """As it is."""
        return self.known.constant(value)


def _cut(box: Box, predicate: str, other: Box) -> tuple[np.ndarray, np.ndarray]:
    """The ends of what of a box is in the relation to some element of another."""
    lo, hi = box.lo, box.hi
    if predicate in ("lt", "le", "eq"):
        hi = np.minimum(hi, other.hi)
    if predicate in ("gt", "ge", "eq"):
        lo = np.maximum(lo, other.lo)
    return lo, hi


ELEMENTWISE: dict[str, Rule] = {
    **{name: made for name, made in rules.RULES.items() if name.startswith(("arith.", "math."))},
    "arith.add": add,
}
RULES: dict[str, Rule] = {**rules.RULES, "arith.add": add, "arith.select": select}
"""The rules of all operations but loops."""
