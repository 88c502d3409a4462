"""Puts the units of the machine together."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.interpreter.streams import beat_width
from lstmir.ir.builder import Builder
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.passes.machine.accumulators import Sums
from lstmir.passes.machine.argmax import ArgmaxBuilder
from lstmir.passes.machine.array import ArrayBuilder
from lstmir.passes.machine.counters import Counters, Sequencer
from lstmir.passes.machine.drain import Drain
from lstmir.passes.machine.follower import FollowerBuilder
from lstmir.passes.machine.leaving import Leaving, joined
from lstmir.passes.machine.logic import Logic
from lstmir.passes.machine.memory_map import constants
from lstmir.passes.machine.operands import operands_of, orders_of, slot_of
from lstmir.passes.machine.output import OutputBuilder
from lstmir.passes.machine.pairs import Block
from lstmir.passes.machine.phases import PhasedSequencer
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.receiver import Receiver
from lstmir.passes.machine.registers import RegisterBlock
from lstmir.passes.machine.saturations import Saturations
from lstmir.passes.machine.sequence_sender import SequenceSender
from lstmir.passes.machine.sequencer import Requests, SequencerBuilder
from lstmir.passes.machine.step_sender import StepSender
from lstmir.passes.machine.tail import TailBuilder
from lstmir.passes.machine.tiles import TileWords, tile_words
from lstmir.passes.machine.timing import Slot, Timing, result_tails, sums_ready
from lstmir.passes.machine.unit_memories import UnitMemories
from lstmir.passes.machine.vectors import Lanes, VectorReader, vector_lanes


class MachineBuilder:
    """Data flows one way: input, sequencer, vectors, array, drains, tails, output.

    With `axi_lite`, a register block stands between the streams and all that. Where a `block` is given,
    two products of the array that fit it share one; so many of the other multipliers are made `in_logic`.
    """

    def __init__(
        self, build: Builder, module: Module, program: Program, timing: Timing,
        axi_lite: bool = False, block: Block | None = None, in_logic: int = 0,
    ) -> None:  # fmt: skip
        self.logic, self.axi_lite, self.block, self.in_logic = (
            Logic(build),
            axi_lite,
            block,
            in_logic,
        )
        self.module, self.program, self.timing = module, program, timing

    def build(self, ports: dict[str, Value]) -> list[Value]:
        """The outputs: ready, data, valid, last, user, and those of the register block."""
        if not self.axi_lite:
            return self.streams(ports)
        known, most = constants(self.program), self.timing.room + self.program.buffers
        most += (
            self.program.phases > 1
        )  # of one, the buffer may be free before its result is promised
        block = RegisterBlock(self.logic, ports, known, most)
        return block.build(self.streams(block.gated(), block.saturations))

    def streams(
        self, ports: dict[str, Value], saturations: Saturations | None = None
    ) -> list[Value]:
        """Ready, data, valid, last, user."""
        logic, program = self.logic, self.program
        receiver = Receiver(logic, ports, program)
        sender = self.sender()
        vectors = vector_lanes(logic, program)
        first, *others = program.arrays
        leader = self.sequencer(first)
        requests = Requests(
            receiver.full, receiver.last, receiver.bad, receiver.length, sender.has_room,
            sender.is_empty,
        )  # fmt: skip
        sequencer = leader.build(requests)
        arrays = [self.array(first, leader, sequencer, receiver, vectors, leader.in_finish)]
        for number, part in enumerate(others, 1):
            follower = self.follower(part, number)
            tile = follower.build(leader.starts[0], sequencer)
            nothing = logic.truth(False)
            arrays.append(self.array(part, follower, tile, receiver, vectors, nothing, number))
        tails = self.tails(arrays, vectors, receiver, saturations)
        receiver.release(leader.releases(*self.input_read(arrays, tails)))
        stored = sorted((each for tail in tails for each in tail.build()), key=lambda e: e.part)
        leaving = [self.picked(each) for each in stored]
        start_error, ready = leader.starts[2], ports["m_axis_tready"]
        if isinstance(sender, StepSender):
            out = sender.build(leader.promises, start_error, leaving, self.timing.latest, ready)
        else:
            out = sender.build(leader.promises, start_error, joined(logic, leaving), ready)
        user = logic.op("rtl.concat", out.user)
        return [receiver.ready, out.data, out.valid, out.last, user]

    def picked(self, leaving: Leaving) -> Leaving:
        """What leaves of a part: its words, or the index of the largest."""
        parts = self.program.result.parts
        if parts[leaving.part].pick is None:
            return leaving
        is_only = sum(part.pick is not None for part in parts) == 1
        unit = "argmax" if is_only else f"argmax_{leaving.part}"
        return ArgmaxBuilder(self.logic, parts[leaving.part], leaving, unit).build()

    def sender(self) -> OutputBuilder | StepSender:
        """The output side: most results are words in the order in which tails store them."""
        program, room = self.program, self.timing.room
        if program.sends_sequences:
            return SequenceSender(self.logic, program, room)
        if not program.sends_words:
            return StepSender(self.logic, program, room)
        (result,) = program.result_types
        interval = self.timing.finish if program.finish else self.timing.steps[-1]
        return OutputBuilder(
            self.logic, result, program.result, room, result_tails(program), beat_width(result),
            interval,
        )  # fmt: skip

    def slots(self, part: Program) -> list[Slot]:
        """When the nests of an array run."""
        return [slot_of(nest) for nest in part.nests]

    def words(self, part: Program) -> TileWords:
        """What the array does with each of its tiles."""
        return tile_words(part, orders_of(part))

    def sequencer(self, part: Program) -> SequencerBuilder:
        """Who decides."""
        bases = self.words(part).bases
        kind = SequencerBuilder if part.phases == 1 else PhasedSequencer
        return kind(self.logic, part, self.slots(part), bases, self.timing)

    def follower(self, part: Program, number: int) -> FollowerBuilder:
        """Who follows."""
        bases, unit = self.words(part).bases, f"sequencer_{number}"
        return FollowerBuilder(self.logic, part, self.slots(part), bases, self.timing, unit)

    def array(
        self, part: Program, counters: Counters, tile: Sequencer, receiver: Receiver,
        vectors: dict[int, Lanes], in_finish: Value, number: int = 0,
    ) -> Running:  # fmt: skip
        """An array, and what it reads."""
        reader = VectorReader(self.logic, part, receiver, vectors, tile)
        suffix = f"_{number}" if number else ""
        reads, in_logic = operands_of(part, alike=self.block is not None), self.in_logic
        array = ArrayBuilder(self.logic, reads, tile, suffix, self.block, 0 if number else in_logic)
        return Running(part, counters, tile, array.build(reader, in_finish))

    def tails(
        self, arrays: list[Running], vectors: dict[int, Lanes], receiver: Receiver,
        saturations: Saturations | None,
    ) -> list[TailBuilder]:  # fmt: skip
        """The tails of all nests, in the order of the nests."""
        logic, program = self.logic, self.program
        units = UnitMemories(logic, program)
        found = []
        for nest in program.nests:
            array = arrays[nest.array]
            number, latency = array.program.nests.index(nest), sums_ready(array.program)
            drain = Drain(logic, number, nest, array.sums, array.tile, latency)
            found.append(
                TailBuilder(
                    logic, self.module, program, drain, vectors, units, receiver, saturations
                )
            )
        return found

    def input_read(self, arrays: list[Running], tails: list[TailBuilder]) -> tuple[Value, Value]:
        """Whether a step's input is read for the last time, and the buffer of that step."""
        timing = self.timing
        if timing.tail_reads is not None:
            return tails[timing.reader].input_read(timing.tail_reads)
        array = arrays[self.program.nests[timing.reader].array]
        return array.counters.input_read(array.tile), array.tile.buffer


@dataclass
class Running:
    """An array with its counters, and what comes out of it."""

    program: Program
    counters: Counters
    tile: Sequencer
    sums: Sums
