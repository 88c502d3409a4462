"""The one place where information is lost: rounding to fewer fraction bits, and overflow."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from lstmir.numeric.carriers import (
    OBJECT,
    IntArray,
    carrier,
    cast_ints,
    clipped_to,
    holds_all,
    roomy,
    wider,
)
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.modes import Overflow, Rounding

Kernel = Callable[[IntArray], IntArray]


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
    return requantizer(source, target, rounding, overflow)(ints)


@lru_cache(4096)
def requantizer(
    source: FixedType, target: FixedType, rounding: Rounding, overflow: Overflow
) -> Kernel:
    """`requantize` for many arrays: what depends on the formats alone is decided once."""
    dtype, shift = _room(source, target.frac), source.frac - target.frac
    ends = rounded(
        np.array([source.min_int, source.max_int], OBJECT), source, target.frac, rounding
    )
    fitted = _fitter(dtype, target, overflow, target.contains_int(*ends.tolist()))
    return lambda ints: fitted(shift_right(cast_ints(ints, dtype), shift, rounding))


def rounded(ints: IntArray, source: FixedType, frac: int, rounding: Rounding) -> IntArray:
    """The values of `ints` rounded to `frac` fraction bits: integers of any size."""
    return shift_right(cast_ints(ints, _room(source, frac)), source.frac - frac, rounding)


def _room(source: FixedType, frac: int) -> np.dtype[Any]:
    """The carrier in which integers of a format are rounded, which adds less than 2**shift."""
    shift = source.frac - frac
    return roomy(max(source.width + max(0, -shift), shift))


def shift_right(ints: IntArray, shift: int, rounding: Rounding) -> IntArray:
    """The integers over 2**shift, rounded; a negative shift is an exact shift to the left.

    Keeps the dtype: the caller sees to it that it has room for |ints| + 2**shift.
    """
    if shift <= 0:
        return np.asarray(ints << -shift, ints.dtype) if shift else ints
    if rounding == Rounding.FLOOR:
        return np.asarray(ints >> shift, ints.dtype)
    biased: IntArray = np.asarray(ints + _BIAS[rounding](ints, shift), ints.dtype)
    biased >>= shift
    return biased


def fit(ints: IntArray, target: FixedType, overflow: Overflow) -> IntArray:
    """Integers in a carrier brought into the target's range, in the target's carrier."""
    return _fitter(ints.dtype, target, overflow, holds_all(target, ints.dtype))(ints)


def _fitter(dtype: np.dtype[Any], target: FixedType, overflow: Overflow, fits: bool) -> Kernel:
    """`fit` for many arrays of one carrier; `fits` says that their integers are in range already."""
    held = carrier(target)
    if fits:
        return lambda ints: np.asarray(ints, held)
    if overflow == Overflow.SATURATE:
        ends = clipped_to(dtype, target)
        return lambda ints: np.asarray(ints.clip(*ends), held)
    work = wider(dtype, held)
    # Flipping the sign bit and subtracting it again extends it, without leaving the carrier.
    mask, sign_bit = (1 << target.width) - 1, -target.min_int

    def wrap(ints: IntArray) -> IntArray:
        low_bits = np.asarray(ints, work) & mask
        return np.asarray((low_bits ^ sign_bit) - sign_bit, held)

    return wrap


def _below_zero(ints: IntArray, shift: int) -> IntArray:
    return (ints < 0).astype(ints.dtype) * ((1 << shift) - 1)


def _odd_quotient(ints: IntArray, shift: int) -> IntArray:
    return (ints >> shift & 1) + ((1 << shift - 1) - 1)


_BIAS: dict[Rounding, Callable[[IntArray, int], IntArray | int]] = {
    Rounding.HALF_UP: lambda ints, shift: 1 << shift - 1,
    Rounding.HALF_EVEN: _odd_quotient,
    Rounding.TOWARD_ZERO: _below_zero,
}
"""What to add to integers so that a floor division by 2**shift (shift > 0) rounds as asked."""
