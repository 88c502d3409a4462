"""What the array reads, tile by tile: words of weights and lanes, in the order of the controller."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.logic import WORD_BITS, union_of
from lstmir.passes.machine.program import Nest, Program, Walk
from lstmir.passes.machine.timing import Timing


@dataclass(frozen=True)
class Tiles:
    """The tiles of the whole program, [tiles, rows, columns], cell first, then head.

    `lanes` counts in the memory of the walk's vector. `choices[column]` lists the lanes that any
    row of that column ever reads; a stored index counts in that list.
    """

    weights: np.ndarray
    lanes: np.ndarray
    choices: tuple[tuple[int, ...], ...]
    weight_type: FixedType

    @property
    def index_bits(self) -> tuple[int, ...]:
        """Stored bits of each column's index."""
        return tuple((len(choice) - 1).bit_length() for choice in self.choices)

    def fields(self) -> list[tuple[np.ndarray, int]]:
        """(values [tiles], bits) of each stored field: row by row, weight then index of a column."""
        fields = []
        _, rows, columns = self.weights.shape
        for row in range(rows):
            for column in range(columns):
                fields.append((self.weights[:, row, column], self.weight_type.width))
                if self.index_bits[column]:
                    rank = np.searchsorted(self.choices[column], self.lanes[:, row, column])
                    fields.append((rank, self.index_bits[column]))
        return fields


@dataclass(frozen=True)
class Packing:
    """Fields packed into words: `words[k]` are the integers of memory k, `widths[k]` their bits.

    `places[f]` is (memory, lowest bit) of field f.
    """

    words: tuple[np.ndarray, ...]
    widths: tuple[int, ...]
    places: tuple[tuple[int, int], ...]


def pack_fields(fields: list[tuple[np.ndarray, int]]) -> Packing:
    """Fields one after the other, none cut, in memories of at most 64 bits."""
    words: list[np.ndarray] = []
    widths: list[int] = []
    places: list[tuple[int, int]] = []
    for values, bits in fields:
        if not words or widths[-1] + bits > WORD_BITS:
            words.append(np.zeros(len(values), np.uint64))
            widths.append(0)
        masked = values.astype(np.int64).astype(np.uint64) & np.uint64((1 << bits) - 1)
        places.append((len(words) - 1, widths[-1]))
        words[-1] = words[-1] | (masked << np.uint64(widths[-1]))
        widths[-1] += bits
    return Packing(tuple(words), tuple(widths), tuple(places))


def tiles_of(program: Program, timing: Timing) -> Tiles:
    """The tiles of all groups in the controller's order, idle tiles of the head as zeros."""
    weights, lanes = [], []
    for nest, length in ((program.cell, program.cell.tiles), (program.head, timing.head_group)):
        nest_weights, nest_lanes = _nest_tiles(program, nest, length)
        weights.append(nest_weights)
        lanes.append(nest_lanes)
    every_weight, every_lane = np.concatenate(weights), np.concatenate(lanes)
    choices = tuple(
        tuple(np.unique(every_lane[:, :, column]).tolist()) for column in range(every_lane.shape[2])
    )
    weight_type = union_of([walk.weight_type for walk in program.all_walks])
    return Tiles(every_weight, every_lane, choices, weight_type)


def _nest_tiles(program: Program, nest: Nest, length: int) -> tuple[np.ndarray, np.ndarray]:
    weights = [_flat(walk.weights) for walk in nest.walks]
    lanes = [_flat(_memory_lanes(program, walk)) for walk in nest.walks]
    idle = length - nest.tiles
    if idle:
        shape = (nest.groups, idle, program.rows, program.columns)
        weights.append(np.zeros(shape, np.int64))
        lanes.append(np.broadcast_to(lanes[-1][:, -1:], shape))
    joined = (
        np.concatenate([p.astype(np.int64) for p in parts], axis=1) for parts in (weights, lanes)
    )
    first, second = (part.reshape(-1, program.rows, program.columns) for part in joined)
    return first, second


def _flat(tiles: np.ndarray) -> np.ndarray:
    """[groups, windows, slots, …] as [groups, tiles, …]."""
    return tiles.reshape(tiles.shape[0], -1, *tiles.shape[3:])


def _memory_lanes(program: Program, walk: Walk) -> np.ndarray:
    """Lanes counted in the memory's row instead of in the window."""
    row = program.memory_lanes(walk.vector)
    offset = (np.arange(walk.windows) * walk.window) % row
    return np.asarray(walk.lanes + offset[np.newaxis, :, np.newaxis, np.newaxis, np.newaxis])


def walk_words(program: Program, timing: Timing) -> tuple[np.ndarray, np.ndarray]:
    """For each tile of a group, cell first, then head: which walk, and which row of its memory."""
    numbers: list[int] = []
    rows: list[int] = []
    for walk_number, walk in enumerate(program.all_walks):
        row_lanes = program.memory_lanes(walk.vector)
        for window in range(walk.windows):
            numbers += [walk_number] * walk.slots
            rows += [window * walk.window // row_lanes] * walk.slots
    idle = timing.head_group - program.head.tiles
    numbers += numbers[-1:] * idle
    rows += rows[-1:] * idle
    return np.array(numbers), np.array(rows)
