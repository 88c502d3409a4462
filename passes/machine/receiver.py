"""The input side: beats become steps, or whole sequences, of which two or more are held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lstmir.interpreter.streams import beat_width
from lstmir.ir.operation import Value
from lstmir.ir.types import I1
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.nest import Reading
from lstmir.passes.machine.parts import PartMemory
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.ring import is_at, next_buffer, of_buffer, pointer_type

WHAT = {
    2: "Beats become steps, of which two are held: one is filled, the other used.",
    3: "Beats become steps, of which some are held: one is filled, the others used.",
}


@dataclass
class Position:
    """Where the next beat goes: lane and row of a step, and which step of its sequence it is in.

    `at_end` says that it is the last of a step, `is_over` that its sequence is too long.
    """

    beat: Value
    lane: Value
    row: Value
    step: Value | None
    at_end: Value
    is_over: Value


class Receiver:
    """Fills one of some buffers while others are used: each has room for `memory.steps` steps.

    `full` and `bad` have a register a buffer, as have `last`, whether the step is a sequence's last,
    and `length`, the number of a whole sequence's last step.
    """

    def __init__(self, logic: Logic, ports: dict[str, Value], program: Program) -> None:
        self.logic, self.program, self.memory = logic, program, program.input
        self.count = program.memory_lanes(program.inputs[0])
        self.rows = -(-self.memory.size // self.count)
        memory, buffers = self.memory, range(program.buffers)
        logic.enter("receiver", WHAT[min(program.buffers, 3)])
        self.filling = logic.reg(pointer_type(program.buffers), "filling", 0)
        self.full = tuple(logic.reg(I1, f"full_{b}", 0) for b in buffers)
        self.ready = logic.no(of_buffer(logic, self.full, self.filling), hint="ready")
        tlast = ports["s_axis_tlast"]
        accept = logic.all(ports["s_axis_tvalid"], self.ready, hint="accept")
        at = self.position(accept, tlast)
        each = (
            logic.all(at.at_end, logic.no(at.is_over)) if memory.steps == 1 else logic.truth(False)
        )
        done = logic.all(accept, logic.any(each, tlast), hint="done")
        bad = logic.all(tlast, logic.any(logic.no(at.at_end), at.is_over), hint="is_bad")
        following = next_buffer(logic, self.filling)
        logic.drive(self.filling, logic.select(done, following, self.filling))
        self.filled = tuple(
            logic.all(done, is_at(logic, self.filling, b), hint=f"filled_{b}") for b in buffers
        )
        self.last = self.held(tlast, "last")
        self.bad = self.held(bad, "bad")
        if memory.steps == 1:
            at.step = None
        self.length = None if at.step is None else self.held(at.step, "length")
        self.store(accept, at, ports["s_axis_tdata"])

    def held(self, value: Value, name: str) -> tuple[Value, ...]:
        """What was known when each buffer was filled."""
        held = self.logic.held
        return tuple(held(value, now, f"{name}_{b}", 0) for b, now in enumerate(self.filled))

    def store(self, accept: Value, at: Position, data: Value) -> None:
        """Memories for the array and the tails."""
        program = self.program
        self.parts: dict[tuple[int, Reading], PartMemory] = {}
        self.lanes: list[Value] = []
        if program.receives_words:
            self.lanes = self.memories(accept, at, data)
            return
        width = beat_width(*program.input_types)
        words = [self.logic.bits(data, lane * width, width) for lane in range(program.lanes)]
        first = 0
        for number in program.inputs:
            memory = program.memories[number]
            for k, reading in enumerate(program.readings(number)):
                name = f"{memory.name}_{k}" if k else memory.name
                part = PartMemory(
                    self.logic, memory.type, first, reading, program.lanes, program.buffers, name
                )
                part.write(accept, at.beat, self.filling, words)
                self.parts[number, reading] = part
            first += memory.size

    def vector(self, memory: int, buffer: Value, step: Value | None, row: Value) -> list[Value]:
        """What the array reads of an input: the neighbours of a row."""
        if self.parts:
            reading, *_ = self.program.readings(memory)
            return self.parts[memory, reading].read(buffer, row)
        address = self.address(buffer, step, row)
        return [self.logic.read(ram, address) for ram in self.lanes]

    def words(self, memory: int, reading: Reading, buffer: Value, turn: Value) -> list[Value]:
        """What tails read of an input in a turn."""
        return self.parts[memory, reading].read(buffer, turn)

    def release(self, released: Sequence[Value]) -> None:
        """Drive `full`: `released[b]` says that buffer b was read for the last time."""
        logic = self.logic
        logic.enter("receiver")
        for full, filled, free in zip(self.full, self.filled, released, strict=True):
            logic.drive(full, logic.any(filled, logic.all(full, logic.no(free))))

    # -- where the next element goes --------------------------------------------------------

    def position(self, accept: Value, tlast: Value) -> Position:
        """Counters of elements, lanes, rows and steps; they begin anew behind a packet's end."""
        logic, beats = self.logic, self.program.beats_in
        is_plain = self.program.receives_words
        index = logic.reg(natural(beats), "element" if is_plain else "beat", 0)
        at_end = logic.equals(index, beats - 1, hint="at_end")
        restart = logic.any(at_end, tlast)
        self.advance(index, accept, restart, logic.plus_one(index))
        lane, row = self.lane_and_row(accept, restart, index) if is_plain else (index, index)
        if not self.memory.longest:
            return Position(index, lane, row, None, at_end, logic.truth(False))
        step = logic.reg(natural(self.memory.longest), "step", 0)
        is_over = logic.reg(I1, "is_over", 0)
        ends_step = logic.all(accept, at_end)
        self.advance(
            step, logic.any(ends_step, logic.all(accept, tlast)), tlast, logic.plus_one(step)
        )
        begins = logic.all(ends_step, logic.equals(step, self.memory.longest - 1))
        ends = logic.all(accept, tlast)
        logic.drive(is_over, logic.all(logic.any(is_over, begins), logic.no(ends)))
        return Position(index, lane, row, step, at_end, is_over)

    def lane_and_row(self, accept: Value, restart: Value, index: Value) -> tuple[Value, Value]:
        logic = self.logic
        if self.count == 1:
            return logic.literal(0, natural(1)), index
        lane = logic.reg(natural(self.count), "lane", 0)
        row_end = logic.equals(lane, self.count - 1)
        zero = logic.literal(0, lane.type)
        self.advance(lane, accept, restart, logic.select(row_end, zero, logic.plus_one(lane)))
        if self.rows == 1:
            return lane, logic.literal(0, natural(1))
        row = logic.reg(natural(self.rows), "row", 0)
        self.advance(row, accept, restart, logic.select(row_end, logic.plus_one(row), row))
        return lane, row

    def advance(self, state: Value, enable: Value, restart: Value, following: Value) -> None:
        logic = self.logic
        value = logic.select(restart, logic.literal(0, state.type), following)
        logic.drive(state, logic.select(enable, value, state))

    # -- memories ---------------------------------------------------------------------------

    def address(self, buffer: Value, step: Value | None, row: Value) -> Value:
        """The address of a row of a step."""
        logic = self.logic
        if step is None:
            return bank_address(logic, buffer, row, self.rows)
        return step_address(logic, step, row, self.memory.steps, self.rows, buffer)

    def memories(self, accept: Value, at: Position, data: Value) -> list[Value]:
        logic, element = self.logic, self.memory.type
        word = logic.as_type(logic.bits(data, 0, element.width), element)
        address = self.address(self.filling, at.step, at.row)
        assert isinstance(address.type, FixedType)
        found = []
        for e in range(self.count):
            ram = logic.ram(1 << address.type.width, element, f"lane_{e}_words")
            mine = logic.all(accept, logic.no(at.is_over))
            if self.count > 1:
                mine = logic.all(mine, logic.equals(at.lane, e))
            logic.drive(ram, logic.op("rtl.write", ram, address, word, mine))
            found.append(ram)
        return found


def bank_address(logic: Logic, bank: Value, row: Value, rows: int) -> Value:
    """The address of a row in one of two banks: the bank is the highest bit."""
    if rows == 1:
        return logic.op("rtl.concat", bank)
    return logic.op("rtl.concat", bank, logic.widened(row, natural(rows)))


def bank_depth(rows: int) -> int:
    """Words of a memory with two banks of `rows` rows."""
    return 2 << (rows - 1).bit_length() if rows > 1 else 2


def step_address(
    logic: Logic, step: Value, row: Value, steps: int, rows: int, *above: Value
) -> Value:
    """The address of a row of a step, in a memory of `steps` steps, and many of those one above another."""
    parts = [*above, logic.widened(step, natural(steps))]
    if rows > 1:
        parts.append(logic.widened(row, natural(rows)))
    return logic.op("rtl.concat", *parts)


def sequence_depth(steps: int, rows: int) -> int:
    """Words of a memory of `steps` steps of `rows` rows."""
    return 1 << natural(steps).width + (natural(rows).width if rows > 1 else 0)
