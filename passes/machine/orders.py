"""The order in which the array walks the tiles of a nest: runs, each from one first tile to a last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from lstmir.passes.machine.nest import Nest, Walk

_MOST_AHEAD = 4
_SHORTEST_SPLIT = 2
"""Tiles of a run that leaves its sums, or goes on with them: as long as sums take to be saved."""


@dataclass(frozen=True)
class Order:
    """Which walk comes first, and how many groups begin before the first one ends.

    The first `ahead` groups run their `early` tiles one after the other, then the rest of theirs:
    what those tiles read may come later by as much. Their sums wait meanwhile.
    """

    walks: tuple[int, ...]
    ahead: int = 1
    early: int = 0

    def of(self, nest: Nest) -> tuple[Walk, ...]:
        """The walks as they are run."""
        return tuple(nest.walks[number] for number in self.walks)


@dataclass(frozen=True)
class Segment:
    """`repeats` runs alike, through the tiles from `first` on; an idle one has no tiles, but cycles.

    A run begins with zeros, or `resumes` a group that an earlier run left; it `finishes` the group
    or leaves it.
    """

    first: int
    tiles: int
    repeats: int = 1
    resumes: bool = False
    finishes: bool = True
    is_idle: bool = False


def segments(nest: Nest, order: Order) -> list[Segment]:
    """All runs of a nest."""
    tiles, early, ahead = nest.tiles, order.early, order.ahead
    found = []
    if ahead > 1:
        found.append(Segment(0, early, ahead, finishes=False))
        found.append(Segment(early, tiles - early, ahead, resumes=True))
    if nest.groups > ahead or ahead == 1:
        found.append(Segment(0, tiles, nest.groups - (ahead if ahead > 1 else 0)))
    return found


def positions(nest: Nest, order: Order) -> np.ndarray:
    """The cycle of each tile [groups, tiles in the order of the walks], from the nest's first on."""
    groups, tiles = nest.groups, nest.tiles
    ahead, early = order.ahead, order.early
    place = np.arange(groups * tiles).reshape(groups, tiles)
    if ahead > 1:
        group = np.arange(ahead).reshape(-1, 1)
        tile = np.arange(tiles)
        first = group * early + tile
        rest = ahead * early + group * (tiles - early) + tile - early
        place[:ahead] = np.where(tile < early, first, rest)
    return place


def early_sums(nest: Nest, order: Order) -> dict[int, int]:
    """The sums whose row begins another one in the same group: the last tile of theirs."""
    found: dict[int, int] = {}
    serving: dict[int, int] = {}
    end = nest.idle
    for walk in order.of(nest):
        for sum_ in walk.active:
            lane = nest.lanes[sum_]
            before = serving.get(lane, sum_)
            if before != sum_:
                found[before] = end - 1
            serving[lane] = sum_
        end += walk.tiles
    return found


def _comes_back(nest: Nest, order: Order) -> bool:
    """Whether a row goes on with a sum after it has begun another one: the first part would be lost."""
    serving: dict[int, int] = {}
    left: set[int] = set()
    for walk in order.of(nest):
        for sum_ in walk.active:
            before = serving.get(nest.lanes[sum_], sum_)
            left |= {before} - {sum_}
            serving[nest.lanes[sum_]] = sum_
            if sum_ in left:
                return True
    return False


def candidates(nest: Nest, shortest: int) -> Iterator[Order]:
    """Orders from the plainest on; where a group is cut, no run is shorter than `shortest` tiles."""
    shortest = max(shortest, _SHORTEST_SPLIT)
    numbers = range(len(nest.walks))
    walks = list(permutations(numbers)) if len(nest.walks) < 5 else []
    by_sum = tuple(sorted(numbers, key=lambda number: nest.walks[number].active))
    walks = walks or list(dict.fromkeys([tuple(numbers), by_sum]))
    walks = [each for each in walks if not _comes_back(nest, Order(each))]
    for each in walks:
        ends = early_sums(nest, Order(each)).values()
        if min(ends, default=nest.turns) + 1 >= nest.turns:
            yield Order(each)
    if len(set(nest.lanes)) < nest.sums:
        return  # a row that serves two sums cannot leave them both
    for ahead in range(2, min(nest.groups, _MOST_AHEAD) + 1):
        for early in range(nest.tiles - shortest, shortest - 1, -1):
            yield from (Order(each, ahead, early) for each in walks)
