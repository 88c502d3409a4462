"""The output side: the rows of the head become a packet of beats."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.ir.operation import Value
from lstmir.ir.types import I1
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.logic import Logic, natural


@dataclass
class Output:
    """The result stream. `free` says that the packet before has left."""

    data: Value
    valid: Value
    last: Value
    user: Value
    free: Value


class OutputBuilder:
    """Makes the registers first: the controller waits for `free`."""

    def __init__(self, logic: Logic, element: FixedType, count: int, beat: int) -> None:
        self.logic, self.element, self.count, self.beat = logic, element, count, beat
        logic.unit = "output"
        self.busy = logic.reg(I1, "output_busy", 0)
        self.error = logic.reg(I1, "output_error", 0)
        self.written = logic.reg(natural(count + 1), "written", 0)
        self.sent = logic.reg(natural(count + 1), "sent", 0)
        self.free = logic.no(self.busy, hint="output_free")

    def build(
        self, start_head: Value, start_error: Value, row: Value, row_valid: Value, ready: Value
    ) -> Output:
        """Rows come in order; those behind the last element are padding."""
        logic = self.logic
        logic.unit = "output"
        result = logic.delayed(self.converted(row), "result")
        result_valid = logic.delayed(row_valid, "result_valid", reset=True)
        room = logic.no(logic.equals(self.written, self.count))
        store = logic.all(result_valid, room, hint="store_result")
        ram = logic.ram(self.count, self.element, "results")
        place = logic.bits(self.written, 0, natural(self.count).width)
        logic.drive(ram, logic.op("rtl.write", ram, place, result, store))
        differ = logic.op("arith.compare", self.sent, self.written, predicate="ne")
        valid = logic.all(self.busy, differ, hint="m_axis_tvalid")
        at_end = logic.equals(self.sent, self.count - 1)
        last = logic.any(self.error, at_end, hint="m_axis_tlast")
        transfer = logic.all(valid, ready, hint="transfer")
        done = logic.all(transfer, last, hint="packet_sent")
        self.drive(start_head, start_error, store, transfer, done)
        word = logic.read(ram, logic.bits(self.sent, 0, natural(self.count).width))
        data = logic.select(self.error, logic.literal(0, word.type), word)
        wide = FixedType(self.element.signed, self.beat, 0)
        extended = logic.widened(logic.raw(data), wide)
        bus = logic.as_type(extended, FixedType(False, self.beat, 0))
        return Output(bus, valid, last, self.error, self.free)

    def converted(self, row: Value) -> Value:
        """The integer of a row's sum as an element of the result."""
        plain = FixedType(self.element.signed, self.element.width, 0)
        return self.logic.as_type(self.logic.wrapped(row, plain), self.element)

    def drive(
        self, start_head: Value, start_error: Value, store: Value, transfer: Value, done: Value
    ) -> None:
        """A refused packet is answered by one beat, which is there at once."""
        logic = self.logic
        starts = logic.any(start_head, start_error)
        logic.drive(self.busy, logic.any(starts, logic.all(self.busy, logic.no(done))))
        logic.drive(self.error, logic.select(starts, start_error, self.error))
        zero, one = (logic.literal(n, self.written.type) for n in (0, 1))
        grown = logic.select(store, logic.plus_one(self.written), self.written)
        cleared = logic.select(start_head, zero, grown)
        logic.drive(self.written, logic.select(start_error, one, cleared))
        sent = logic.select(transfer, logic.plus_one(self.sent), self.sent)
        logic.drive(self.sent, logic.select(starts, zero, sent))
