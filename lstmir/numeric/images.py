"""What functions make of intervals."""

from __future__ import annotations

import numpy as np

from lstmir.numeric.boxes import Box, FloatArray, anything
from lstmir.numeric.functions import MARGIN, real

LIMITS: dict[str, tuple[float, float]] = {
    "elu": (-1.0, np.inf),
    "exp": (0.0, np.inf),
    "log": (-np.inf, np.inf),
    "sigmoid": (0.0, 1.0),
    "softplus": (0.0, np.inf),
    "softsign": (-1.0, 1.0),
    "sqrt": (0.0, np.inf),
    "tanh": (-1.0, 1.0),
}
"""The functions that rise and are rounded, and between what they stay."""

_UNDERFLOW = 2.0**-1000
"""What is that small may be off by more, relatively: numbers below 2**-1022 have fewer bits."""

_PARTIAL = ("log", "sqrt")
_EXACT_AT_ZERO = ("elu", "exp", "sigmoid", "softsign", "sqrt", "tanh")


def image(name: str, box: Box) -> Box:
    """The range of a function of `math`, rounded outwards; nothing is known where it is undefined.

    Raises KeyError for an unknown name.
    """
    if name == "abs":
        nearest = np.maximum(np.maximum(box.lo, -box.hi), 0.0)
        return Box(nearest, box.magnitude)
    if name == "relu":
        return box.map(lambda end: np.maximum(end, 0.0))
    limits = LIMITS[name]
    lo, hi = (_at(name, end) for end in (box.lo, box.hi))
    below = np.clip(_moved(lo, -1), *limits)
    above = np.clip(_moved(hi, 1), *limits)
    if name in _EXACT_AT_ZERO:
        below, above = np.where(box.lo == 0, lo, below), np.where(box.hi == 0, hi, above)
    if name not in _PARTIAL:
        return Box(below, above)
    unknown, undefined = anything(box.shape), box.lo < 0
    return Box(np.where(undefined, unknown.lo, below), np.where(undefined, unknown.hi, above))


def _at(name: str, x: FloatArray) -> FloatArray:
    """The function as a double computes it; at infinity its limit."""
    found = real(name, np.maximum(x, 0.0) if name in _PARTIAL else x)
    if name != "softsign":
        return found
    return np.where(np.isinf(x), np.sign(x), found)


def _moved(found: FloatArray, side: int) -> FloatArray:
    """Farther out than the double can err."""
    with np.errstate(all="ignore"):
        moved = found + side * (MARGIN * np.abs(found) + _UNDERFLOW)
    return np.nextafter(np.where(np.isinf(found), found, moved), side * np.inf)
