"""The sequencer: decides when a step or the finish starts, and counts through the tiles of its nests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lstmir.ir.operation import Value
from lstmir.ir.types import I1
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.orders import Segment, segments
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.timing import Slot, Timing

_FEW = 8
"""Stretches whose constants are chosen; those of more are read from a memory."""


@dataclass
class Requests:
    """What the sequencer looks at: buffered steps or sequences, and what the output has room for."""

    full: tuple[Value, Value]
    last: tuple[Value, Value]
    bad: tuple[Value, Value]
    length: tuple[Value, Value] | None
    has_room: Value
    is_empty: Value


@dataclass
class Sequencer:
    """Registers that describe the tile of this cycle.

    `promises` says that something starts which will give a result, `start_error` that a refused packet
    is answered. `tile` counts within a group of a nest, those of each nest behind those of the nest before,
    `address` over all tiles. `begins` and `ends` mark the first and last tile of a run, `resumes` a
    run that goes on with sums, `finishes` the end of one that leaves its sums to the tail. `nest` is
    the number of the nest. `bank` is the half of the states' memories that is read, `buffer` that of
    the input; `first` says that the states are the initial ones, `last` that no step follows. Of
    whole sequences, `up` and `down` count the steps from the first and from the last one.
    """

    promises: Value
    start_error: Value
    released: tuple[Value, Value]
    working: Value
    tile: Value
    address: Value
    begins: Value
    ends: Value
    resumes: Value
    finishes: Value
    nest: Value
    first: Value
    last: Value
    bank: Value
    buffer: Value
    up: Value | None
    down: Value | None


@dataclass(frozen=True)
class Stretch:
    """A segment, where its tiles begin, the nest it belongs to, and whether it ends step or finish."""

    segment: Segment
    first: int
    nest: int
    releases: bool = False
    is_last: bool = False


def stretches(
    program: Program, slots: Sequence[Slot], bases: Sequence[int], timing: Timing
) -> tuple[list[Stretch], int]:
    """What is run in a step, then in the finish; and where the finish begins."""
    steps = len(program.step)
    step = _part(program, range(steps), slots, bases, 0, timing.step)
    if not program.finish:
        return step, len(step)
    rest = range(steps, len(program.nests))
    return step + _part(program, rest, slots, bases, timing.gap, timing.finish), len(step)


def _part(
    program: Program, numbers: range, slots: Sequence[Slot], bases: Sequence[int], gap: int,
    length: int,
) -> list[Stretch]:  # fmt: skip
    """The stretches of some nests, idle ones where a nest starts later than the one before ends."""
    found: list[Stretch] = []
    at = -gap
    releasing = _last_reader(program) if numbers[0] == 0 else None

    def wait(until: int, nest: int) -> None:
        if until > at:
            found.append(Stretch(Segment(0, until - at, finishes=False, is_idle=True), 0, nest))

    for number in numbers:
        nest, slot = program.nests[number], slots[number]
        wait(slot.start, number)
        runs = segments(nest, slot.order)
        for index, run in enumerate(runs):
            releases = number == releasing and index == len(runs) - 1
            found.append(Stretch(run, bases[number], number, releases))
        at = slot.start + nest.busy
    wait(length, numbers[-1])
    end = found[-1]
    found[-1] = Stretch(end.segment, end.first, end.nest, end.releases, True)
    return found


def _last_reader(program: Program) -> int:
    """The last nest of a step that reads its input; the first one if none does."""
    readers = [number for number, nest in enumerate(program.step) if program.reads_input(nest)]
    return readers[-1] if readers else 0


class SequencerBuilder:
    """Makes the registers first, since the units around the sequencer depend on each other."""

    def __init__(
        self, logic: Logic, program: Program, slots: Sequence[Slot], bases: Sequence[int],
        timing: Timing,
    ) -> None:  # fmt: skip
        self.logic, self.program = logic, program
        self.stretches, self.finish = stretches(program, slots, bases, timing)
        logic.enter(
            "sequencer", "Decides what starts, and counts through the tiles that the array walks."
        )
        stretches_ = self.stretches
        tiles = max(each.first + each.segment.first + each.segment.tiles for each in stretches_)
        self.active = logic.reg(I1, "active", 0)
        self.stretch = logic.reg(natural(len(stretches_)), "stretch", 0)
        self.run = logic.reg(natural(max(s.segment.repeats for s in stretches_)), "run", 0)
        self.tile = logic.reg(natural(tiles), "tile", 0)
        self.at_last = logic.reg(I1, "at_last_tile", 0)
        self.address = logic.reg(natural(sum(nest.busy for nest in program.nests)), "address", 0)
        self.take = logic.reg(I1, "take", 0)  # the buffer of the next step
        self.fresh = logic.reg(I1, "fresh", 1)  # the next step is the first of its sequence
        self.finish_due = logic.reg(I1, "finish_due", 0)
        self.in_finish = logic.reg(I1, "in_finish", 0)
        self.first = logic.reg(I1, "first_step", 0)
        self.last = logic.reg(I1, "last_step", 0)
        self.bank = logic.reg(I1, "bank", 1)
        self.buffer = logic.reg(I1, "buffer", 0)
        self.up = self.down = None
        if program.takes_packets:
            steps = natural(program.input.steps)
            self.up, self.down = logic.reg(steps, "up", 0), logic.reg(steps, "down", 0)

    # -- constants of a stretch ---------------------------------------------------------------

    def by_stretch(self, name: str, of: Callable[[Stretch], int]) -> Value:
        """A constant of the stretch that is run."""
        logic = self.logic
        numbers = [int(of(each)) for each in self.stretches]
        type_ = natural(max(numbers) + 1)
        if len(set(numbers)) == 1:
            return logic.literal(numbers[0], type_)
        if len(numbers) <= _FEW:
            choices = [logic.literal(number, type_) for number in numbers]
            return logic.pick(choices, self.stretch, hint=name)
        rom = logic.rom(np.array(numbers), type_, f"{name}_rom")
        return logic.read(rom, self.stretch, hint=name)

    def flag_of_stretch(self, name: str, of: Callable[[Stretch], bool]) -> Value:
        """Whether the stretch that is run is one of some."""
        logic = self.logic
        mine = [number for number, each in enumerate(self.stretches) if of(each)]
        if len(mine) in (0, len(self.stretches)):
            return logic.truth(bool(mine))
        return logic.any(*(logic.equals(self.stretch, number) for number in mine), hint=name)

    # -- decisions --------------------------------------------------------------------------

    def build(self, requests: Requests) -> Sequencer:
        """The decisions and the counters."""
        logic = self.logic
        logic.enter("sequencer")
        first_tile = self.by_stretch("first_tile", _first_tile)
        at_first = logic.same(self.tile, first_tile, hint="at_first_tile")
        run_done = logic.all(self.active, self.at_last, hint="run_done")
        stretch_done = logic.all(run_done, logic.equals(self.run, 0), hint="stretch_done")
        ends_all = self.flag_of_stretch("is_last_stretch", lambda s: s.is_last)
        done = logic.all(stretch_done, ends_all, hint="all_done")
        decide = logic.any(logic.no(self.active), done, hint="may_decide")
        starts = self.decide(decide, requests)
        self.count(starts, run_done, stretch_done, done, first_tile)
        working = self.working()
        begins = logic.all(working, at_first, hint="begins")
        ends = logic.all(working, self.at_last, hint="ends")
        finishing = self.flag_of_stretch("is_finishing", lambda s: s.segment.finishes)
        finishes = logic.all(ends, finishing, hint="finishes")
        resumes = self.flag_of_stretch("is_resuming", lambda s: s.segment.resumes)
        nest = self.by_stretch("nest", lambda s: s.nest)
        released = self.releases(stretch_done, starts[2])
        return Sequencer(
            self.promises(starts, requests), starts[2], released, working, self.tile, self.address,
            begins, ends, logic.all(working, resumes), finishes, nest, self.first, self.last, self.bank,
            self.buffer, self.up, self.down,
        )  # fmt: skip

    def promises(self, starts: tuple[Value, Value, Value], requests: Requests) -> Value:
        """Whether what starts gives a result."""
        step, finish, _ = starts
        if self.program.finish:
            return finish
        if self.program.result.every_step:
            return step
        return self.logic.all(step, self.is_last(requests))

    def taken(self, of: tuple[Value, Value]) -> Value:
        """What is known of the step that waits."""
        return self.logic.select(self.take, of[1], of[0])

    def working(self) -> Value:
        """Whether a tile is walked: not in idle stretches."""
        busy = self.flag_of_stretch("is_busy", lambda s: not s.segment.is_idle)
        return self.logic.all(self.active, busy, hint="working")

    def decide(self, decide: Value, requests: Requests) -> tuple[Value, Value, Value]:
        """Whether a step, the finish or the answer to a refused packet starts."""
        logic = self.logic
        waits, bad = self.taken(requests.full), self.taken(requests.bad)
        last = self.is_last(requests)
        has_finish = bool(self.program.finish)
        may_step = logic.all(decide, waits, logic.no(self.finish_due), hint="may_step")
        room = () if has_finish else (requests.has_room,)
        step = logic.all(may_step, logic.no(bad), *room, hint="start_step")
        finish = logic.truth(False)
        if has_finish:
            finish = logic.all(decide, self.finish_due, requests.has_room, hint="start_finish")
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
        logic.drive(
            self.take, logic.select(logic.any(taken, error), logic.no(self.take), self.take)
        )
        logic.drive(self.first, logic.select(step, self.fresh, self.first))
        logic.drive(self.last, logic.select(step, last, self.last))
        logic.drive(self.buffer, logic.select(step, self.take, self.buffer))
        if not self.program.finish:
            fresh = logic.select(step, last, self.fresh)
            logic.drive(self.fresh, logic.any(error, fresh))
            logic.drive(self.finish_due, logic.truth(False))
            logic.drive(self.bank, logic.select(step, logic.no(self.bank), self.bank))
            logic.drive(self.in_finish, logic.truth(False))
            return
        started = logic.any(finish, error)
        logic.drive(self.fresh, logic.any(started, logic.all(self.fresh, logic.no(step))))
        due = logic.all(self.finish_due, logic.no(finish))
        logic.drive(self.finish_due, logic.any(logic.all(step, last), due))
        toggles = logic.any(step, finish)
        logic.drive(self.bank, logic.select(toggles, logic.no(self.bank), self.bank))
        logic.drive(self.in_finish, logic.select(toggles, finish, self.in_finish))

    def releases(self, stretch_done: Value, error: Value) -> tuple[Value, Value]:
        """A buffer is free when its step was read for the last time, or its packet refused."""
        logic = self.logic
        releasing = self.flag_of_stretch("is_releasing", lambda s: s.releases)
        whole = (self.last,) if self.program.takes_packets else ()
        read = logic.all(stretch_done, releasing, *whole, hint="input_read")

        def one(buffer: Value, take: Value, name: str) -> Value:
            return logic.any(logic.all(read, buffer), logic.all(error, take), hint=name)

        return (
            one(logic.no(self.buffer), logic.no(self.take), "release_0"),
            one(self.buffer, self.take, "release_1"),
        )

    # -- counters ---------------------------------------------------------------------------

    def count(
        self, starts: tuple[Value, Value, Value], run_done: Value, stretch_done: Value, done: Value,
        first_tile: Value,
    ) -> None:  # fmt: skip
        """Tile, run, stretch and address; a start goes before everything else."""
        logic = self.logic
        step, finish, _ = starts
        logic.drive(self.active, logic.any(step, finish, logic.all(self.active, logic.no(done))))
        following, begins = self.following(), _first_tile
        self.advance(
            self.tile, starts,
            logic.select(
                stretch_done, self.fit(following("next_first", begins), self.tile),
                logic.select(run_done, self.fit(first_tile, self.tile), logic.plus_one(self.tile)),
            ),
            _first_tile,
        )  # fmt: skip
        self.look_ahead(starts, run_done, stretch_done)
        repeats = following("next_runs", lambda s: s.segment.repeats - 1)
        less = logic.select(run_done, logic.minus_one(self.run), self.run)
        run = logic.select(stretch_done, self.fit(repeats, self.run), less)
        self.advance(self.run, starts, run, lambda s: s.segment.repeats - 1)
        stretch = logic.select(stretch_done, logic.plus_one(self.stretch), self.stretch)
        self.advance(self.stretch, starts, stretch, self.stretches.index)
        self.count_address(step, finish)

    def look_ahead(
        self, starts: tuple[Value, Value, Value], run_done: Value, stretch_done: Value
    ) -> None:
        """Whether the next tile is the last of its run: what starts then depends on it, and is late."""
        logic, after = self.logic, self.successors()
        before_last = self.by_stretch("before_last", lambda s: max(0, _last_tile(s) - 1))
        going_on = logic.select(
            stretch_done, self.flag_of_stretch("next_is_single", lambda s: _is_single(after[id(s)])),
            logic.select(
                run_done, self.flag_of_stretch("is_single", _is_single),
                logic.same(self.tile, self.fit(before_last, self.tile)),
            ),
        )  # fmt: skip
        self.advance(self.at_last, starts, going_on, lambda s: int(_is_single(s)))

    def count_address(self, step: Value, finish: Value) -> None:
        logic = self.logic
        begun = sum(nest.busy for nest in self.program.step)
        address = logic.select(self.working(), logic.plus_one(self.address), self.address)
        if self.program.finish:
            address = logic.select(finish, logic.literal(begun, self.address.type), address)
        zero = logic.literal(0, self.address.type)
        logic.drive(self.address, logic.select(step, zero, address))

    def successors(self) -> dict[int, Stretch]:
        """The stretch behind each, by its identity."""
        after = [*self.stretches[1:], self.stretches[0]]
        return dict(zip(map(id, self.stretches), after, strict=True))

    def following(self) -> Callable[[str, Callable[[Stretch], int]], Value]:
        """Constants of the stretch behind the one that is run."""
        after = self.successors()
        return lambda name, of: self.by_stretch(name, lambda s: of(after[id(s)]))

    def fit(self, value: Value, state: Value) -> Value:
        return self.logic.widened(value, state.type)  # type: ignore[arg-type]

    def advance(
        self, state: Value, starts: tuple[Value, Value, Value], going_on: Value,
        of: Callable[[Stretch], int],
    ) -> None:  # fmt: skip
        logic = self.logic
        step, finish, _ = starts
        value = logic.select(self.active, going_on, state)
        if self.program.finish:
            first = of(self.stretches[self.finish])
            value = logic.select(finish, logic.literal(first, state.type), value)
        logic.drive(
            state, logic.select(step, logic.literal(of(self.stretches[0]), state.type), value)
        )


def _first_tile(stretch: Stretch) -> int:
    return stretch.first + stretch.segment.first


def _last_tile(stretch: Stretch) -> int:
    return stretch.first + stretch.segment.first + stretch.segment.tiles - 1


def _is_single(stretch: Stretch) -> bool:
    """Whether its runs have one tile."""
    return stretch.segment.tiles == 1
