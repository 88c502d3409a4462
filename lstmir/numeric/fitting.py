"""Codes and exponents of a matrix, chosen together: rounded with few levels, the unit is what matters.

Errors that the other weights of a row make up for cost less than those that nothing makes up for.
So compensated rounding likes larger units, with which less saturates, than rounding to the nearest
does. Units are powers of two: few are worth trying, and they are tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmir.numeric.codes import Code
from lstmir.numeric.compensation import round_compensated, squared_change
from lstmir.numeric.exponents import Exponents, Part, choose_exponents
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.grids import Array, Grid, grid_of_codes, grid_of_format

Mask = NDArray[np.bool_]

_FEW = 7
"""With a code of larger integers, the unit that suits the nearest suits compensated rounding too."""
_ROUNDS = 2


@dataclass(frozen=True)
class Rows:
    """A matrix that is to be rounded: the parts of its rows, its format, what matters of each column.

    Without parts, all integers of the format are codes.
    """

    weights: Array
    live: Mask
    format: FixedType
    parts: Sequence[Part]
    importance: Array

    @property
    def fits(self) -> bool:
        """Whether the format has room for every code."""
        return all(self.format.signed and self._room(part.code) >= 0 for part in self.parts)

    @property
    def nearest(self) -> Exponents:
        """The exponents with which rounding to the nearest loses least."""
        if not self.parts:
            return np.zeros(len(self.weights), np.int64)
        unit = -self.format.frac
        return np.concatenate(
            [choose_exponents(p, self.importance, unit, self._room(p.code)) for p in self.parts]
        )

    def grid(self, exponents: Exponents) -> Grid:
        """The values that the rows may have."""
        rows, columns = self.weights.shape
        if not self.parts:
            return grid_of_format(self.format, rows, columns)
        units = np.ldexp(self.format.lsb, exponents)
        return grid_of_codes([part.code for part in self.parts], units, columns)

    def raised(self, exponents: Exponents) -> Exponents:
        """The next larger exponents; the same ones where there are none, or they would not pay."""
        if not self.parts:
            return exponents
        ends = [_end(part, self._room(part.code)) for part in self.parts]
        height = len(exponents) // len(ends)
        return np.where(exponents < np.repeat(ends, height), exponents + 1, exponents)

    def gathered(self, losses: Array) -> Array:
        """The losses of each row; of rows that have one exponent together, their sum for each."""
        if not self.parts:
            return losses
        split = np.split(losses, len(self.parts))
        return np.concatenate(
            [
                rows if part.by_row else np.full(len(rows), rows.sum())
                for part, rows in zip(self.parts, split, strict=True)
            ]
        )

    def _room(self, code: Code) -> int:
        """The largest exponent for which a code fits the format."""
        return self.format.width - 1 - code.largest.bit_length()


def _end(part: Part, room: int) -> int:
    return min(part.largest, room) if part.code.largest <= _FEW else 0


def round_fitted(matrices: Sequence[Rows], gram: Array) -> Array:
    """The matrices side by side [rows, columns], compensated, with exponents that suit that.

    What `round_compensated` guarantees holds against the nearest with the exponents that suit
    rounding to the nearest best; of rows that have one exponent together, for their sum.
    """
    weights = np.concatenate([each.weights for each in matrices], axis=1)
    live = np.concatenate([each.live for each in matrices], axis=1)
    current = [each.nearest for each in matrices]
    found, losses = _rounded(matrices, current, weights, live, gram)
    for _ in range(_ROUNDS):
        for index, each in enumerate(matrices):
            trial = [*current]
            trial[index] = each.raised(current[index])
            moved = trial[index] != current[index]
            if not moved.any():
                continue
            other, others = _rounded(matrices, trial, weights, live, gram)
            better = moved & (each.gathered(others) < each.gathered(losses))
            current[index] = np.where(better, trial[index], current[index])
            found[better], losses[better] = other[better], others[better]
    return found


def _rounded(
    matrices: Sequence[Rows],
    exponents: Sequence[Exponents],
    weights: Array,
    live: Mask,
    gram: Array,
) -> tuple[Array, Array]:
    grids = [each.grid(e) for each, e in zip(matrices, exponents, strict=True)]
    found = round_compensated(weights, gram, grids, live)
    return found, squared_change(found - weights, gram)
