"""Which numpy dtype carries the integers of a format."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lstmir.numeric.fixed import FixedType

IntArray = NDArray[Any]
"""Integers of one format: dtype int64, or object holding Python ints."""

INT64 = np.dtype(np.int64)
OBJECT = np.dtype(object)

_INT64_RANGE = FixedType(True, 64, 0)


def carrier(type: FixedType) -> np.dtype[Any]:
    """The dtype for the type's integers: int64 where each fits in it, else object."""
    return INT64 if _INT64_RANGE.contains_int(type.min_int, type.max_int) else OBJECT


def as_carrier(ints: ArrayLike, type: FixedType) -> IntArray:
    """The same integers, any shape, in the type's carrier; no copy where none is needed.

    Raises OverflowError if an integer does not fit in the carrier.
    """
    return cast_ints(ints, carrier(type))


def cast_ints(ints: ArrayLike, dtype: np.dtype[Any]) -> IntArray:
    """The same integers, any shape, as int64 or as Python ints.

    Raises OverflowError if one does not fit, TypeError for floats.
    """
    # Left to itself, numpy would make floats of [2**63, -1].
    is_array = isinstance(ints, np.ndarray | np.generic)
    array = np.asarray(ints, None if is_array else OBJECT)
    if array.dtype.kind not in "iubO":
        raise TypeError(f"fixed-point numbers are held as integers, not as {array.dtype}")
    if array.dtype == np.uint64:
        array = array.astype(OBJECT)
    return array.astype(dtype, copy=False)
