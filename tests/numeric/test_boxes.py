"""Boxes against exact rational arithmetic: every end is outside, and not farther than it must be."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmir.numeric import enclosures
from lstmir.numeric.boxes import Box, Matrix, anything, exactly, filled, total
from lstmir.numeric.images import LIMITS, image

REALS = st.floats(-1e12, 1e12) | st.floats(-2, 2) | st.integers(-9, 9).map(float)
INTERVALS = st.tuples(REALS, REALS).map(sorted)
INF = float("inf")


def interval(ends: list[float]) -> Box:
    return Box(np.array([ends[0]]), np.array([ends[1]]))


def assert_tight(box: Box, lo: Fraction, hi: Fraction) -> None:
    """An end is the last double outside, or the one behind it."""
    (low, high) = box.ends
    assert Fraction(low) <= lo
    assert hi <= Fraction(high)
    # Of what is too small for a double, only that it is small.
    assert Fraction(np.nextafter(np.nextafter(low, INF), INF)) >= lo
    assert Fraction(np.nextafter(np.nextafter(high, -INF), -INF)) <= hi


@given(INTERVALS, INTERVALS)
def test_arithmetic_is_rounded_outwards(a: list[float], b: list[float]) -> None:
    corners = [(Fraction(x), Fraction(y)) for x, y in product(a, b)]
    for box, reached in (
        (interval(a) + interval(b), [x + y for x, y in corners]),
        (interval(a) - interval(b), [x - y for x, y in corners]),
        (interval(a) * interval(b), [x * y for x, y in corners]),
    ):
        assert_tight(box, min(reached), max(reached))
    assert (-interval(a)).ends == (-a[1], -a[0])


@pytest.mark.parametrize(("x", "y"), [(0.5, 3.0), (1.0, 0.3), (0.0, INF), (-1.0, 1.0)])
def test_what_is_exact_is_not_widened(x: float, y: float) -> None:
    left, right = interval([x, x]), interval([min(y, 0.1), y])
    expected = sorted([x * min(y, 0.1), x * y if x else 0.0])
    assert (left * right).ends == tuple(expected)
    assert (interval([0.25, 0.5]) + interval([1, 2])).ends == (1.25, 2.5)


def test_what_overflows_stays_between_infinities() -> None:
    large = interval([1e308, 1.7e308])
    assert (large + large).ends == (np.finfo(float).max, INF)
    assert (large * large).ends == (np.finfo(float).max, INF)
    assert (anything((2,)) + anything((2,))).ends == (-INF, INF)


def test_an_empty_interval_is_refused() -> None:
    for ends in ([1.0, 0.0], [float("nan"), 1.0]):
        with pytest.raises(ValueError, match="lo <= hi"):
            interval(ends)


@given(st.integers(1, 6), st.integers(0, 2**32 - 1), st.sampled_from([1e-300, 1.0, 1e30]))
def test_products_with_a_matrix(columns: int, seed: int, scale: float) -> None:
    random = np.random.default_rng(seed)
    weights = random.normal(size=(3, columns)) * 2.0 ** random.integers(-30, 30, (3, columns))
    ends = np.sort(random.normal(size=(2, columns)) * scale, axis=0)
    box = Box(*ends)
    result = Matrix(weights).times(box)
    for row, lo, hi in zip(weights, result.lo, result.hi, strict=True):
        reached = [
            [Fraction(w) * Fraction(x) for x in pair] for w, pair in zip(row, ends.T, strict=True)
        ]
        least, most = sum(map(min, reached)), sum(map(max, reached))
        room = sum(max(map(abs, pair)) for pair in reached) / 10**14 + Fraction(1, 2**1000)
        assert least - room <= Fraction(lo) <= least
        assert most <= Fraction(hi) <= most + room


def test_a_row_that_ignores_the_unknown_is_known() -> None:
    box = Box(np.array([-INF, -3.0]), np.array([-1.0, INF]))
    found = Matrix(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, 0.0]])).times(box)
    assert np.allclose(found.lo, [-INF, -3, 1, 0])
    assert np.allclose(found.hi, [-1, INF, INF, 0])
    assert Matrix(np.array([[1.0], [-1.0]])).times(interval([2.0, INF])).hi.tolist() == [
        INF,
        pytest.approx(-2.0),
    ]


def test_sums_along_axes() -> None:
    numbers = np.random.default_rng(0).normal(size=(4, 50)) * 1e8
    found = total(exactly(numbers), (1,))
    for row, lo, hi in zip(numbers, found.lo, found.hi, strict=True):
        assert Fraction(lo) <= sum(map(Fraction, row)) <= Fraction(hi)
        assert hi - lo < 1e-3
    assert total(filled((3,), -1, INF), (0,)).ends[1] == INF


@given(st.sampled_from(sorted(LIMITS)), INTERVALS)
def test_images_hold_the_rational_enclosures(name: str, ends: list[float]) -> None:
    ends = [max(-600.0, min(600.0, end)) for end in ends]
    if name in ("log", "sqrt"):
        ends = sorted(abs(end) + 1e-9 for end in ends)
    lo, hi = image(name, interval(ends)).ends
    enclose = getattr(enclosures, name)
    least, most = enclose(Fraction(ends[0]), 30)[0], enclose(Fraction(ends[1]), 30)[1]
    slack = Fraction(1, 10**25)
    assert lo == -INF or Fraction(lo) <= least + slack * abs(least)
    assert hi == INF or most - slack * abs(most) <= Fraction(hi)
    assert LIMITS[name][0] <= lo <= hi <= LIMITS[name][1]
    if np.isfinite(lo):
        assert Fraction(lo) >= least - abs(least) / 2**40 - Fraction(1, 2**900)
    if np.isfinite(hi):
        assert Fraction(hi) <= most + abs(most) / 2**40 + Fraction(1, 2**900)


@pytest.mark.parametrize(
    ("name", "ends", "expected"),
    [
        ("abs", [-3.0, 2.0], (0.0, 3.0)),
        ("abs", [-3.0, -2.0], (2.0, 3.0)),
        ("relu", [-3.0, 2.0], (0.0, 2.0)),
        ("tanh", [0.0, INF], (0.0, 1.0)),
        ("sigmoid", [-INF, 0.0], (0.0, 0.5)),
        ("softsign", [-INF, INF], (-1.0, 1.0)),
        ("log", [-1.0, 2.0], (-INF, INF)),
        ("sqrt", [-1.0, 2.0], (-INF, INF)),
        ("elu", [-INF, 0.0], (-1.0, 0.0)),
    ],
)
def test_images_at_their_ends(name: str, ends: list[float], expected: tuple[float, float]) -> None:
    assert image(name, interval(ends)).ends == expected
