"""Which powers of two the codes of a matrix are multiplied with: one for each row or gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

from lstmir.numeric.codes import Code
from lstmir.numeric.grids import grid_of_codes

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
Exponents = NDArray[np.int64]

_BELOW = 6
"""So many powers of two below the unit with which nothing saturates; smaller ones never pay."""
_IDLE = -16
"""The unit of a matrix in which nothing but zeros lives, as a power of two."""


@dataclass(frozen=True)
class Part:
    """The rows of one gate: [rows, columns] weights and which live, and how they are stored.

    Integers are codes of `code` times 2^e, 0 <= e <= `largest`; of each row, or, without `by_row`,
    of all rows alike.
    """

    weights: Matrix
    live: Mask
    code: Code
    by_row: bool = False
    largest: int = 0

    def losses(self, units: Sequence[int], importance: Matrix) -> Matrix:
        """For each row and each unit, a power of two, what rounding to the nearest loses.

        That is the sum of squared errors, each times the importance of its column.
        """
        found = np.empty((len(self.weights), len(units)))
        for index, unit in enumerate(units):
            grid = grid_of_codes([self.code], np.full(len(self.weights), 2.0**unit), 1)
            errors = grid.round(self.weights.T)
            errors -= self.weights.T
            errors *= errors
            found[:, index] = importance @ np.where(self.live.T, errors, 0.0)
        return found if self.by_row else found.sum(axis=0, keepdims=True)

    @property
    def units(self) -> tuple[int, int] | None:
        """The smallest and the largest power of two that may suit a row; None without weights."""
        largest = np.abs(self.weights).max(axis=1, initial=0.0)
        largest = largest[largest > 0]
        if not len(largest):
            return None
        tops = [ceil(log2(end / self.code.largest)) for end in (largest.min(), largest.max())]
        return tops[0] - _BELOW, tops[1]


def choose_unit(parts: Sequence[Part], importance: Matrix, least: int) -> int:
    """The unit of a matrix, a power of two and not below `least`, with which all parts lose least.

    Each part may multiply it with the powers of two that its exponents allow. Of equally good
    units, the largest: it leaves the integers small.
    """
    ends = [each.units for each in parts]
    known = [end for end in ends if end is not None]
    lowest = max(min((lo for lo, _ in known), default=_IDLE), least)
    highest = max(max((hi for _, hi in known), default=_IDLE), least)
    units = range(lowest, highest + 1)
    total = np.zeros(len(units))
    for part in parts:
        losses = part.losses(units, importance)
        total += [losses[:, k : k + part.largest + 1].min(axis=1).sum() for k in range(len(units))]
    return units[len(units) - 1 - int(np.argmin(total[::-1]))]


def choose_exponents(part: Part, importance: Matrix, unit: int, most: int) -> Exponents:
    """The exponent of each row with which it loses least at a given unit; the least of equal ones.

    None is above `most`, nor above the part's own largest.
    """
    units = range(unit, unit + min(part.largest, most) + 1)
    best = part.losses(units, importance).argmin(axis=1)
    return np.broadcast_to(best, len(part.weights)).astype(np.int64)
