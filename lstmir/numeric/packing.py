"""Matrices and vectors as an array of multipliers reads them, in the order of its geometry."""

from __future__ import annotations

from typing import Any

import numpy as np

from lstmir.numeric.geometry import Banked, Geometry, TileShape, geometry

IntArray = np.ndarray[Any, np.dtype[Any]]


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
