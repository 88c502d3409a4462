"""The input side: beats become steps, of which two are held."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.ir.operation import Value
from lstmir.ir.types import I1
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.logic import Logic, natural


@dataclass
class Loader:
    """Fills one of two step buffers while the other is used.

    `lanes[e]` is the memory of every e-th element; its address is the row, below the buffer.
    `full`, `last` and `bad` have a register a buffer; `release` says when a buffer is free again.
    """

    ready: Value
    lanes: list[Value]
    full: tuple[Value, Value]
    filled: tuple[Value, Value]
    last: tuple[Value, Value]
    bad: tuple[Value, Value]
    rows: int

    @classmethod
    def build(
        cls, logic: Logic, ports: dict[str, Value], features: int, lanes: int, element: FixedType
    ) -> Loader:
        """The registers and memories, all driven but `full`."""
        logic.unit = "input"
        buffer = logic.reg(I1, "filling", 0)
        full = (logic.reg(I1, "full_0", 0), logic.reg(I1, "full_1", 0))
        ready = logic.no(logic.select(buffer, full[1], full[0]), hint="s_axis_tready")
        accept = logic.all(ports["s_axis_tvalid"], ready, hint="accept")
        lane, row, at_end = _position(logic, accept, features, lanes, ports["s_axis_tlast"])
        done = logic.all(accept, logic.any(at_end, ports["s_axis_tlast"]), hint="step_done")
        early = logic.all(ports["s_axis_tlast"], logic.no(at_end), hint="cut_short")
        logic.drive(buffer, logic.select(done, logic.no(buffer), buffer))
        filled = tuple(
            logic.all(done, mine, hint=f"filled_{b}")
            for b, mine in enumerate((logic.no(buffer), buffer))
        )
        last = tuple(
            logic.held(ports["s_axis_tlast"], now, f"last_{b}", 0) for b, now in enumerate(filled)
        )
        bad = tuple(logic.held(early, now, f"bad_{b}", 0) for b, now in enumerate(filled))
        rows = -(-features // lanes)
        word = logic.as_type(logic.bits(ports["s_axis_tdata"], 0, element.width), element)
        address = bank_address(logic, buffer, row, rows)
        memories = _memories(logic, accept, lane, address, word, lanes, rows)
        return cls(ready, memories, full, _pair(filled), _pair(last), _pair(bad), rows)

    def release(self, logic: Logic, released: tuple[Value, Value]) -> None:
        """Drive `full`: `released[b]` says that buffer b was read for the last time."""
        logic.unit = "input"
        for full, filled, free in zip(self.full, self.filled, released, strict=True):
            logic.drive(full, logic.any(filled, logic.all(full, logic.no(free))))


def _pair(values: tuple[Value, ...]) -> tuple[Value, Value]:
    first, second = values
    return first, second


def _position(
    logic: Logic, accept: Value, features: int, lanes: int, tlast: Value
) -> tuple[Value, Value, Value]:
    """Lane and row of the next element, and whether it is the last of a step."""
    index = logic.reg(natural(features), "element", 0)
    lane = logic.reg(natural(lanes), "lane", 0)
    row = logic.reg(natural(max(1, -(-features // lanes))), "row", 0)
    at_end = logic.equals(index, features - 1, hint="at_end")
    restart = logic.any(at_end, tlast)
    row_end = logic.equals(lane, lanes - 1)
    zero = logic.literal

    def advance(state: Value, following: Value) -> None:
        value = logic.select(restart, zero(0, state.type), following)
        logic.drive(state, logic.select(accept, value, state))

    advance(index, logic.plus_one(index))
    advance(lane, logic.select(row_end, zero(0, lane.type), logic.plus_one(lane)))
    advance(row, logic.select(row_end, logic.plus_one(row), row))
    return lane, row, at_end


def bank_address(logic: Logic, bank: Value, row: Value, rows: int) -> Value:
    """The address of a row in one of two banks: the bank is the highest bit."""
    if rows == 1:
        return logic.op("rtl.concat", bank)
    return logic.op("rtl.concat", bank, logic.widened(row, natural(rows)))


def bank_depth(rows: int) -> int:
    """Words of a memory with two banks of `rows` rows."""
    return 2 << (rows - 1).bit_length() if rows > 1 else 2


def _memories(
    logic: Logic, accept: Value, lane: Value, address: Value, word: Value, lanes: int, rows: int
) -> list[Value]:
    assert isinstance(word.type, FixedType)
    memories = []
    for e in range(lanes):
        ram = logic.ram(bank_depth(rows), word.type, f"x_lane_{e}")
        mine = logic.all(accept, logic.equals(lane, e)) if lanes > 1 else accept
        logic.drive(ram, logic.op("rtl.write", ram, address, word, mine))
        memories.append(ram)
    return memories
