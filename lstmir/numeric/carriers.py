"""Which numpy dtype carries the integers of a format."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lstmir.numeric.fixed import FixedType

IntArray = NDArray[Any]
"""Integers of one format: dtype int32 or int64, or object holding Python ints."""

INT32 = np.dtype(np.int32)
INT64 = np.dtype(np.int64)
OBJECT = np.dtype(object)

_RANGES: dict[np.dtype[Any], FixedType] = {
    INT32: FixedType(True, 32, 0),
    INT64: FixedType(True, 64, 0),
}
_BY_SIZE = (INT32, INT64, OBJECT)


def holder(lo: int, hi: int) -> np.dtype[Any]:
    """The first of int32, int64 and object that holds every integer of lo..hi."""
    fitting = (dtype for dtype, range_ in _RANGES.items() if range_.contains_int(lo, hi))
    return next(fitting, OBJECT)


def roomy(bits: int) -> np.dtype[Any]:
    """The first of them that holds every integer below 2**(bits + 1) in magnitude."""
    return holder(1 - (2 << bits), (2 << bits) - 1)


@lru_cache(4096)
def carrier(type: FixedType) -> np.dtype[Any]:
    """The dtype for the type's integers: the first of int32, int64 and object that holds each."""
    return holder(type.min_int, type.max_int)


def wider(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """Of two carriers the one that holds all integers of the other."""
    return max(a, b, key=_BY_SIZE.index)


def holds_all(type: FixedType, dtype: np.dtype[Any]) -> bool:
    """Whether the type has every integer of a carrier."""
    return dtype != OBJECT and type.contains_int(_RANGES[dtype].min_int, _RANGES[dtype].max_int)


def clipped_to(dtype: np.dtype[Any], type: FixedType) -> tuple[Any, Any]:
    """The least and the greatest integer of the type that a carrier has, as its scalars."""
    if dtype == OBJECT:
        return type.min_int, type.max_int
    range_ = _RANGES[dtype]
    lo, hi = max(type.min_int, range_.min_int), min(type.max_int, range_.max_int)
    return dtype.type(lo), dtype.type(hi)


def as_carrier(ints: ArrayLike, type: FixedType) -> IntArray:
    """The same integers, any shape, in the type's carrier; no copy where none is needed.

    Raises OverflowError if an integer does not fit in the carrier.
    """
    return cast_ints(ints, carrier(type))


def cast_ints(ints: ArrayLike, dtype: np.dtype[Any]) -> IntArray:
    """The same integers, any shape, in one of the three carriers.

    Raises OverflowError if one does not fit, TypeError for floats.
    """
    if isinstance(ints, np.ndarray) and ints.dtype is dtype:
        return ints
    # Left to itself, numpy would make floats of [2**63, -1].
    is_array = isinstance(ints, np.ndarray | np.generic)
    array = np.asarray(ints, None if is_array else OBJECT)
    if array.dtype.kind not in "iubO":
        raise TypeError(f"fixed-point numbers are held as integers, not as {array.dtype}")
    if dtype != OBJECT and array.dtype.kind in "iu":
        _check_range(array, _RANGES[dtype])
    return array.astype(dtype, copy=False)


def _check_range(array: IntArray, range_: FixedType) -> None:
    """Among machine integers, numpy itself would only keep the low bits."""
    own = np.iinfo(array.dtype)
    if range_.contains_int(int(own.min), int(own.max)) or not array.size:
        return
    lo, hi = int(array.min()), int(array.max())
    if not range_.contains_int(lo, hi):
        raise OverflowError(f"the integers {lo} to {hi} do not fit in {range_.width} bits")
