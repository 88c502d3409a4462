"""The order in which the array walks the tiles of a nest: runs, each from one first tile to a last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise, permutations

import numpy as np

from lstmir.passes.machine.nest import Nest, Walk

_MOST_AHEAD = 4
_MOST_CUT_TWICE = 12
"""Tiles of a group that may be cut in two places: for more, that gains little and takes long to find."""


@dataclass(frozen=True)
class Order:
    """Which walk comes first, and how many groups begin before the first one ends.

    The first `ahead` groups are cut into parts, each from one of the `cuts` to the next: they run
    their first parts one after the other, then their second ones, and so on. What late parts
    read may come later by as much. Their sums wait meanwhile.
    """

    walks: tuple[int, ...]
    ahead: int = 1
    cuts: tuple[int, ...] = ()

    def of(self, nest: Nest) -> tuple[Walk, ...]:
        """The walks as they are run."""
        return tuple(nest.walks[number] for number in self.walks)

    def parts(self, nest: Nest) -> list[tuple[int, int]]:
        """The first tile of each part of a group that is cut, and the one behind its last."""
        return list(pairwise((0, *self.cuts, nest.tiles)))

    def first_run(self, nest: Nest) -> int:
        """Tiles of the nest's first run."""
        return self.cuts[0] if self.cuts else nest.tiles

    def shortest_last(self, nest: Nest) -> int:
        """Tiles of the shortest run that finishes a group."""
        return nest.tiles - self.cuts[-1] if self.cuts else nest.tiles

    def has_single(self, nest: Nest) -> bool:
        """Whether a part is a single tile."""
        return any(end - begin == 1 for begin, end in self.parts(nest))


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
    if not order.cuts:
        return [Segment(0, nest.tiles, nest.groups)]
    found = [
        Segment(begin, end - begin, order.ahead, resumes=begin > 0, finishes=end == nest.tiles)
        for begin, end in order.parts(nest)
    ]
    if nest.groups > order.ahead:
        found.append(Segment(0, nest.tiles, nest.groups - order.ahead))
    return found


def positions(nest: Nest, order: Order) -> np.ndarray:
    """The cycle of each tile [groups, tiles in the order of the walks], from the nest's first on."""
    place = np.arange(nest.groups * nest.tiles).reshape(nest.groups, nest.tiles)
    if not order.cuts:
        return place
    ahead = order.ahead
    for begin, end in order.parts(nest):
        run = np.arange(ahead * (end - begin)).reshape(ahead, end - begin)
        place[:ahead, begin:end] = ahead * begin + run
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
    """Orders from the plainest on; where a group is cut, neither its first part nor its last one is
    shorter than `shortest` tiles.
    """
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
        for cut in range(nest.tiles - shortest, shortest - 1, -1):
            yield from (Order(each, ahead, (cut,)) for each in walks)
    if nest.tiles > _MOST_CUT_TWICE:
        return
    for ahead in range(2, min(nest.groups, _MOST_AHEAD) + 1):
        for cuts in combinations(range(shortest, nest.tiles - shortest + 1), 2):
            yield from (Order(each, ahead, cuts) for each in walks)
