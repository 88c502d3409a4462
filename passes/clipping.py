"""What a format of few bits loses by rounding and by saturation, estimated from a histogram."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lstmir.numeric.fixed import FixedType
from lstmir.passes.observers import LOWEST, OCTAVES


class Clipped(NamedTuple):
    """A format, the number of counted elements that saturate in it, and the expected squared error."""

    format: FixedType
    elements: int
    error: float


def least_error(counts: np.ndarray, largest: float, widest: FixedType) -> Clipped:
    """The format as wide as `widest`, or one with fewer integer bits, whose expected error is least.

    `counts` is a histogram as `calibrate` records it, of elements up to `largest` in magnitude. The
    wider range wins a tie.
    """
    finer = [FixedType(widest.signed, widest.width, widest.frac + n) for n in range(OCTAVES)]
    tried = [clipped(counts, largest, each) for each in finer]
    return min(tried, key=lambda each: each.error)


def clipped(counts: np.ndarray, largest: float, format_: FixedType) -> Clipped:
    """What a format loses, as if elements were spread evenly within a binary order of magnitude.

    Tails fall, so that is rather too much for what saturates.
    """
    first = np.arange(OCTAVES)
    low, high = np.ldexp(1.0, first + LOWEST), np.ldexp(1.0, first + LOWEST + 1)
    low[0], high[-1] = 0.0, max(largest, high[-1])
    low, high = np.minimum(low, largest), np.minimum(high, largest)
    end = -format_.min_value
    saturates = high > end
    rounded = np.minimum(format_.lsb**2 / 12, _mean_square(low, high))
    lost = np.where(saturates, _mean_square(np.maximum(low, end) - end, high - end), rounded)
    total = max(1, int(counts.sum()))
    return Clipped(format_, int(counts[saturates].sum()), float((counts * lost).sum() / total))


def _mean_square(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The mean of the squares of what is spread evenly from low to high."""
    return np.asarray((low * low + low * high + high * high) / 3)
