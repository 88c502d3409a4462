"""The output side where the steps of a result are there in another order than that in which they leave."""

from __future__ import annotations

from lstmir.interpreter.streams import beat_width
from lstmir.ir.operation import Value
from lstmir.ir.types import I1
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.leaving import Leaving
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.output import Output
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.step_sender import PartRows, StepSender


class SequenceSender(StepSender):
    """Sequences are put together in memories, and leave from there, the first step first.

    One is put together while the one before leaves. What a reverse recurrence gives is stored with
    the last step first, and read from its end: `up` counts the steps that leave, `to_go` those behind
    them. Words come straight out of their memories' registers.
    """

    def __init__(self, logic: Logic, program: Program, room: int) -> None:
        super().__init__(logic, program, room * program.beats_out)
        steps = natural(program.steps)
        self.up, self.left = logic.reg(steps, "up", 0), logic.reg(steps, "left")
        self.fresh = logic.reg(I1, "fresh", 1)

    def build(
        self, promises: Value, start_error: Value, leaving: list[Leaving], latest: int, ready: Value
    ) -> Output:
        """`latest` is the part that is whole last. The answer to a refused packet is a beat of zeros."""
        logic = self.logic
        logic.enter("sender")
        parts = self.parts(leaving)
        transfer, fetch, answers, takes = self.handshake(start_error, ready)
        at_end = self.follow(fetch, parts[latest])
        ends = logic.all(fetch, at_end, hint="fetches_last")
        self.count(promises, start_error, transfer, parts[latest].done, ends)
        is_last = logic.any(answers, at_end)
        logic.drive(self.ends, logic.select(takes, is_last, self.ends))
        logic.drive(self.slot, logic.select(ends, logic.plus_one(self.slot), self.slot))
        is_error = logic.held(answers, takes, "is_error")
        words = self.taken_words(parts, takes)
        data = logic.op("rtl.concat", *reversed(words)) if len(words) > 1 else words[0]
        data = logic.select(is_error, logic.literal(0, data.type), data)
        return Output(data, self.valid, self.ends, is_error)

    def follow(self, fetch: Value, part: PartRows) -> Value:
        """Count beats and steps; whether the beat is the sequence's last."""
        logic = self.logic
        assert part.step is not None
        lengths = logic.ram(1 << natural(self.slots).width, natural(self.program.steps), "lengths")
        logic.drive(lengths, logic.op("rtl.write", lengths, part.slot, part.step, part.done))
        length = logic.read(lengths, self.slot)
        self.to_go = logic.select(self.fresh, length, self.left, hint="to_go")
        ends_step = logic.equals(self.beat, self.beats - 1, hint="ends_step")
        at_end = logic.all(ends_step, logic.equals(self.to_go, 0), hint="at_end")
        turns = logic.all(fetch, ends_step)
        first, zero = logic.literal(0, self.up.type), logic.literal(0, self.beat.type)
        beat = logic.select(ends_step, zero, logic.plus_one(self.beat))
        logic.drive(self.beat, logic.select(fetch, beat, self.beat))
        up = logic.select(at_end, first, logic.plus_one(self.up))
        logic.drive(self.up, logic.select(turns, up, self.up))
        logic.drive(self.left, logic.select(turns, logic.minus_one(self.to_go), self.left))
        logic.drive(self.fresh, logic.select(turns, at_end, self.fresh))
        return at_end

    def part_steps(self) -> int:
        """Steps of a result."""
        return self.program.steps

    def taken_words(self, parts: list[PartRows], takes: Value) -> list[Value]:
        """What each lane gives in the beat that was taken, extended by the sign of its part."""
        logic, found = self.logic, []
        for lane in range(self.program.lanes):
            banks, which = self.banks_of(parts, lane)
            choices = [self.taken_word(part, bank, takes) for part, bank in banks]
            if which.max() == len(choices):
                width = beat_width(*self.program.result_types)
                choices.append(logic.literal(0, FixedType(False, width, 0)))
            if len(choices) == 1:
                found.append(choices[0])
                continue
            rom = logic.rom(which, natural(len(choices)), f"which_{lane}")
            chosen = logic.held(logic.read(rom, self.beat), takes, f"chosen_{lane}")
            found.append(logic.pick(choices, chosen))
        return found

    def taken_word(self, part: PartRows, bank: int, takes: Value) -> Value:
        """A word on the wires of a lane, from the register behind its memory."""
        logic = self.logic
        memory = self.program.result.parts[part.number].memory
        step = self.to_go if self.program.writers[memory].is_reverse else self.up
        word = logic.held(part.read(bank, self.slot, self.beat, step), takes, f"{part.name}_sent")
        return self.on_wires(word, part.type)
