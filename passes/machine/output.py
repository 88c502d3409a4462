"""The output side: words of the result wait in a memory, and leave as a packet of beats."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.ir.operation import Value
from lstmir.ir.types import I1
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.leaving import Stored
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.program import Result
from lstmir.passes.machine.timing import output_rows


@dataclass
class Output:
    """The result stream."""

    data: Value
    valid: Value
    last: Value
    user: Value


class OutputBuilder:
    """Makes the registers first: the sequencer waits for room.

    `promised` counts the words that steps were started for and that have not left, `stored` those
    that wait in the memory. The memory has a lane for each of the `tails` that store at once. After a
    decision that promises words, the next one is `interval` cycles later at least.
    """

    def __init__(
        self, logic: Logic, element: FixedType, result: Result, room: int, tails: int, beat: int,
        interval: int,
    ) -> None:  # fmt: skip
        self.logic, self.element, self.result = logic, element, result
        self.rows = room if tails == 1 else output_rows(result, tails, room // result.count)
        self.tails, self.beat = tails, beat
        logic.enter(
            "sender", "Words of the result wait in a memory, and leave as a packet of beats."
        )
        self.promised = logic.reg(natural(room + 1), "promised", 0)
        self.stored = logic.reg(natural(room + 1), "stored", 0)
        self.head = logic.reg(natural(self.rows), "head", 0)
        self.end = logic.reg(natural(self.rows), "end", 0)
        # What a decision promises is counted a cycle late where that is before the next decision:
        # what decides is slow, and so is a sum. An answer may follow an answer at once.
        self.promises = logic.reg(I1, "promises", 0) if interval > 1 else None
        self.answers = logic.reg(I1, "answers", 0) if interval > 1 else None
        limit = logic.literal(room - result.count + 1, self.promised.type)
        none = logic.equals(self.promised, 0, hint=None if self.answers else "is_empty")
        fits = logic.op(
            "arith.compare", self.promised, limit, predicate="lt",
            hint="has_room" if self.answers is None or room > result.count else None,
        )  # fmt: skip
        counted = () if self.answers is None else (logic.no(self.answers),)
        self.is_empty = logic.all(none, *counted, hint="is_empty")
        self.has_room = logic.all(fits, *counted[: room == result.count], hint="has_room")

    def build(self, promises: Value, start_error: Value, stored: Stored, ready: Value) -> Output:
        """The answer to a refused packet is a lone word of zeros."""
        logic = self.logic
        logic.enter("sender")
        push, is_last = self.push(start_error, stored)
        rams = [self.lane(start_error, stored, t) for t in range(self.tails)]
        for ram, entry in rams:
            logic.drive(ram, logic.op("rtl.write", ram, self.end, entry, push))
        valid = logic.no(logic.equals(self.stored, 0), hint="valid")
        transfer = logic.all(valid, ready, hint="transfer")
        out = self.next_word([ram for ram, _ in rams], transfer)
        self.count(promises, start_error, push, is_last, transfer)
        width = self.element.width
        last_out, user = (
            logic.equals(logic.bits(out, bit, 1), 1, hint=name)
            for bit, name in ((width, "last"), (width + 1, "is_error"))
        )
        return Output(self.bus(logic.bits(out, 0, width)), valid, last_out, user)

    # -- words in ---------------------------------------------------------------------------

    def push(self, start_error: Value, stored: Stored) -> tuple[Value, Value]:
        """Whether words are pushed, and whether a result ends with them, a cycle after the store."""
        logic = self.logic
        push = logic.delayed(logic.any(start_error, stored.valid), "push", reset=True)
        if self.tails == 1:
            return push, logic.truth(True)
        self.error = logic.delayed(start_error, "pushes_error")
        return push, logic.delayed(stored.ends, "push_ends")

    def lane(self, start_error: Value, stored: Stored, tail: int) -> tuple[Value, Value]:
        """The memory of a lane, and what is written to it."""
        logic = self.logic
        name = "words" if self.tails == 1 else f"words_{tail}"
        ram = logic.ram(self.rows, FixedType(False, self.element.width + 2, 0), name)
        wires = logic.bits(logic.raw(stored.words[tail]), 0, self.element.width)
        data = logic.select(start_error, logic.literal(0, wires.type), wires)
        last = stored.last if tail == self.last_lane else logic.truth(False)
        ends = logic.any(start_error, last) if tail in (0, self.last_lane) else last
        packed = logic.op("rtl.concat", start_error, ends, data)
        return ram, logic.delayed(packed, name.replace("words", "entry"))

    @property
    def last_lane(self) -> int:
        """The lane of a result's last word."""
        return (self.result.count - 1) % self.tails

    # -- words out --------------------------------------------------------------------------

    def next_word(self, rams: list[Value], transfer: Value) -> Value:
        """The word that leaves next; a result and an answer begin in the first lane."""
        logic = self.logic
        row = self.head
        words = [logic.read(ram, row) for ram in rams]
        if self.tails == 1:
            self.advance(self.head, transfer)
            return words[0]
        lane = logic.reg(natural(self.tails), "lane", 0)
        out = logic.pick(words, lane)
        left = logic.reg(natural(self.result.count), "left", 0)
        is_error = logic.equals(logic.bits(out, self.element.width + 1, 1), 1)
        at_end = logic.any(is_error, logic.equals(left, self.result.count - 1))
        turns = logic.any(at_end, logic.equals(lane, self.tails - 1))
        self.advance(self.head, logic.all(transfer, turns))
        zero = logic.literal(0, lane.type)
        following = logic.select(turns, zero, logic.plus_one(lane))
        logic.drive(lane, logic.select(transfer, following, lane))
        none = logic.literal(0, left.type)
        counted = logic.select(at_end, none, logic.plus_one(left))
        logic.drive(left, logic.select(transfer, counted, left))
        return out

    def advance(self, state: Value, moves: Value) -> None:
        self.logic.drive(state, self.logic.select(moves, self.logic.plus_one(state), state))

    def bus(self, wires: Value) -> Value:
        """A word on the wires of a beat, extended by its sign."""
        logic = self.logic
        number = logic.as_type(wires, FixedType(self.element.signed, self.element.width, 0))
        wide = logic.widened(number, FixedType(self.element.signed, self.beat, 0))
        return logic.as_type(wide, FixedType(False, self.beat, 0))

    # -- counters ---------------------------------------------------------------------------

    def count(
        self, promises: Value, start_error: Value, push: Value, is_last: Value, transfer: Value
    ) -> None:
        """What is promised and stored, and where the next words go."""
        logic = self.logic
        type_ = self.promised.type
        zero, one = logic.literal(0, type_), logic.literal(1, type_)
        if self.promises is not None and self.answers is not None:
            logic.drive(self.promises, promises)
            logic.drive(self.answers, start_error)
            promises, start_error = self.promises, self.answers
        words = logic.select(promises, logic.literal(self.result.count, type_), zero)
        promised = logic.select(start_error, one, words)
        logic.drive(self.promised, self.changed(self.promised, promised, transfer))
        pushed = logic.literal(self.tails, type_)
        if self.tails > 1:
            rest = logic.literal(self.last_lane + 1, type_)
            pushed = logic.select(self.error, one, logic.select(is_last, rest, pushed))
        pushed = logic.select(push, pushed, zero)
        logic.drive(self.stored, self.changed(self.stored, pushed, transfer))
        self.advance(self.end, push)

    def changed(self, count: Value, more: Value, one_less: Value) -> Value:
        logic = self.logic
        ones = logic.literal((1 << count.type.width) - 1, count.type)  # type: ignore[union-attr]
        less = logic.select(one_less, ones, logic.literal(0, count.type))
        return logic.wrapped(logic.op("arith.add", count, more, less), count.type)
