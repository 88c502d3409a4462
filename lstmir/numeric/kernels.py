"""Exact arithmetic prepared for formats: what depends on them alone is decided once.

Each function here gives one that computes on arrays of integers of those formats. That computes in
int32 or int64 only where the formats prove that nothing overflows, and in Python ints elsewhere.
The format of a result must hold every possible result (it may have more fraction bits than
needed); a result that does not fit in its carrier raises OverflowError.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from lstmir.numeric.carriers import IntArray, carrier, cast_ints, roomy
from lstmir.numeric.fixed import FixedType

Kernel = Callable[..., IntArray]


def adder(types: Sequence[FixedType], result: FixedType) -> Kernel:
    """The sum of as many arrays, shapes broadcast."""
    widest = max(_bits(type, result.frac) for type in types)
    dtype = roomy(widest + (len(types) - 1).bit_length())
    lifts = [_lift(type.frac, result.frac, dtype) for type in types]
    held = carrier(result)

    def add(*terms: IntArray) -> IntArray:
        lifted = [lift(term) for lift, term in zip(lifts, terms, strict=True)]
        return cast_ints(reduce(operator.add, lifted), held)

    return add


def subtractor(left: FixedType, right: FixedType, result: FixedType) -> Kernel:
    """The difference of two arrays, shapes broadcast."""
    dtype = roomy(1 + max(_bits(left, result.frac), _bits(right, result.frac)))
    lift_left, lift_right = (_lift(type.frac, result.frac, dtype) for type in (left, right))
    held = carrier(result)
    return lambda a, b: cast_ints(lift_left(a) - lift_right(b), held)


def negator(source: FixedType, result: FixedType) -> Kernel:
    """The other sign."""
    lift, held = lifter(source, result.frac), carrier(result)
    return lambda a: cast_ints(-lift(a), held)


def multiplier(left: FixedType, right: FixedType, result: FixedType) -> Kernel:
    """The elementwise product of two arrays, shapes broadcast."""
    frac = left.frac + right.frac
    dtype = roomy(_bits(left, left.frac) + _bits(right, result.frac - left.frac))
    lift, held = _lift(frac, result.frac, dtype), carrier(result)
    return lambda a, b: cast_ints(lift(cast_ints(a, dtype) * cast_ints(b, dtype)), held)


def aligner(source: FixedType, result: FixedType) -> Kernel:
    """The same values in the result's format."""
    lift, held = lifter(source, result.frac), carrier(result)
    return lambda a: cast_ints(lift(a), held)


def lifter(source: FixedType, frac: int) -> Kernel:
    """The same values as integers with `frac` fraction bits, in a carrier that has room for them."""
    return _lift(source.frac, frac, roomy(_bits(source, frac)))


def _lift(from_frac: int, to_frac: int, dtype: np.dtype[Any]) -> Kernel:
    shift = _left_shift(from_frac, to_frac)
    if shift == 0:
        return lambda ints: cast_ints(ints, dtype)
    return lambda ints: np.asarray(cast_ints(ints, dtype) << shift, dtype)


def _bits(type: FixedType, frac: int) -> int:
    """The b for which no integer of the type, given `frac` fraction bits, exceeds 2**b."""
    return type.width - type.signed + _left_shift(type.frac, frac)


def _left_shift(from_frac: int, to_frac: int) -> int:
    if to_frac < from_frac:
        raise ValueError(f"{from_frac} fraction bits do not fit in {to_frac}")
    return to_frac - from_frac
