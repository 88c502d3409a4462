"""Reads a program of level 4 back: which memories there are, and what every nest does with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np

from lstmir.ir.interface import ports
from lstmir.ir.module import Module
from lstmir.ir.operands import captured_value, constant_of, segment, segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, element_of, shape_of
from lstmir.numeric import packing
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.logic import plain, unique
from lstmir.passes.machine.nest import Kind, Memory, Nest, Place, Walk
from lstmir.passes.machine.program import Part, Pick, Program, Result
from lstmir.pipeline.passes import Pass, cannot


def read_program(pass_: Pass, module: Module) -> Program:
    """The program of a module of level 4.

    Raises `UserError` for a module that is not tiled and packed, or that asks for what the machine
    has no unit for.
    """
    region = module.main.region
    scans = [op for op in region.operations() if op.name == "rnn.scan"]
    if not any(op.name == "tile.for" for op in region.walk()):
        raise cannot(pass_, "the module is not tiled: run tile first")
    if any(op.name == "tile.fetch" for op in region.walk()):
        raise cannot(pass_, "the matrices are not packed: run block-layout first")
    if not scans:
        raise cannot(pass_, "the machine runs recurrences, and this program has none")
    for scan in scans:
        _check_scan(pass_, module, scan)
    phases = phases_of(scans)
    scans.sort(key=phases.__getitem__)
    reader = _Reader(pass_, module, phases)
    for parameter in module.main.parameters:
        reader.input(parameter)
    step = [reader.nest(loop, scan) for scan in scans for loop in _loops(scan.regions[0])]
    finish = [reader.nest(loop) for loop in _loops(region)]
    for scan in scans:
        reader.check_states(scan)
    result = reader.result()
    timing = module.attributes.get("timing", {})
    known = [timing.get(name, value) for name, value in _CHOSEN.items()]
    first, rest = (tuple(map(reader.with_copies, part)) for part in (step, finish))
    return Program(tuple(reader.memories), first, rest, result, tuple(scans), *known)


_CHOSEN = {"input_stages": 0, "adders": 1, "lanes": 1, "buffers": 2, "forwarding": False}
"""What `schedule` decides about the program, and what it is until then."""

_BEHIND = ("rnn.scan", "tile.for")
"""What the function has that recurrences do not: their last states, and what is made of them."""


def _check_scan(pass_: Pass, module: Module, scan: Operation) -> None:
    """Recurrences read the model's inputs step by step, or what others have emitted."""
    if segment(scan, "length"):
        why = "the machine runs to the end of its packet, not to a length"
        raise cannot(pass_, why, scan.location)
    for value in segment(scan, ""):
        if value not in module.main.parameters and not is_emitted(value):
            why = "a recurrence must read the model's inputs, or what another one emits"
            note = "cut the model there: what is done to all steps at once is done by the host"
            raise cannot(pass_, why, scan.location, note)


def is_reverse(scan: Operation) -> bool:
    """Whether a recurrence begins with the last step."""
    return bool(scan.attributes.get("direction", "forward") == "reverse")


def is_emitted(value: Value) -> bool:
    """Whether a value is a sequence that a recurrence emits."""
    return value.op.name == "rnn.scan" and value.index < _emits(value.op)


def phases_of(scans: Sequence[Operation]) -> dict[Operation, int]:
    """The phase in which each recurrence runs: the first one behind all that it reads."""
    found: dict[Operation, int] = {}
    for scan in scans:
        read = [found[value.op] for value in segment(scan, "") if is_emitted(value)]
        found[scan] = max(read, default=-1) + 1
    return found


@dataclass
class _Reader:
    pass_: Pass
    module: Module
    phases: dict[Operation, int]
    memories: list[Memory] = field(default_factory=list)
    _scan: Operation | None = None
    _known: dict[object, int] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _nests: set[str] = field(default_factory=set)

    # -- memories ---------------------------------------------------------------------------

    def place(self, value: Value) -> Place | None:
        """Where a value of the program stands; None for a constant."""
        outer = captured_value(value)
        if outer is not None:
            return self.place(outer)
        op = value.op
        if op.name == "tensor.constant":
            return None
        if op.name == "tile.pad":
            return self.padded(value)
        if op.name == "tile.store":
            return self.place(op.operands[0])
        if is_emitted(value):
            why = "what is done to a whole sequence at once has no unit in the machine"
            raise cannot(
                self.pass_, why, op.location, "cut the model there, and leave it to the host"
            )
        if self._scan is not None and op.name in _BEHIND and op.parent is self.module.main.region:
            why = "a recurrence must read steps of sequences, not what another one has at its end"
            raise cannot(self.pass_, why, op.location, "cut the model there: that is another model")
        if op.name == "tile.for":
            place = self.carried(op, value.index)
            return Place(place.memory, True)
        if op.name == "rnn.scan":
            return Place(self.state(op, value.index - _emits(op), value), False)
        if op.name == "tensor.slice" and not op.attributes["start"]:
            whole = self.place(op.operands[0])
            if whole is not None and self.memories[whole.memory].kind is Kind.SEQUENCE:
                return whole
        owner = op.region.owner if op.region is not None and op is op.region.entry else None
        if owner is not None and owner.name == "tile.for":
            return self.carried(owner, value.index - 1)
        if owner is not None and owner.name == "rnn.scan":
            inputs = len(segments_of(owner)[0])
            if value.index < inputs:
                return self.step_of(segment(owner, "")[value.index])
            return Place(self.state(owner, value.index - inputs, value), False)
        why = f"'{op.name}' is no memory of the machine"
        raise cannot(self.pass_, why, op.location, "cut the model there, and leave it to the host")

    def input(self, parameter: Value) -> int:
        """The memory of steps; of whole sequences, if some recurrence begins with the last step."""
        if parameter in self._known:
            return self._known[parameter]
        if len(shape_of(parameter.type)) < 2:
            why = f"the input '%{parameter.name}' has no steps: the machine takes sequences"
            raise cannot(self.pass_, why, None, "let start-at-zero make states zeros")
        step = _flat_step(parameter)
        number = self.memory(parameter, Kind.INPUT, parameter, size=step)
        longest, steps = self.longest(), 1
        if any(self.phases.values()):
            steps = self.steps("a recurrence that reads the whole sequence of another")
        elif any(map(is_reverse, self.phases)):
            self.steps("a recurrence that begins with the last step")
            steps = longest
        self.memories[number] = replace(self.memories[number], steps=steps, longest=longest)
        return number

    def steps(self, who: str) -> int:
        """The steps of a memory of whole sequences; a counter of them needs a bit."""
        longest = self.longest()
        if not longest:
            why = f"{who} needs to know the longest sequence"
            raise cannot(self.pass_, why, None, "export the model with a fixed number of steps")
        return max(2, longest)

    def step_of(self, sequence: Value) -> Place:
        """The memory of an input, or of what an earlier phase leaves."""
        if sequence in self.module.main.parameters:
            return Place(self.input(sequence), False)
        return Place(self.sequence(sequence), False)

    def sequence(self, value: Value) -> int:
        """The memory of what a recurrence emits, of the whole sequence."""
        scan = value.op
        emitted = self.place(segment(scan.regions[0].end, "emit")[value.index])
        if emitted is None or not emitted.is_new:
            why = "a recurrence must read what a nest of another one writes in each step"
            raise cannot(self.pass_, why, scan.location, "let the cell compute it")
        key, source = (scan, "sequence", emitted.memory), self.memories[emitted.memory]
        if key not in self._known:
            number = self.memory(key, Kind.SEQUENCE, value, size=source.depth)
            self.memories[number] = replace(
                self.memories[number], steps=self.steps("a recurrence"), source=emitted.memory,
                is_reverse=is_reverse(scan),
            )  # fmt: skip
        return self._known[key]

    def with_copies(self, nest: Nest) -> Nest:
        """A nest that stores all memories that take what it computes."""
        copies = {n for n, memory in enumerate(self.memories) if memory.source in nest.stores}
        return replace(nest, stores=nest.stores | copies)

    def longest(self) -> int:
        """The steps of the longest sequence that the model takes, 0 if it takes any."""
        steps = [-1 if port.time is None else port.shape[port.time]
                 for port in ports(self.module, "input")]  # fmt: skip
        return max(0, int(min(steps)))

    def carried(self, loop: Operation, index: int) -> Place:
        """The memory that a loop carries: one that starts as a constant is the loop's own."""
        start = loop.operands[index]
        place = self.place(start)
        if place is not None:
            return place
        return Place(self.memory((loop, index), Kind.LOCAL, loop.results[index]), True)

    def state(self, scan: Operation, index: int, value: Value) -> int:
        start = segment(scan, "state")[index]
        array = constant_of(start, self.module.resources)
        if array is None:
            why = "an initial state that is not a constant needs a stream of its own"
            raise cannot(self.pass_, why, scan.location, "give the model constant states")
        return self.memory((scan, index), Kind.STATE, value, array)

    def padded(self, value: Value) -> Place | None:
        """An input in a memory that is longer than it is."""
        place = self.place(value.op.operands[0])
        if place is not None:
            old = self.memories[place.memory]
            depth = max(old.depth, _length(value))
            self.memories[place.memory] = replace(old, depth=depth)
        return place

    def memory(
        self, key: object, kind: Kind, value: Value, initial: np.ndarray | None = None,
        size: int | None = None,
    ) -> int:  # fmt: skip
        if key not in self._known:
            depth = _length(value) if size is None else size
            start = np.zeros(depth, np.int64) if initial is None else initial
            name = unique(plain(value.name, kind.value), self._names)
            self._known[key] = len(self.memories)
            self.memories.append(Memory(name, kind, _fixed(value), depth, start, depth))
        return self._known[key]

    # -- nests ------------------------------------------------------------------------------

    def nest(self, loop: Operation, scan: Operation | None = None) -> Nest:
        """A nest of a recurrence, or one that runs behind all of them."""
        self._scan = scan
        body = loop.regions[0]
        *walk_loops, tail = _loops(body)
        walks = tuple(self.walk(loop, op) for op in walk_loops)
        units, word = int(tail.attributes["trip"]), tail_sums(tail)
        sums, sum_type = 0, FixedType(True, 1, 0)
        if word is not None:
            sums, sum_type = _length(word) // units, _fixed(word)
        places, stores = {}, set()
        for op in tail.regions[0].operations():
            if op.name not in ("tile.load", "tile.store") or is_sum(op):
                continue
            found = self.place(op.operands[0])
            if found is not None:
                self.check_word(op, found, units)
                places[op.operands[0]] = found
                stores |= {found.memory} if op.name == "tile.store" else set()
        name = unique(plain(loop.result_names[0], "nest"), self._nests)
        self._scan = None
        return Nest(
            name, walks, int(loop.attributes["trip"]), units, sums, sum_type, loop, tail,
            places, frozenset(stores), scan is not None and is_reverse(scan),
            int(loop.attributes.get("tails", 1)), int(loop.attributes.get("array", 0)),
            max(self.phases.values()) if scan is None else self.phases[scan],
        )  # fmt: skip

    def check_word(self, op: Operation, place: Place, units: int) -> None:
        """A tail works on the word of its own unit, in the memories that nests write."""
        memory = self.memories[place.memory]
        if memory.kind is Kind.INPUT and memory.steps > 1:
            why = "a tail reads no input of a machine that begins with the last step"
            raise cannot(
                self.pass_, why, op.location, "multiply it by a matrix of ones on the diagonal"
            )
        base, strides = op.attributes["base"], tuple(op.attributes["strides"])
        if memory.kind is Kind.INPUT:
            base = 0  # of what comes in, every word can be had
        is_shared = strides == (0, 0) and (memory.depth == 1 or memory.kind is Kind.INPUT)
        if base or not (is_shared or strides == (units, 1)):
            why = f"'{op.name}' is not of the unit's own word: the machine's tails have no other"
            raise cannot(self.pass_, why, op.location, "let units be computed from what they hold")

    def check_states(self, scan: Operation) -> None:
        """What a state becomes must be what a nest stores in its memory, in this step."""
        states = segment(scan.regions[0].end, "state")
        for index, value in enumerate(states):
            kept = Place(self.state(scan, index, scan.results[_emits(scan) + index]), True)
            if self.place(value) != kept:
                why = "a state of the machine becomes what a nest computes for it, no other value"
                raise cannot(self.pass_, why, scan.location, "let the cell compute it")

    def walk(self, group_loop: Operation, window_loop: Operation) -> Walk:
        (slot_loop,) = _loops(window_loop.regions[0])
        macs = [op for op in slot_loop.regions[0].operations() if op.name == "tile.mac"]
        near = next(op for op in window_loop.regions[0].operations() if op.name == "tile.load")
        *_, tail = _loops(group_loop.regions[0])
        trips = tuple(op.attributes["trip"] for op in (group_loop, window_loop, slot_loop))
        columns = max(shape_of(op.operands[1].type)[-1] or 0 for op in macs)
        rows = _length(macs[0].operands[0])
        shape = (*trips, rows, columns)
        elements, neighbours = np.zeros(shape, np.int64), np.full(shape, -1)
        finest = min(map(_shift, macs))
        fed = np.zeros(rows, bool)
        for op in macs:
            _, part, operands = op.operands
            first, step = op.attributes.get("lanes", (0, 1))
            lanes = (..., slice(first, None, step), slice(shape_of(part.type)[-1]))
            elements[lanes] = self.weights(part.op, trips) << (_shift(op) - finest)
            neighbours[lanes] = self.neighbours(operands, trips, elements[lanes].shape[-2])
            fed[first::step] = True
        sums = rows // int(tail.attributes["trip"])
        active = np.flatnonzero(fed.reshape(-1, sums).any(axis=0))
        place = self.place(near.operands[0])
        assert place is not None
        return Walk(
            elements, neighbours, _fixed(near.result), place, near.attributes["words"], finest,
            tuple(active.tolist()), near.attributes["base"],
        )  # fmt: skip

    def array(self, value: Value) -> np.ndarray:
        array = constant_of(value, self.module.resources)
        if array is None:
            raise cannot(self.pass_, "a memory of the array must be a constant", value.op.location)
        return array

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

    # -- what leaves ------------------------------------------------------------------------

    def result(self) -> Result:
        found: list[tuple[Part, bool]] = []
        numbers: list[int] = []
        for number, value in enumerate(self.module.main.results):
            while value.op.name == "tensor.reshape":
                value = value.op.operands[0]
            pieces = value.op.operands if value.op.name == "tensor.concat" else (value,)
            is_index = value.op.name == "linalg.argmax"
            found += [self.index(value)] if is_index else [self.part(piece) for piece in pieces]
            numbers += [number] * len(pieces)
        if len({every_step for _, every_step in found}) > 1:
            why = "what leaves with every step cannot leave with what the last one gives"
            raise cannot(self.pass_, why, self.module.main.results[0].op.location)
        return Result(tuple(part for part, _ in found), found[0][1], tuple(numbers))

    def index(self, value: Value) -> tuple[Part, bool]:
        """That of the largest of the words of a step, or of those that leave once."""
        op = value.op
        part, every_step = self.part(op.operands[0])
        size = shape_of(op.operands[0].type)[op.attributes["axis"]]
        if size != part.words or (every_step and not op.attributes["axis"]):
            why = f"'{op.name}' must compare all that leaves at once: the machine finds one index"
            note = "cut the model before it, and leave the rest to the host"
            raise cannot(self.pass_, why, op.location, note)
        pick = Pick.LAST if op.attributes.get("last", False) else Pick.FIRST
        return part._replace(pick=pick), every_step

    def part(self, value: Value) -> tuple[Part, bool]:
        """The memory that a result is the beginning of, its words, and whether every step gives it."""
        shape, source = shape_of(value.type), value
        while source.op.name in ("tensor.slice", "tensor.reshape"):
            if source.op.attributes.get("start", 0):
                why = "what leaves must be the first words of a memory"
                raise cannot(self.pass_, why, source.op.location)
            source = source.op.operands[0]
        every_step = source.op.name == "rnn.scan" and source.index < _emits(source.op)
        if every_step:
            source = segment(source.op.regions[0].end, "emit")[source.index]
        place = self.place(source)
        if place is None or self.memories[place.memory].kind is Kind.INPUT:
            why = "what leaves must be what a nest of the program writes"
            raise cannot(self.pass_, why, value.op.location)
        words = prod(size or 0 for size in (shape[1:] if every_step else shape))
        return Part(place.memory, words), every_step


def _emits(scan: Operation) -> int:
    return len(scan.results) - len(segment(scan, "state"))


def tail_sums(tail: Operation) -> Value | None:
    """The word of sums that a tail takes apart, as a value of its body; None if it needs none."""
    sums = (op.operands[0] for op in tail.regions[0].operations() if is_sum(op))
    return next(sums, None)


def is_sum(op: Operation) -> bool:
    """Whether a load of a tail takes one of the group's sums: it is addressed by unit alone."""
    return op.name == "tile.load" and len(op.operands) == 2


def is_constant(nest: Nest, op: Operation) -> bool:
    """Whether a tail's operation loads an element of a constant vector."""
    return op.name == "tile.load" and not is_sum(op) and op.operands[0] not in nest.places


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


def _flat_step(sequence: Value) -> int:
    """Words of a step."""
    return prod(size or 0 for size in shape_of(sequence.type)[1:])


def _length(value: Value) -> int:
    type_ = value.type
    assert isinstance(type_, TensorType)
    length = type_.shape[-1]
    assert length is not None
    return length
