"""Formats from what is proven and what was sampled of a value."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import NamedTuple

from lstmir.ir.operation import Operation, Value
from lstmir.numeric.boxes import Box
from lstmir.numeric.fixed import FixedType
from lstmir.passes.ranges import Recorded, integer_bits, signed_format

Image = tuple[float, float]

_IMAGES: dict[str, Image] = {"math.sigmoid": (0.0, 1.0), "math.tanh": (-1.0, 1.0)}


class Choice(NamedTuple):
    """A format, and whether its integer bits follow from a `proven` or a `sampled` range."""

    format: FixedType
    basis: str


def set_choice(op: Operation, choice: Choice) -> None:
    """Record a choice."""
    op.attributes["format"], op.attributes["basis"] = choice


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
    """The formats of values; `initial` is what a state begins as."""

    def __init__(self, recorded: Recorded, proven: Mapping[Value, Box], margin: float) -> None:
        self.recorded, self.proven, self.margin = recorded, proven, margin

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
        return Choice(signed_format(sampled, bits), "sampled")

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
