"""What is measured of a compressed network, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lstmir.flow.fidelity import Fidelity, Judge

SCORES = np.array([[2.0, 1.0], [0.0, 3.0], [1.0, 0.0], [0.0, 1.0]])
"""Decisions 0, 1, 0, 1."""
OTHERS = np.array([[2.0, 1.0], [3.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
"""Decisions 0, 0, 0, 0."""


def test_points_of_accuracy_with_labels() -> None:
    judge = Judge(SCORES, np.array([0, 1, 0, 0]), classes=True)
    found = judge.fidelity(OTHERS)
    assert judge.metric == "top1"
    # The second was right and is wrong; the fourth was wrong and is right.
    assert found.loss == 0.0
    assert found.error == pytest.approx(100 * np.std([0, 1, 0, -1], ddof=1) / 2)
    assert (found.samples, found.agreement) == (4, 0.5)
    assert (judge.right(SCORES), judge.right(OTHERS)) == (3, 3)


def test_a_gain_is_a_negative_loss() -> None:
    judge = Judge(SCORES, np.array([0, 0, 0, 0]), classes=True)
    assert judge.fidelity(OTHERS).loss == -50.0


def test_points_of_disagreement_without_labels() -> None:
    judge = Judge(SCORES, None, classes=True)
    found = judge.fidelity(OTHERS)
    assert judge.metric == "agreement"
    assert (found.loss, found.agreement) == (50.0, 0.5)
    assert judge.right(OTHERS) is None


def test_the_unit_of_the_output_without_classes() -> None:
    reference = np.array([[0.0, 1.0], [2.0, 3.0]], np.float32)
    judge = Judge(reference, None, classes=False)
    found = judge.fidelity(np.array([[0.5, 1.0], [2.0, 0.0]]))
    assert judge.metric == "mae_vs_float"
    assert found.agreement is None
    assert found.loss == pytest.approx((0.25 + 1.5) / 2)
    assert found.error == pytest.approx(np.std([0.25, 1.5], ddof=1) / np.sqrt(2))
    assert found.divergence == pytest.approx((0.25 + 9) / 4)


def test_one_sample_has_no_error() -> None:
    assert Judge(SCORES[:1], None, classes=True).fidelity(OTHERS[:1]).error == 0.0


def _chances(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def test_the_divergence_is_that_of_the_classes() -> None:
    p, q = _chances(SCORES), _chances(OTHERS)
    expected = (p * np.log(p / q)).sum(axis=1).mean()
    found = Judge(SCORES, None, classes=True).fidelity(OTHERS)
    assert found.divergence == pytest.approx(expected)
    # A constant that is added to the scores of a sample changes no probability.
    moved = Judge(SCORES + 700, None, classes=True).fidelity(OTHERS - 700)
    assert moved.divergence == pytest.approx(expected)


def test_probabilities_are_taken_as_they_are() -> None:
    p, q = _chances(SCORES), _chances(OTHERS)
    expected = (p * np.log(p / q)).sum(axis=1).mean()
    rounded = Judge(p, None, classes=True).fidelity(1.25 * q)
    assert rounded.divergence == pytest.approx(expected)
    # What is rounded to zero is not infinitely unlikely.
    assert np.isfinite(Judge(p, None, classes=True).fidelity(np.round(q)).divergence)


def test_the_same_outputs_lose_nothing() -> None:
    for labels, classes in ((np.zeros(4, int), True), (None, True), (None, False)):
        found = Judge(SCORES, labels, classes).fidelity(SCORES)
        agreement = 1.0 if classes else None
        assert replace(found, divergence=0.0) == Fidelity(4, 0.0, 0.0, agreement, 0.0)
        assert found.divergence == pytest.approx(0.0, abs=1e-12)
