"""Arithmetic on whole arrays of fixed-point integers, and their way from and to real numbers.

The operations are those of `kernels`, for a single use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from lstmir.numeric import kernels, products
from lstmir.numeric.carriers import OBJECT, IntArray, as_carrier, carrier
from lstmir.numeric.fixed import MAX_WIDTH, FixedType, to_float
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

_SMALLEST_FRAC = 1074
"""Every finite double is an integer at this many fraction bits."""


_EXACT_WIDTH = 53
"""Every integer of a format up to this width is a double."""
_BLOCK = 2**13
"""So many doubles, and their copies, stay in a processor's cache."""


def align(ints: IntArray, source: FixedType, result: FixedType) -> IntArray:
    """The same values in the result's format.

    Raises ValueError if that has fewer fraction bits.
    """
    return kernels.aligner(source, result)(ints)


def add(terms: Sequence[tuple[IntArray, FixedType]], result: FixedType) -> IntArray:
    """The sum of (integers, format) pairs, shapes broadcast, in the result's format."""
    return kernels.adder([type for _, type in terms], result)(*(ints for ints, _ in terms))


def subtract(
    a: IntArray, a_type: FixedType, b: IntArray, b_type: FixedType, result: FixedType
) -> IntArray:
    """The difference a - b, shapes broadcast, in the result's format."""
    return kernels.subtractor(a_type, b_type, result)(a, b)


def negate(a: IntArray, a_type: FixedType, result: FixedType) -> IntArray:
    """The negation -a, any shape, in the result's format."""
    return kernels.negator(a_type, result)(a)


def multiply(
    a: IntArray, a_type: FixedType, b: IntArray, b_type: FixedType, result: FixedType
) -> IntArray:
    """The elementwise product a * b, shapes broadcast, in the result's format."""
    return kernels.multiplier(a_type, b_type, result)(a, b)


def matvec(
    weights: IntArray,
    weights_type: FixedType,
    vectors: IntArray,
    vectors_type: FixedType,
    result: FixedType,
) -> IntArray:
    """The products of weights [R, C] with each of vectors [N, C]: [N, R], in the result's format."""
    factor = products.Factor(weights, weights_type, vectors_type)
    return products.matvec(factor, result)(vectors)


def quantize_real(
    values: FloatArray,
    type: FixedType,
    rounding: Rounding = Rounding.HALF_EVEN,
    overflow: Overflow = Overflow.SATURATE,
) -> IntArray:
    """The doubles, any shape, rounded to the format: exact, as if each had endless precision.

    An infinity saturates. Raises ValueError for a NaN, and for an infinity that would wrap.
    """
    values = np.asarray(values)
    if np.isnan(values).any():
        raise ValueError("a NaN has no fixed-point value")
    if overflow == Overflow.SATURATE and type.width <= 62:
        ints = np.empty_like(values, carrier(type))
        flat, flat_ints = values.ravel("K"), ints.ravel("K")
        for start in range(0, flat.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            flat_ints[block] = _saturated(flat[block].astype(np.float64), type, rounding)
        return ints
    if overflow == Overflow.WRAP and np.isinf(values).any():
        raise ValueError("an infinity cannot wrap")
    doubles = values.astype(np.float64).flat
    exact = np.array([_exact_int(double) for double in doubles], OBJECT).reshape(values.shape)
    return fit(shift_right(exact, _SMALLEST_FRAC - type.frac, rounding), type, overflow)


def _saturated(values: FloatArray, type: FixedType, rounding: Rounding) -> IntArray:
    scaled = _scaled(values, type.frac)
    if rounding == Rounding.FLOOR:  # the only one to which the sign of the tiniest matters
        scaled[(scaled == 0) & (values < 0)] = -0.25
    # The ends are integers: they stay what they are when the rest is rounded.
    scaled.clip(type.min_int, type.max_int, scaled)
    _ROUND[rounding](scaled, scaled)
    if type.width <= _EXACT_WIDTH:
        return scaled.astype(carrier(type))
    return fit(scaled.astype(np.int64), type, Overflow.SATURATE)


def to_real(ints: IntArray, type: FixedType) -> FloatArray:
    """The values of the integers, any shape, each rounded once to float64."""
    if carrier(type) != OBJECT:
        # What needs rounding here has 54 bits or more, so no format makes it subnormal, and
        # the scaling does not round it again.
        return _scaled(np.asarray(ints, np.float64), -type.frac)
    reals = [to_float(int(integer), type.frac) for integer in np.asarray(ints).flat]
    return np.array(reals, np.float64).reshape(np.shape(ints))


def _scaled(values: FloatArray, exponent: int) -> FloatArray:
    """The values * 2**exponent, as `np.ldexp`, which is many times slower."""
    with np.errstate(over="ignore", under="ignore"):
        if abs(exponent) > 1022:  # the power itself is no normal double
            return np.ldexp(values, exponent)
        return np.asarray(values * 2.0**exponent)


def _exact_int(value: float) -> int:
    """The integer value * 2**1074; of an infinity, one that is beyond every format."""
    if np.isinf(value):
        return (1 if value > 0 else -1) << 2 * MAX_WIDTH + _SMALLEST_FRAC
    numerator, denominator = value.as_integer_ratio()
    return numerator * ((1 << _SMALLEST_FRAC) // denominator)


def _round_half_up(scaled: FloatArray, out: FloatArray) -> None:
    nearest = np.rint(scaled)
    # The difference is exact, and is a half only where a tie went down.
    np.add(nearest, scaled - nearest == 0.5, out)


_ROUND: dict[Rounding, Callable[[FloatArray, FloatArray], object]] = {
    Rounding.FLOOR: np.floor,
    Rounding.HALF_UP: _round_half_up,
    Rounding.HALF_EVEN: np.rint,
    Rounding.TOWARD_ZERO: np.trunc,
}
