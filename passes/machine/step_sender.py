"""The output side where several words leave in a beat, or results of several kinds in a packet."""

from __future__ import annotations

from math import lcm

import numpy as np

from lstmir.interpreter.streams import beat_width
from lstmir.ir.operation import Value
from lstmir.ir.types import I1
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.leaving import Leaving
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.output import Output
from lstmir.passes.machine.program import Program

WHAT = "Results are put together from their parts, wait as a whole, and leave as a packet of beats."


class PartRows:
    """The memory of one part: `slots` results, of which a beat takes what is in its lanes.

    Word w lies in bank w % banks, so neither what is stored at once nor what leaves at once meet.
    Where results are whole sequences, each has so many `steps`, in the order in which they are stored.
    """

    def __init__(
        self, logic: Logic, name: str, type_: FixedType, words: int, first: int, lanes: int,
        slots: int, leaving: Leaving, steps: int = 1,
    ) -> None:  # fmt: skip
        self.logic, self.words, self.first, self.lanes = logic, words, first, lanes
        self.tails, self.slots, self.type = len(leaving.words), slots, type_
        self.banks = lcm(self.tails, lanes)
        self.rows = -(-words // self.banks)
        self.name = name = f"{name}_{leaving.part}"
        self.number = leaving.part
        self.slot = logic.reg(natural(slots), f"{name}_slot", 0)
        self.step = logic.reg(natural(steps), f"{name}_step", 0) if steps > 1 else None
        bits = natural(slots).width + (natural(self.rows).width if self.rows > 1 else 0)
        bits += natural(steps).width if steps > 1 else 0
        self.rams = [
            logic.ram(1 << bits, type_, f"{name}_bank_{bank}")
            for bank in range(min(self.banks, words))
        ]
        self.store(leaving, name)

    def store(self, leaving: Leaving, name: str) -> None:
        """Words go into the slot of the result that is put together, a cycle after they came."""
        logic, ratio = self.logic, self.banks // self.tails
        bits = (ratio - 1).bit_length()
        valid = logic.delayed(leaving.valid, f"{name}_valid", reset=True)
        is_lone = leaving.turn.op.name == "rtl.literal"
        turn = leaving.turn if is_lone else logic.delayed(leaving.turn, f"{name}_turn")
        words = [logic.delayed(word, f"{name}_word") for word in leaving.words]
        done = logic.all(leaving.valid, leaving.ends, leaving.kept)
        if self.step is not None:
            done = self.count(done, leaving.last, self.step, name)
        self.done = logic.delayed(done, f"{name}_done", reset=True)
        logic.drive(self.slot, logic.select(self.done, logic.plus_one(self.slot), self.slot))
        address = self.address(self.slot, self.high(turn, bits), self.step)
        for bank, ram in enumerate(self.rams):
            mine = valid
            if bits and not is_lone:
                part = logic.widened(self.low(turn, bits), natural(ratio))
                mine = logic.all(valid, logic.equals(part, bank // self.tails))
            word = words[bank % self.tails]
            logic.drive(ram, logic.op("rtl.write", ram, address, word, mine))

    def count(self, done: Value, is_last: Value, step: Value, name: str) -> Value:
        """Count the steps that are stored; whether the sequence is whole with the last of them."""
        logic = self.logic
        stored = logic.delayed(done, f"{name}_stored", reset=True)
        whole = logic.all(done, is_last)
        ends = logic.delayed(is_last, f"{name}_ends")
        following = logic.select(ends, logic.literal(0, step.type), logic.plus_one(step))
        logic.drive(step, logic.select(stored, following, step))
        return whole

    def low(self, number: Value, bits: int) -> Value:
        assert isinstance(number.type, FixedType)
        return self.logic.bits(number, 0, min(bits, number.type.width))

    def high(self, number: Value, bits: int) -> Value:
        """A turn without its low bits, as a row."""
        assert isinstance(number.type, FixedType)
        logic, wanted = self.logic, natural(self.rows)
        width = min(number.type.width - bits, wanted.width)
        if width <= 0 or number.op.name == "rtl.literal":
            return logic.literal(0, wanted)
        return logic.widened(logic.bits(number, bits, width), wanted)

    def address(self, slot: Value, row: Value, step: Value | None = None) -> Value:
        """The address of a row of a slot."""
        parts = [slot, *(() if step is None else (step,)), *((row,) if self.rows > 1 else ())]
        return self.logic.op("rtl.concat", *parts)

    def lane_of(self, bank: int) -> int:
        """The lane in which words of a bank leave."""
        return (self.first + bank) % self.lanes

    def beats_of(self, bank: int) -> list[int]:
        """The beats in which words of a bank leave, row by row."""
        return [(self.first + w) // self.lanes for w in range(bank, self.words, self.banks)]

    def read(self, bank: int, slot: Value, beat: Value, step: Value | None = None) -> Value:
        """The word of a bank that leaves in a beat; in other beats any."""
        logic, beats = self.logic, self.beats_of(bank)
        assert isinstance(beat.type, FixedType)
        row = logic.literal(0, natural(self.rows))
        if len(beats) > 1:
            rows = np.zeros(1 << beat.type.width, np.int64)
            rows[beats] = np.arange(len(beats))
            row = logic.read(logic.rom(rows, natural(self.rows), f"row_{self.first}_{bank}"), beat)
        return logic.read(self.rams[bank], self.address(slot, row, step))


class StepSender:
    """Makes the registers first: the sequencer waits for room.

    `promised` counts the results that steps were started for and that have not left, `stored` those
    that wait. A beat is fetched into a register, from where it leaves.
    """

    def __init__(self, logic: Logic, program: Program, room: int) -> None:
        self.logic, self.program, self.result = logic, program, program.result
        self.beats = program.beats_out
        self.slots = room // self.beats
        logic.enter("sender", WHAT)
        self.promised = logic.reg(natural(self.slots + 1), "promised", 0)
        self.stored = logic.reg(natural(self.slots + 1), "stored", 0)
        self.slot = logic.reg(natural(self.slots), "slot", 0)
        self.beat = logic.reg(natural(self.beats), "beat", 0)
        self.answer = logic.reg(I1, "answer", 0)
        self.valid = logic.reg(I1, "valid", 0)
        self.ends = logic.reg(I1, "ends")
        self.is_empty = logic.equals(self.promised, 0, hint="is_empty")
        limit = logic.literal(self.slots, self.promised.type)
        self.has_room = logic.op(
            "arith.compare", self.promised, limit, predicate="lt", hint="has_room"
        )

    def build(
        self, promises: Value, start_error: Value, leaving: list[Leaving], latest: int, ready: Value
    ) -> Output:
        """`latest` is the part that is whole last. The answer to a refused packet is a beat of zeros."""
        logic = self.logic
        logic.enter("sender")
        parts = self.parts(leaving)
        transfer, fetch, answers, takes = self.handshake(start_error, ready)
        at_end = logic.equals(self.beat, self.beats - 1, hint="at_end")
        ends = logic.all(fetch, at_end, hint="fetches_last")
        last = self.packet_ends(parts[latest], leaving[latest], at_end)
        self.count(promises, start_error, transfer, parts[latest].done, ends)
        logic.drive(self.ends, logic.select(takes, logic.any(at_end, answers), self.ends))
        zero = logic.literal(0, self.beat.type)
        following = logic.select(at_end, zero, logic.plus_one(self.beat))
        logic.drive(self.beat, logic.select(fetch, following, self.beat))
        logic.drive(self.slot, logic.select(ends, logic.plus_one(self.slot), self.slot))
        words = self.words(parts)
        data = logic.op("rtl.concat", *reversed(words)) if len(words) > 1 else words[0]
        nothing = logic.literal(0, data.type)
        data = logic.held(logic.select(answers, nothing, data), takes, "data")
        is_last = logic.held(logic.any(answers, last), takes, "last")
        return Output(data, self.valid, is_last, logic.held(answers, takes, "is_error"))

    def handshake(self, start_error: Value, ready: Value) -> tuple[Value, Value, Value, Value]:
        """Whether a beat leaves; whether the next one is fetched, is an answer, or is either."""
        logic = self.logic
        transfer = logic.all(self.valid, ready, hint="transfer")
        free = logic.any(logic.no(self.valid), ready)
        waits = logic.no(logic.equals(self.stored, 0))
        fetch = logic.all(free, waits, logic.no(self.answer), hint="fetch")
        answers = logic.all(free, self.answer, hint="answers")
        takes = logic.any(fetch, answers, hint="takes")
        logic.drive(self.answer, logic.any(start_error, logic.all(self.answer, logic.no(answers))))
        logic.drive(self.valid, logic.any(takes, logic.all(self.valid, logic.no(ready))))
        return transfer, fetch, answers, takes

    def parts(self, leaving: list[Leaving]) -> list[PartRows]:
        """The memories of the parts, in the order in which they leave."""
        found, first = [], 0
        for each, part in zip(leaving, self.result.parts, strict=True):
            name, type_ = self.program.memories[part.memory].name, self.program.part_type(part)
            lanes, slots = self.program.lanes, self.slots
            found.append(
                PartRows(
                    self.logic, name, type_, part.sent, first, lanes, slots, each, self.part_steps()
                )
            )
            first += part.sent
        return found

    def part_steps(self) -> int:
        """Steps of a result."""
        return 1

    def packet_ends(self, part: PartRows, leaving: Leaving, at_end: Value) -> Value:
        """Whether the beat is a packet's last: in each slot is noted whether a step follows its own."""
        logic = self.logic
        if not self.result.every_step:
            return at_end
        noted = logic.ram(1 << natural(self.slots).width, natural(2), "lasts")
        flag = logic.op("rtl.concat", logic.delayed(leaving.last, "ends_packet"))
        logic.drive(noted, logic.op("rtl.write", noted, part.slot, flag, part.done))
        return logic.all(at_end, logic.equals(logic.read(noted, self.slot), 1))

    def words(self, parts: list[PartRows]) -> list[Value]:
        """What each lane gives in this beat, extended by the sign of its part."""
        logic = self.logic
        width = beat_width(*self.program.result_types)
        found = []
        for lane in range(self.program.lanes):
            banks, which = self.banks_of(parts, lane)
            choices = [self.extended(part, bank) for part, bank in banks]
            if which.max() == len(choices):
                choices.append(logic.literal(0, FixedType(False, width, 0)))
            if len(choices) == 1:
                found.append(choices[0])
                continue
            rom = logic.rom(which, natural(len(choices)), f"which_{lane}")
            found.append(logic.pick(choices, logic.read(rom, self.beat)))
        return found

    def banks_of(
        self, parts: list[PartRows], lane: int
    ) -> tuple[list[tuple[PartRows, int]], np.ndarray]:
        """What leaves in a lane, and which of it in each beat; one more stands for nothing."""
        found: list[tuple[PartRows, int]] = []
        which = np.zeros(1 << natural(self.beats).width, np.int64)
        taken = np.zeros(self.beats, bool)
        for part in parts:
            for bank in range(len(part.rams)):
                if part.lane_of(bank) == lane:
                    which[part.beats_of(bank)] = len(found)
                    taken[part.beats_of(bank)] = True
                    found.append((part, bank))
        which[: self.beats][~taken] = len(found)
        return found, which

    def extended(self, part: PartRows, bank: int) -> Value:
        """A word on the wires of a lane."""
        return self.on_wires(part.read(bank, self.slot, self.beat), part.type)

    def on_wires(self, word: Value, type_: FixedType) -> Value:
        """A word in as many bits as a lane has."""
        logic, width = self.logic, beat_width(*self.program.result_types)
        number = logic.raw(word)
        wide = logic.widened(number, FixedType(type_.signed, width, 0))
        return logic.as_type(wide, FixedType(False, width, 0))

    def count(
        self, promises: Value, start_error: Value, transfer: Value, done: Value, taken: Value
    ) -> None:
        """What is promised, and what waits."""
        logic = self.logic
        gone = logic.all(transfer, self.ends)
        more = logic.any(promises, start_error)
        logic.drive(self.promised, self.changed(self.promised, more, gone))
        logic.drive(self.stored, self.changed(self.stored, done, taken))

    def changed(self, count: Value, more: Value, less: Value) -> Value:
        """A count, with one more, one less, or as it is."""
        logic = self.logic
        up = logic.select(logic.all(more, logic.no(less)), logic.plus_one(count), count)
        return logic.select(logic.all(less, logic.no(more)), logic.minus_one(count), up)
