"""The one place where information is lost: rounding to fewer fraction bits, and overflow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lstmir.numeric.carriers import INT64, OBJECT, IntArray, as_carrier, carrier, cast_ints
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.modes import Overflow, Rounding


def requantize(
    ints: IntArray,
    source: FixedType,
    target: FixedType,
    rounding: Rounding,
    overflow: Overflow,
) -> IntArray:
    """The values of `ints` (any shape, of format `source`) rounded to `target`, in its carrier.

    Rounding comes first, then overflow, as in ap_fixed's assignment.
    """
    return fit(rounded(ints, source, target.frac, rounding), target, overflow)


def rounded(ints: IntArray, source: FixedType, frac: int, rounding: Rounding) -> IntArray:
    """The values of `ints` rounded to `frac` fraction bits: integers of any size."""
    shift = source.frac - frac
    # Rounding adds less than 2**shift; 62 bits leave room for that in int64.
    in_int64 = source.width + max(0, -shift) <= 62 and shift <= 62
    array = cast_ints(ints, INT64 if in_int64 else OBJECT)
    return shift_right(array, shift, rounding)


def shift_right(ints: IntArray, shift: int, rounding: Rounding) -> IntArray:
    """The integers over 2**shift, rounded; a negative shift is an exact shift to the left.

    Keeps the dtype: the caller sees to it that int64 has room for |ints| + 2**shift.
    """
    if shift <= 0:
        return np.asarray(ints << -shift, ints.dtype)
    biased: IntArray = ints + _BIAS[rounding](ints, shift)
    return np.asarray(biased >> shift, ints.dtype)


def fit(ints: IntArray, target: FixedType, overflow: Overflow) -> IntArray:
    """The integers brought into the target's range, in its carrier."""
    if ints.dtype == INT64 and target.contains_int(-(2**63), 2**63 - 1):
        return as_carrier(ints, target)
    if carrier(target) == OBJECT:
        ints = cast_ints(ints, OBJECT)
    if overflow == Overflow.SATURATE:
        return as_carrier(np.clip(ints, target.min_int, target.max_int), target)
    low_bits = ints & ((1 << target.width) - 1)
    # Flipping the sign bit and subtracting it again extends it, without leaving int64.
    sign_bit = -target.min_int
    return as_carrier((low_bits ^ sign_bit) - sign_bit, target)


def _below_zero(ints: IntArray, shift: int) -> IntArray:
    return (ints < 0).astype(ints.dtype) * ((1 << shift) - 1)


def _odd_quotient(ints: IntArray, shift: int) -> IntArray:
    return (ints >> shift & 1) + ((1 << shift - 1) - 1)


_BIAS: dict[Rounding, Callable[[IntArray, int], IntArray | int]] = {
    Rounding.FLOOR: lambda ints, shift: 0,
    Rounding.HALF_UP: lambda ints, shift: 1 << shift - 1,
    Rounding.HALF_EVEN: _odd_quotient,
    Rounding.TOWARD_ZERO: _below_zero,
}
"""What to add to integers so that a floor division by 2**shift (shift > 0) rounds as asked."""
