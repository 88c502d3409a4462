"""Matrices and vectors as an array of multipliers reads them, in the order of its walk."""

from __future__ import annotations

from typing import Any

import numpy as np

from lstmir.numeric.geometry import Layout, TileShape

IntArray = np.ndarray[Any, np.dtype[Any]]


def row_order(rows: int, tiles: TileShape) -> IntArray:
    """[groups, lanes that read]: the matrix row of each lane, -1 for padding."""
    units = rows // tiles.gates
    groups = tiles.groups(rows)
    lanes = np.arange(groups * tiles.rows).reshape(groups, tiles.rows)
    unit = (lanes // tiles.rows) * tiles.units + (lanes % tiles.rows) // tiles.gates
    row = (lanes % tiles.gates) * units + unit
    order = np.where(unit < units, row, -1)
    return np.asarray(order[:, tiles.first :: tiles.step])


def pack_rows(vector: IntArray, tiles: TileShape) -> IntArray:
    """A vector with one element a matrix row (a bias) as [groups, lanes], zeros for padding."""
    order = row_order(len(vector), tiles)
    return np.where(order >= 0, vector[order], 0)


def pack(matrix: IntArray, tiles: TileShape, layout: Layout) -> tuple[IntArray, IntArray]:
    """A matrix as the array reads it: elements, and which block of its bank each entry is.

    [groups, windows, slots, lanes, columns] and [groups, windows, slots, lists, entries]. Padding is
    a zero element. Raises ValueError where a list has no room for all that live.
    """
    blocks = _blocks(matrix, tiles, layout)
    groups, _, windows = blocks.shape[:3]
    chosen = _chosen(_live(blocks, tiles, layout), _room(tiles, layout))
    own = chosen[:, np.arange(tiles.lanes) % layout.lists]
    last = blocks.shape[-2] - 1
    elements = np.take_along_axis(blocks, np.minimum(own, last)[..., np.newaxis], axis=-2)
    elements[own > last] = 0
    indices = np.minimum(chosen, last)
    return (
        _tiles_first(elements.reshape(groups, tiles.lanes, windows, layout.slots, tiles.columns)),
        _tiles_first(indices.reshape(groups, layout.lists, windows, layout.slots, -1)),
    )


def neighbours(indices: IntArray, size: int, banks: int, block: int) -> IntArray:
    """[…, entries] numbers of blocks in banks of `size` as […, columns] places in a window."""
    entries = indices.shape[-1]
    first = np.arange(entries) // (entries // banks) * size
    start = indices.astype(np.int64) * block + first
    places = start[..., np.newaxis] + np.arange(block)
    return np.asarray(places.reshape(*indices.shape[:-1], entries * block))


def check_room(matrix: IntArray, tiles: TileShape, layout: Layout) -> None:
    """Raise ValueError where a list has no room for all that live."""
    _live(_blocks(matrix, tiles, layout), tiles, layout)


def _room(tiles: TileShape, layout: Layout) -> int:
    """Entries of a bank in a list."""
    return layout.slots * (tiles.columns // layout.block) // layout.all_banks


def _blocks(matrix: IntArray, tiles: TileShape, layout: Layout) -> IntArray:
    """[groups, lanes, windows, banks of a window, blocks, elements]; zeros beyond the matrix."""
    order = row_order(matrix.shape[0], tiles)
    windows, banks = layout.windows(matrix.shape[1]), layout.all_banks
    padded = np.zeros((matrix.shape[0] + 1, windows * layout.window), matrix.dtype)
    padded[:-1, : matrix.shape[1]] = matrix  # row -1 is the zeros behind the last
    cut = padded.reshape(len(padded), windows, layout.window)
    covered = banks * layout.size
    if cut[..., covered:].any():
        raise ValueError(f"the tiles see {covered} of the {layout.window} neighbours of a window")
    shape = (len(padded), windows, banks, layout.size // layout.block, layout.block)
    return cut[..., :covered].reshape(shape)[order]


def _live(blocks: IntArray, tiles: TileShape, layout: Layout) -> IntArray:
    """[groups, lists, windows, banks, blocks]: which blocks some lane of a list has an element in.

    Where there is room, lists that lanes share are the same in all groups.
    """
    live: IntArray = np.asarray((blocks != 0).any(axis=-1))
    room = _room(tiles, layout)
    if layout.lists < tiles.lanes:
        groups = len(live)
        live = np.asarray(live.reshape(groups, -1, layout.lists, *live.shape[2:]).any(axis=1))
        every = live.any(axis=0, keepdims=True)
        if every.sum(axis=-1).max(initial=0) <= room:
            live = np.broadcast_to(every, live.shape)
    most = int(live.sum(axis=-1).max(initial=0))
    if most > room:
        raise ValueError(f"a list has room for {room} blocks of a bank, not for {most}")
    return np.asarray(live)


def _chosen(live: IntArray, room: int) -> IntArray:
    """The numbers of the live blocks of each bank, in order, filled up with others."""
    blocks = live.shape[-1]
    if blocks <= room:
        return np.broadcast_to(np.arange(room), (*live.shape[:-1], room))
    first = np.argsort(~live, axis=-1, kind="stable")[..., :room]
    return np.sort(first, axis=-1)


def _tiles_first(stored: IntArray) -> IntArray:
    """[groups, lanes, windows, slots, columns] as [groups, windows, slots, lanes, columns]."""
    return np.ascontiguousarray(stored.transpose(0, 2, 3, 1, 4))
