"""Least squares under a mask: against a solver row by row, exactly and step by step."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lstmir.numeric import refit
from lstmir.numeric.refit import damped, damping_of, fit, inverses

RNG = np.random.default_rng(7)
ROWS, N = 6, 9
INPUTS = RNG.normal(size=(300, N)) @ RNG.normal(size=(N, N))
GRAM = damped(INPUTS.T @ INPUTS)
TARGETS = RNG.normal(size=(ROWS, N)) @ GRAM
LIVE = RNG.random((ROWS, N)) < 0.6
LIVE[0], LIVE[1] = False, True


def row_by_row() -> np.ndarray:
    weights = np.zeros((ROWS, N))
    for row, live in enumerate(LIVE):
        system = GRAM[np.ix_(live, live)]
        weights[row, live] = np.linalg.solve(system, TARGETS[row, live])
    return weights


def loss(weights: np.ndarray) -> np.ndarray:
    return np.asarray(((weights @ GRAM) * weights - 2 * TARGETS * weights).sum(axis=1))


def test_the_equations_of_each_row_are_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    start = np.zeros((ROWS, N))
    expected = row_by_row()
    np.testing.assert_allclose(fit(TARGETS, GRAM, LIVE, start), expected, atol=1e-9)
    monkeypatch.setattr(refit, "_CHUNK", 2 * N * N)  # two rows at a time
    np.testing.assert_allclose(fit(TARGETS, GRAM, LIVE, start), expected, atol=1e-9)


def test_large_ones_are_approached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refit, "_EXACT", 0)
    start = RNG.normal(size=(ROWS, N))
    found = [fit(TARGETS, GRAM, LIVE, start, steps) for steps in (0, 1, 2, 4, 40)]
    assert (found[0] == np.where(LIVE, start, 0).astype(np.float32)).all()
    scale = np.abs(loss(row_by_row())).max()
    for before, after in itertools.pairwise(found):
        assert (loss(after) <= loss(before) + 1e-5 * scale).all()
    np.testing.assert_allclose(found[-1], row_by_row(), atol=2e-3)
    assert all((each[~LIVE] == 0).all() for each in found)


def test_inverses_are_of_what_is_live() -> None:
    for inverse, live in zip(inverses(GRAM, LIVE), LIVE, strict=True):
        assert (inverse[np.ix_(~live, ~live)] == np.eye(int((~live).sum()))).all()
        inner = np.ix_(live, live)
        np.testing.assert_allclose(inverse[inner] @ GRAM[inner], np.eye(int(live.sum())), atol=1e-6)


def test_damping_is_a_share_of_the_mean_and_never_nothing() -> None:
    assert damping_of(np.diag([1.0, 3.0]), 0.5) == 1.0
    assert damping_of(np.zeros((3, 3))) == 1.0
    np.testing.assert_array_equal(damped(np.zeros((2, 2))), np.eye(2))
