"""How an array of multipliers walks a matrix: groups of rows, tiles of columns.

A tile holds `rows` x `columns` stored elements. The rows of one group are the gates of a few
hidden units, unit by unit: lane p of group g is gate p % gates of unit g * units + p // gates, and
gate q of unit j is row q * (rows of the matrix / gates) + j. A sparse matrix is read bank by bank:
a tile covers `banks` whole banks, or, where a bank stores more than a tile holds, a bank takes
several tiles. A dense matrix is read `columns` at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


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
