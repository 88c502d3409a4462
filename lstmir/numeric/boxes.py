"""Interval arithmetic on arrays of doubles: every end is rounded outwards.

A box holds an interval for each element of an array. What an operation gives contains every REAL
number that it can give for real numbers out of the operands: where a double is not exact, the end
moves on to its neighbour. Infinite ends mean that nothing is known on that side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_LARGEST = np.finfo(np.float64).max
UNIT = 2.0**-52
TINY = float(np.finfo(np.float64).smallest_subnormal)


@dataclass(frozen=True, eq=False)
class Box:
    """The reals lo..hi of each element; ValueError if a lo is not <= its hi."""

    lo: FloatArray
    hi: FloatArray

    def __post_init__(self) -> None:
        """Refuse an empty interval, and one that NaN bounds."""
        if not np.all(self.lo <= self.hi):
            raise ValueError("an interval needs lo <= hi")

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.lo.shape

    @property
    def ends(self) -> tuple[float, float]:
        """The interval that holds every element; that of none is 0."""
        if not self.lo.size:
            return 0.0, 0.0
        return float(self.lo.min()), float(self.hi.max())

    @property
    def magnitude(self) -> FloatArray:
        """The largest |x| of each element."""
        return np.maximum(np.abs(self.lo), np.abs(self.hi))

    def map(self, rearrange: Callable[[FloatArray], FloatArray]) -> Box:
        """The elements elsewhere: both ends are moved alike."""
        return Box(rearrange(self.lo), rearrange(self.hi))

    def spread(self, shape: Sequence[int]) -> Box:
        """Broadcast to a shape."""
        return self.map(lambda array: np.broadcast_to(array, tuple(shape)))

    def over(self, axes: tuple[int, ...], *, keepdims: bool = False) -> Box:
        """What holds all elements along some axes."""
        return Box(
            self.lo.min(axis=axes, keepdims=keepdims), self.hi.max(axis=axes, keepdims=keepdims)
        )

    def hull(self, other: Box) -> Box:
        """The smallest intervals with both."""
        return Box(np.minimum(self.lo, other.lo), np.maximum(self.hi, other.hi))

    def meet(self, other: Box) -> Box:
        """What both hold. Raises ValueError where they have nothing in common."""
        return Box(np.maximum(self.lo, other.lo), np.minimum(self.hi, other.hi))

    def within(self, other: Box) -> bool:
        """Whether each interval lies in that of the other box."""
        return bool(np.all((other.lo <= self.lo) & (self.hi <= other.hi)))

    def __neg__(self) -> Box:
        """The range of -a."""
        return Box(-self.hi, -self.lo)

    def __add__(self, other: Box) -> Box:
        """The range of a + b."""
        with np.errstate(all="ignore"):
            return Box(_sum_below(self.lo, other.lo), -_sum_below(-self.hi, -other.hi))

    def __sub__(self, other: Box) -> Box:
        """The range of a - b."""
        return self + -other

    def __mul__(self, other: Box) -> Box:
        """The range of a * b."""
        corners = [(a, b) for a in (self.lo, self.hi) for b in (other.lo, other.hi)]
        with np.errstate(all="ignore"):
            return Box(
                reduce(np.minimum, [_product_below(a, b) for a, b in corners]),
                reduce(np.maximum, [-_product_below(-a, b) for a, b in corners]),
            )


def exactly(array: NDArray[np.generic]) -> Box:
    """Known numbers."""
    numbers = np.asarray(array, np.float64)
    return Box(numbers, numbers)


def anything(shape: Sequence[int]) -> Box:
    """All reals."""
    return filled(shape, -np.inf, np.inf)


def filled(shape: Sequence[int], lo: float, hi: float) -> Box:
    """The same interval for every element."""
    return Box(np.full(tuple(shape), float(lo)), np.full(tuple(shape), float(hi)))


def total(box: Box, axes: tuple[int, ...], *, keepdims: bool = False) -> Box:
    """The range of the sum along some axes."""
    count = int(np.prod([box.shape[axis] for axis in axes]))
    with np.errstate(all="ignore"):
        lo, hi, weight = (
            a.sum(axis=axes, keepdims=keepdims) for a in (box.lo, box.hi, box.magnitude)
        )
        return widened(lo, hi, weight, count)


class Matrix:
    """A known matrix [rows, columns], which multiplies boxes."""

    def __init__(self, weights: NDArray[np.generic]) -> None:
        array = np.asarray(weights, np.float64)
        self.rises, self.falls = np.maximum(array, 0.0).T, np.minimum(array, 0.0).T

    def times(self, box: Box) -> Box:
        """The range of the product with each vector along the last axis.

        Each row attains it, but for the rounding: by the signs of its weights, each element of the
        vector is at one of its ends.
        """
        columns = len(self.rises)
        # Rows that would read an infinite end get one anyway: any number will do in its place.
        lo = np.where(np.isinf(box.lo), np.where(np.isinf(box.hi), 0.0, box.hi), box.lo)
        hi = np.where(np.isinf(box.hi), lo, box.hi)
        no_lo, no_hi = (np.isinf(end).astype(np.float64) for end in (box.lo, box.hi))
        rising, falling = (np.sign(part) for part in (self.rises, self.falls))
        with np.errstate(all="ignore"):
            weight = np.maximum(np.abs(lo), np.abs(hi)) @ (self.rises - self.falls)
            bounds = widened(
                lo @ self.rises + hi @ self.falls, hi @ self.rises + lo @ self.falls,
                weight, 2 * columns,
            )  # fmt: skip
        open_below = no_lo @ rising - no_hi @ falling > 0
        open_above = no_hi @ rising - no_lo @ falling > 0
        return Box(
            np.where(open_below, -np.inf, bounds.lo), np.where(open_above, np.inf, bounds.hi)
        )


def widened(lo: FloatArray, hi: FloatArray, weight: FloatArray, count: int) -> Box:
    """Computed sums of `count` numbers, of absolute values `weight`, with their largest error.

    In any order of summation that is below count * 2**-53 * weight (Higham, Accuracy and Stability
    of Numerical Algorithms, section 4.2), and products that underflow add a subnormal each. Twice
    that, and some more, also covers the error of `weight` itself.
    """
    error = (count + 4) * (UNIT * weight + TINY)
    below, above = np.nextafter(lo - error, -np.inf), np.nextafter(hi + error, np.inf)
    # What overflowed on the way is no number; nothing is known then.
    return Box(
        np.where(np.isfinite(below), below, -np.inf), np.where(np.isfinite(above), above, np.inf)
    )


def _sum_below(a: FloatArray, b: FloatArray) -> FloatArray:
    """The largest double that is surely not above a + b; neither is +inf.

    The error of a sum is itself a double, and six operations find it (Knuth).
    """
    found = np.asarray(a + b)
    part = found - a
    error = (a - (found - part)) + (b - part)
    return _lowered(found, error >= 0)


def _product_below(a: FloatArray, b: FloatArray) -> FloatArray:
    """A double that is surely not above a * b; nothing times infinity is nothing."""
    found = np.asarray(a * b)
    found = np.where((a == 0) | (b == 0), 0.0, found)
    # Powers of two, and 1 among them, only move the point.
    simple = (np.abs(np.frexp(a)[0]) == 0.5) | (np.abs(np.frexp(b)[0]) == 0.5)
    exact = (a == 0) | (b == 0) | (simple & (np.abs(found) > np.finfo(np.float64).tiny))
    return _lowered(found, exact)


def _lowered(found: FloatArray, exact: NDArray[np.bool_]) -> FloatArray:
    """The neighbours below, except of what is exact; finite numbers have no infinite sum."""
    below = np.where(exact | np.isinf(found), found, np.nextafter(found, -np.inf))
    return np.where(found == np.inf, _LARGEST, below)
