"""Piecewise-linear forms: integers that describe a line on each of 2**k equal segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lstmir.numeric.carriers import IntArray
from lstmir.numeric.fixed import FixedType, narrowest
from lstmir.numeric.functions import FloatArray


@dataclass(frozen=True, eq=False)
class Lines:
    """A slope and an intercept for each segment of 2**`low_bits` operands, in rising order.

    In last places of `target`, at the n-th operand of a segment: the floor of
    (slope * n + intercept * 2**low_bits) / 2**(low_bits + guard), saturated.
    """

    index: FixedType
    target: FixedType
    low_bits: int
    guard: int
    slopes: IntArray
    intercepts: IntArray

    @property
    def slope_type(self) -> FixedType:
        """The narrowest format of the slopes, as rises of the result over the operand."""
        frac = self.target.frac + self.guard + self.low_bits - self.index.frac
        return narrowest(int(self.slopes.min()), int(self.slopes.max()), frac)

    @property
    def intercept_type(self) -> FixedType:
        """The narrowest format of the intercepts."""
        frac = self.target.frac + self.guard
        return narrowest(int(self.intercepts.min()), int(self.intercepts.max()), frac)

    @property
    def bits(self) -> int:
        """Bits of both tables."""
        return len(self.slopes) * (self.slope_type.width + self.intercept_type.width)

    def values(self) -> IntArray:
        """The form at every integer of the index, rising."""
        steps = np.arange(1 << self.low_bits)
        sums = self.slopes[:, None] * steps + (self.intercepts[:, None] << self.low_bits)
        rounded = sums >> self.low_bits + self.guard
        return rounded.reshape(-1).clip(self.target.min_int, self.target.max_int)


def may_fit(index: FixedType, target: FixedType) -> bool:
    """Whether doubles and 64-bit integers have room for lines between two formats."""
    fracs = max(abs(index.frac), abs(target.frac))
    return index.width <= 16 and target.width <= 40 and fracs <= 450


def fit_lines(
    wanted: FloatArray, index: FixedType, target: FixedType, low_bits: int, guard: int
) -> Lines:
    """Lines near `wanted`, the values in last places of `target` at every integer of `index`.

    The slope is that of the chord, which is the best one where a segment bends one way only; the
    intercept centres what is left. `guard` bits behind the last place hold the coefficients.
    """
    rows = wanted.reshape(-1, 1 << low_bits)
    steps = np.arange(1 << low_bits)
    chords = (rows[:, -1] - rows[:, 0]) / steps[-1]
    slopes = np.rint(np.ldexp(chords, guard + low_bits)).astype(np.int64)
    left = rows - np.ldexp(slopes[:, None] * steps, -guard - low_bits)
    # A half on top, and the floor of the sum is its nearest integer.
    centres = (left.min(axis=1) + left.max(axis=1)) / 2 + 0.5
    intercepts = np.rint(np.ldexp(centres, guard)).astype(np.int64)
    return Lines(index, target, low_bits, guard, slopes, intercepts)
