"""Affine forms: what the elements of arrays have in common, where intervals forget it.

A form is a box plus a sum of generators, each times a symbol, an unknown number in [-1, 1]. The
same symbol in two forms is the same number: in x - x it cancels. The box holds the centre, all that
was rounded on the way and all that was folded, so that a form contains every REAL number that the
operations can give, as a box does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmir.numeric.boxes import (
    TINY,
    UNIT,
    Box,
    FloatArray,
    Matrix,
    anything,
    exactly,
    total,
    widened,
)


@dataclass(frozen=True, eq=False)
class Affine:
    """The numbers rest + sum of generators[k] * symbol[k], of the shape of the box.

    `symbols` are names in ascending order, and the first axis of the generators is theirs.
    """

    symbols: NDArray[np.int64]
    generators: FloatArray
    rest: Box

    @property
    def range(self) -> Box:
        """The interval of each element."""
        return self.rest + _around(self.generators)

    def map(self, rearrange: Callable[[FloatArray], FloatArray]) -> Affine:
        """The elements elsewhere, as `Box.map` does it."""
        rest = self.rest.map(rearrange)
        moved = np.empty((len(self.symbols), *rest.shape))
        for index, generator in enumerate(self.generators):
            moved[index] = rearrange(generator)
        return Affine(self.symbols, moved, rest)

    def folded(self, limit: int) -> Affine:
        """With at most so many symbols: those that say least become part of the box."""
        if len(self.symbols) <= limit:
            return self
        says = np.abs(self.generators).reshape(len(self.symbols), -1).sum(axis=1)
        order = np.argsort(-says, kind="stable")
        kept, rest = np.sort(order[:limit]), self.rest + _around(self.generators[order[limit:]])
        return Affine(self.symbols[kept], self.generators[kept], rest)

    def over(self, symbols: NDArray[np.int64]) -> FloatArray:
        """The generators of these symbols, which include its own."""
        found = np.zeros((len(symbols), *self.rest.shape))
        found[np.searchsorted(symbols, self.symbols)] = self.generators
        return found

    def __neg__(self) -> Affine:
        """-a."""
        return Affine(self.symbols, -self.generators, -self.rest)

    def __add__(self, other: Affine) -> Affine:
        """a + b, of one shape."""
        symbols = np.union1d(self.symbols, other.symbols)
        with np.errstate(all="ignore"):
            generators = self.over(symbols) + other.over(symbols)
            error = UNIT * np.abs(generators).sum(axis=0) * _spare(len(symbols))
        return _rounded(symbols, generators, error, self.rest + other.rest)

    def __sub__(self, other: Affine) -> Affine:
        """a - b, of one shape."""
        return self + -other

    def scaled(self, factor: FloatArray) -> Affine:
        """Each element times a known number."""
        with np.errstate(all="ignore"):
            generators = self.generators * factor
            error = _error(np.abs(generators).sum(axis=0), len(self.symbols), 1)
        return _rounded(self.symbols, generators, error, self.rest * exactly(factor))

    def divided(self, count: int) -> Affine:
        """Each element by a number of elements."""
        with np.errstate(all="ignore"):
            generators = self.generators / count
            error = _error(np.abs(generators).sum(axis=0), len(self.symbols), 1)
        share = np.asarray(1.0 / count)
        about = Box(np.nextafter(share, 0.0), np.nextafter(share, 1.0))
        return _rounded(self.symbols, generators, error, self.rest * about)

    def times(self, matrix: Matrix) -> Affine:
        """The product of a matrix with each vector along the last axis."""
        weights = matrix.rises + matrix.falls
        with np.errstate(all="ignore"):
            weight = np.abs(self.generators).sum(axis=0) @ np.abs(weights)
            error = _error(weight, len(self.symbols), len(weights))
            generators = self.generators @ weights
        return _rounded(self.symbols, generators, error, matrix.times(self.rest))

    def summed(self, axes: tuple[int, ...], *, keepdims: bool = False) -> Affine:
        """The sums along some axes."""
        count = int(np.prod([self.rest.shape[axis] for axis in axes]))
        behind = tuple(axis + 1 for axis in axes)
        with np.errstate(all="ignore"):
            weight = np.abs(self.generators).sum(axis=0).sum(axis=axes, keepdims=keepdims)
            error = _error(weight, len(self.symbols), count)
            generators = self.generators.sum(axis=behind, keepdims=keepdims)
        return _rounded(self.symbols, generators, error, total(self.rest, axes, keepdims=keepdims))


def born(box: Box, first: int, limit: int) -> Affine:
    """The elements of a box, each a symbol of its own, named from `first` on.

    At most `limit` symbols, for the widest of the intervals that are no points and not infinite.
    """
    with np.errstate(all="ignore"):
        centre = box.lo / 2 + box.hi / 2
        size = np.nextafter(np.maximum(box.hi - centre, centre - box.lo), np.inf)
    width = np.where(np.isfinite(size) & (box.lo < box.hi), size, 0.0).ravel()
    chosen = np.sort(np.argsort(-width, kind="stable")[: min(limit, np.count_nonzero(width))])
    generators = np.zeros((len(chosen), width.size))
    generators[np.arange(len(chosen)), chosen] = width[chosen]
    taken = np.zeros(width.size, bool)
    taken[chosen] = True
    taken = taken.reshape(box.shape)
    rest = Box(np.where(taken, centre, box.lo), np.where(taken, centre, box.hi))
    return Affine(first + chosen, generators.reshape(-1, *box.shape), rest)


def joined(parts: Iterable[Affine], axis: int) -> Affine:
    """One part behind the other along an axis."""
    parts = list(parts)
    symbols = np.unique(np.concatenate([part.symbols for part in parts]))
    generators = np.concatenate([part.over(symbols) for part in parts], axis + 1)
    rest = Box(
        np.concatenate([part.rest.lo for part in parts], axis),
        np.concatenate([part.rest.hi for part in parts], axis),
    )
    return Affine(symbols, generators, rest)


def _around(generators: FloatArray) -> Box:
    """What the sum of these generators times their symbols can be: around zero."""
    with np.errstate(all="ignore"):
        size = np.abs(generators).sum(axis=0)
        box = widened(-size, size, size, len(generators))
    return Box(np.where(size == 0, 0.0, box.lo), np.where(size == 0, 0.0, box.hi))


def _error(weight: FloatArray, symbols: int, count: int) -> FloatArray:
    """How far, over all symbols, sums of `count` products may be off whose absolute values make `weight`.

    As in `widened`; `weight`, a sum over the symbols and the products, is itself computed.
    """
    return (count + 4) * (UNIT * weight * _spare(symbols + count) + symbols * TINY)


def _spare(count: int) -> float:
    """A factor beyond what a computed sum of so many positive numbers may be short of."""
    return 1.0 + (count + 4) * UNIT


def _rounded(
    symbols: NDArray[np.int64], generators: FloatArray, error: FloatArray, rest: Box
) -> Affine:
    """A form with an error on either side; of elements that overflowed, nothing is known."""
    sound = np.isfinite(generators).all(axis=0) & np.isfinite(error)
    if not sound.all():
        unknown = anything(rest.shape)
        generators, error = np.where(sound, generators, 0.0), np.where(sound, error, 0.0)
        rest = Box(np.where(sound, rest.lo, unknown.lo), np.where(sound, rest.hi, unknown.hi))
    return Affine(symbols, generators, rest + Box(-error, error))
