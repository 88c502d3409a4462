"""Exact array arithmetic against exact fractions, on both sides of the limits of machine integers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lstmir.numeric import FixedType
from lstmir.numeric.arrays import (
    IntArray,
    add,
    align,
    as_carrier,
    carrier,
    matvec,
    multiply,
    negate,
    subtract,
)
from lstmir.numeric.fixed import (
    difference_type,
    narrowest,
    negation_type,
    product_type,
    sum_type,
)

FORMATS = st.builds(FixedType, st.booleans(), st.integers(1, 70), st.integers(-20, 70))
# Sums leave int32 at the larger widths, products at the smaller; products leave int64 at the larger.
EDGE_WIDTHS = st.integers(14, 18) | st.integers(28, 34)
EDGES = st.builds(FixedType, st.booleans(), EDGE_WIDTHS, st.integers(0, 3))
Numbers = tuple[list[int], FixedType]


def numbers(formats: st.SearchStrategy[FixedType], size: int = 4) -> st.SearchStrategy[Numbers]:
    """As many integers of one format, its ends often among them."""

    def of_format(type: FixedType) -> st.SearchStrategy[Numbers]:
        ends = st.sampled_from([type.min_int, type.max_int])
        integers = ends | st.integers(type.min_int, type.max_int)
        return st.tuples(st.lists(integers, min_size=size, max_size=size), st.just(type))

    return formats.flatmap(of_format)


def fractions(integers: list[int] | IntArray, type: FixedType) -> list[Fraction]:
    """The values of integers."""
    return [int(integer) * Fraction(2) ** -type.frac for integer in integers]


def assert_values(result: IntArray, type: FixedType, expected: list[Fraction]) -> None:
    """The result is in its carrier and has the values."""
    assert result.dtype == carrier(type)
    assert fractions(result, type) == expected


def wider(type: FixedType) -> FixedType:
    """A wider format, with more fraction bits."""
    return FixedType(True, type.width + 6, type.frac + 3)


def test_the_carrier_is_the_narrowest_that_holds_every_integer() -> None:
    assert carrier(FixedType(True, 32, 0)) == np.int32
    assert carrier(FixedType(False, 31, 0)) == np.int32
    assert carrier(FixedType(False, 32, 0)) == np.int64
    assert carrier(FixedType(True, 33, 0)) == np.int64
    assert carrier(FixedType(True, 64, 0)) == np.int64
    assert carrier(FixedType(False, 63, 0)) == np.int64
    assert carrier(FixedType(False, 64, 0)) == np.dtype(object)
    assert carrier(FixedType(True, 65, 0)) == np.dtype(object)


def test_as_carrier_keeps_every_integer() -> None:
    u64, s8 = FixedType(False, 64, 0), FixedType(True, 8, 0)
    assert as_carrier([2**63, -1], u64).tolist() == [2**63, -1]
    assert as_carrier(np.array([2**64 - 1], np.uint64), u64).tolist() == [2**64 - 1]
    assert as_carrier(np.array([5], np.uint64), s8).dtype == np.int32
    assert type(as_carrier(np.int64(5), u64).item()) is int
    with pytest.raises(OverflowError):
        as_carrier(np.array([2**63], np.uint64), s8)
    with pytest.raises(OverflowError):
        as_carrier([2**63], s8)
    for beyond in (2**31, -(2**31) - 1):
        with pytest.raises(OverflowError, match=f"{beyond} to {beyond} do not fit in 32 bits"):
            as_carrier(np.array([beyond]), s8)
        with pytest.raises(OverflowError):
            as_carrier([beyond], s8)
    with pytest.raises(TypeError, match="held as integers, not as float64"):
        as_carrier(np.array([0.5]), s8)


@given(numbers(FORMATS), st.integers(0, 100))
def test_align(a: Numbers, shift: int) -> None:
    integers, type = a
    result = narrowest(min(integers) << shift, max(integers) << shift, type.frac + shift)
    aligned = align(as_carrier(integers, type), type, result)
    assert_values(aligned, result, fractions(integers, type))


def test_align_loses_nothing() -> None:
    with pytest.raises(ValueError, match="5 fraction bits do not fit in 4"):
        align(np.array([1]), FixedType(True, 8, 5), FixedType(True, 8, 4))


@given(st.lists(numbers(FORMATS | EDGES), min_size=1, max_size=4))
@example([([-(2**29)] * 4, FixedType(True, 30, 0))] * 5)
@example([([2**30 - 1] * 4, FixedType(False, 30, 0))] * 3)
@example([([-(2**61)] * 4, FixedType(True, 62, 0))] * 5)
def test_add(terms: list[Numbers]) -> None:
    exact = sum_type([type for _, type in terms])
    totals = [sum(column) for column in zip(*(fractions(*term) for term in terms), strict=True)]
    for result in (exact, wider(exact)):
        total = add([(as_carrier(*term), term[1]) for term in terms], result)
        assert_values(total, result, [Fraction(value) for value in totals])


@given(numbers(FORMATS | EDGES), numbers(FORMATS | EDGES))
@example(([2**31] * 2, FixedType(False, 32, 0)), ([-(2**31)] * 2, FixedType(True, 32, 0)))
@example(([-(2**15)] * 2, FixedType(True, 16, 0)), ([-(2**16)] * 2, FixedType(True, 17, 0)))
@example(([2**31 - 1] * 2, FixedType(False, 31, 0)), ([-(2**30)] * 2, FixedType(True, 31, 0)))
def test_subtract_and_multiply(a: Numbers, b: Numbers) -> None:
    x, y = as_carrier(*a), as_carrier(*b)
    pairs = list(zip(fractions(*a), fractions(*b), strict=True))
    for result in (difference_type(a[1], b[1]), wider(difference_type(a[1], b[1]))):
        assert_values(subtract(x, a[1], y, b[1], result), result, [p - q for p, q in pairs])
    for result in (product_type(a[1], b[1]), wider(product_type(a[1], b[1]))):
        assert_values(multiply(x, a[1], y, b[1], result), result, [p * q for p, q in pairs])


@given(numbers(FORMATS | st.just(FixedType(True, 64, 0))))
def test_negate(a: Numbers) -> None:
    result = negation_type(a[1])
    assert_values(negate(as_carrier(*a), a[1], result), result, [-p for p in fractions(*a)])


def test_a_result_that_its_type_cannot_carry_is_an_error() -> None:
    s64 = FixedType(True, 64, 0)
    largest = np.array([2**63 - 1])
    with pytest.raises(OverflowError):
        add([(largest, s64), (largest, s64)], s64)
    with pytest.raises(OverflowError):
        multiply(largest, s64, largest, s64, s64)


def test_shapes_broadcast() -> None:
    s8 = FixedType(True, 8, 0)
    column, row = np.ones((3, 1), np.int64), np.ones(2, np.int64)
    assert add([(column, s8), (row, s8)], sum_type([s8, s8])).tolist() == [[2, 2]] * 3
    assert multiply(column, s8, row, s8, product_type(s8, s8)).shape == (3, 2)


MATVEC_WIDTHS = st.sampled_from([1, 8, 25, 26, 27, 31, 32, 52, 62, 63, 64, 80])


@given(st.data(), MATVEC_WIDTHS, MATVEC_WIDTHS, st.booleans(), st.booleans())
def test_matvec_in_floats_int64_and_beyond(
    data: st.DataObject, weight_bits: int, vector_bits: int, signed_w: bool, signed_x: bool
) -> None:
    w_type, x_type = FixedType(signed_w, weight_bits, 3), FixedType(signed_x, vector_bits, 5)
    rows = [data.draw(numbers(st.just(w_type), 3))[0] for _ in range(2)]
    vectors = [data.draw(numbers(st.just(x_type), 3))[0] for _ in range(4)]
    result = FixedType(True, weight_bits + vector_bits + 4, 9)
    products = matvec(as_carrier(rows, w_type), w_type, as_carrier(vectors, x_type), x_type, result)
    assert products.dtype == carrier(result)
    assert products.tolist() == [
        [2 * sum(w * x for w, x in zip(row, vector, strict=True)) for row in rows]
        for vector in vectors
    ]


@pytest.mark.parametrize("limit", [24, 31, 53, 63])
def test_matvec_is_exact_right_at_the_limits(limit: int) -> None:
    ones = np.ones((1, 3), np.int64)
    for largest in (2**limit - 2, 2**limit - 1, 2**limit, 2**limit + 1):
        half = largest // 2
        weights = np.array([[half, largest - half, 1]])
        w_type, x_type = FixedType(False, limit + 1, 0), FixedType(False, 1, 0)
        result = matvec(weights, w_type, ones, x_type, FixedType(False, limit + 2, 0))
        assert result.tolist() == [[largest + 1]]
