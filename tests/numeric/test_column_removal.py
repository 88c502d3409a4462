"""Removing columns of weights: the least error, by brute force and by perturbation."""

from __future__ import annotations

import numpy as np
import pytest

from lstmir.numeric.column_removal import DAMPING, removal_costs, remove_columns

RNG = np.random.default_rng(2)
WEIGHTS = RNG.normal(size=(5, 8))
INPUTS = RNG.normal(size=(200, 8)) @ RNG.normal(size=(8, 8))
GRAM = INPUTS.T @ INPUTS
DAMPED = GRAM + DAMPING * np.trace(GRAM) / 8 * np.eye(8)


def error(weights: np.ndarray) -> float:
    change = weights - WEIGHTS
    return float(np.trace(change @ DAMPED @ change.T))


def test_a_cost_is_the_error_that_is_left() -> None:
    for column, cost in enumerate(removal_costs(WEIGHTS, GRAM)):
        gone = np.arange(8) == column
        fitted = remove_columns(WEIGHTS, GRAM, gone)
        assert (fitted[:, column] == 0).all()
        assert error(fitted) == pytest.approx(cost, rel=1e-9)


def test_no_other_weights_have_a_smaller_error() -> None:
    gone = np.isin(np.arange(8), [1, 4, 5])
    fitted = remove_columns(WEIGHTS, GRAM, gone)
    least = error(fitted)
    for _ in range(100):
        moved = fitted + RNG.normal(size=fitted.shape) * 1e-3 * ~gone
        assert error(moved) > least


def test_independent_inputs_cannot_make_up_for_each_other() -> None:
    gone = np.isin(np.arange(8), [0, 7])
    expected = np.where(gone, 0, WEIGHTS)
    np.testing.assert_allclose(remove_columns(WEIGHTS, np.eye(8), gone), expected, atol=1e-15)


def test_a_copy_makes_up_for_all() -> None:
    """Two inputs that are always the same: the weight of one goes to the other."""
    inputs = RNG.normal(size=(100, 2))
    inputs = np.concatenate([inputs, inputs[:, :1]], axis=1)
    weights = np.array([[1.0, 2.0, 3.0]])
    fitted = remove_columns(weights, inputs.T @ inputs, np.array([True, False, False]))
    np.testing.assert_allclose(fitted, [[0, 2, 4]], atol=2e-3)  # the damping is 1e-3


def test_inputs_that_never_move_and_nothing_at_all() -> None:
    zero = np.zeros((8, 8))
    gone = np.arange(8) < 3
    np.testing.assert_allclose(remove_columns(WEIGHTS, zero, gone), np.where(gone, 0, WEIGHTS))
    assert (remove_columns(WEIGHTS, GRAM, np.ones(8, bool)) == 0).all()
    assert (remove_columns(WEIGHTS, GRAM, np.zeros(8, bool)) == WEIGHTS).all()
