"""Formats, and the narrowest formats of exact results."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmir.numeric.fixed import (
    MAX_WIDTH,
    FixedType,
    difference_type,
    narrowest,
    negation_type,
    product_type,
    sum_type,
)

FORMATS = st.builds(FixedType, st.booleans(), st.integers(1, 80), st.integers(-40, 90))
SMALL = st.builds(FixedType, st.booleans(), st.integers(1, 4), st.integers(-2, 6))


def values(type: FixedType) -> list[Fraction]:
    """Every value of a small format."""
    return [
        integer * Fraction(2) ** -type.frac for integer in range(type.min_int, type.max_int + 1)
    ]


def assert_narrowest(type: FixedType, results: list[Fraction]) -> None:
    """The results are values of the type, and of no narrower one with as many fraction bits."""
    integers = [result * Fraction(2) ** type.frac for result in results]
    assert all(integer.denominator == 1 for integer in integers)
    assert type.contains_int(int(min(integers)), int(max(integers)))
    for signed in (False, True):
        if type.width > 1:
            narrower = FixedType(signed, type.width - 1, type.frac)
            assert not narrower.contains_int(int(min(integers)), int(max(integers)))


def test_a_signed_format() -> None:
    type = FixedType(True, 8, 5)
    assert str(type) == "!fx.s<8,5>"
    assert (type.min_int, type.max_int) == (-128, 127)
    assert (type.lsb, type.min_value, type.max_value) == (1 / 32, -4.0, 3.96875)


def test_an_unsigned_format_of_fractions_only() -> None:
    type = FixedType(False, 8, 8)
    assert str(type) == "!fx.u<8,8>"
    assert (type.min_int, type.max_int) == (0, 255)
    assert (type.min_value, type.max_value) == (0.0, 255 / 256)


def test_a_format_beyond_float64() -> None:
    assert FixedType(False, 1024, -1024).max_value == math.inf
    assert FixedType(True, 1024, -1024).min_value == -math.inf
    assert FixedType(True, 1024, 1024).min_value == -0.5


@pytest.mark.parametrize("width", [0, -1, MAX_WIDTH + 1])
def test_a_width_out_of_range_is_refused(width: int) -> None:
    with pytest.raises(ValueError, match=f"width must be 1 to 1024 bits, not {width}"):
        FixedType(True, width, 0)


@pytest.mark.parametrize("frac", [-1025, 1025])
def test_fraction_bits_out_of_range_are_refused(frac: int) -> None:
    with pytest.raises(ValueError, match=f"fraction bits must be -1024 to 1024, not {frac}"):
        FixedType(True, 8, frac)


def test_a_range_too_wide_for_any_format_is_refused() -> None:
    with pytest.raises(ValueError, match="would need 1025 bits; at most 1024"):
        narrowest(-1, 1 << 1023, 0)
    with pytest.raises(ValueError, match="an empty range"):
        narrowest(1, 0, 0)
    with pytest.raises(ValueError, match="at least one operand"):
        sum_type([])


def test_narrowest_at_the_powers_of_two() -> None:
    assert narrowest(0, 0, 3) == FixedType(False, 1, 3)
    assert narrowest(0, 255, 3) == FixedType(False, 8, 3)
    assert narrowest(0, 256, 3) == FixedType(False, 9, 3)
    assert narrowest(-1, -1, 3) == FixedType(True, 1, 3)
    assert narrowest(-128, -100, 3) == FixedType(True, 8, 3)
    assert narrowest(-128, 128, 3) == FixedType(True, 9, 3)
    assert narrowest(-129, 0, 3) == FixedType(True, 9, 3)


@given(SMALL, SMALL)
def test_contains_is_inclusion_of_the_values(a: FixedType, b: FixedType) -> None:
    # A format with too few fraction bits may hold all values only if there is none but 0.
    assert a.contains(b) == (set(values(b)) <= set(values(a)) and a.frac >= b.frac)


@given(st.lists(SMALL, min_size=1, max_size=3))
def test_sum_type_is_the_narrowest(types: list[FixedType]) -> None:
    corners = [[min(values(type)) for type in types], [max(values(type)) for type in types]]
    result = sum_type(types)
    assert_narrowest(result, [sum(corner, Fraction()) for corner in corners])
    assert result.frac == max(type.frac for type in types)


@given(SMALL, SMALL)
def test_types_of_two_operands_are_the_narrowest(a: FixedType, b: FixedType) -> None:
    pairs = [(x, y) for x in values(a) for y in values(b)]
    assert_narrowest(difference_type(a, b), [x - y for x, y in pairs])
    assert_narrowest(product_type(a, b), [x * y for x, y in pairs])
    assert difference_type(a, b).frac == max(a.frac, b.frac)
    assert product_type(a, b).frac == a.frac + b.frac


@given(SMALL)
def test_negation_type_is_the_narrowest(a: FixedType) -> None:
    assert_narrowest(negation_type(a), [-x for x in values(a)])


@given(FORMATS, FORMATS, FORMATS)
def test_a_sum_of_three_holds_the_sum_of_two(a: FixedType, b: FixedType, c: FixedType) -> None:
    assert sum_type([a, b, c]).contains(sum_type([a, b]))
    assert sum_type([a, b, c]) == sum_type([c, a, b])
