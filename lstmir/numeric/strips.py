"""All blocks of several matrices side by side, by the strips of rows that they go through.

A strip is as many rows as a block has: they lose the same columns. Blocks of a strip compete with
those of their set; what is coupled by sets, in any of the matrices, is a group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmir.numeric.blocks import Cut

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """Columns that are a matrix of their own, and how each gate of it (equal parts of the rows) is
    cut. The cuts of a part differ in what they keep alone."""

    columns: slice
    cuts: tuple[Cut, ...]

    @property
    def width(self) -> int:
        """How many columns."""
        return int(self.columns.stop - self.columns.start)


class Strips:
    """Numbers the strips, blocks, sets and groups of some parts with blocks and sets of one height.

    `sets` [strips, blocks] has the set of each block, and `excess` how many must go of each set.
    """

    def __init__(self, rows: int, parts: Sequence[Part]) -> None:
        self.parts = parts
        cuts = parts[0].cuts
        gates, cut = len(cuts), cuts[0]
        height = rows // gates
        a_gate = -(-height // cut.rows)
        self.count = a_gate * gates
        strip, row = np.arange(self.count), np.arange(rows)
        self.of_row = row // height * a_gate + row % height // cut.rows
        self.first_rows = np.searchsorted(self.of_row, strip)
        groups = -(-a_gate // cut.down)
        self.group = strip // a_gate * groups + strip % a_gate // cut.down
        self.group_of_row = self.group[self.of_row]
        self.sets, keep = self._sets(a_gate)
        self.excess = np.maximum(np.bincount(self.sets.ravel()) - keep, 0)
        self.group_of_set = np.zeros(len(keep), np.int64)
        self.group_of_set[self.sets] = self.group[:, np.newaxis]
        self.sizes = np.bincount(self.group) * self.sets.shape[1]

    def _sets(self, a_gate: int) -> tuple[Integers, Integers]:
        """The set of each block, and how many may live of each set."""
        found, keep, first = [], [], 0
        for part in self.parts:
            cut = part.cuts[0]
            blocks = -(-part.width // cut.columns)
            across = -(-blocks // cut.across)
            place = np.arange(blocks) // cut.across
            found.append(first + self.group[:, np.newaxis] * across + place)
            groups = -(-a_gate // cut.down) * across
            keep += [each.keep for each in part.cuts for _ in range(groups)]
            first += groups * len(part.cuts)
        return np.concatenate(found, axis=1), np.array(keep)

    def blocks(self) -> Iterator[tuple[slice, Integers]]:
        """Blocks of one width: their numbers, and their columns [blocks, width]."""
        first = 0
        for part in self.parts:
            width = part.cuts[0].columns
            whole, rest = divmod(part.width, width)
            columns = np.arange(part.columns.start, part.columns.stop)
            if whole:
                yield slice(first, first + whole), columns[: whole * width].reshape(whole, width)
            if rest:
                yield slice(first + whole, first + whole + 1), columns[np.newaxis, -rest:]
            first += whole + bool(rest)

    def summed(self, of_rows: Matrix) -> Matrix:
        """[rows, blocks] added up over the rows of each strip."""
        return np.asarray(np.add.reduceat(of_rows, self.first_rows, axis=0))

    def by_group(self, of_rows: Matrix) -> Matrix:
        """[rows] added up over each group."""
        return np.bincount(self.group_of_row, of_rows).astype(np.float64)

    def quota(self, alive: Mask, excess: Integers, share: float) -> Integers:
        """How many blocks of each group may go now, when this share of the rounds has passed.

        The number of survivors falls by the same factor in each round.
        """
        left = np.bincount(self.group, alive.sum(axis=1))
        due = np.bincount(self.group_of_set, excess, minlength=len(left))
        final = left - due
        aim = np.rint(self.sizes * (np.maximum(final, 0.5) / self.sizes) ** share)
        if share >= 1:
            aim = final
        quota: Integers = np.minimum(np.maximum(left - aim, 0), due).astype(np.int64)
        return quota

    def cheapest(self, costs: Matrix, excess: Integers, quota: Integers) -> Mask:
        """Which blocks go: the cheapest of each group, but of no set more than its excess."""
        free = np.isfinite(costs)
        first = 0
        for part in self.parts:
            cut = part.cuts[0]
            own = slice(first, first + -(-part.width // cut.columns))
            places = self._ranks(costs[:, own], Cut(1, 1, cut.down, cut.across, 0))
            free[:, own] &= places < excess[self.sets[:, own]]
            first = own.stop
        whole = Cut(1, 1, self.parts[0].cuts[0].down, costs.shape[1], 0)
        places = self._ranks(np.where(free, costs, np.inf), whole)
        gone: Mask = free & (places < quota[self.group][:, np.newaxis])
        return gone

    def _ranks(self, costs: Matrix, cut: Cut) -> Integers:
        """The place of each by its cost in its set of a cut; the first of equal ones comes first."""
        gates = len(self.parts[0].cuts)
        parts = [_ranked(each, cut) for each in np.split(costs, gates)]
        ranks: Integers = np.concatenate(parts)
        return ranks

    def mask(self, alive: Mask, columns: int) -> Mask:
        """[rows, columns] of what lives."""
        mask = np.ones((len(self.of_row), columns), bool)
        for blocks, places in self.blocks():
            each = np.repeat(alive[:, blocks], places.shape[1], axis=1)
            mask[:, places.ravel()] = each[self.of_row]
        return mask


def _ranked(costs: Matrix, cut: Cut) -> Integers:
    inside = cut.split(np.ones(costs.shape, bool))
    order = np.argsort(np.where(inside, cut.split(costs), np.inf), axis=2, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(order.shape[2])[:, np.newaxis, np.newaxis], axis=2)
    joined: Integers = cut.join(ranks, (costs.shape[0], costs.shape[1]))
    return joined
