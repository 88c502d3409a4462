"""Invariants of loops whose smallest one is known."""

from __future__ import annotations

import numpy as np
import pytest

from lstmir.numeric.boxes import Box, Matrix, anything, exactly, filled
from lstmir.numeric.invariants import States, inductive, invariant

INF = float("inf")


def leaky(keep: float, gain: float) -> Box:
    """The invariant of c' = keep * c + [-gain, gain / 2] from 0."""

    def step(states: States) -> list[Box]:
        return [exactly(np.full(3, keep)) * states[0] + filled((3,), -gain, gain / 2)]

    (found,) = invariant(step, [exactly(np.zeros(3))])
    return found


@pytest.mark.parametrize("keep", [0.0, 0.25, 0.5, 0.9, 0.99, 1 - 2**-12])
@pytest.mark.parametrize("gain", [2.0**-30, 1.0, 1000.0])
def test_a_state_that_leaks_is_bounded(keep: float, gain: float) -> None:
    lo, hi = leaky(keep, gain).ends
    limit = gain / (1 - keep)
    assert -limit * (1 + 1e-5) - 1e-300 <= lo <= -limit * (1 - 1e-12)
    assert limit / 2 * (1 - 1e-12) <= hi <= limit / 2 * (1 + 1e-5) + 1e-300


@pytest.mark.parametrize("keep", [0.25, 0.5, 0.75])
def test_short_solutions_are_found_exactly(keep: float) -> None:
    limit = 1 / (1 - keep)
    if keep != 0.25:
        assert leaky(keep, 1.0).ends == (-limit, limit / 2)


@pytest.mark.parametrize("keep", [1.0, 1.5, 1 + 2**-30])
def test_a_state_that_keeps_all_is_unbounded(keep: float) -> None:
    assert leaky(keep, 1.0).ends == (-INF, INF)


def test_units_are_judged_one_by_one() -> None:
    keep, gain = exactly(np.array([0.5, 1.0, 2.0])), exactly(np.array([1.0, 0.0, 1.0]))
    (found,) = invariant(lambda s: [keep * s[0] + gain], [exactly(np.zeros(3))])
    assert found.hi.tolist()[::2] == [2.0, INF]
    assert np.all(found.lo <= 0)


@pytest.mark.parametrize("size", [1.0, 1e5])
def test_units_that_feed_each_other(size: float) -> None:
    matrix = Matrix(np.array([[0.1, -0.3], [0.5, 0.4]]))
    gain = filled((2,), -size, size)
    (found,) = invariant(lambda s: [matrix.times(s[0]) + gain], [exactly(np.zeros(2))])
    exact = np.linalg.solve(np.eye(2) - np.array([[0.1, 0.3], [0.5, 0.4]]), [size, size])
    assert np.all(found.hi >= exact)
    assert np.all(found.hi <= 1.2 * exact)


def test_what_a_bounded_state_feeds_is_narrowed_behind_it() -> None:
    half, quarter = exactly(np.array([0.5])), exactly(np.array([0.25]))

    def step(states: States) -> list[Box]:
        return [quarter * states[1], half * states[1] + filled((1,), -1, 1)]

    h, c = invariant(step, [exactly(np.zeros(1))] * 2)
    assert c.hi[0] == pytest.approx(2.0)
    assert h.hi[0] == pytest.approx(0.5, rel=1e-5)


def test_what_narrowing_led_to_is_checked() -> None:
    """A step that gives more for less, as no sum of intervals does, must fool nobody."""

    def step(states: States) -> list[Box]:
        return [filled((1,), -0.5, 0.5) if states[0].ends[1] > 1 else filled((1,), -10, 10)]

    (found,) = invariant(step, [exactly(np.zeros(1))])
    assert step([found])[0].within(found)


def test_initial_states_are_inside() -> None:
    (found,) = invariant(lambda s: [exactly(np.array([0.5])) * s[0]], [exactly(np.array([-8.0]))])
    assert found.ends[0] == -8
    assert 0 <= found.ends[1] <= 1e-3


def test_a_wrong_guess_is_not_believed() -> None:
    def step(states: States) -> list[Box]:
        return [exactly(np.array([0.5])) * states[0] + filled((1,), -1, 1)]

    initial = [exactly(np.zeros(1))]
    for guess in (1.0, 1.9, 1.99999999):
        (found,) = inductive(step, [filled((1,), -guess, guess)], initial)
        assert found.hi[0] >= 2 * (1 - 1e-12)
    (right,) = inductive(step, [filled((1,), -2, 2)], initial)
    assert right.ends == (-2, 2)
    (all_,) = inductive(lambda s: [anything((1,))], initial, initial)
    assert all_.ends == (-INF, INF)
