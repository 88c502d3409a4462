"""Which blocks go: patterns, the costs behind the choice, and what is guaranteed of the error."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from lstmir.numeric import surgeon
from lstmir.numeric.blocks import Cut
from lstmir.numeric.compensation import squared_change
from lstmir.numeric.refit import damped, fit
from lstmir.numeric.strips import Part, Strips
from lstmir.numeric.surgeon import choose, largest, remove_weights

SHAPES = ("element", "bank", "block", "row", "column")


def cut_for(shape: str, rows: int, columns: int, random: Random) -> Cut:
    """A cut of a gate; what differs between the matrices of a sum is what they keep, and widths."""
    match shape:
        case "element":
            return Cut(1, 1, 2, columns, random.randint(0, 2 * columns))
        case "bank":
            return Cut(1, 1, 1, 3, random.randint(1, 3))
        case "block":
            return Cut(2, 3, 1, -(-columns // 3), random.randint(1, -(-columns // 3)))
        case "row":
            return Cut(1, columns, rows, 1, random.randint(0, rows))
    return Cut(rows, 1, 1, columns, random.randint(0, columns))


def problem(shape: str, seed: int) -> tuple[np.ndarray, np.ndarray, list[Part]]:
    """Weights of two matrices and a bias, their Gram matrix, and a cut for each gate of each."""
    rng, random = np.random.default_rng(seed), Random(seed)
    gates, height, widths = random.randint(1, 3), random.randint(1, 5), (4, 7)
    rows, n = gates * height, sum(widths) + 1
    inputs = rng.normal(size=(50, n)) @ rng.normal(size=(n, n))
    inputs[:, -1] = 1
    parts, first = [], 0
    for width in widths:
        base = cut_for(shape, height, width, random)
        keeps = [cut_for(shape, height, width, random).keep for _ in range(gates)]
        cuts = (Cut(base.rows, base.columns, base.down, base.across, k) for k in keeps)
        parts.append(Part(slice(first, first + width), tuple(cuts)))
        first += width
    return rng.normal(size=(rows, n)), inputs.T @ inputs, parts


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_pattern_holds_and_the_error_is_never_larger(
    shape: str, fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fast:
        monkeypatch.setattr(surgeon, "_EXACT", 0)
    gain = 0.0
    for seed in range(30):
        weights, gram, parts = problem(shape, seed)
        for mask in (choose(weights, gram, parts), remove_weights(weights, gram, parts) != 0):
            for part in parts:
                for gate, cut in enumerate(part.cuts):
                    height = len(weights) // len(part.cuts)
                    own = mask[gate * height : (gate + 1) * height, part.columns]
                    assert (cut.live(own).sum(axis=2) <= cut.keep).all()
            assert mask[:, -1].all()
        strips = Strips(len(weights), parts)
        kept = np.where(largest(weights, parts), weights, 0.0)
        plain = strips.by_group(squared_change(kept - weights, gram))
        fitted = remove_weights(weights, gram, parts) - weights
        found = strips.by_group(squared_change(fitted, gram))
        assert (found <= plain).all()
        gain += plain.sum() - found.sum()
    assert gain > 0


@pytest.mark.parametrize("shape", SHAPES)
def test_as_many_live_as_may(shape: str) -> None:
    for seed in range(20):
        weights, gram, parts = problem(shape, seed)
        mask = choose(weights, gram, parts)
        for part in parts:
            for gate, cut in enumerate(part.cuts):
                height = len(weights) // len(part.cuts)
                own = mask[gate * height : (gate + 1) * height, part.columns]
                blocks = cut.split(np.ones(own.shape, bool)).any(axis=(3, 4)).sum(axis=2)
                assert (cut.live(own).sum(axis=2) == np.minimum(cut.keep, blocks)).all()


@pytest.mark.parametrize(
    "cut", [Cut(1, 1, 1, 6, 5), Cut(2, 2, 1, 3, 2), Cut(4, 1, 1, 6, 5), Cut(1, 6, 4, 1, 3),
            Cut(1, 1, 4, 6, 23)]
)  # fmt: skip
def test_one_block_goes_where_the_best_fit_loses_least(cut: Cut) -> None:
    """Against all choices, each fitted; one block of each set goes."""
    for seed in range(8):
        rng = np.random.default_rng(seed)
        inputs = rng.normal(size=(60, 7)) @ rng.normal(size=(7, 7))
        against_all_choices(rng.normal(size=(4, 7)), inputs.T @ inputs, cut)


def against_all_choices(weights: np.ndarray, gram: np.ndarray, cut: Cut) -> None:
    system = damped(gram)
    part = Part(slice(0, 6), (cut,))
    strips = Strips(4, [part])
    chosen = choose(weights, gram, [part])

    def losses(mask: np.ndarray) -> np.ndarray:
        fitted = fit(weights @ system, system, mask, weights)
        return strips.by_group(squared_change(fitted - weights, system))

    least = losses(chosen)
    for block in range(cut.down * cut.across):
        gone = np.zeros((*cut.sets((4, 6)), cut.down * cut.across, cut.rows, cut.columns), bool)
        gone[:, :, block] = True
        mask = np.ones((4, 7), bool)
        mask[:, :6] = ~cut.join(gone, (4, 6))
        assert (least <= losses(mask) * (1 + 1e-9)).all()


def test_as_many_go_as_may_and_the_cheapest_of_them() -> None:
    """Two banks of three in each row; two of the first are over, and one of the second."""
    strips = Strips(2, [Part(slice(0, 6), (Cut(1, 1, 1, 3, 2),))])
    costs = np.array([[1.0, 2, 3, 9, 4, 9], [5, 4, 6, 1, np.inf, 2]])
    excess = np.array([2, 1, 2, 1])

    def gone(*quota: int) -> list[list[int]]:
        mask = strips.cheapest(costs, excess, np.array(quota))
        return [np.flatnonzero(row).tolist() for row in mask]

    assert gone(0, 0) == [[], []]
    assert gone(1, 2) == [[0], [1, 3]]
    assert gone(3, 3) == [[0, 1, 4], [0, 1, 3]]
    assert gone(9, 9) == [[0, 1, 4], [0, 1, 3]]


def test_survivors_fall_by_one_factor_a_round() -> None:
    strips = Strips(1, [Part(slice(0, 16), (Cut(1, 1, 1, 16, 4),))])
    alive, excess = np.ones((1, 16), bool), np.array([12])
    assert strips.quota(alive, excess, 0.5).tolist() == [8]  # 16 to 8 to 4
    assert strips.quota(alive, excess, 1.0).tolist() == [12]


def test_nothing_goes_where_all_may_stay() -> None:
    weights, gram, _ = problem("bank", 1)
    parts = [Part(slice(0, 11), (Cut(1, 1, 1, 4, 4),))]
    assert (remove_weights(weights, gram, parts) == weights).all()


def test_the_largest_are_those_of_the_largest_squares() -> None:
    weights = np.array([[3.0, 0, 2, 2, 9], [0, 0, 2, 2, 9]])
    mask = largest(weights, [Part(slice(0, 4), (Cut(2, 2, 1, 2, 1),))])
    assert mask.tolist() == [[False, False, True, True, True]] * 2  # 16 against 9
