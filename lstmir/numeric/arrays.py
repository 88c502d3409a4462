"""Exact arithmetic on whole arrays of fixed-point integers.

An operation computes in int64 only where the operands' formats prove that nothing overflows, and
in Python ints elsewhere. The format of a result must hold every possible result (it may have more
fraction bits than needed); a result that does not fit in its carrier raises OverflowError.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmir.numeric.carriers import INT64, OBJECT, IntArray, as_carrier, carrier, cast_ints
from lstmir.numeric.fixed import MAX_WIDTH, FixedType, to_float
from lstmir.numeric.intervals import prefix_bound
from lstmir.numeric.modes import Overflow, Rounding
from lstmir.numeric.rounding import fit, shift_right

__all__ = [
    "IntArray",
    "add",
    "align",
    "as_carrier",
    "carrier",
    "matvec",
    "multiply",
    "negate",
    "quantize_real",
    "subtract",
    "to_real",
]

FloatArray = NDArray[np.float64]
FLOAT64 = np.dtype(np.float64)

_SMALLEST_FRAC = 1074
"""Every finite double is an integer at this many fraction bits."""


def align(ints: IntArray, from_frac: int, to_frac: int, type: FixedType) -> IntArray:
    """The same values with `to_frac` fraction bits, in the carrier of `type`.

    Raises ValueError if `to_frac` is smaller than `from_frac`.
    """
    shift = _left_shift(from_frac, to_frac)
    if shift == 0:
        return as_carrier(ints, type)
    return as_carrier(cast_ints(ints, OBJECT) << shift, type)


def add(terms: Sequence[tuple[IntArray, FixedType]], result: FixedType) -> IntArray:
    """The sum of (integers, format) pairs, shapes broadcast, in the result's format."""
    widest = max(_bits(type, result.frac) for _, type in terms)
    dtype = _work_dtype(widest + (len(terms) - 1).bit_length())
    aligned = [_shifted(ints, type.frac, result.frac, dtype) for ints, type in terms]
    return as_carrier(reduce(np.add, aligned), result)


def subtract(
    a: IntArray, a_type: FixedType, b: IntArray, b_type: FixedType, result: FixedType
) -> IntArray:
    """The difference a - b, shapes broadcast, in the result's format."""
    dtype = _work_dtype(1 + max(_bits(a_type, result.frac), _bits(b_type, result.frac)))
    minuend = _shifted(a, a_type.frac, result.frac, dtype)
    subtrahend = _shifted(b, b_type.frac, result.frac, dtype)
    return as_carrier(minuend - subtrahend, result)


def negate(a: IntArray, a_type: FixedType, result: FixedType) -> IntArray:
    """The negation -a, any shape, in the result's format."""
    dtype = _work_dtype(_bits(a_type, result.frac))
    return as_carrier(-_shifted(a, a_type.frac, result.frac, dtype), result)


def multiply(
    a: IntArray, a_type: FixedType, b: IntArray, b_type: FixedType, result: FixedType
) -> IntArray:
    """The elementwise product a * b, shapes broadcast, in the result's format."""
    frac = a_type.frac + b_type.frac
    dtype = _work_dtype(_bits(a_type, a_type.frac) + _bits(b_type, result.frac - a_type.frac))
    product = cast_ints(a, dtype) * cast_ints(b, dtype)
    return as_carrier(_shifted(product, frac, result.frac, dtype), result)


def matvec(
    weights: IntArray,
    weights_type: FixedType,
    vectors: IntArray,
    vectors_type: FixedType,
    result: FixedType,
) -> IntArray:
    """The products of weights [R, C] with each of vectors [N, C]: [N, R], in the result's format.

    Computes in float64 (BLAS) where the weights and the vectors' format bound every partial sum
    below 2**53, in int64 below 2**63, in Python ints beyond.
    """
    frac = weights_type.frac + vectors_type.frac
    lows, highs = prefix_bound(weights, vectors_type.min_int, vectors_type.max_int)
    bound = max(0, *highs, *(-low for low in lows))
    dtype = FLOAT64 if bound < 2**53 else INT64 if bound < 2**63 else OBJECT
    sums = vectors.astype(dtype) @ weights.astype(dtype).T
    if dtype == FLOAT64:
        sums = sums.astype(np.int64)
    return align(sums, frac, result.frac, result)


def quantize_real(
    values: FloatArray,
    type: FixedType,
    rounding: Rounding = Rounding.HALF_EVEN,
    overflow: Overflow = Overflow.SATURATE,
) -> IntArray:
    """The doubles, any shape, rounded to the format: exact, as if each had endless precision.

    An infinity saturates. Raises ValueError for a NaN, and for an infinity that would wrap.
    """
    values = np.asarray(values, np.float64)
    if np.isnan(values).any():
        raise ValueError("a NaN has no fixed-point value")
    if overflow == Overflow.SATURATE and type.width <= 62:
        with np.errstate(over="ignore", under="ignore"):
            scaled = np.ldexp(values, type.frac)
        # Beyond 2**62 nothing but the sign matters any more, below the smallest double likewise.
        vanished = (scaled == 0) & (values != 0)
        scaled = np.where(vanished, np.copysign(0.25, values), scaled.clip(-(2.0**62), 2.0**62))
        return fit(_ROUND[rounding](scaled).astype(np.int64), type, overflow)
    if overflow == Overflow.WRAP and np.isinf(values).any():
        raise ValueError("an infinity cannot wrap")
    ints = np.array([_exact_int(value) for value in values.flat], OBJECT).reshape(values.shape)
    return fit(shift_right(ints, _SMALLEST_FRAC - type.frac, rounding), type, overflow)


def to_real(ints: IntArray, type: FixedType) -> FloatArray:
    """The values of the integers, any shape, each rounded once to float64."""
    if carrier(type) == INT64:
        # What needs rounding here has 54 bits or more, so no format makes it subnormal, and
        # the scaling does not round it again.
        with np.errstate(over="ignore", under="ignore"):
            return np.ldexp(np.asarray(ints, np.float64), -type.frac)
    reals = [to_float(int(integer), type.frac) for integer in np.asarray(ints).flat]
    return np.array(reals, np.float64).reshape(np.shape(ints))


def _exact_int(value: float) -> int:
    """The integer value * 2**1074; of an infinity, one that is beyond every format."""
    if np.isinf(value):
        return (1 if value > 0 else -1) << 2 * MAX_WIDTH + _SMALLEST_FRAC
    numerator, denominator = value.as_integer_ratio()
    return numerator * ((1 << _SMALLEST_FRAC) // denominator)


def _round_half_up(scaled: FloatArray) -> FloatArray:
    nearest = np.rint(scaled)
    # The difference is exact, and is a half only where a tie went down.
    return np.where(scaled - nearest == 0.5, nearest + 1, nearest)


def _left_shift(from_frac: int, to_frac: int) -> int:
    if to_frac < from_frac:
        raise ValueError(f"{from_frac} fraction bits do not fit in {to_frac}")
    return to_frac - from_frac


def _shifted(ints: IntArray, from_frac: int, to_frac: int, dtype: np.dtype[Any]) -> IntArray:
    return np.asarray(cast_ints(ints, dtype) << _left_shift(from_frac, to_frac), dtype)


def _bits(type: FixedType, frac: int) -> int:
    """The b for which no integer of the type, given `frac` fraction bits, exceeds 2**b."""
    return type.width - type.signed + frac - type.frac


def _work_dtype(bits: int) -> np.dtype[Any]:
    return INT64 if bits <= 62 else OBJECT


_ROUND: dict[Rounding, Callable[[FloatArray], FloatArray]] = {
    Rounding.FLOOR: np.floor,
    Rounding.HALF_UP: _round_half_up,
    Rounding.HALF_EVEN: np.rint,
    Rounding.TOWARD_ZERO: np.trunc,
}
