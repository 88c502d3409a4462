"""The memories of vectors that the array reads: two halves each, one read while the other is written."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lstmir.ir.operation import Value
from lstmir.ir.types import TensorType
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.counters import Sequencer
from lstmir.passes.machine.logic import Logic
from lstmir.passes.machine.nest import Kind
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.receiver import (
    Receiver,
    bank_address,
    bank_depth,
    sequence_depth,
    step_address,
)

WHAT = {
    False: "A vector that the array reads, this step's and the one before.",
    True: "A vector of each step of a sequence, which a later phase reads.",
}


@dataclass
class Lanes:
    """A lane for every neighbour that is read at once: two halves of `rows` rows, or those of `steps`.

    Where they are forwarding, `reads` are for each lane the words read so far and their addresses.
    """

    rams: list[Value]
    rows: int
    steps: int = 1
    is_forwarding: bool = False
    reads: list[list[tuple[Value, Value]]] = field(default_factory=list)

    def read(self, logic: Logic, address: Value) -> list[Value]:
        """The words at an address, in the same cycle."""
        words = [logic.read(ram, address) for ram in self.rams]
        if not self.is_forwarding:
            return words
        seen = [logic.port(word, f"word_{e}") for e, word in enumerate(words)]
        self.reads.append([(word, address) for word in seen])
        return seen

    def write(self, logic: Logic, lane: int, address: Value, word: Value, enable: Value) -> None:
        """Store a word in a lane; who reads its address in this cycle gets it."""
        ram, around = self.rams[lane], logic.unit
        logic.drive(ram, logic.op("rtl.write", ram, address, word, enable))
        logic.enter(ram.op.attributes["unit"])
        for reads in self.reads:
            seen, place = reads[lane]
            (read,), region = seen.op.operands, seen.op.region
            assert region is not None
            is_here = logic.same(address, place, hint="is_stored_where_read")
            hit = logic.all(enable, is_here, hint=f"forwards_{lane}")
            region.set_operands(seen.op, [logic.select(hit, word, read)])
        logic.enter(around)


def vector_lanes(logic: Logic, program: Program) -> dict[int, Lanes]:
    """The memories of the states, and of what nests leave for each other; not of the input."""
    found = {}
    for memory in program.walked:
        described = program.memories[memory]
        if described.kind is Kind.INPUT:
            continue
        is_sequence = described.kind is Kind.SEQUENCE
        logic.enter(f"{described.name}_{'steps' if is_sequence else 'vector'}", WHAT[is_sequence])
        lanes = program.memory_lanes(memory)
        rows = -(-described.depth // lanes)
        depth = bank_depth(rows)
        if is_sequence:
            depth = sequence_depth(described.steps, rows)
        rams = [logic.ram(depth, described.type, f"lane_{e}") for e in range(lanes)]
        found[memory] = Lanes(rams, rows, described.steps, program.forwarding)
    return found


class VectorReader:
    """What the array sees of every vector, `near` the row that a tile asks for."""

    def __init__(
        self, logic: Logic, program: Program, receiver: Receiver, lanes: dict[int, Lanes],
        sequencer: Sequencer,
    ) -> None:  # fmt: skip
        self.logic, self.program, self.receiver, self.lanes = logic, program, receiver, lanes
        self.sequencer = sequencer

    def read(
        self, row: Value, is_new: Value, is_reverse: Value, in_finish: Value
    ) -> list[list[Value]]:
        """The lanes of each walked memory, in the cycle after the tile was shown."""
        logic, sequencer = self.logic, self.sequencer
        self.buffer = logic.delayed(sequencer.buffer, "buffer_1")
        self.banks = [logic.delayed(bank, "bank_1") for bank in sequencer.banks]
        started = logic.all(sequencer.first, logic.no(in_finish))
        self.fresh = logic.delayed(started, "is_fresh")
        self.row, self.is_new = row, is_new
        self.step: Value | None = None
        if sequencer.up is not None and sequencer.down is not None:
            up, down = logic.delayed(sequencer.up, "up_1"), logic.delayed(sequencer.down, "down_1")
            self.step = logic.select(is_reverse, down, up)
        return [self.vector(memory) for memory in self.program.walked]

    def vector(self, memory: int) -> list[Value]:
        logic, described = self.logic, self.program.memories[memory]
        if described.kind is Kind.INPUT:
            return self.receiver.vector(memory, self.buffer, self.step, self.row)
        lanes = self.lanes[memory]
        if described.kind is Kind.SEQUENCE:
            assert self.step is not None
            address = step_address(logic, self.step, self.row, described.steps, lanes.rows)
            return lanes.read(logic, address)
        now = self.banks[self.program.writers[memory].phase]
        used = {w.place.is_new for w in self.program.walks if w.place.memory == memory}
        bank = now
        if used == {True}:
            bank = logic.no(now)
        elif len(used) == 2:
            bank = logic.select(self.is_new, logic.no(now), now)
        address = bank_address(logic, bank, self.row, lanes.rows)
        words = lanes.read(logic, address)
        if used == {True}:
            return words
        fresh = self.fresh if used == {False} else logic.all(self.fresh, logic.no(self.is_new))
        initial = np.zeros(lanes.rows * len(words), np.int64)
        initial[: described.depth] = described.initial[: described.depth]
        count = len(words)
        return [
            first_word(logic, fresh, initial[e::count], self.row, word)
            for e, word in enumerate(words)
        ]


def first_word(
    logic: Logic, first: Value, initial: np.ndarray, address: Value, read: Value
) -> Value:
    """The word read, or the initial one while the states are the initial ones."""
    if not initial.any():
        return logic.select(first, logic.literal(0, read.type), read)
    assert isinstance(read.type, FixedType)
    rom = logic.rom(initial, read.type, "initial")
    assert isinstance(rom.type, TensorType)
    return logic.select(first, logic.read(rom, address), read)
