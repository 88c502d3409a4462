"""What `fx.requantize` means in mathematics: which integer it picks, not how to compute it.

Rounding x to a multiple of 2**s gives the one integer r whose distance x - r * 2**s is in the range
that the rounding allows. Saturation then takes the nearest integer of the format; wrapping takes the
one that differs by a multiple of 2**W.
"""

from __future__ import annotations

from dataclasses import dataclass

import z3

from lstmir.numeric.fixed import FixedType


@dataclass(frozen=True)
class Requantization:
    """Formats, a rounding and an overflow."""

    source: FixedType
    target: FixedType
    rounding: str
    overflow: str

    @property
    def shift(self) -> int:
        """How many bits are rounded away; negative if zeros are put behind."""
        return self.source.frac - self.target.frac

    @property
    def rounded_width(self) -> int:
        """A sign, and room for any rounded value."""
        return max(2, self.source.width - self.shift + 2)

    @property
    def room(self) -> int:
        """Bits in which nothing here overflows."""
        return max(self.rounded_width + abs(self.shift), self.source.width, self.target.width) + 2

    def integer(self, term: z3.BitVecRef, signed: bool) -> z3.BitVecRef:
        """A number with room for all that is done with it."""
        missing = self.room - term.size()
        return z3.SignExt(missing, term) if signed else z3.ZeroExt(missing, term)

    def rounds_to(self, x: z3.BitVecRef, r: z3.BitVecRef) -> z3.BoolRef:
        """Whether r, of `rounded_width` bits, is what the source x is rounded to."""
        x, r = self.integer(x, self.source.signed), self.integer(r, True)
        if self.shift <= 0:
            return r == x << -self.shift
        distance, step = x - (r << self.shift), 1 << self.shift
        half = step // 2
        if self.rounding == "floor":
            return z3.And(distance >= 0, distance < step)
        if self.rounding == "half_up":
            return z3.And(distance >= -half, distance < half)
        if self.rounding == "half_even":
            tie, even = z3.Or(distance == half, distance == -half), r & 1 == 0
            return z3.Or(z3.And(distance > -half, distance < half), z3.And(tie, even))
        between = z3.If(x < 0, z3.And(distance > -step, distance <= 0), distance >= 0)
        return z3.And(between, distance < step)

    def becomes(self, r: z3.BitVecRef, y: z3.BitVecRef) -> z3.BoolRef:
        """Whether y, of the target's width, is what overflow makes of r."""
        r, y = self.integer(r, True), self.integer(y, self.target.signed)
        if self.overflow == "wrap":
            return (r - y) & ((1 << self.target.width) - 1) == 0
        lowest, highest = self.target.min_int, self.target.max_int
        return y == z3.If(r < lowest, lowest, z3.If(r > highest, highest, r))


def difference(case: Requantization, x: z3.BitVecRef, y: z3.BitVecRef) -> z3.BoolRef:
    """Whether the target y is NOT what the source x becomes. A proof finds this impossible."""
    r = z3.BitVec("rounded", case.rounded_width)
    return z3.And(case.rounds_to(x, r), z3.Not(case.becomes(r, y)))
