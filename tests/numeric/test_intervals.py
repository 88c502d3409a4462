"""Interval arithmetic against all integers of small intervals."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmir.numeric.intervals import Interval, matvec_bound, prefix_bound

INTERVALS = st.tuples(st.integers(-6, 6), st.integers(0, 5)).map(lambda t: Interval(t[0], sum(t)))
MATRICES = st.integers(1, 3).flatmap(
    lambda columns: st.lists(
        st.lists(st.integers(-4, 4), min_size=columns, max_size=columns), min_size=1, max_size=3
    )
)


def members(interval: Interval) -> range:
    """Every integer of the interval."""
    return range(interval.lo, interval.hi + 1)


def test_an_empty_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="lo <= hi, not 2 > 1"):
        Interval(2, 1)


@given(INTERVALS, INTERVALS)
def test_the_range_of_each_operation_is_exact(a: Interval, b: Interval) -> None:
    pairs = list(product(members(a), members(b)))
    for result, reached in (
        (a + b, [x + y for x, y in pairs]),
        (a - b, [x - y for x, y in pairs]),
        (a * b, [x * y for x, y in pairs]),
        (-a, [-x for x in members(a)]),
        (a.hull(b), [*members(a), *members(b)]),
    ):
        assert (result.lo, result.hi) == (min(reached), max(reached))


@given(INTERVALS, st.integers(-9, 14))
def test_membership(a: Interval, integer: int) -> None:
    assert (integer in a) == (integer in members(a))


@given(MATRICES, INTERVALS)
def test_matvec_bound_is_attained(rows: list[list[int]], x: Interval) -> None:
    lows, highs = matvec_bound(np.array(rows), x.lo, x.hi)
    for row, low, high in zip(rows, lows, highs, strict=True):
        reached = [
            sum(w * v for w, v in zip(row, vector, strict=True))
            for vector in product((x.lo, x.hi), repeat=len(row))
        ]
        assert (low, high) == (min(reached), max(reached))


@given(MATRICES, INTERVALS)
def test_prefix_bound_is_the_range_of_partial_sums(rows: list[list[int]], x: Interval) -> None:
    lows, highs = prefix_bound(np.array(rows), x.lo, x.hi)
    for row, low, high in zip(rows, lows, highs, strict=True):
        reached = {
            sum(w * v for w, v in zip(order[:kept], vector, strict=False))
            for order in permutations(row)
            for kept in range(len(row) + 1)
            for vector in product((x.lo, x.hi), repeat=len(row))
        }
        assert (low, high) == (min(reached), max(reached))


def test_bounds_beyond_int64_are_exact() -> None:
    weights = np.full((1, 4), -(2**63))
    assert matvec_bound(weights, -(2**100), 3) == ([-12 * 2**63], [2**165])
    assert prefix_bound(weights, 2, 3) == ([-12 * 2**63], [0])


def test_a_matrix_without_columns_sums_to_zero() -> None:
    assert matvec_bound(np.zeros((2, 0), np.int64), -1, 1) == ([0, 0], [0, 0])
