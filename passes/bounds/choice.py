"""Formats from what is proven and what was sampled of a value."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import NamedTuple

import numpy as np

from lstmir.ir.operands import constant_of
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.boxes import Box
from lstmir.numeric.fixed import FixedType
from lstmir.passes.clipping import least_error
from lstmir.passes.observers import octaves
from lstmir.passes.ranges import Recorded, integer_bits, signed_format

Image = tuple[float, float]

_IMAGES: dict[str, Image] = {"math.sigmoid": (0.0, 1.0), "math.tanh": (-1.0, 1.0)}


class Choice(NamedTuple):
    """A format, and whether its integer bits follow from a `proven` or a `sampled` range.

    `clipped` elements were seen that saturate in it; None where that was not the question.
    """

    format: FixedType
    basis: str
    clipped: int | None = None


def set_choice(op: Operation, choice: Choice) -> None:
    """Record a choice."""
    op.attributes["format"], op.attributes["basis"] = choice.format, choice.basis
    if choice.clipped is not None:
        op.attributes["clipped"] = choice.clipped


def set_operand(op: Operation, choice: Choice) -> None:
    """Record a choice for the operand of a function."""
    op.attributes["operand_format"] = choice.format
    if choice.clipped is not None:
        op.attributes["operand_clipped"] = choice.clipped


def image_of(value: Value) -> Image | None:
    """What a gate, or the product of two, can be for any operand, if the value is one."""
    if value.op.name in _IMAGES:
        return _IMAGES[value.op.name]
    if value.op.name != "arith.mul":
        return None
    left, right = (_IMAGES.get(operand.op.name) for operand in value.op.operands)
    if left is None or right is None:
        return None
    corners = [a * b for a in left for b in right]
    return min(corners), max(corners)


class Choices:
    """The formats of values; `initial` is what a state begins as.

    With `clips`, a sampled range may be cut where the histogram says that this errs less.
    """

    def __init__(
        self, recorded: Recorded, proven: Mapping[Value, Box], margin: float, *, clips: bool = False
    ) -> None:
        self.recorded, self.proven, self.margin, self.clips = recorded, proven, margin, clips

    def of(
        self, value: Value, bits: int, initial: Value | None = None, limit: float = inf
    ) -> Choice:
        """The proven range, if it needs no more integer bits than the sampled one with its margin.

        Beyond `limit`, saturation changes nothing.
        """
        sampled = min(self.seen(value, initial) * self.margin, limit)
        proven = min(self.largest(value, initial), limit)
        # Where nothing but zeros was seen, the unit is left as it would be for [-1, 1].
        least = 1.0 if not sampled else 0.0
        if proven < inf and integer_bits(max(proven, least)) <= integer_bits(sampled):
            return Choice(signed_format(max(proven, least), bits), "proven")
        counts = self.counts(value, initial) if self.clips else None
        if counts is None:
            return Choice(signed_format(sampled, bits), "sampled")
        widest, largest = signed_format(sampled, bits), self.seen(value, initial)
        found = least_error(counts, largest, widest)
        return Choice(found.format, "sampled", found.elements)

    def in_unit(
        self, value: Value, bits: int, image: Image, initial: Value | None = None
    ) -> Choice | None:
        """A format for what is proven to lie in [0, 1] or [-1, 1]; its end saturates by one unit.

        None where an initial state lies beyond.
        """
        if initial is not None:
            lo, hi = self.recorded.range_of(initial)
            if lo < image[0] or hi > image[1]:
                return None
        signed = image[0] < 0
        integer = integer_bits(self.largest(value, initial)) if self.seen(value, initial) else 0
        return Choice(FixedType(signed, bits, bits - signed - min(integer, 0)), "proven")

    def counts(self, value: Value, initial: Value | None = None) -> np.ndarray | None:
        """The histogram of what was seen."""
        counts = self.recorded.histogram_of(value)
        if counts is None or initial is None:
            return counts
        array = constant_of(initial, self.recorded.module.resources)
        return counts if array is None else counts + octaves(array)

    def seen(self, value: Value, initial: Value | None = None) -> float:
        """The largest |x| on the calibration data."""
        values = [value] if initial is None else [value, initial]
        return max(abs(end) for each in values for end in self.recorded.range_of(each))

    def largest(self, value: Value, initial: Value | None = None) -> float:
        """The largest |x| that is proven; not below what was seen, which floats have rounded.

        The initial state is a constant: it was seen as it is.
        """
        proven = max(map(abs, self.proven[value].ends))
        return max(proven, self.seen(value, initial))
