"""Puts the units of the machine together."""

from __future__ import annotations

from lstmir.interpreter.streams import beat_width
from lstmir.ir.builder import Builder
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.passes.machine.array import ArrayBuilder
from lstmir.passes.machine.drain import Drain
from lstmir.passes.machine.logic import Logic
from lstmir.passes.machine.memory_map import constants
from lstmir.passes.machine.orders import Order
from lstmir.passes.machine.output import OutputBuilder
from lstmir.passes.machine.program import Nest, Program
from lstmir.passes.machine.receiver import Receiver
from lstmir.passes.machine.registers import RegisterBlock
from lstmir.passes.machine.saturations import Saturations
from lstmir.passes.machine.sequencer import Requests, SequencerBuilder
from lstmir.passes.machine.tail import Stored, TailBuilder, joined
from lstmir.passes.machine.tiles import tile_words
from lstmir.passes.machine.timing import Slot, Timing, result_tails, sums_ready
from lstmir.passes.machine.unit_memories import UnitMemories
from lstmir.passes.machine.vectors import VectorReader, vector_lanes


class MachineBuilder:
    """Data flows one way: input, sequencer, vectors, array, drains, tails, output.

    With `axi_lite`, a register block stands between the streams and all that.
    """

    def __init__(
        self, build: Builder, module: Module, program: Program, timing: Timing,
        axi_lite: bool = False,
    ) -> None:  # fmt: skip
        self.logic, self.axi_lite = Logic(build), axi_lite
        self.module, self.program, self.timing = module, program, timing
        self.slots = [slot_of(nest) for nest in program.nests]

    def build(self, ports: dict[str, Value]) -> list[Value]:
        """The outputs: ready, data, valid, last, user, and those of the register block."""
        if not self.axi_lite:
            return self.streams(ports)
        known, room = constants(self.program), self.timing.room
        block = RegisterBlock(self.logic, ports, known, room)
        return block.build(self.streams(block.gated(), block.saturations))

    def streams(
        self, ports: dict[str, Value], saturations: Saturations | None = None
    ) -> list[Value]:
        """Ready, data, valid, last, user."""
        logic, program = self.logic, self.program
        lanes = program.memory_lanes(program.memories.index(program.input))
        receiver = Receiver(logic, ports, program.input, lanes)
        result = program.result_type
        tails, room = result_tails(program), self.timing.room
        interval = self.timing.finish if program.finish else self.timing.step
        beat = beat_width(result)
        output = OutputBuilder(logic, result, program.result, room, tails, beat, interval)
        orders = [slot.order for slot in self.slots]
        words = tile_words(program, orders)
        sequencing = SequencerBuilder(logic, program, self.slots, words.bases, self.timing)
        requests = Requests(
            receiver.full, receiver.last, receiver.bad, receiver.length, output.has_room,
            output.is_empty,
        )  # fmt: skip
        sequencer = sequencing.build(requests)
        receiver.release(sequencer.released)
        vectors = vector_lanes(logic, program)
        reader = VectorReader(logic, program, receiver, vectors, sequencer)
        array = ArrayBuilder(logic, program, orders, sequencer, words)
        sums = array.build(reader, sequencing.in_finish)
        units = UnitMemories(logic, program)
        stored: list[Stored] = []
        for number, nest in enumerate(program.nests):
            drain = Drain(logic, number, nest, sums, sequencer, sums_ready(program))
            tail = TailBuilder(logic, self.module, program, drain, vectors, units, saturations)
            stored += tail.build()
        leaving = joined(logic, stored)
        out = output.build(
            sequencer.promises, sequencer.start_error, leaving, ports["m_axis_tready"]
        )
        user = logic.op("rtl.concat", out.user)
        return [receiver.ready, out.data, out.valid, out.last, user]


def slot_of(nest: Nest) -> Slot:
    """What `schedule` wrote on the nest's loop."""
    marks = nest.loop.attributes
    order = Order(tuple(marks["order"]), marks.get("ahead", 1), marks.get("early", 0))
    return Slot(marks["start"], order)
