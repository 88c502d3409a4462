"""Optimal brain surgeon: which weights to remove, whatever shape they go in.

Hassibi and Stork, "Second order derivatives for network pruning" (NIPS 1992), row by row on the
Gram matrix H of a layer's inputs, as in OBC (Frantar and Alistarh, NeurIPS 2022). When the weights
w_B of a block go and the others of the row make up for them as well as they can, the sum of squares
of what the row's products lose is w_B ([H^-1]_BB)^-1 w_B^T, with H of the weights that are left; a
block of several rows loses the sum. In rounds, the blocks that cost least go, and what remains is
fitted again. Where the inverses for all rows are too much work, that of all columns stands for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmir.numeric.compensation import squared_change
from lstmir.numeric.refit import Mask, Matrix, damped, fit, inverses
from lstmir.numeric.strips import Part, Strips

Integers = NDArray[np.int64]

_EXACT = 2e8
"""Up to so many multiplications a round, each strip has an inverse of its own."""
_ROUNDS = 32
_FAST_ROUNDS, _FAST_STEPS = 8, 3


def remove_weights(weights: Matrix, gram: Matrix, parts: Sequence[Part]) -> Matrix:
    """The [rows, n] weights with a pattern in each part, and the survivors fitted.

    `gram` [n, n] is the sum of the outer products of the inputs; columns of no part all stay. With
    the errors e of a row, the sum of e G e^T over a group of rows, among which survivors are chosen,
    is not above that of the largest weights in the same pattern, left as they are: where it would
    be, these are the ones.
    """
    strips = Strips(len(weights), parts)
    plain = largest(weights, parts)
    kept = np.where(plain, weights, 0.0)
    system = damped(gram)
    wanted = weights @ system
    best, least = kept, strips.by_group(squared_change(kept - weights, gram))
    for mask in (plain, choose(weights, gram, parts)):
        found = fit(wanted, system, mask, np.where(mask, weights, 0.0))
        error = strips.by_group(squared_change(found - weights, gram))
        better = (error < least)[strips.group_of_row]
        best = np.where(better[:, np.newaxis], found, best)
        least = np.minimum(error, least)
    return best


def largest(weights: Matrix, parts: Sequence[Part]) -> Mask:
    """The mask of the blocks whose squares add up to most; all stay that are in no part."""
    mask = np.ones(weights.shape, bool)
    for part in parts:
        height = len(weights) // len(part.cuts)
        for gate, cut in enumerate(part.cuts):
            place = slice(gate * height, (gate + 1) * height), part.columns
            mask[place] = cut.largest(weights[place].astype(np.float64) ** 2)
    return mask


def choose(weights: Matrix, gram: Matrix, parts: Sequence[Part]) -> Mask:
    """The mask of what remains when in each round the blocks go that cost least."""
    strips = Strips(len(weights), parts)
    system = damped(gram)
    search = _Search(weights, system, strips, strips.count * len(gram) ** 3 <= _EXACT)
    rounds = _ROUNDS if search.exact else _FAST_ROUNDS
    alive = np.ones(strips.sets.shape, bool)
    excess = strips.excess
    for turn in range(1, rounds + 1):
        costs = np.where(alive, search.costs(alive), np.inf)
        gone = strips.cheapest(costs, excess, strips.quota(alive, excess, turn / rounds))
        alive &= ~gone
        excess = excess - np.bincount(strips.sets[gone], minlength=len(excess))
        if not excess.any():
            break
        search.fit(alive)
    return strips.mask(alive, weights.shape[1])


@dataclass
class _Search:
    """The weights as they are in a round, and what each block costs."""

    weights: Matrix
    system: Matrix
    strips: Strips
    exact: bool

    def __post_init__(self) -> None:
        self.wanted = self.weights @ self.system
        self.curvature: Matrix = np.asarray(np.linalg.inv(self.system))[np.newaxis]

    def fit(self, alive: Mask) -> None:
        """The best weights for the blocks that are left."""
        mask = self.strips.mask(alive, len(self.system))
        if not self.exact:
            self.weights = fit(self.wanted, self.system, mask, self.weights, _FAST_STEPS)
            return
        self.curvature = inverses(self.system, mask[self.strips.first_rows])
        own = np.where(mask, self.wanted, 0.0)[:, np.newaxis]
        found: Matrix = (own @ self.curvature[self.strips.of_row])[:, 0]
        self.weights = np.where(mask, found, 0.0)

    def costs(self, alive: Mask) -> Matrix:
        """[strips, blocks]: what each loses, those that are gone included."""
        found = np.empty(alive.shape)
        for blocks, columns in self.strips.blocks():
            losses = _losses(self.weights, self.curvature, columns, self.strips.of_row)
            found[:, blocks] = self.strips.summed(losses)
        return found


def _losses(weights: Matrix, curvature: Matrix, columns: Integers, strip: Integers) -> Matrix:
    """w_B ([H^-1]_BB)^-1 w_B^T of each row and each block of some `columns` [blocks, width]."""
    if columns.shape[1] == 1:
        diagonal = np.diagonal(curvature, axis1=1, axis2=2)[:, columns[:, 0]]
        own = diagonal if len(diagonal) == 1 else diagonal[strip]
        return np.asarray(weights[:, columns[:, 0]] ** 2 / own)
    inner = np.linalg.inv(curvature[:, columns[:, :, np.newaxis], columns[:, np.newaxis, :]])
    parts = weights[:, columns]
    if len(inner) == 1:
        parts = parts.transpose(1, 0, 2)
        return np.asarray(((parts @ inner[0]) * parts).sum(axis=2).T)
    parts = parts[:, :, np.newaxis]
    return np.asarray(((parts @ inner[strip]) * parts).sum(axis=(2, 3)))
