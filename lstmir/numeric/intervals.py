"""Interval arithmetic on Python integers: the ranges of exact results."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lstmir.numeric.carriers import INT64, OBJECT, IntArray, cast_ints


@dataclass(frozen=True, slots=True)
class Interval:
    """The integers lo..hi, both ends included; ValueError if lo > hi."""

    lo: int
    hi: int

    def __post_init__(self) -> None:
        """Refuse an empty interval."""
        if self.lo > self.hi:
            raise ValueError(f"an interval needs lo <= hi, not {self.lo} > {self.hi}")

    def __contains__(self, integer: int) -> bool:
        """Whether the integer lies in the interval."""
        return self.lo <= integer <= self.hi

    def __neg__(self) -> Interval:
        """The range of -a."""
        return Interval(-self.hi, -self.lo)

    def __add__(self, other: Interval) -> Interval:
        """The range of a + b."""
        return Interval(self.lo + other.lo, self.hi + other.hi)

    def __sub__(self, other: Interval) -> Interval:
        """The range of a - b."""
        return self + -other

    def __mul__(self, other: Interval) -> Interval:
        """The range of a * b."""
        corners = [a * b for a in (self.lo, self.hi) for b in (other.lo, other.hi)]
        return Interval(min(corners), max(corners))

    def hull(self, other: Interval) -> Interval:
        """The smallest interval with both."""
        return Interval(min(self.lo, other.lo), max(self.hi, other.hi))


def matvec_bound(weights: IntArray, lo: int, hi: int) -> tuple[list[int], list[int]]:
    """The least and the greatest result of each row of weights [R, C].

    Each element of the vector lies in lo..hi independently; both ends are attained.
    """
    falls = _row_sums(np.minimum(weights, 0))
    rises = _row_sums(np.maximum(weights, 0))
    lows = [rise * lo + fall * hi for rise, fall in zip(rises, falls, strict=True)]
    highs = [rise * hi + fall * lo for rise, fall in zip(rises, falls, strict=True)]
    return lows, highs


def prefix_bound(weights: IntArray, lo: int, hi: int) -> tuple[list[int], list[int]]:
    """The range of EVERY partial sum of each row of weights [R, C], in any order.

    From the sum of all negative products to the sum of all positive ones, 0 included: an
    accumulator that holds it never overflows on the way, however the products are ordered.
    """
    # A product left out is a product with 0, so letting each element be 0 as well is enough.
    return matvec_bound(weights, min(lo, 0), max(hi, 0))


def _row_sums(parts: IntArray) -> list[int]:
    """The exact sum of each row of parts [R, C]."""
    if parts.size == 0:
        return [0] * parts.shape[0]
    largest = max(-int(parts.min()), int(parts.max()))
    fits = largest * parts.shape[1] < 2**63
    return [int(total) for total in cast_ints(parts, INT64 if fits else OBJECT).sum(axis=1)]
