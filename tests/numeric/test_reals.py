"""Between float64 and fixed point, against exact fractions."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lstmir.numeric import FixedType, Overflow, Rounding
from lstmir.numeric.arrays import as_carrier, carrier, quantize_real, to_real

ROUND: dict[Rounding, Callable[[Fraction], int]] = {
    Rounding.FLOOR: math.floor,
    Rounding.HALF_UP: lambda value: math.floor(value + Fraction(1, 2)),
    Rounding.HALF_EVEN: round,
    Rounding.TOWARD_ZERO: math.trunc,
}

FORMATS = st.builds(FixedType, st.booleans(), st.integers(1, 70), st.integers(-70, 90))
DOUBLES = st.floats(allow_nan=False, allow_infinity=False)
BYTE = FixedType(True, 8, 4)


@st.composite
def doubles(draw: st.DrawFn) -> tuple[list[float], FixedType]:
    """Doubles, some of them ties of a format or neighbours of ties, and that format."""
    type = draw(FORMATS)
    halves = st.integers(2 * type.min_int - 3, 2 * type.max_int + 3)
    ties = halves.map(lambda half: math.ldexp(half, -type.frac - 1))
    beside = st.builds(math.nextafter, ties, DOUBLES)
    return draw(st.lists(DOUBLES | ties | beside, min_size=1, max_size=6)), type


@given(doubles(), st.sampled_from(Rounding), st.sampled_from(Overflow))
@example(
    ([0.49999999999999994, -0.49999999999999994, -0.5, 0.5], FixedType(True, 60, 0)),
    Rounding.HALF_UP,
    Overflow.SATURATE,
)
@example(
    ([2.0**52 - 0.5, 2.0**52, -(2.0**52) - 1], FixedType(True, 53, 0)),
    Rounding.HALF_UP,
    Overflow.SATURATE,
)
@example(
    ([2.0**53 + 2, 2.0**53, -(2.0**53) - 2], FixedType(True, 54, 0)),
    Rounding.HALF_EVEN,
    Overflow.SATURATE,
)
@example(
    ([-5e-324, 5e-324], FixedType(True, 8, -70)),
    Rounding.FLOOR,
    Overflow.SATURATE,
)
def test_quantize_real(
    reals: tuple[list[float], FixedType], rounding: Rounding, overflow: Overflow
) -> None:
    values, type = reals
    result = quantize_real(np.array(values), type, rounding, overflow)
    assert result.dtype == carrier(type)
    for value, integer in zip(values, result.tolist(), strict=True):
        rounded = ROUND[rounding](Fraction(value) * Fraction(2) ** type.frac)
        assert type.contains_int(integer, integer)
        if overflow is Overflow.WRAP:
            assert (integer - rounded) % (1 << type.width) == 0
        else:
            assert integer == min(max(rounded, type.min_int), type.max_int)


@pytest.mark.parametrize("type", [BYTE, FixedType(True, 80, 4), FixedType(False, 1024, -1024)])
def test_an_infinity_saturates_and_does_not_wrap(type: FixedType) -> None:
    infinities = np.array([np.inf, -np.inf])
    assert quantize_real(infinities, type).tolist() == [type.max_int, type.min_int]
    with pytest.raises(ValueError, match="an infinity cannot wrap"):
        quantize_real(infinities, type, Rounding.FLOOR, Overflow.WRAP)


def test_a_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="a NaN has no fixed-point value"):
        quantize_real(np.array([0.0, np.nan]), BYTE)


def test_the_defaults_are_half_even_and_saturate() -> None:
    ties = np.array([[0.5 / 16, 1.5 / 16], [100.0, -100.0]])
    assert quantize_real(ties, BYTE).tolist() == [[0, 2], [127, -128]]


@given(
    st.data(), FORMATS | st.builds(FixedType, st.booleans(), st.just(60), st.integers(900, 1024))
)
def test_to_real_rounds_once(data: st.DataObject, type: FixedType) -> None:
    integers = data.draw(st.lists(st.integers(type.min_int, type.max_int), max_size=5))
    reals = to_real(as_carrier(integers, type), type)
    assert reals.dtype == np.float64
    assert reals.tolist() == [float(i * Fraction(2) ** -type.frac) for i in integers]


@pytest.mark.parametrize("rounding", Rounding)
def test_any_layout_and_float_type_is_quantized(rounding: Rounding) -> None:
    random = np.random.default_rng(3)
    block = random.normal(0, 5, (300, 7, 11))
    layouts = [block, block.transpose(1, 0, 2), block[::2, :, ::-1], block.T[3:5, ::3], block[1, 2]]
    for values in [*layouts, *(array.astype(np.float32) for array in layouts), np.float64(2.6)]:
        each = [
            quantize_real(np.array(value, np.float64), BYTE, rounding).item()
            for value in np.asarray(values).flat
        ]
        result = quantize_real(values, BYTE, rounding)
        assert result.shape == np.shape(values)
        assert result.ravel().tolist() == each


@pytest.mark.parametrize("frac", [-1024, -1023, -1022, 1022, 1023, 1024])
def test_the_smallest_and_the_largest_doubles_at_the_farthest_formats(frac: int) -> None:
    type = FixedType(True, 60, frac)
    values = [5e-324, 2.0**-1022, 2.0**-1023 * 1.5, 1.0, 2.0**1023, 1.7976931348623157e308]
    for rounding in Rounding:
        result = quantize_real(np.array(values), type, rounding).tolist()
        rounded = [ROUND[rounding](Fraction(value) * Fraction(2) ** frac) for value in values]
        assert result == [min(integer, type.max_int) for integer in rounded]


def test_to_real_keeps_shapes_and_ends_in_infinity() -> None:
    assert to_real(np.zeros((2, 0, 3), np.int64), BYTE).shape == (2, 0, 3)
    wide = FixedType(True, 1024, -100)
    assert to_real(as_carrier([[wide.max_int, wide.min_int]], wide), wide).tolist() == [
        [np.inf, -np.inf]
    ]
