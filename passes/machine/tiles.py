"""What the array reads, tile by tile: words of weights and lanes, in the order of the sequencer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lstmir.numeric.fixed import FixedType, narrowest
from lstmir.passes.machine.logic import WORD_BITS
from lstmir.passes.machine.nest import Nest, Walk, physical_row
from lstmir.passes.machine.orders import Order, positions
from lstmir.passes.machine.program import Program


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
    """The tiles of the whole program, in the order in which they are walked.

    `weights[row][column]` [tiles] are a multiplier's, in the type of the row; `places[row][column]`
    is its source's number.
    """

    weights: tuple[tuple[np.ndarray, ...], ...]
    places: tuple[tuple[int, ...], ...]
    sources: tuple[Source, ...]
    types: tuple[FixedType, ...]

    def has_signs(self, row: int) -> bool:
        """Whether a row needs no multiplier."""
        return all(int(np.abs(weights).max()) <= 1 for weights in self.weights[row])

    def rank_fields(self) -> list[tuple[np.ndarray, int]]:
        """(values [tiles], bits) of each stored rank."""
        return [(each.ranks, each.bits) for each in self.sources if each.bits]


@dataclass(frozen=True)
class Packing:
    """Fields packed into words: `words[k]` are the integers of memory k, `widths[k]` their bits.

    `places[f]` is (memory, lowest bit) of field f.
    """

    words: tuple[np.ndarray, ...]
    widths: tuple[int, ...]
    places: tuple[tuple[int, int], ...]


def pack_fields(fields: Sequence[tuple[np.ndarray, int]]) -> Packing:
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


def tiles_of(program: Program, orders: Sequence[Order], *, alike: bool = False) -> Tiles:
    """The tiles of all nests, each in its order; multipliers read `alike` where they can."""
    parts = [
        _nest_tiles(program, nest, order) for nest, order in zip(program.nests, orders, strict=True)
    ]
    weights = np.concatenate([part[0] for part in parts])
    lanes = np.concatenate([part[1] for part in parts])
    lanes = read_alike(lanes, program.columns) if alike else lanes
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


def read_alike(lanes: np.ndarray, columns: Sequence[int]) -> np.ndarray:
    """Lanes [tiles, rows, columns] with -1, which is any, as another multiplier reads there.

    That is the first one with which nothing is in contradiction.
    """
    chosen = lanes.copy()
    groups = np.empty((0, len(lanes)), lanes.dtype)
    numbers: dict[tuple[int, int], int] = {}
    for row, column in ((p, k) for p, count in enumerate(columns) for k in range(count)):
        mine = lanes[:, row, column]
        agree = ((groups < 0) | (mine < 0) | (groups == mine)).all(axis=1)
        number = int(agree.argmax()) if agree.any() else len(groups)
        groups = groups if agree.any() else np.vstack([groups, mine])
        groups[number] = np.maximum(groups[number], mine)
        numbers[row, column] = number
    for (row, column), number in numbers.items():
        chosen[:, row, column] = groups[number]
    return chosen


def _source(lanes: np.ndarray, known: dict[bytes, int], found: list[Source]) -> int:
    """The number of the source of a multiplier that reads some lanes, tile by tile; -1 is any."""
    choices = np.unique(lanes[lanes >= 0])
    ranks = np.searchsorted(choices, np.where(lanes >= 0, lanes, choices[0]))
    key = choices.tobytes() + b"|" + ranks.tobytes()
    if key not in known:
        known[key] = len(found)
        found.append(Source(tuple(choices.tolist()), ranks))
    return known[key]


def _nest_tiles(program: Program, nest: Nest, order: Order) -> tuple[np.ndarray, np.ndarray]:
    """Weights and lanes [tiles of all groups in the order of their cycles, rows, columns]."""
    walks = order.of(nest)
    weights = [_spread(program, nest, walk, walk.weights, 0) for walk in walks]
    lanes = [_spread(program, nest, walk, program.lanes_read(walk), -1) for walk in walks]
    if nest.idle:
        empty = (nest.groups, nest.idle, program.rows, max(program.columns))
        weights.insert(0, np.zeros(empty, np.int64))
        lanes.insert(0, np.full(empty, -1))
    sequence = np.argsort(positions(nest, order).ravel())
    shape = (nest.busy, program.rows, max(program.columns))
    first, second = (
        np.concatenate(parts, axis=1).reshape(shape)[sequence] for parts in (weights, lanes)
    )
    return first, second


def _spread(
    program: Program, nest: Nest, walk: Walk, tiles: np.ndarray, missing: int
) -> np.ndarray:
    """[groups, windows, slots, rows of sums, …] as [groups, tiles, rows of multipliers, columns]."""
    groups, *_, rows, there = tiles.shape
    shape = (groups, walk.tiles, program.rows, max(program.columns))
    spread = np.full(shape, missing)
    flat = tiles.reshape(groups, walk.tiles, rows, there)
    for row in range(rows):
        if row % nest.sums in walk.active:
            spread[:, :, physical_row(nest, row), :there] = flat[:, :, row]
    return spread


@dataclass(frozen=True)
class Port:
    """What some multipliers read: `lanes` [tiles of a group of each nest], by the memory of the tile."""

    lanes: np.ndarray

    def choices(self, mine: np.ndarray) -> tuple[int, ...]:
        """The lanes that are read in some tiles."""
        return tuple(np.unique(self.lanes[mine]).tolist()) or (0,)


def ports_of(
    program: Program, orders: Sequence[Order], words: TileWords, *, alike: bool = False
) -> tuple[list[Port], list[list[int]]]:
    """What multipliers read that take the same neighbours in every group, and whose port is whose.

    They read `alike` where they can.
    """
    lanes = np.concatenate(
        [_group_lanes(program, *each) for each in zip(program.nests, orders, strict=True)]
    )
    lanes = read_alike(lanes, program.columns) if alike else lanes
    known: dict[bytes, int] = {}
    found: list[Port] = []
    places = []
    for row, columns in enumerate(program.columns):
        mine = [_filled(lanes[:, row, k], words.vectors) for k in range(columns)]
        for each in mine:
            if each.tobytes() not in known:
                known[each.tobytes()] = len(found)
                found.append(Port(each))
        places.append([known[each.tobytes()] for each in mine])
    return found, places


def _group_lanes(program: Program, nest: Nest, order: Order) -> np.ndarray:
    """The lanes that each tile of a group reads [tiles, rows, columns], -1 for none."""
    lanes = [
        _spread(program, nest, w, program.lanes_read(w), -1).max(axis=0) for w in order.of(nest)
    ]
    idle = np.full((nest.idle, program.rows, max(program.columns)), -1)
    return np.concatenate([idle, *lanes])


def _filled(lanes: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Lanes with some that is read of the same memory where any will do."""
    filled = lanes.copy()
    for vector in np.unique(vectors):
        mine = vectors == vector
        there = lanes[mine & (lanes >= 0)]
        filled[mine & (lanes < 0)] = there[0] if len(there) else 0
    return filled


@dataclass(frozen=True)
class TileWords:
    """For each tile of a group of each nest, nest after nest: what the array does with it.

    `vectors` number the memory among those that are walked, `rows` the row of it, `new` whether it
    is what this step wrote, `reverse` whether a sequence is read from its end on, `shifts` how
    far its products are shifted. `restarts[p]` marks the tiles in which row p begins another sum than
    before. `bases[n]` is nest n's first tile.
    """

    vectors: np.ndarray
    rows: np.ndarray
    new: np.ndarray
    reverse: np.ndarray
    shifts: np.ndarray
    restarts: np.ndarray
    bases: tuple[int, ...]


def tile_words(program: Program, orders: Sequence[Order]) -> TileWords:
    """What `TileWords` says, in the orders of the nests."""
    words: list[tuple[int, ...]] = []
    restarts: list[list[bool]] = []
    bases = []
    for nest, order in zip(program.nests, orders, strict=True):
        bases.append(len(words))
        serving: dict[int, int] = {}
        first = _walk_words(program, order.of(nest)[0], nest.is_reverse) if nest.walks else []
        words += (first[:1] or [(0, 0, 0, 0, 0)]) * nest.idle
        restarts += [[False] * program.rows] * nest.idle
        for walk in order.of(nest):
            begun = [False] * program.rows
            for sum_ in walk.active:
                lane = nest.lanes[sum_]
                if serving.get(lane, sum_) != sum_:
                    for row in range(lane, nest.rows, nest.lanes_of_unit):
                        begun[row] = True
                serving[lane] = sum_
            words += _walk_words(program, walk, nest.is_reverse)
            restarts += [begun] + [[False] * program.rows] * (walk.tiles - 1)
    vectors, rows, new, reverse, shifts = np.array(words).T
    return TileWords(vectors, rows, new, reverse, shifts, np.array(restarts).T, tuple(bases))


def _walk_words(program: Program, walk: Walk, is_reverse: bool) -> list[tuple[int, ...]]:
    lanes = program.memory_lanes(walk.place.memory)
    vector = program.walked.index(walk.place.memory)
    is_reverse = is_reverse != program.memories[walk.place.memory].is_reverse
    return [
        (
            vector,
            (walk.base + window * walk.window) // lanes,
            int(walk.place.is_new),
            is_reverse,
            walk.shift,
        )
        for window in range(walk.windows)
        for _ in range(walk.slots)
    ]
