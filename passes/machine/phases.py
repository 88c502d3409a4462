"""The sequencer where a sequence is worked off in phases: its steps are run through once for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lstmir.ir.operation import Value
from lstmir.ir.types import Type
from lstmir.passes.machine.counters import Starts, Stretch
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.sequencer import Requests, SequencerBuilder
from lstmir.passes.machine.timing import Slot, Timing


class PhasedSequencer(SequencerBuilder):
    """`phase` is that of the next step, `length` the number of the last step of the sequence under way.

    Behind the last step of a phase the next one begins at its first step, in which it idles until
    all that it reads has been stored.
    """

    def __init__(
        self, logic: Logic, program: Program, slots: Sequence[Slot], bases: Sequence[int],
        timing: Timing,
    ) -> None:  # fmt: skip
        super().__init__(logic, program, slots, bases, timing)
        self.gaps = timing.gaps
        self.phase = logic.reg(natural(program.phases), "phase", 0)
        self.length = logic.reg(natural(program.input.steps), "length")
        self.in_phase = [logic.equals(self.phase, p) for p in range(program.phases)]

    # -- decisions --------------------------------------------------------------------------

    def decide(self, decide: Value, requests: Requests) -> Starts:
        """Only the first phase waits for a sequence."""
        logic, begins = self.logic, self.in_phase[0]
        waits, bad = self.taken(requests.full), self.taken(requests.bad)
        idle = logic.no(self.finish_due)
        sound = logic.any(logic.no(begins), logic.all(waits, logic.no(bad)), hint="is_sound")
        step = logic.all(decide, idle, sound, self.has_room(requests), hint="start_step")
        finish = logic.truth(False)
        if self.program.finish:
            room = (requests.has_room,) if self.program.promising is None else ()
            finish = logic.all(decide, self.finish_due, *room, hint="start_finish")
        error = logic.all(
            decide, begins, idle, waits, bad, requests.is_empty, hint="start_error"
        )  # fmt: skip
        assert requests.length is not None
        length = self.taken(requests.length)
        self.whole = logic.select(begins, length, self.length, hint="last_number")
        last = self.is_last(requests)
        self.remember(step, finish, error, last)
        self.count_steps(step, self.whole)
        opens = logic.all(step, begins, self.fresh)
        logic.drive(self.length, logic.select(opens, length, self.length))
        return step, finish, error

    def is_last(self, requests: Requests) -> Value:
        """Whether the step that would start is the last one of its phase."""
        logic = self.logic
        assert self.down is not None
        alone = logic.equals(self.whole, 0)
        return logic.select(self.fresh, alone, logic.equals(self.down, 1), hint="is_last")

    def has_room(self, requests: Requests) -> Value:
        """Whether the output has room for the result that the step that would start gives, if any."""
        logic, promising = self.logic, self.program.promising
        if promising is None:
            return logic.truth(True)
        needs = [self.in_phase[promising], *([self.fresh] if self.program.sends_sequences else [])]
        return logic.any(requests.has_room, *map(logic.no, needs), hint="has_room")

    def promised(self, starts: Starts, requests: Requests) -> Value:
        """Whether what starts gives a result: the first phase that has a part of it takes the room."""
        logic, promising = self.logic, self.program.promising
        step, finish, _ = starts
        if promising is None:
            return finish
        step = logic.all(step, self.in_phase[promising])
        if self.program.sends_sequences:
            return logic.all(step, self.fresh)
        return step if self.program.result.every_step else logic.all(step, self.is_last(requests))

    def remember(self, step: Value, finish: Value, error: Value, last: Value) -> None:
        """What a decision changes for the next ones."""
        logic, program = self.logic, self.program
        ends = logic.all(step, last, hint="starts_last")
        taken = logic.all(ends, self.in_phase[program.reading_phase])
        self.turn(taken, error)
        logic.drive(self.first, logic.select(step, self.fresh, self.first))
        logic.drive(self.last, logic.select(step, last, self.last))
        logic.drive(self.buffer, logic.select(step, self.take, self.buffer))
        logic.drive(self.fresh, logic.any(error, logic.select(step, last, self.fresh)))
        none = logic.literal(0, self.phase.type)
        following = logic.select(self.in_phase[-1], none, logic.plus_one(self.phase))
        logic.drive(self.phase, logic.select(ends, following, self.phase))
        due = logic.all(self.finish_due, logic.no(finish))
        is_due = logic.all(ends, self.in_phase[-1]) if program.finish else logic.truth(False)
        logic.drive(self.finish_due, logic.any(is_due, due))
        toggles = logic.any(step, finish)
        logic.drive(self.in_finish, logic.select(toggles, finish, self.in_finish))
        opens = logic.all(step, self.fresh)
        behind = [logic.all(opens, other) for other in self.in_phase[1:]] + [finish]
        self.toggle(*(
            logic.any(logic.all(step, mine), next_)
            for mine, next_ in zip(self.in_phase, behind, strict=True)
        ))  # fmt: skip

    # -- where a step begins ----------------------------------------------------------------

    def of_step(self, of: Callable[[Stretch], int], type_: Type) -> Value:
        """The first step of a phase begins with the gap in front of it."""
        logic = self.logic
        begins = zip(self.begins, self.gaps, strict=False)
        places = [at for begin, gap in begins for at in (begin + (gap > 0), begin)]
        choices = [logic.literal(of(self.stretches[at]), type_) for at in places]
        return logic.pick(choices, logic.op("rtl.concat", self.phase, self.fresh))

    def step_address(self, first: Value) -> Value:
        """Tiles of later phases stand behind those of the ones before."""
        logic, program = self.logic, self.program
        begins = [
            sum(nest.busy for nest in program.step[: program.phase(p).start])
            for p in range(program.phases)
        ]
        choices = [logic.literal(begin, first.type) for begin in begins]
        return logic.pick(choices, self.phase)
