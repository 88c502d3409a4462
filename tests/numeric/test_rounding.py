"""Requantization against exact fractions."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lstmir.numeric import FixedType, Overflow, Rounding
from lstmir.numeric.arrays import as_carrier, carrier
from lstmir.numeric.rounding import requantize

ROUND: dict[Rounding, Callable[[Fraction], int]] = {
    Rounding.FLOOR: math.floor,
    Rounding.HALF_UP: lambda value: math.floor(value + Fraction(1, 2)),
    Rounding.HALF_EVEN: round,
    Rounding.TOWARD_ZERO: math.trunc,
}

# Where the carriers end is where mistakes would be.
WIDTHS = st.integers(1, 80) | st.sampled_from([29, 30, 31, 32, 33, 61, 62, 63, 64, 65])
FORMATS = st.builds(FixedType, st.booleans(), WIDTHS, st.integers(-70, 90))


def expected(
    integer: int, source: FixedType, target: FixedType, rounding: Rounding, overflow: Overflow
) -> int:
    """The definition, on one integer."""
    rounded = ROUND[rounding](integer * Fraction(2) ** (target.frac - source.frac))
    if overflow is Overflow.SATURATE:
        return min(max(rounded, target.min_int), target.max_int)
    wrapped = rounded % (1 << target.width)
    return wrapped - (1 << target.width) if wrapped > target.max_int else wrapped


@st.composite
def arrays(draw: st.DrawFn) -> tuple[list[int], FixedType]:
    """Integers of one format: its ends, multiples of powers of two (so ties), and any others."""
    type = draw(FORMATS)
    inside = st.integers(type.min_int, type.max_int)
    coarse = st.builds(lambda i, k: i >> k << k, inside, st.integers(0, type.width - 1))
    ends = st.sampled_from([type.min_int, type.max_int])
    return draw(st.lists(ends | coarse | inside, min_size=1, max_size=8)), type


@given(arrays(), FORMATS, st.sampled_from(Rounding), st.sampled_from(Overflow))
@example(
    ([-(2**63), 2**63 - 1], FixedType(True, 64, 64)),
    FixedType(True, 64, 0),
    Rounding.HALF_UP,
    Overflow.WRAP,
)
@example(
    ([2**31 - 1], FixedType(False, 31, 1)),
    FixedType(True, 40, 0),
    Rounding.HALF_UP,
    Overflow.SATURATE,
)
@example(
    ([2**30 - 1, 2**29], FixedType(False, 30, 30)),
    FixedType(True, 8, 0),
    Rounding.HALF_UP,
    Overflow.SATURATE,
)
@example(
    ([-1, -(2**9)], FixedType(True, 10, 0)),
    FixedType(False, 40, 0),
    Rounding.FLOOR,
    Overflow.WRAP,
)
@example(
    ([2**63 - 1], FixedType(False, 63, 1)),
    FixedType(True, 64, 0),
    Rounding.HALF_EVEN,
    Overflow.SATURATE,
)
def test_requantize(
    numbers: tuple[list[int], FixedType],
    target: FixedType,
    rounding: Rounding,
    overflow: Overflow,
) -> None:
    integers, source = numbers
    result = requantize(as_carrier(integers, source), source, target, rounding, overflow)
    assert result.dtype == carrier(target)
    assert result.tolist() == [expected(i, source, target, rounding, overflow) for i in integers]


@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("signed", [False, True])
def test_requantize_every_byte(signed: bool, rounding: Rounding, overflow: Overflow) -> None:
    source = FixedType(signed, 8, 4)
    integers = np.arange(source.min_int, source.max_int + 1)
    for frac in range(-6, 10):
        for target in (FixedType(True, 5, frac), FixedType(False, 5, frac)):
            result = requantize(integers, source, target, rounding, overflow)
            assert result.tolist() == [
                expected(i, source, target, rounding, overflow) for i in integers.tolist()
            ]


@pytest.mark.parametrize(
    ("rounding", "rounded"),
    [
        (Rounding.FLOOR, [-2, -2, -1, 0, 0, 1]),
        (Rounding.HALF_UP, [-1, -1, 0, 1, 1, 2]),
        (Rounding.HALF_EVEN, [-2, -1, 0, 0, 1, 2]),
        (Rounding.TOWARD_ZERO, [-1, -1, 0, 0, 0, 1]),
    ],
)
def test_the_four_roundings_at_a_glance(rounding: Rounding, rounded: list[int]) -> None:
    quarters = np.array([-6, -5, -2, 2, 3, 6])
    source, target = FixedType(True, 8, 2), FixedType(True, 8, 0)
    result = requantize(quarters, source, target, rounding, Overflow.SATURATE)
    assert result.tolist() == rounded


def test_any_shape_is_kept() -> None:
    source, target = FixedType(True, 8, 4), FixedType(True, 4, 1)
    for shape in ((), (0,), (2, 0, 3), (2, 3)):
        for type in (target, FixedType(False, 64, 1)):
            zeros = np.zeros(shape, np.int64)
            result = requantize(zeros, source, type, Rounding.HALF_EVEN, Overflow.WRAP)
            assert (result.shape, result.dtype) == (shape, carrier(type))


def test_the_names_are_those_of_the_ir() -> None:
    assert [str(rounding) for rounding in Rounding] == [
        "floor",
        "half_up",
        "half_even",
        "toward_zero",
    ]
    assert [str(overflow) for overflow in Overflow] == ["saturate", "wrap"]
