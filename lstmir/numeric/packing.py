"""How an array of multipliers walks a matrix: groups of rows, tiles of columns.

A tile holds `rows` x `columns` stored elements. The rows of one group are the gates of a few
hidden units, unit by unit: lane p of group g is gate p % gates of unit g * units + p // gates, and
gate q of unit j is row q * (rows of the matrix / gates) + j. A sparse matrix is read bank by bank:
a tile covers `banks` whole banks, or, where a bank stores more than a tile holds, a bank takes
several tiles. A dense matrix is read `columns` at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

IntArray = np.ndarray[Any, np.dtype[Any]]


class Banked(Protocol):
    """A sparsity pattern: at most `keep` non-zeros in each bank of `size` neighbours."""

    @property
    def size(self) -> int: ...
    @property
    def keep(self) -> int: ...


@dataclass(frozen=True, slots=True)
class TileShape:
    """Rows and columns of a tile, and how many rows of the matrix belong to one unit."""

    rows: int
    columns: int
    gates: int = 1

    @property
    def units(self) -> int:
        """Hidden units in a group of rows."""
        return self.rows // self.gates


@dataclass(frozen=True, slots=True)
class Geometry:
    """How often an array turns for one matrix.

    `window` neighbours of the vector are read for a tile; they are `banks` banks, and each window
    serves `slots` consecutive tiles.
    """

    groups: int
    windows: int
    slots: int
    banks: int
    window: int
    index_bits: int

    @property
    def tiles(self) -> int:
        """Tiles in a group."""
        return self.windows * self.slots


def geometry(shape: tuple[int, ...], pattern: Banked | None, tiles: TileShape) -> Geometry:
    """The walk of an array over a [rows, columns] matrix.

    Raises ValueError where the array's columns and the pattern do not divide each other, or its
    rows are not whole units.
    """
    rows, columns = shape
    if tiles.rows % tiles.gates or rows % tiles.gates:
        raise ValueError(
            f"{rows} rows in tiles of {tiles.rows} are not whole units of {tiles.gates}"
        )
    groups = -(-(rows // tiles.gates) // tiles.units)
    size, keep = (pattern.size, pattern.keep) if pattern else (tiles.columns, tiles.columns)
    if tiles.columns % keep and keep % tiles.columns:
        raise ValueError(f"{tiles.columns} columns and {keep} elements a bank do not divide")
    banks = max(1, tiles.columns // keep)
    slots = max(1, keep // tiles.columns)
    window = banks * size
    return Geometry(
        groups, -(-columns // window), slots, banks, window, max(1, (size - 1).bit_length())
    )


def row_order(rows: int, groups: int, tiles: TileShape) -> IntArray:
    """[groups, tiles.rows]: the matrix row of each lane, -1 for padding."""
    units = rows // tiles.gates
    lanes = np.arange(groups * tiles.rows).reshape(groups, tiles.rows)
    unit = (lanes // tiles.rows) * tiles.units + (lanes % tiles.rows) // tiles.gates
    row = (lanes % tiles.gates) * units + unit
    return np.where(unit < units, row, -1)


def pack_rows(vector: IntArray, groups: int, tiles: TileShape) -> IntArray:
    """A vector with one element a matrix row (a bias) as [groups, tiles.rows], zeros for padding."""
    order = row_order(len(vector), groups, tiles)
    return np.where(order >= 0, vector[order], 0)


def pack(matrix: IntArray, pattern: Banked | None, tiles: TileShape) -> tuple[IntArray, IntArray]:
    """A matrix as the array reads it: elements and their index within their bank.

    Both are [groups, tiles of a group, tiles.rows, tiles.columns]. Padding is a zero element.
    """
    plan = geometry(matrix.shape, pattern, tiles)
    size, keep = (pattern.size, pattern.keep) if pattern else (tiles.columns, tiles.columns)
    order = row_order(matrix.shape[0], plan.groups, tiles)
    padded = np.zeros((matrix.shape[0] + 1, plan.windows * plan.window), matrix.dtype)
    padded[:-1, : matrix.shape[1]] = matrix
    lanes = padded[order]  # [groups, rows, columns]; row -1 is the zeros behind the last
    banks = lanes.reshape(*order.shape, -1, size)
    indices = _survivors(banks, keep)
    elements = np.take_along_axis(banks, indices, axis=-1)
    return _as_tiles(elements, plan, tiles), _as_tiles(indices, plan, tiles)


def _survivors(banks: IntArray, keep: int) -> IntArray:
    """The indices of the non-zeros of each bank, in order, filled up with zeros' indices."""
    if banks.shape[-1] == keep:
        return np.broadcast_to(np.arange(keep), banks.shape)
    first = np.argsort(banks == 0, axis=-1, kind="stable")[..., :keep]
    return np.sort(first, axis=-1)


def _as_tiles(stored: IntArray, plan: Geometry, tiles: TileShape) -> IntArray:
    """[groups, rows, banks of a row, keep] as [groups, tiles, rows, columns]."""
    groups, rows = stored.shape[:2]
    by_tile = stored.reshape(groups, rows, plan.tiles, tiles.columns)
    return np.ascontiguousarray(by_tile.transpose(0, 2, 1, 3))
