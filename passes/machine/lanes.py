"""What the array reads, tile by tile: words of weights and lanes, in the order of the controller."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lstmir.numeric.fixed import FixedType, narrowest
from lstmir.passes.machine.logic import WORD_BITS
from lstmir.passes.machine.program import Nest, Program, Walk
from lstmir.passes.machine.timing import Timing


@dataclass(frozen=True)
class Source:
    """Where multipliers find their operands: always one of `choices`, lanes of the vector's memory.

    `ranks` [tiles] say which; multipliers that read the same in every tile share their source.
    """

    choices: tuple[int, ...]
    ranks: np.ndarray

    @property
    def bits(self) -> int:
        """Bits of a rank."""
        return (len(self.choices) - 1).bit_length()


@dataclass(frozen=True)
class Tiles:
    """The tiles of the whole program, cell first, then head.

    `weights[row][column]` [tiles] are a multiplier's, in the type of the row; `places[row][column]`
    is its source's number.
    """

    weights: tuple[tuple[np.ndarray, ...], ...]
    places: tuple[tuple[int, ...], ...]
    sources: tuple[Source, ...]
    types: tuple[FixedType, ...]

    def fields(self) -> list[tuple[np.ndarray, int]]:
        """(values [tiles], bits) of each stored field: the weights row by row, then the ranks."""
        rows = zip(self.weights, self.types, strict=True)
        fields = [(weights, type_.width) for row, type_ in rows for weights in row]
        return fields + [(each.ranks, each.bits) for each in self.sources if each.bits]


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
    nests = (program.cell, program.cell.tiles), (program.head, timing.head_group)
    parts = [_nest_tiles(program, nest, length) for nest, length in nests]
    weights = np.concatenate([part[0] for part in parts])
    lanes = np.concatenate([part[1] for part in parts])
    sources: dict[bytes, int] = {}
    found: list[Source] = []
    places = []
    for row, columns in enumerate(program.columns):
        places.append(tuple(_source(lanes[:, row, k], sources, found) for k in range(columns)))
    types = [narrowest(int(row.min()), int(row.max()), 0) for row in weights.transpose(1, 0, 2)]
    by_row = tuple(
        tuple(weights[:, row, column] for column in range(columns))
        for row, columns in enumerate(program.columns)
    )
    return Tiles(by_row, tuple(places), tuple(found), tuple(types))


def _source(lanes: np.ndarray, known: dict[bytes, int], found: list[Source]) -> int:
    """The number of the source of a multiplier that reads some lanes, tile by tile; -1 is any."""
    choices = np.unique(lanes[lanes >= 0])
    ranks = np.searchsorted(choices, np.where(lanes >= 0, lanes, choices[0]))
    key = choices.tobytes() + ranks.tobytes()
    if key not in known:
        known[key] = len(found)
        found.append(Source(tuple(choices.tolist()), ranks))
    return known[key]


def _nest_tiles(program: Program, nest: Nest, length: int) -> tuple[np.ndarray, np.ndarray]:
    widest = max(program.columns)
    weights = [_flat(walk.weights, widest, 0) for walk in nest.walks]
    lanes = [_flat(_memory_lanes(program, walk), widest, -1) for walk in nest.walks]
    idle = length - nest.tiles
    if idle:
        shape = (nest.groups, idle, program.rows, widest)
        weights.append(np.zeros(shape, np.int64))
        lanes.append(np.broadcast_to(lanes[-1][:, -1:], shape))
    joined = (np.concatenate(parts, axis=1) for parts in (weights, lanes))
    first, second = (part.reshape(-1, program.rows, widest) for part in joined)
    return first, second


def _flat(tiles: np.ndarray, columns: int, missing: int) -> np.ndarray:
    """[groups, windows, slots, rows, …] as [groups, tiles, rows, columns]."""
    groups, *_, rows, there = tiles.shape
    padded = np.full((groups, tiles.shape[1] * tiles.shape[2], rows, columns), missing)
    padded[..., :there] = tiles.reshape(groups, -1, rows, there)
    return padded


def _memory_lanes(program: Program, walk: Walk) -> np.ndarray:
    """Lanes counted in the memory's row instead of in the window; -1 stays."""
    row = program.memory_lanes(walk.vector)
    offset = ((np.arange(walk.windows) * walk.window) % row).reshape(-1, 1, 1, 1)
    return np.where(walk.neighbours >= 0, walk.neighbours + offset, -1)


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
