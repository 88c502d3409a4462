"""Real numbers to the integers of a format, integers to the beats of a stream, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .design import Format
from .errors import DriverError

Array = NDArray[Any]

_EXACT = 53
"""Every integer of so many bits is a double."""


def quantize(values: Array, format_: Format) -> Array:
    """Real numbers, any shape, rounded half to even to a format, and clipped to its ends.

    They must be finite. Integers wider than a double are Python's own.
    """
    with np.errstate(over="ignore", under="ignore"):
        scaled = np.rint(np.ldexp(np.asarray(values, np.float64), format_.fraction))
    if format_.width <= _EXACT:
        return np.clip(scaled, format_.least, format_.most).astype(np.int64)
    ends = {np.inf: format_.most, -np.inf: format_.least}
    exact = [ends[n] if n in ends else int(n) for n in scaled.ravel().tolist()]
    clipped = [min(max(n, format_.least), format_.most) for n in exact]
    return np.array(clipped, object).reshape(scaled.shape)


def dequantize(integers: Array, format_: Format) -> NDArray[np.float64]:
    """The real numbers that integers of a format stand for, each rounded once to a double."""
    doubles = np.array([float(n) for n in integers.ravel().tolist()], np.float64)
    return np.ldexp(doubles, -format_.fraction).reshape(integers.shape)


def to_beats(integers: Array, format_: Format) -> Array:
    """The wires of each element's beat, as natural numbers of its width. Raises `DriverError`."""
    flat = [int(n) for n in integers.ravel().tolist()]
    if flat and not format_.least <= min(flat) <= max(flat) <= format_.most:
        wrong = next(n for n in flat if not format_.least <= n <= format_.most)
        raise DriverError(f"the integer {wrong} is none of the {format_}")
    mask = (1 << format_.beat) - 1
    return np.array([n & mask for n in flat], f"uint{format_.beat}")


def from_beats(beats: Array, format_: Format) -> Array:
    """The integers of beats, in one dimension."""
    sign = 1 << format_.beat - 1
    integers = [int(n) for n in beats.tolist()]
    if format_.signed:
        integers = [(n ^ sign) - sign for n in integers]
    return np.array(integers, np.int64 if format_.width <= _EXACT else object)
