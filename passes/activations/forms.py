"""What may take the place of a real function: operations that tile, HLS C++ and RTL have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lstmir.ir.operation import Value
from lstmir.numeric.carriers import IntArray
from lstmir.numeric.fixed import FixedType, narrowest
from lstmir.numeric.lines import Lines
from lstmir.passes.activations.writer import Writer


class Form(Protocol):
    """A few operations from an operand of one format to a result of another.

    `bits` are stored in tables, `multipliers` and `operations` count its operations.
    """

    @property
    def cost(self) -> tuple[int, int, int]:
        """Stored bits, multipliers, operations: the cheaper form has the smaller triple."""

    def write(self, to: Writer, operand: Value) -> Value:
        """Write the operations; gives the result."""


@dataclass(frozen=True, eq=False)
class Table:
    """An entry for every integer of `index`; `entries` are in rising order of the integers."""

    index: FixedType
    element: FixedType
    entries: IntArray

    @property
    def cost(self) -> tuple[int, int, int]:
        """One look-up."""
        return len(self.entries) * self.element.width, 0, 1

    def write(self, to: Writer, operand: Value) -> Value:
        """The table is addressed by the bits of the operand."""
        return to.lookup(self.entries, self.element, operand, "")


@dataclass(frozen=True, eq=False)
class Linear:
    """A line on each segment: the high bits choose it, the low bits go along it."""

    lines: Lines

    @property
    def cost(self) -> tuple[int, int, int]:
        """Two look-ups and a multiplication, an addition, three requantizations."""
        return self.lines.bits, 1, 7

    def write(self, to: Writer, operand: Value) -> Value:
        """The rounding stands in the intercepts, so the last step only drops bits."""
        lines, index = self.lines, self.lines.index
        low_bits = lines.low_bits
        high = FixedType(index.signed, index.width - low_bits, index.frac - low_bits)
        segment = to.requantize(operand, high, overflow="wrap")
        step = to.requantize(operand, FixedType(False, low_bits, index.frac), overflow="wrap")
        slope = to.lookup(lines.slopes, lines.slope_type, segment, "slope")
        first = to.lookup(lines.intercepts, lines.intercept_type, segment, "intercept")
        rise = to.op("arith.mul", slope, step)
        return to.requantize(to.op("arith.add", first, rise), lines.target)


@dataclass(frozen=True)
class Reduced:
    """A form on fewer bits: the operand is rounded down and saturated first."""

    index: FixedType
    inner: Form

    @property
    def cost(self) -> tuple[int, int, int]:
        """One requantization."""
        return _sum(self.inner.cost, (0, 0, 1))

    def write(self, to: Writer, operand: Value) -> Value:
        """Nothing where the operand has that format already."""
        return self.inner.write(to, to.requantize(operand, self.index))


@dataclass(frozen=True)
class Odd:
    """f(-x) = -f(x): a form on magnitudes, negated for negative operands."""

    magnitude: FixedType
    inner: Form
    target: FixedType

    @property
    def cost(self) -> tuple[int, int, int]:
        """Magnitude and sign in front, the sign again behind."""
        return _sum(self.inner.cost, (0, 0, 8))

    def write(self, to: Writer, operand: Value) -> Value:
        """The sign is known before the magnitude is."""
        negative, magnitude = _fold(to, operand, self.magnitude)
        result = self.inner.write(to, magnitude)
        signed = to.op("arith.select", negative, to.op("arith.neg", result), result)
        return to.requantize(signed, self.target)


@dataclass(frozen=True)
class Complementary:
    """f(x) = 1 - f(-x): a form for f at negative operands, by their magnitudes."""

    magnitude: FixedType
    inner: Form
    target: FixedType

    @property
    def cost(self) -> tuple[int, int, int]:
        """As that of an odd function, and the one that it is subtracted from."""
        return _sum(self.inner.cost, (2 * (self.target.frac + 1), 0, 11))

    def write(self, to: Writer, operand: Value) -> Value:
        """One is an entry of a table that the sign addresses: 1 above zero, 0 below."""
        negative, magnitude = _fold(to, operand, self.magnitude)
        result = self.inner.write(to, magnitude)
        source = to.format(operand)
        sign = FixedType(True, 1, source.frac - source.width + 1)
        one = narrowest(0, 1 << self.target.frac, self.target.frac)
        entries = np.array([0, 1 << self.target.frac])  # at -1, and at 0
        base = to.lookup(entries, one, to.requantize(operand, sign, overflow="wrap"), "base")
        signed = to.op("arith.select", negative, result, to.op("arith.neg", result))
        return to.requantize(to.op("arith.add", base, signed), self.target)


@dataclass(frozen=True)
class Rounded:
    """The operand itself, rounded half to even: the larger of it and zero where one has no sign."""

    target: FixedType

    @property
    def cost(self) -> tuple[int, int, int]:
        """A requantization."""
        return 0, 0, 1

    def write(self, to: Writer, operand: Value) -> Value:
        """Nothing where the operand has that format already."""
        return to.requantize(operand, self.target, rounding="half_even")


@dataclass(frozen=True)
class Absolute:
    """The sum of what lies above zero and what lies below."""

    target: FixedType

    @property
    def cost(self) -> tuple[int, int, int]:
        """Two saturations, two sums, a rounding."""
        return 0, 0, 5

    def write(self, to: Writer, operand: Value) -> Value:
        """The magnitude of the least integer has one bit more than the others."""
        negated = to.op("arith.neg", operand)
        above = to.requantize(operand, without_sign(to.format(operand)))
        below = to.requantize(negated, without_sign(to.format(negated)))
        return to.requantize(to.op("arith.add", above, below), self.target, rounding="half_even")


def _fold(to: Writer, operand: Value, magnitude: FixedType) -> tuple[Value, Value]:
    """Whether a number is negative, and its magnitude, saturated."""
    above = to.requantize(operand, magnitude)
    below = to.requantize(to.op("arith.neg", operand), magnitude)
    negative = to.op("arith.compare", operand, above, predicate="lt")
    return negative, to.op("arith.select", negative, below, above)


def without_sign(type_: FixedType) -> FixedType:
    """What is left of a format above zero."""
    return FixedType(False, max(1, type_.width - type_.signed), type_.frac)


def _sum(a: tuple[int, int, int], b: tuple[int, int, int]) -> tuple[int, int, int]:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]
