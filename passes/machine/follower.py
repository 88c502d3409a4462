"""The sequencer of an array of its own: each of its steps begins some cycles behind the first array's."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.ir.operation import Value
from lstmir.ir.types import I1
from lstmir.passes.machine.counters import Counters, Sequencer
from lstmir.passes.machine.logic import Logic
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.ring import pointer_type
from lstmir.passes.machine.timing import Slot, Timing

WHAT = (
    "Follows the sequencer some cycles behind, and counts through the tiles that its array walks."
)


class FollowerBuilder(Counters):
    """Nothing is decided here: what the first array has begun goes on."""

    def __init__(
        self, logic: Logic, program: Program, slots: Sequence[Slot], bases: Sequence[int],
        timing: Timing, unit: str,
    ) -> None:  # fmt: skip
        self.behind, self.interval = slots[0].start, timing.step
        own = [Slot(slot.start - self.behind, slot.order) for slot in slots]
        super().__init__(logic, program, own, bases, timing, unit, WHAT)
        self.first, self.last, self.bank = (
            logic.reg(I1, name) for name in ("first_step", "last_step", "bank")
        )
        self.buffer = logic.reg(pointer_type(program.buffers), "buffer")

    def build(self, start_step: Value, leader: Sequencer) -> Sequencer:
        """Start as many cycles behind the first array as the schedule says.

        What the first array says of a step it says until the next one, so it is taken over before.
        """
        logic = self.logic
        self.begin()
        (bank,) = leader.banks
        flags = [leader.first, leader.last, bank, leader.buffer]
        own = [self.first, self.last, self.bank, self.buffer]
        start, waited = start_step, 0
        while self.behind - waited > self.interval:
            start = logic.later(start, self.interval, reset=True)
            waited += self.interval
            names = [f"{logic.local(value)}_{waited}" for value in own]
            flags = [logic.held(now, start, name) for now, name in zip(flags, names, strict=True)]
        start = logic.later(start, self.behind - waited, reset=True)
        for state, value in zip(own, flags, strict=True):
            logic.drive(state, logic.select(start, value, state))
        nothing = logic.truth(False)
        return self.walk(
            (start, nothing, nothing), self.first, self.last, (self.bank,), self.buffer
        )
