"""Chooses the lanes of the array, and how many multipliers each of them has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lstmir.ir.operands import Resources, constant_of
from lstmir.ir.operation import Value
from lstmir.ir.types import TensorType
from lstmir.numeric.geometry import TileShape
from lstmir.passes.tiling.cell import Accumulation, Cell
from lstmir.passes.tiling.layouts import Walk, best_walk, fewest_tiles
from lstmir.passes.tiling.lists import Matrix
from lstmir.pipeline.passes import Pass, cannot

# Cycles from a group's last tile to the state that it changes, near enough to compare arrays.
_TYPICAL_TAIL = 14


@dataclass(frozen=True, slots=True)
class Array:
    """`rows` lanes; lane p belongs to gate p % gates, and has `columns[gate]` multipliers.

    A gate whose rows keep more elements gets more of them, so that no gate waits for another.
    """

    rows: int
    columns: tuple[int, ...]

    @property
    def gates(self) -> int:
        """Rows that belong to one hidden unit."""
        return len(self.columns)

    @property
    def units(self) -> int:
        """Hidden units in a group."""
        return self.rows // self.gates

    @property
    def macs(self) -> int:
        """Multipliers."""
        return self.units * sum(self.columns)

    def parts(self, gates: int, apart: bool = False) -> tuple[TileShape, ...]:
        """The lanes that walk alike, for a matrix with so many rows for each unit.

        With `apart` each gate's lanes are a part, even if they all have as many columns.
        """
        if len(set(self.columns)) == 1 and not (apart and gates == self.gates):
            return (TileShape(self.rows, self.columns[0], gates),)
        return tuple(
            TileShape(self.rows, columns, gates, first, self.gates)
            for first, columns in enumerate(self.columns)
        )

    def attribute(self) -> dict[str, Any]:
        """The array as an attribute of the module; `columns` by gate where they differ."""
        alike = len(set(self.columns)) == 1
        columns = self.columns[0] if alike else self.columns
        return {"rows": self.rows, "columns": columns, "gates": self.gates}


@dataclass
class Matrices:
    """The matrices of a network, and the walks of arrays over them."""

    resources: Resources
    _read: dict[Value, Matrix] = field(default_factory=dict)
    _tiles: dict[tuple[object, ...], int] = field(default_factory=dict)

    def of(self, value: Value) -> Matrix:
        """What stands behind a constant matrix."""
        if value not in self._read:
            array = constant_of(value, self.resources)
            assert array is not None and isinstance(value.type, TensorType)
            self._read[value] = Matrix(array, value.type)
        return self._read[value]

    def walk(self, value: Value, array: Array, gates: int) -> Walk:
        """How an array reads a matrix with so many rows for each unit."""
        matrix = self.of(value)
        return best_walk(matrix, array.parts(gates, matrix.has_own_codes(gates)))

    def tiles(self, sums: Accumulation, array: Array, gates: int) -> int:
        """Tiles in a group."""
        key = (sums.value, array, gates)
        if key not in self._tiles:
            self._tiles[key] = sum(self._tiles_of(p.matrix, array, gates) for p in sums.products)
        return self._tiles[key]

    def _tiles_of(self, value: Value, array: Array, gates: int) -> int:
        matrix = self.of(value)
        return fewest_tiles(matrix, array.parts(gates, matrix.has_own_codes(gates)))


def choose_array(
    pass_: Pass, macs: int, cell: Cell, head: Accumulation, matrices: Matrices
) -> Array:
    """The array of at most `macs` multipliers with the fewest cycles a step."""
    found = [
        (cost, array)
        for array in _arrays(macs, cell, head, matrices)
        if (cost := _cost(array, cell, head, matrices)) is not None
    ]
    if not found:
        why = (
            f"{macs} multipliers are too few: the {cell.gates} gates of one unit need {cell.gates}"
        )
        raise cannot(pass_, why, cell.scan.location)
    return min(found, key=lambda each: each[0])[1]


def _arrays(macs: int, cell: Cell, head: Accumulation, matrices: Matrices) -> Iterator[Array]:
    """Arrays of up to so many multipliers: with as many in each lane, or by the gates' loads.

    More lanes than the matrix has rows, or more columns than the widest, would only idle.
    """
    products = (*cell.accumulation.products, *head.products)
    widest = max(matrices.of(product.matrix).columns for product in products)
    loads = _loads(cell, matrices)
    for units in range(1, min(macs // cell.gates, cell.hidden) + 1):
        shares: dict[tuple[int, ...], None] = {}
        for most in range(1, min(macs // units, widest) + 1):
            shares[(most,) * cell.gates] = None
            shares[tuple(max(1, -(-most * load // max(loads))) for load in loads)] = None
        for columns in shares:
            array = Array(units * cell.gates, columns)
            if array.macs <= macs:
                yield array


def _loads(cell: Cell, matrices: Matrices) -> list[int]:
    """The elements that the fullest row of each gate keeps, at least 1."""
    loads = np.zeros(cell.gates, int)
    for product in cell.accumulation.products:
        counts = matrices.of(product.matrix).kept_by_row()
        loads += counts.reshape(cell.gates, -1).max(axis=1)
    return [max(1, int(load)) for load in loads]


def _cost(
    array: Array, cell: Cell, head: Accumulation, matrices: Matrices
) -> tuple[int, ...] | None:
    """Cycles a step, cycles of the head, multipliers and columns; None for an impossible array."""
    group = matrices.tiles(cell.accumulation, array, cell.gates)
    if group < array.units:
        return None  # units of the next group would overtake those in the tail
    busy = -(-cell.hidden // array.units) * group
    waits = _TYPICAL_TAIL + array.units - group
    step = max(busy, busy + waits)
    rows = len(matrices.of(head.products[0].matrix).array)
    head_cycles = -(-rows // array.rows) * matrices.tiles(head, array, 1)
    return step, head_cycles, array.macs, len(set(array.columns)), max(array.columns)
