"""Reads a tiled program back as what the machine does: walks over matrices, and a tail."""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm

import numpy as np

from lstmir.ir.module import Module
from lstmir.ir.operands import captured_value, constant_of, segment, segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, element_of, shape_of
from lstmir.numeric import packing
from lstmir.numeric.fixed import FixedType, narrowest
from lstmir.pipeline.passes import Pass, cannot


@dataclass(frozen=True)
class Walk:
    """One matrix as the array reads it: [groups, windows, slots] tiles of rows x columns.

    `neighbours` says for each element which of the window's it multiplies, -1 where a row has no
    such column. `vector` is the input (-1) or the index of a state. Products are shifted left by
    `shift` to the accumulators.
    """

    weights: np.ndarray
    neighbours: np.ndarray
    weight_type: FixedType
    vector_type: FixedType
    vector: int
    windows: int
    slots: int
    window: int
    shift: int

    @property
    def tiles(self) -> int:
        """Tiles in a group."""
        return self.windows * self.slots


@dataclass(frozen=True)
class Nest:
    """The walks that one group of accumulators goes through, for all groups.

    `first` [groups, rows] are the accumulators' first values.
    """

    walks: tuple[Walk, ...]
    first: np.ndarray
    sum_type: FixedType
    loop: Operation

    @property
    def groups(self) -> int:
        """How often the array starts anew."""
        return int(self.first.shape[0])

    @property
    def tiles(self) -> int:
        """Tiles in a group."""
        return sum(walk.tiles for walk in self.walks)


@dataclass(frozen=True)
class Program:
    """A tiled network: the recurrence with its tail, then the head.

    `depths` are words of the state memories, `initial` what they start from. `outputs` elements
    leave the head.
    """

    scan: Operation
    cell: Nest
    head: Nest
    unit_loop: Operation
    features: int
    input_type: FixedType
    state_types: tuple[FixedType, ...]
    depths: tuple[int, ...]
    initial: tuple[np.ndarray, ...]
    outputs: int
    gates: int

    @property
    def rows(self) -> int:
        """Rows of the array."""
        return int(self.cell.first.shape[1])

    @property
    def columns(self) -> tuple[int, ...]:
        """Multipliers of each row of the array."""
        counts = [
            (walk.neighbours >= 0).any(axis=(0, 1, 2)).sum(axis=-1) for walk in self.all_walks
        ]
        return tuple(int(count) for count in np.max(counts, axis=0))

    @property
    def macs(self) -> int:
        """Multipliers of the array."""
        return sum(self.columns)

    @property
    def units(self) -> int:
        """Hidden units in a group."""
        return int(self.unit_loop.attributes["trip"])

    @property
    def all_walks(self) -> tuple[Walk, ...]:
        """The walks of the cell, then those of the head, as the controller numbers them."""
        return self.cell.walks + self.head.walks

    def memory_lanes(self, vector: int) -> int:
        """Neighbours of a vector that its memory gives at once: whole windows of every walk."""
        walks = [walk for walk in self.all_walks if walk.vector == vector]
        several = lcm(*(walk.window for walk in walks if walk.windows > 1))
        widest = max((walk.window for walk in walks), default=1)
        return -(-widest // several) * several

    def is_read_by_array(self, state: int) -> bool:
        """Whether a matrix multiplies a state."""
        return any(walk.vector == state for walk in self.all_walks)


def read_program(pass_: Pass, module: Module) -> Program:
    """The program of a module of level 4. Raises `UserError` for one that `tile` did not write."""
    region = module.main.region
    scans = [op for op in region.operations() if op.name == "rnn.scan"]
    loops = [op for op in region.operations() if op.name == "tile.for"]
    if len(scans) != 1 or len(loops) != 1:
        raise cannot(pass_, "the module is not tiled: run tile first")
    if any(op.name == "tile.fetch" for op in region.walk()):
        raise cannot(pass_, "the matrices are not packed: run block-layout first")
    scan, head_loop = scans[0], loops[0]
    if segment(scan, "length"):
        raise cannot(
            pass_, "the machine runs to the end of its packet, not to a length", scan.location
        )
    reader = _Reader(pass_, module, scan)
    (group_loop,) = _loops(scan.regions[0])
    *_, unit_loop = _loops(group_loop.regions[0])
    states = segment(scan, "state")
    output = element_of(module.main.result_types[0]), module.main.results[0].type
    assert isinstance(output[1], TensorType)
    return Program(
        scan, reader.nest(group_loop, unit_loop), reader.nest(head_loop, None), unit_loop,
        _features(scan), _fixed(scan.operands[0]),
        tuple(_fixed(v) for v in states), tuple(_length(v) for v in states),
        tuple(reader.array(v) for v in states), output[1].static_shape[0],
        int(module.attributes["array"]["gates"]),
    )  # fmt: skip


class _Reader:
    def __init__(self, pass_: Pass, module: Module, scan: Operation) -> None:
        self.pass_, self.module, self.scan = pass_, module, scan

    def array(self, value: Value) -> np.ndarray:
        array = constant_of(value, self.module.resources)
        if array is None:
            raise cannot(self.pass_, "a memory of the array must be a constant", value.op.location)
        return array

    def nest(self, loop: Operation, unit_loop: Operation | None) -> Nest:
        body = loop.regions[0]
        walks = [self.walk(op) for op in _loops(body) if op is not unit_loop]
        load = next(op for op in body.operations() if op.name == "tile.load")
        first = self.array(load.operands[0])
        return Nest(tuple(walks), first, _fixed(load.result), loop)

    def walk(self, window_loop: Operation) -> Walk:
        (slot_loop,) = _loops(window_loop.regions[0])
        macs = [op for op in slot_loop.regions[0].operations() if op.name == "tile.mac"]
        near = next(op for op in window_loop.regions[0].operations() if op.name == "tile.load")
        group_loop = window_loop.parent.owner
        assert group_loop is not None
        trips = tuple(op.attributes["trip"] for op in (group_loop, window_loop, slot_loop))
        columns = max(shape_of(op.operands[1].type)[-1] or 0 for op in macs)
        shape = (*trips, _length(macs[0].operands[0]), columns)
        elements, neighbours = np.zeros(shape, np.int64), np.full(shape, -1)
        finest = min(map(_shift, macs))
        for op in macs:
            _, part, operands = op.operands
            first, step = op.attributes.get("lanes", (0, 1))
            lanes = (..., slice(first, None, step), slice(shape_of(part.type)[-1]))
            elements[lanes] = self.weights(part.op, trips) << (_shift(op) - finest)
            neighbours[lanes] = self.neighbours(operands, trips, elements[lanes].shape[-2])
        weight_type = narrowest(int(elements.min()), int(elements.max()), 0)
        return Walk(
            elements, neighbours, weight_type, _fixed(near.result), self.vector(near.operands[0]),
            trips[1], trips[2], near.attributes["words"], finest,
        )  # fmt: skip

    def weights(self, source: Operation, trips: tuple[int, ...]) -> np.ndarray:
        """The integers behind the weights of each tile."""
        if source.name == "tile.midrise":
            return 2 * self.weights(source.operands[0].op, trips) + 1
        return self.words(source, trips).astype(np.int64)

    def words(self, load: Operation, trips: tuple[int, ...]) -> np.ndarray:
        """The words of a memory that a load reads in each tile [groups, windows, slots]."""
        return np.asarray(self.array(load.operands[0])[_addresses(load, trips)])

    def neighbours(self, operands: Value, trips: tuple[int, ...], lanes: int) -> np.ndarray:
        """The neighbour that each stored element multiplies, counted in the window."""
        if operands.op.name == "tile.gather":
            window, indices = operands.op.operands
            banks, block = operands.op.attributes["banks"], operands.op.attributes.get("block", 1)
            stored = self.words(indices.op, trips)
            places = packing.neighbours(stored, _length(window) // banks, banks, block)
        else:
            window = operands
            places = np.broadcast_to(np.arange(_length(window)), (*trips, 1, _length(window)))
        if window.op.name == "tile.load":  # the part of the window whose turn it is
            slots = np.arange(trips[-1]).reshape(-1, 1, 1)
            places = (
                places + window.op.attributes["base"] + window.op.attributes["strides"][0] * slots
            )
        return np.asarray(places[..., np.arange(lanes) % places.shape[-2], :])

    def vector(self, memory: Value) -> int:
        """-1 for the input of a step, else the index of the state."""
        source = _origin(memory)
        if source.op is self.scan:
            return source.index
        inputs = len(segments_of(self.scan)[0])
        if source.op is not self.scan.regions[0].entry:
            raise cannot(self.pass_, "the array reads inputs and states only", source.op.location)
        return -1 if source.index < inputs else source.index - inputs


def _origin(value: Value) -> Value:
    """A memory seen through captures, padding, and the loops that carry it."""
    outer = captured_value(value)
    if outer is not None:
        return _origin(outer)
    if value.op.name == "tile.pad":
        return _origin(value.op.operands[0])
    return value


def _shift(mac: Operation) -> int:
    """How far its products are shifted left to the sums."""
    sums, weights, operands = (_fixed(value).frac for value in mac.operands)
    return sums - weights - operands


def _addresses(load: Operation, trips: tuple[int, ...]) -> np.ndarray:
    """The addresses of a load that is indexed by group, window and slot."""
    grid = np.indices(trips)
    strides = np.array(load.attributes["strides"]).reshape(-1, 1, 1, 1)
    return np.asarray(load.attributes["base"] + (grid * strides).sum(axis=0))


def _loops(region: Region) -> list[Operation]:
    return [op for op in region.operations() if op.name == "tile.for"]


def _fixed(value: Value) -> FixedType:
    element = element_of(value.type)
    assert isinstance(element, FixedType)
    return element


def _length(value: Value) -> int:
    length = shape_of(value.type)[-1]
    assert length is not None
    return length


def _features(scan: Operation) -> int:
    return _length(scan.operands[0])
