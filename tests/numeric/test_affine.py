"""Affine forms against exact rational arithmetic: what symbols don't say, the box of a form must."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.numeric.affine import Affine, born, joined
from lstmir.numeric.boxes import Box, Matrix, anything, exactly, filled

INF = float("inf")
N = 3
SEEDS = st.integers(0, 2**32 - 1)


@dataclass
class Followed:
    """A form, and the exact numbers for one choice of the symbols, which it must contain."""

    form: Affine
    exact: np.ndarray

    def check(self, symbols: dict[int, Fraction]) -> None:
        """The form holds the numbers, and so does its range."""
        range_ = self.form.range
        for index in np.ndindex(self.exact.shape):
            exact: Fraction = self.exact.item(index)
            assert_inside(exact, range_, index)
            for name, generator in zip(self.form.symbols, self.form.generators, strict=True):
                exact -= Fraction(generator[index]) * symbols[int(name)]
            assert_inside(exact, self.form.rest, index)


def assert_inside(number: Fraction, box: Box, index: tuple[int, ...]) -> None:
    assert box.lo[index] == -INF or Fraction(box.lo[index]) <= number
    assert box.hi[index] == INF or number <= Fraction(box.hi[index])


def rational(array: np.ndarray) -> np.ndarray:
    return np.array([Fraction(x) for x in np.ravel(array)], object).reshape(np.shape(array))


def numbers(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Some short, some long, some zero, of very different sizes."""
    array = random.normal(size=shape) * 2.0 ** random.integers(-40, 20, shape)
    array = np.where(random.random(shape) < 0.3, np.round(array), array)
    return np.where(random.random(shape) < 0.01, 1e-320, array)


def begun(random: np.random.Generator, first: int, limit: int) -> tuple[Followed, dict[int, Any]]:
    """A box of three elements as a form, and a point of it."""
    lo, hi = np.sort(numbers(random, (2, N)), axis=0)
    if random.random() < 0.2:
        hi[0] = lo[0]
    form = born(Box(lo, hi), first, limit)
    share = rational(random.choice([0.0, 0.3, 1.0], N))
    exact = rational(lo) + share * (rational(hi) - rational(lo))
    symbols: dict[int, Fraction] = {}
    for name, generator in zip(form.symbols, form.generators, strict=True):
        (at,) = np.flatnonzero(generator)
        symbols[int(name)] = (exact[at] - Fraction(form.rest.lo[at])) / Fraction(generator[at])
        assert abs(symbols[int(name)]) <= 1
    return Followed(form, exact), symbols


Step = Callable[[np.random.Generator, Followed, Followed], Followed]


def times(random: np.random.Generator, a: Followed, _: Followed) -> Followed:
    weights = numbers(random, (N, N))
    return Followed(a.form.times(Matrix(weights)), rational(weights) @ a.exact)


def scaled(random: np.random.Generator, a: Followed, _: Followed) -> Followed:
    factor = numbers(random, (N,))
    return Followed(a.form.scaled(factor), rational(factor) * a.exact)


def centred(_: np.random.Generator, a: Followed, __: Followed) -> Followed:
    """Less the mean."""
    mean = a.form.summed((0,), keepdims=True).divided(N)
    spread = mean.map(lambda array: np.broadcast_to(array, (N,)))
    return Followed(a.form - spread, a.exact - a.exact.sum() / N)


def turned(_: np.random.Generator, a: Followed, b: Followed) -> Followed:
    """Parts of both."""
    both = joined([a.form, b.form], 0).map(lambda array: array[1 : N + 1][::-1])
    return Followed(both, np.concatenate([a.exact, b.exact])[1 : N + 1][::-1])


STEPS: list[Step] = [
    lambda _, a, b: Followed(a.form + b.form, a.exact + b.exact),
    lambda _, a, b: Followed(a.form - b.form, a.exact - b.exact),
    lambda _, a, b: Followed(-a.form, -a.exact),
    lambda random, a, _: Followed(a.form.folded(int(random.integers(0, 3))), a.exact),
    times, scaled, centred, turned,
]  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(SEEDS)
def test_forms_hold_what_exact_arithmetic_gives(seed: int) -> None:
    random = np.random.default_rng(seed)
    first, symbols = begun(random, 0, limit=int(random.integers(0, N + 1)))
    second, more = begun(random, N, limit=N)
    symbols.update(more)
    known = [first, second]
    for _ in range(8):
        step = STEPS[random.integers(len(STEPS))]
        a, b = (known[random.integers(len(known))] for _ in range(2))
        known.append(step(random, a, b))
        known[-1].check(symbols)


def test_what_is_taken_away_again_is_gone() -> None:
    form = born(Box(np.array([-1.0, 0.1]), np.array([2.0, 0.7])), 0, 8)
    nothing = (form - form).range
    assert nothing.lo.tolist() == nothing.hi.tolist() == [0, 0]


def test_a_single_number_is_an_array_without_axes() -> None:
    form = born(filled((), 1, 3), 0, 8)
    three = form.map(lambda array: np.broadcast_to(array, (3,)))
    assert three.summed((0,)).range.ends == pytest.approx((3, 9))
    turned = (-form + form.scaled(np.array(2.0))).folded(8).divided(4)
    assert turned.range.ends == pytest.approx((0.25, 0.75))
    assert form.folded(0).range.ends == pytest.approx((1, 3))


def test_other_symbols_do_not_cancel() -> None:
    box = filled((2,), -1, 1)
    difference = born(box, 0, 8) - born(box, 2, 8)
    assert difference.range.hi.tolist() == pytest.approx([2, 2])


def test_a_form_is_hardly_wider_than_its_box() -> None:
    box = Box(np.array([-3.0, 0.25, 5.0]), np.array([1.0, 0.5, 5.0]))
    form = born(box, 0, 8)
    assert len(form.symbols) == 2
    assert np.allclose([form.range.lo, form.range.hi], [box.lo, box.hi], rtol=1e-12)


def test_infinite_intervals_have_no_symbol() -> None:
    box = Box(np.array([-INF, -1.0, 0.0]), np.array([INF, 1.0, INF]))
    form = born(box, 5, 8)
    assert form.symbols.tolist() == [6]
    found = form.times(Matrix(np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 0.0]]))).range
    assert found.hi.tolist() == [pytest.approx(2.0), INF]
    assert born(anything((2,)), 0, 8).range.ends == (-INF, INF)


def test_a_limit_keeps_the_widest() -> None:
    box = Box(np.array([-1.0, -8.0, -2.0]), np.array([1.0, 8.0, 2.0]))
    limited, folded = born(box, 0, 2), born(box, 0, 3).folded(2)
    for form in (limited, folded):
        assert form.symbols.tolist() == [1, 2]
        assert (form - form).range.hi.tolist() == [pytest.approx(2.0), 0, 0]


def test_what_overflows_is_unknown() -> None:
    form = born(filled((2,), -1e308, 1e308), 0, 8)
    assert form.scaled(np.array([2.0, 0.5])).range.lo.tolist() == [-INF, pytest.approx(-5e307)]
    assert (form + form).range.lo.tolist() == [-INF, -INF]
    assert form.times(Matrix(np.array([[1.0, 1.0]]))).range.ends == (-INF, INF)
    unknown = form + form
    assert (unknown - unknown).range.ends == (-INF, INF)
    assert unknown.scaled(np.zeros(2)).range.ends == pytest.approx((0, 0), abs=1e-300)


def test_a_third_is_no_double() -> None:
    third = born(exactly(np.ones(1)), 0, 8).divided(3).range
    assert Fraction(third.ends[0]) < Fraction(1, 3) < Fraction(third.ends[1])


def test_what_underflows_is_not_lost() -> None:
    """A tenth of the smallest double, and a sum of many of them."""
    tiny, tenth = np.full(40, 5e-324), np.full(40, 0.1)
    form = born(Box(-tiny, tiny), 0, 64)
    assert form.scaled(tenth).range.ends[1] >= 5e-324
    total = form.times(Matrix(tenth[np.newaxis])).range
    assert Fraction(total.ends[1]) >= 40 * Fraction(5e-324) * Fraction(0.1)
