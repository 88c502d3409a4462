"""The sequencer: decides when a step, or what runs behind the last one, starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lstmir.ir.operation import Value
from lstmir.ir.types import I1
from lstmir.passes.machine.counters import Counters, Sequencer, Starts
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.ring import is_at, next_buffer, of_buffer, pointer_type
from lstmir.passes.machine.timing import Slot, Timing

UNIT, WHAT = "sequencer", "Decides what starts, and counts through the tiles that the array walks."


@dataclass
class Requests:
    """What the sequencer looks at: buffered steps or sequences, and what the output has room for."""

    full: tuple[Value, ...]
    last: tuple[Value, ...]
    bad: tuple[Value, ...]
    length: tuple[Value, ...] | None
    has_room: Value
    is_empty: Value


class SequencerBuilder(Counters):
    """Makes the registers first, since the units around the sequencer depend on each other."""

    def __init__(
        self, logic: Logic, program: Program, slots: Sequence[Slot], bases: Sequence[int],
        timing: Timing,
    ) -> None:  # fmt: skip
        super().__init__(logic, program, slots, bases, timing, UNIT, WHAT)
        pointer = pointer_type(program.buffers)
        self.take = logic.reg(pointer, "take", 0)  # the buffer of the next step
        self.fresh = logic.reg(I1, "fresh", 1)  # the next step is the first of its sequence
        self.finish_due = logic.reg(I1, "finish_due", 0)
        self.in_finish = logic.reg(I1, "in_finish", 0)
        self.first = logic.reg(I1, "first_step", 0)
        self.last = logic.reg(I1, "last_step", 0)
        banks = range(program.phases) if program.phases > 1 else ("",)
        self.banks = tuple(logic.reg(I1, f"bank_{p}".rstrip("_"), 1) for p in banks)
        self.buffer = logic.reg(pointer, "buffer", 0)
        # Where steps overlap, refused packets may bring `take` round to a buffer that is still read.
        buffers = range(program.buffers) if program.buffers > 2 else ()
        self.used = tuple(logic.reg(I1, f"used_{b}", 0) for b in buffers)
        self.up = self.down = None
        if program.takes_packets:
            steps = natural(program.input.steps)
            self.up, self.down = logic.reg(steps, "up", 0), logic.reg(steps, "down", 0)

    # -- decisions --------------------------------------------------------------------------

    def build(self, requests: Requests) -> Sequencer:
        """The decisions and the counters."""
        self.begin()
        self.starts = self.decide(self.may_start(), requests)
        tile = self.walk(self.starts, self.first, self.last, self.banks, self.buffer)
        tile.up, tile.down = self.up, self.down
        self.promises = self.promised(self.starts, requests)
        return tile

    def promised(self, starts: Starts, requests: Requests) -> Value:
        """Whether what starts gives a result."""
        step, finish, _ = starts
        if self.program.sends_sequences:
            return self.logic.all(step, self.fresh)
        if self.program.finish and not self.program.leaves_early:
            return finish
        if self.program.result.every_step:
            return step
        return self.logic.all(step, self.is_last(requests))

    def taken(self, of: tuple[Value, ...]) -> Value:
        """What is known of the step that waits."""
        return of_buffer(self.logic, of, self.take)

    def decide(self, decide: Value, requests: Requests) -> Starts:
        """Whether a step, the finish or the answer to a refused packet starts."""
        logic = self.logic
        waits, bad = self.taken(requests.full), self.taken(requests.bad)
        if self.used:
            waits = logic.all(waits, logic.no(self.taken(self.used)), hint="waits")
        last = self.is_last(requests)
        has_finish, is_early = bool(self.program.finish), self.program.leaves_early
        may_step = logic.all(decide, waits, logic.no(self.finish_due), hint="may_step")
        room = (requests.has_room,)
        if self.program.sends_sequences:  # the first step takes the room of all
            room = (logic.any(requests.has_room, logic.no(self.fresh)),)
        waits_for = () if has_finish and not is_early else room
        step = logic.all(may_step, logic.no(bad), *waits_for, hint="start_step")
        finish = logic.truth(False)
        if has_finish:
            waits_for = () if is_early else room
            finish = logic.all(decide, self.finish_due, *waits_for, hint="start_finish")
        error = logic.all(may_step, bad, requests.is_empty, hint="start_error")
        self.remember(step, finish, error, last)
        if requests.length is not None:
            self.count_steps(step, self.taken(requests.length))
        return step, finish, error

    def is_last(self, requests: Requests) -> Value:
        """Whether the step that waits is the last of its sequence."""
        if requests.length is None or self.down is None:
            return self.taken(requests.last)
        logic = self.logic
        alone = logic.equals(self.taken(requests.length), 0)
        return logic.select(self.fresh, alone, logic.equals(self.down, 1), hint="is_last")

    def count_steps(self, step: Value, length: Value) -> None:
        """The places of the step in its sequence, counted from both ends."""
        logic = self.logic
        assert self.up is not None and self.down is not None
        up = logic.select(self.fresh, logic.literal(0, self.up.type), logic.plus_one(self.up))
        down = logic.select(self.fresh, length, logic.minus_one(self.down))
        logic.drive(self.up, logic.select(step, up, self.up))
        logic.drive(self.down, logic.select(step, down, self.down))

    def remember(self, step: Value, finish: Value, error: Value, last: Value) -> None:
        """What a decision changes for the next ones."""
        logic = self.logic
        taken = logic.all(step, last) if self.program.takes_packets else step
        self.turn(taken, error)
        logic.drive(self.first, logic.select(step, self.fresh, self.first))
        logic.drive(self.last, logic.select(step, last, self.last))
        logic.drive(self.buffer, logic.select(step, self.take, self.buffer))
        if not self.program.finish:
            fresh = logic.select(step, last, self.fresh)
            logic.drive(self.fresh, logic.any(error, fresh))
            logic.drive(self.finish_due, logic.truth(False))
            self.toggle(step)
            logic.drive(self.in_finish, logic.truth(False))
            return
        started = logic.any(finish, error)
        logic.drive(self.fresh, logic.any(started, logic.all(self.fresh, logic.no(step))))
        due = logic.all(self.finish_due, logic.no(finish))
        logic.drive(self.finish_due, logic.any(logic.all(step, last), due))
        toggles = logic.any(step, finish)
        self.toggle(toggles)
        logic.drive(self.in_finish, logic.select(toggles, finish, self.in_finish))

    def turn(self, *when: Value) -> None:
        """Go on to the next buffer of the input."""
        logic = self.logic
        following = next_buffer(logic, self.take)
        logic.drive(self.take, logic.select(logic.any(*when), following, self.take))

    def toggle(self, *when: Value) -> None:
        """Change the halves of the states that are read and written, those of each phase."""
        for bank, now in zip(self.banks, when, strict=True):
            self.logic.drive(bank, self.logic.select(now, self.logic.no(bank), bank))

    def releases(self, read: Value, buffer: Value) -> list[Value]:
        """A buffer is free when its step was read for the last time, or its packet refused."""
        logic = self.logic
        logic.enter(self.unit)
        released = [
            logic.any(
                logic.all(read, is_at(logic, buffer, b)),
                logic.all(self.starts[2], is_at(logic, self.take, b)),
                hint=f"release_{b}",
            )
            for b in range(self.program.buffers)
        ]
        for b, used in enumerate(self.used):
            takes = logic.all(self.starts[0], is_at(logic, self.take, b))
            logic.drive(used, logic.any(takes, logic.all(used, logic.no(released[b]))))
        return released
