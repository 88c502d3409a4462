"""The input side: beats become steps, or whole sequences, of which two are held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lstmir.ir.operation import Value
from lstmir.ir.types import I1
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.program import Memory

WHAT = "Beats become steps, of which two are held: one is filled, the other used."


@dataclass
class Position:
    """Where the next element goes: lane and row of a step, and which step of its sequence it is in.

    `at_end` says that it is the last of a step, `is_over` that its sequence is too long.
    """

    lane: Value
    row: Value
    step: Value | None
    at_end: Value
    is_over: Value


class Receiver:
    """Fills one of two buffers while the other is used: each has room for `memory.steps` steps.

    `lanes[e]` is the memory of every e-th element; its address is the row, below the step, below the
    buffer. `full` and `bad` have a register a buffer, as have `last`, whether the step is a
    sequence's last, and `length`, the number of a whole sequence's last step.
    """

    def __init__(self, logic: Logic, ports: dict[str, Value], memory: Memory, lanes: int) -> None:
        self.logic, self.memory, self.count = logic, memory, lanes
        self.rows = -(-memory.size // lanes)
        logic.enter("receiver", WHAT)
        self.filling = logic.reg(I1, "filling", 0)
        self.full = (logic.reg(I1, "full_0", 0), logic.reg(I1, "full_1", 0))
        self.ready = logic.no(logic.select(self.filling, self.full[1], self.full[0]), hint="ready")
        tlast = ports["s_axis_tlast"]
        accept = logic.all(ports["s_axis_tvalid"], self.ready, hint="accept")
        at = self.position(accept, tlast)
        each = (
            logic.all(at.at_end, logic.no(at.is_over)) if memory.steps == 1 else logic.truth(False)
        )
        done = logic.all(accept, logic.any(each, tlast), hint="done")
        bad = logic.all(tlast, logic.any(logic.no(at.at_end), at.is_over), hint="is_bad")
        logic.drive(self.filling, logic.select(done, logic.no(self.filling), self.filling))
        self.filled = self.by_buffer(
            lambda mine, b: logic.all(done, mine, hint=f"filled_{b}"),
            (logic.no(self.filling), self.filling),
        )
        self.last = self.by_buffer(
            lambda now, b: logic.held(tlast, now, f"last_{b}", 0), self.filled
        )
        self.bad = self.by_buffer(lambda now, b: logic.held(bad, now, f"bad_{b}", 0), self.filled)
        if memory.steps == 1:
            at.step = None
        self.length = self.lengths(at.step)
        self.lanes = self.memories(accept, at, ports["s_axis_tdata"])

    def by_buffer(
        self, make: Callable[[Value, int], Value], values: tuple[Value, Value]
    ) -> tuple[Value, Value]:
        """Something for each buffer."""
        first, second = (make(value, number) for number, value in enumerate(values))
        return first, second

    def release(self, released: tuple[Value, Value]) -> None:
        """Drive `full`: `released[b]` says that buffer b was read for the last time."""
        logic = self.logic
        logic.enter("receiver")
        for full, filled, free in zip(self.full, self.filled, released, strict=True):
            logic.drive(full, logic.any(filled, logic.all(full, logic.no(free))))

    # -- where the next element goes --------------------------------------------------------

    def position(self, accept: Value, tlast: Value) -> Position:
        """Counters of elements, lanes, rows and steps; they begin anew behind a packet's end."""
        logic, features = self.logic, self.memory.size
        index = logic.reg(natural(features), "element", 0)
        at_end = logic.equals(index, features - 1, hint="at_end")
        restart = logic.any(at_end, tlast)
        self.advance(index, accept, restart, logic.plus_one(index))
        lane, row = self.lane_and_row(accept, restart, index)
        if not self.memory.longest:
            return Position(lane, row, None, at_end, logic.truth(False))
        step = logic.reg(natural(self.memory.longest), "step", 0)
        is_over = logic.reg(I1, "is_over", 0)
        ends_step = logic.all(accept, at_end)
        self.advance(
            step, logic.any(ends_step, logic.all(accept, tlast)), tlast, logic.plus_one(step)
        )
        begins = logic.all(ends_step, logic.equals(step, self.memory.longest - 1))
        ends = logic.all(accept, tlast)
        logic.drive(is_over, logic.all(logic.any(is_over, begins), logic.no(ends)))
        return Position(lane, row, step, at_end, is_over)

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

    def lengths(self, step: Value | None) -> tuple[Value, Value] | None:
        """The number of the last step of the sequence in each buffer."""
        if step is None:
            return None
        return self.by_buffer(
            lambda now, b: self.logic.held(step, now, f"length_{b}", 0), self.filled
        )

    # -- memories ---------------------------------------------------------------------------

    def address(self, buffer: Value, step: Value | None, row: Value) -> Value:
        """The address of a row of a step."""
        logic = self.logic
        if step is None:
            return bank_address(logic, buffer, row, self.rows)
        parts = [buffer, logic.widened(step, natural(self.memory.steps))]
        if self.rows > 1:
            parts.append(logic.widened(row, natural(self.rows)))
        return logic.op("rtl.concat", *parts)

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
