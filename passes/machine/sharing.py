"""Which multipliers of an array share a block: two that multiply the same element in every tile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lstmir.numeric.fixed import FixedType, narrowest
from lstmir.passes.machine.pairs import Block, Range, Shared, shared
from lstmir.passes.machine.tiles import Tiles

Place = tuple[int, int]
"""The row and the column of a multiplier."""


@dataclass(frozen=True)
class Pair:
    """Two multipliers of the array that share a block."""

    low: Place
    high: Place
    types: Shared


@dataclass(frozen=True)
class Sharing:
    """What there is to share: for each row the range of its weights, None where it needs no multiplier.

    `places[row][column]` number what a multiplier reads, in every tile, and `operand` is its type.
    """

    rows: tuple[Range | None, ...]
    places: tuple[tuple[int, ...], ...]
    operand: FixedType

    def pairs(self, block: Block) -> list[Pair]:
        """Pairs that fit blocks, as many as a greedy choice finds, in the order of their rows.

        The widest take the widest that they fit with: what fits with these, fits with narrower ones.
        """
        found = []
        for places in self.readers(block):
            waiting = sorted(places, key=lambda place: -self.width(place))  # stable: by rows
            while len(waiting) > 1:
                first = waiting.pop(0)
                if not self.fits(block, first, waiting[-1]):
                    continue
                second = next(place for place in waiting if self.fits(block, first, place))
                waiting.remove(second)
                found.append(self.pair(first, second))
        return sorted(found, key=lambda pair: sorted((pair.low, pair.high)))

    def readers(self, block: Block) -> Iterator[list[Place]]:
        """The multipliers that read the same and would have blocks of their own, two or more."""
        has_block = [
            range_ and block.takes(narrowest(*range_, 0), self.operand) for range_ in self.rows
        ]
        by_number: dict[int, list[Place]] = {}
        for row, numbers in enumerate(self.places):
            for column, number in enumerate(numbers):
                if has_block[row]:
                    by_number.setdefault(number, []).append((row, column))
        return (places for places in by_number.values() if len(places) > 1)

    def fits(self, block: Block, first: Place, second: Place) -> bool:
        """Whether two multipliers can share a block."""
        return block.fits(self.pair(first, second).types.word, self.operand)

    def pair(self, first: Place, second: Place) -> Pair:
        """Two multipliers in the better order."""
        types, is_swapped = shared(self.range(first), self.range(second), self.operand)
        return Pair(second, first, types) if is_swapped else Pair(first, second, types)

    def range(self, place: Place) -> Range:
        """What the weights of a multiplier are between."""
        range_ = self.rows[place[0]]
        assert range_ is not None
        return range_

    def width(self, place: Place) -> int:
        """How wide a multiplier's weights make a word: two of them."""
        return self.pair(place, place).types.word.width

    def narrowest(self, block: Block) -> Shared | None:
        """The two factors with the narrowest word; None where no two multipliers read the same."""
        pairs = [
            self.pair(*sorted(places, key=self.width)[:2]).types for places in self.readers(block)
        ]
        return min(pairs, key=lambda types: types.word.width, default=None)


def sharing_of(tiles: Tiles, places: Sequence[Sequence[int]], operand: FixedType) -> Sharing:
    """What an array has to share that reads some tiles. Signs are multiplied without multipliers."""
    rows = [
        None if tiles.has_signs(row) else _range(weights)
        for row, weights in enumerate(tiles.weights)
    ]
    return Sharing(tuple(rows), tuple(map(tuple, places)), operand)


def _range(weights: Sequence[np.ndarray]) -> Range:
    return min(int(w.min()) for w in weights), max(int(w.max()) for w in weights)
