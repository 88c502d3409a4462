"""Chooses the rows and columns of the array of multipliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lstmir.ir.operation import Value
from lstmir.ir.types import TensorType, banks_of, shape_of
from lstmir.numeric.geometry import Geometry, TileShape, geometry
from lstmir.passes.tiling.cell import Accumulation, Cell
from lstmir.pipeline.passes import Pass, cannot

# Cycles from a group's last tile to the state that it changes, near enough to compare arrays.
_TYPICAL_TAIL = 14


@dataclass(frozen=True, slots=True)
class Array:
    """P rows by K columns of multipliers; `gates` rows belong to one hidden unit."""

    rows: int
    columns: int
    gates: int

    @property
    def cell(self) -> TileShape:
        """The tiles of the recurrence."""
        return TileShape(self.rows, self.columns, self.gates)

    @property
    def head(self) -> TileShape:
        """The tiles of the matrices behind it, whose rows are all alike."""
        return TileShape(self.rows, self.columns, 1)

    def attribute(self) -> dict[str, Any]:
        """The array as an attribute of the module."""
        return {"rows": self.rows, "columns": self.columns, "gates": self.gates}


def matrix_geometry(matrix: Value, tiles: TileShape) -> Geometry:
    """The walk over a matrix. Raises ValueError where tiles and pattern do not divide."""
    assert isinstance(matrix.type, TensorType)
    return geometry(matrix.type.static_shape, banks_of(matrix.type), tiles)


def choose_array(pass_: Pass, macs: int, cell: Cell, head: Accumulation) -> Array:
    """The array of at most `macs` multipliers with the fewest cycles a step."""
    best: tuple[tuple[int, ...], Array] | None = None
    # More rows than the matrix has, or more columns than the widest, would only idle.
    matrices = [product.matrix for sums in (cell.accumulation, head) for product in sums.products]
    widest = max(shape_of(matrix.type)[1] or 1 for matrix in matrices)
    for rows in range(cell.gates, min(macs, cell.gates * cell.hidden) + 1, cell.gates):
        for columns in range(1, min(macs // rows, widest) + 1):
            array = Array(rows, columns, cell.gates)
            cost = _cost(array, cell, head)
            if cost is not None and (best is None or cost < best[0]):
                best = cost, array
    if best is None:
        why = (
            f"{macs} multipliers are too few: the {cell.gates} gates of one unit need {cell.gates}"
        )
        raise cannot(pass_, why, cell.scan.location)
    return best[1]


def _cost(array: Array, cell: Cell, head: Accumulation) -> tuple[int, ...] | None:
    """Cycles a step, cycles of the head, multipliers and columns; None for an impossible array."""
    try:
        walks = [matrix_geometry(p.matrix, array.cell) for p in cell.accumulation.products]
        behind = [matrix_geometry(p.matrix, array.head) for p in head.products]
    except ValueError:
        return None
    group = sum(walk.tiles for walk in walks)
    if group < array.cell.units:
        return None  # units of the next group would overtake those in the tail
    busy = walks[0].groups * group
    waits = _TYPICAL_TAIL + array.cell.units - group
    step = max(busy, busy + waits)
    head_cycles = sum(walk.groups * walk.tiles for walk in behind)
    return step, head_cycles, array.rows * array.columns, array.columns
