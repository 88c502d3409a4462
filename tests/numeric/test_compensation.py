"""Compensated rounding: never worse than the nearest, row by row, and nearly always better."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator, default_rng

from lstmir.numeric import compensation
from lstmir.numeric.arrays import quantize_real, to_real
from lstmir.numeric.compensation import centered, squared_change
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.grids import Grid, grid_of_format

FORMATS = st.builds(FixedType, st.just(True), st.integers(2, 12), st.integers(-2, 12))


def gram_of(random: Generator, columns: int, rank: int, bend: float = 1.0) -> np.ndarray:
    """The Gram matrix of correlated vectors, with an offset; singular where there are few."""
    mixed = random.normal(size=(columns, columns)) ** 3
    vectors = random.normal(size=(rank, columns)) @ mixed + bend
    return np.array(vectors.T @ vectors)


def round_compensated(
    weights: np.ndarray,
    gram: np.ndarray,
    formats: list[FixedType],
    live: np.ndarray | None = None,
) -> np.ndarray:
    """With a format for each column."""
    grids: list[Grid] = [grid_of_format(format_, len(weights), 1) for format_ in formats]
    return compensation.round_compensated(weights, gram, grids, live)


def nearest(weights: np.ndarray, formats: list[FixedType], live: np.ndarray) -> np.ndarray:
    columns = [to_real(quantize_real(w, f), f) for w, f in zip(weights.T, formats, strict=True)]
    return np.where(live, np.stack(columns, axis=1), 0.0)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.data(), st.integers(0, 2**16), st.integers(1, 20), st.integers(1, 8))
def test_no_row_is_worse_than_the_nearest(
    data: st.DataObject, seed: int, columns: int, rows: int
) -> None:
    random = default_rng(seed)
    formats = data.draw(st.lists(FORMATS, min_size=columns, max_size=columns))
    weights = random.normal(size=(rows, columns)) * 2.0 ** random.integers(-4, 3, columns)
    live = np.less(random.random(weights.shape), data.draw(st.sampled_from([0.3, 1.0])))
    weights = np.where(live, weights, 0.0)
    gram = gram_of(random, columns, data.draw(st.integers(1, 40)))
    rounded = round_compensated(weights, gram, formats, live)
    plain = nearest(weights, formats, live)
    assert (squared_change(rounded - weights, gram) <= squared_change(plain - weights, gram)).all()
    assert not rounded[~live].any()
    for column, format_ in zip(rounded.T, formats, strict=True):
        integers = column / format_.lsb
        assert (integers == np.rint(integers)).all()
        assert integers.min() >= format_.min_int and integers.max() <= format_.max_int


@pytest.mark.parametrize("bits", [3, 4, 6])
@pytest.mark.parametrize(("kept", "most"), [(0.5, 0.7), (1.0, 0.6)])
def test_it_pays_on_correlated_vectors(bits: int, kept: float, most: float) -> None:
    ratios = []
    for seed in range(50):
        random = default_rng(seed)
        weights, gram = random.normal(size=(16, 24)), gram_of(random, 24, 200)
        live = random.random(weights.shape) < kept
        weights[~live] = 0
        formats = [FixedType(True, bits, bits - 3)] * 24
        errors = [
            squared_change(rounded - weights, gram).sum()
            for rounded in (
                round_compensated(weights, gram, formats, live), nearest(weights, formats, live),
            )
        ]  # fmt: skip
        ratios.append(errors[0] / errors[1])
    assert np.median(ratios) < most
    assert max(ratios) < 1


@given(st.integers(0, 2**16), st.floats(0.01, 100), FORMATS)
def test_independent_vectors_leave_nothing_to_make_up_for(
    seed: int, size: float, format_: FixedType
) -> None:
    weights = default_rng(seed).normal(size=(5, 9))
    formats = [format_] * 9
    rounded = round_compensated(weights, np.eye(9) * size, formats)
    assert (rounded == nearest(weights, formats, np.ones(weights.shape, bool))).all()


def test_two_equal_inputs_share_an_error() -> None:
    """0.4 + 0.4 is 1 at a unit of 1: the second goes up, since the first went down."""
    formats = [FixedType(True, 4, 0)] * 2
    rounded = round_compensated(np.array([[0.4, 0.4], [0.2, 0.2]]), np.ones((2, 2)), formats)
    assert rounded.tolist() == [[0.0, 1.0], [0.0, 0.0]]


def test_a_row_that_comes_out_worse_is_rounded_to_the_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever was tried before: here all ones, which suits the first row alone."""
    tried = "lstmir.numeric.compensation._in_order"
    monkeypatch.setattr(tried, lambda weights, *_: np.ones(weights.shape))
    monkeypatch.setattr("lstmir.numeric.compensation._SWEEPS", 0)
    weights = np.array([[0.4, 1.7], [0.4, 0.2]])
    rounded = round_compensated(weights, np.ones((2, 2)), [FixedType(True, 4, 0)] * 2)
    assert rounded.tolist() == [[1.0, 1.0], [0.0, 0.0]]


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = default_rng(3)
    weights, gram = random.normal(size=(7, 50)), gram_of(random, 50, 200)
    formats = [FixedType(True, 5, 2)] * 50
    whole = round_compensated(weights, gram, formats)
    monkeypatch.setattr("lstmir.numeric.compensation._BLOCK", 8)
    assert (round_compensated(weights, gram, formats) == whole).all()
    monkeypatch.setattr("lstmir.numeric.compensation._ROWS", 3)
    assert (round_compensated(weights, gram, formats) == whole).all()


@pytest.mark.parametrize("gram", [np.zeros((3, 3)), np.diag([0.0, 1.0, 0.0]), np.ones((3, 3))])
def test_vectors_that_say_little(gram: np.ndarray) -> None:
    formats = [FixedType(True, 4, 1)] * 3
    rounded = round_compensated(np.array([[0.3, -1.1, 9.0]]), gram, formats)
    assert np.isfinite(rounded).all()
    assert rounded[0, 2] <= 3.5


def test_wide_formats_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 32 bits"):
        round_compensated(np.ones((1, 1)), np.eye(1), [FixedType(True, 33, 0)])


def test_a_centered_gram_matrix_is_that_of_the_centered_vectors() -> None:
    vectors = default_rng(0).normal(size=(30, 4)) + 2
    together = np.column_stack([vectors, np.ones(30)])
    gram, mean = centered(together.T @ together)
    np.testing.assert_allclose(mean, vectors.mean(axis=0))
    np.testing.assert_allclose(gram, np.cov(vectors.T, bias=True) * 30)
    gram, mean = centered(np.zeros((3, 3)))
    assert not gram.any() and not mean.any()


def test_what_never_varies_has_no_moments_left() -> None:
    """Rounding would leave something tiny there, perhaps below zero; nothing could be factored then."""
    random = np.random.default_rng(0)
    vectors = np.concatenate([np.full((9, 3), 1 / 3), np.ones((9, 1))], axis=1)
    around, mean = centered(vectors.T @ vectors)
    assert not around.any()
    np.testing.assert_allclose(mean, 1 / 3)
    vectors[:, 0] = random.normal(size=9)
    around, _ = centered(vectors.T @ vectors)
    assert around[0, 0] == pytest.approx(9 * vectors[:, 0].var())
    assert not around[1:].any()
