"""The values that rounded weights may have: evenly spaced, each row of a matrix with its own unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstmir.numeric.codes import Code, Integer, Midrise, Ternary
from lstmir.numeric.fixed import FixedType

Array = NDArray[np.float64]

MAX_WIDTH = 32
"""Wider formats lose nothing worth making up for; in doubles, up to here all is exact."""


@dataclass(frozen=True)
class Grid:
    """For each row of a matrix with `columns` columns, the values offset + n * step.

    n is whole, lowest <= n <= highest; all are arrays [rows].
    """

    step: Array
    offset: Array
    lowest: Array
    highest: Array
    columns: int

    def round(self, values: Array) -> Array:
        """The nearest to values [..., rows]; n is rounded half to even and saturates."""
        # In place: the arrays are large.
        found = np.subtract(values, self.offset)
        found /= self.step
        np.rint(found, out=found)
        np.clip(found, self.lowest, self.highest, out=found)
        found *= self.step
        found += self.offset
        return found

    def rows(self, part: slice) -> Grid:
        """The grid of some of the rows."""
        return replace(
            self,
            step=self.step[part],
            offset=self.offset[part],
            lowest=self.lowest[part],
            highest=self.highest[part],
        )


def grid_of_format(format_: FixedType, rows: int, columns: int) -> Grid:
    """All values of a fixed-point format. Raises ValueError where it is wider than 32 bits."""
    if format_.width > MAX_WIDTH:
        raise ValueError(f"a grid is for formats of at most {MAX_WIDTH} bits, not {format_}")
    return _grid(format_.lsb, 1, 0, format_.min_int, format_.max_int, rows, columns)


def grid_of_codes(codes: Sequence[Code], units: Array, columns: int) -> Grid:
    """The values of a code for each of as many equal parts of the rows, times the unit of the row."""
    height = len(units) // len(codes)
    parts = [_grid(1.0, *_levels(code), height, columns) for code in codes]
    step, offset, lowest, highest = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("step", "offset", "lowest", "highest")
    )
    return Grid(step * units, offset * units, lowest, highest, columns)


def _levels(code: Code) -> tuple[int, int, int, int]:
    """Step, offset, lowest and highest n of a code's integers."""
    match code:
        case Integer(bits):
            return 1, 0, -(1 << bits - 1), (1 << bits - 1) - 1
        case Midrise(bits):
            return 2, 1, -(1 << bits - 1), (1 << bits - 1) - 1
        case Ternary():
            return 1, 0, -1, 1


def _grid(
    unit: float, step: int, offset: int, lowest: int, highest: int, rows: int, columns: int
) -> Grid:
    ones = np.ones(rows)
    return Grid(step * unit * ones, offset * unit * ones, lowest * ones, highest * ones, columns)
