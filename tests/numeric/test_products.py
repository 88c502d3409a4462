"""Prepared products against Python's own integers, on both sides of what floats hold exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lstmir.numeric import FixedType
from lstmir.numeric.arrays import as_carrier, carrier
from lstmir.numeric.carriers import IntArray
from lstmir.numeric.products import Factor, matvec, sum_of_products

BIT = FixedType(False, 1, 0)
WIDTHS = st.sampled_from([1, 2, 8, 11, 12, 13, 20, 25, 26, 40])
WIDE = FixedType(True, 160, 0)


def of_type(data: st.DataObject, type: FixedType, *shape: int) -> IntArray:
    """Integers of a format, its ends often among them."""
    ends = st.sampled_from([type.min_int, type.max_int])
    integers = ends | st.integers(type.min_int, type.max_int)
    size = int(np.prod(shape))
    drawn = data.draw(st.lists(integers, min_size=size, max_size=size))
    return as_carrier(np.array(drawn, object).reshape(shape), type)


def exact(weights: IntArray, vectors: IntArray) -> IntArray:
    """The products [N, R] in Python ints."""
    return np.array(vectors.astype(object) @ weights.astype(object).T)


@given(st.data(), st.integers(1, 3), st.booleans())
def test_the_sum_of_products_and_an_offset(
    data: st.DataObject, count: int, has_offset: bool
) -> None:
    rows, samples, frac = 2, 3, data.draw(st.integers(5, 8))
    factors, vectors, expected = [], [], np.zeros((samples, rows), object)
    for _ in range(count):
        types = [FixedType(data.draw(st.booleans()), data.draw(WIDTHS), f) for f in (3, 2)]
        columns = data.draw(st.integers(1, 3))
        weights, vector = (
            of_type(data, types[0], rows, columns),
            of_type(data, types[1], 3, columns),
        )
        factors.append(Factor(weights, *types))
        vectors.append(vector)
        expected += exact(weights, vector) << frac - 5
    offset = of_type(data, FixedType(True, 30, 0), rows) if has_offset else None
    if offset is not None:
        expected += offset.astype(object)
    result = FixedType(True, 160, frac)
    kernel = sum_of_products(factors, offset, result)
    assume(kernel is not None)
    assert kernel is not None
    assert kernel(*vectors).dtype == carrier(result)
    assert kernel(*vectors).tolist() == expected.tolist()


@pytest.mark.parametrize("limit", [2**24, 2**53])
@pytest.mark.parametrize("sign", [1, -1])
def test_sums_are_exact_right_at_the_limits_of_floats(limit: int, sign: int) -> None:
    """The sum is odd, so that a float which has only every second integer cannot give it."""
    one = np.ones((1, 1), np.int64)
    for total in range(limit - 3, limit + 4):
        part = total // 3
        heavy, light = (np.array([[sign * n]], object) for n in (part, total - 2 * part))
        type = FixedType(True, 60, 0)
        factors = [Factor(heavy, type, BIT), Factor(light, type, BIT)]
        kernel = sum_of_products(factors, np.array([sign * part]), WIDE)
        assert (kernel is None) == (total > 2**53)
        if kernel is not None:
            assert kernel(one, one).tolist() == [[sign * total]]


@pytest.mark.parametrize("limit", [2**24, 2**31, 2**53, 2**63])
@pytest.mark.parametrize("signed", [False, True])
def test_one_product_is_exact_right_at_every_limit(limit: int, signed: bool) -> None:
    """The vector's largest magnitude makes the bound: at its lower end where it is signed."""
    vectors_type = FixedType(signed, 2, 0)
    end = vectors_type.min_int if signed else vectors_type.max_int
    for weight in range(limit // abs(end) - 3, limit // abs(end) + 4):
        weights = np.array([[weight, 1], [-weight, 1]], object)
        kernel = matvec(Factor(weights, FixedType(True, 66, 0), vectors_type), WIDE)
        vectors = as_carrier([[end, 1 - signed]], vectors_type)
        assert kernel(vectors).tolist() == exact(weights, vectors).tolist()


def test_the_vectors_are_exact_where_weights_are_zero() -> None:
    """A float would be infinite, and its product with 0 no number."""
    vectors_type = FixedType(True, 1024, 0)
    vectors = as_carrier([[vectors_type.max_int, vectors_type.min_int]], vectors_type)
    zeros = np.zeros((3, 2), np.int64)
    kernel = matvec(Factor(zeros, FixedType(True, 8, 0), vectors_type), WIDE)
    assert kernel(vectors).tolist() == [[0, 0, 0]]


def test_a_sum_that_its_type_cannot_carry_is_an_error() -> None:
    factor = Factor(np.array([[2**31]]), FixedType(True, 40, 0), BIT)
    with pytest.raises(OverflowError, match="2147483648 to 2147483648 do not fit in 32 bits"):
        matvec(factor, FixedType(True, 32, 0))(np.array([[1]]))


def test_one_vector_stands_for_all_samples() -> None:
    byte = FixedType(True, 8, 0)
    factors = [Factor(np.array([[2, 3]]), byte, byte), Factor(np.array([[5]]), byte, byte)]
    kernel = sum_of_products(factors, np.array([7]), FixedType(True, 24, 0))
    assert kernel is not None
    assert kernel(np.array([[10, 20]]), np.array([[1], [2], [3]])).tolist() == [[92], [97], [102]]
    assert kernel(np.array([[10, 20]]), np.array([[1]])).tolist() == [[92]]


def test_neighbours_in_memory_are_samples_of_one_row() -> None:
    """So that slices of rows, such as the gates of a cell, are contiguous."""
    byte = FixedType(True, 8, 0)
    factor = Factor(np.ones((6, 2), np.int64), byte, byte)
    result = matvec(factor, FixedType(True, 24, 0))(np.ones((5, 2), np.int32))
    assert result.dtype == np.int32
    assert result[:, 2:4].T.flags.c_contiguous
