"""Counts through the tiles that an array walks: stretches, their runs, and the tiles of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lstmir.ir.operation import Value
from lstmir.ir.types import I1, Type
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.orders import Segment, segments
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.timing import Slot, Timing

_FEW = 8
"""Stretches whose constants are chosen; those of more are read from a memory."""

Starts = tuple[Value, Value, Value]
"""Whether a step, what runs behind the last one, or the answer to a refused packet starts."""


@dataclass
class Sequencer:
    """Registers that describe the tile of this cycle.

    `tile` counts within a group of a nest, those of each nest behind those of the nest before,
    `address` over all tiles. `begins` and `ends` mark the first and last tile of a run, `resumes` a
    run that goes on with sums, `finishes` the end of one that leaves its sums to the tail. `nest` is
    the number of the nest. `banks` are, for each phase, the half of its states' memories that is read,
    `buffer` that of the input; `first` says that the states are the initial ones, `last` that no step
    follows. Of whole sequences, `up` and `down` count the steps from the first and from the last one.
    """

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
    banks: tuple[Value, ...]
    buffer: Value
    up: Value | None = None
    down: Value | None = None


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
) -> tuple[list[Stretch], list[int]]:
    """What is run in a step of each phase, then in the finish; and where each of these begins."""
    found: list[Stretch] = []
    begins = []
    for phase, (gap, length) in enumerate(zip(timing.gaps, timing.steps, strict=True)):
        begins.append(len(found))
        found += _part(program, program.phase(phase), slots, bases, gap, length)
    begins.append(len(found))
    if program.finish:
        rest = range(len(program.step), len(program.nests))
        found += _part(program, rest, slots, bases, timing.gap, timing.finish)
    return found, begins


def _part(
    program: Program, numbers: range, slots: Sequence[Slot], bases: Sequence[int], gap: int,
    length: int,
) -> list[Stretch]:  # fmt: skip
    """The stretches of some nests, idle ones where a nest starts later than the one before ends."""
    found: list[Stretch] = []
    at = -gap
    releasing = _last_reader(program)

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


class Counters:
    """The registers that say which tile it is. Whoever decides what starts makes its own."""

    def __init__(
        self, logic: Logic, program: Program, slots: Sequence[Slot], bases: Sequence[int],
        timing: Timing, unit: str, what: str,
    ) -> None:  # fmt: skip
        self.logic, self.program, self.unit = logic, program, unit
        self.stretches, self.begins = stretches(program, slots, bases, timing)
        self.finish = self.begins[-1]
        logic.enter(unit, what)
        stretches_ = self.stretches
        tiles = max(each.first + each.segment.first + each.segment.tiles for each in stretches_)
        self.active = logic.reg(I1, "active", 0)
        self.stretch = logic.reg(natural(len(stretches_)), "stretch", 0)
        self.run = logic.reg(natural(max(s.segment.repeats for s in stretches_)), "run", 0)
        self.tile = logic.reg(natural(tiles), "tile", 0)
        self.at_last = logic.reg(I1, "at_last_tile", 0)
        self.address = logic.reg(natural(sum(nest.busy for nest in program.nests)), "address", 0)

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

    # -- what starts, and what is walked then -------------------------------------------------

    def begin(self) -> None:
        """What the counters say of this cycle."""
        logic = self.logic
        logic.enter(self.unit)
        self.first_tile = self.by_stretch("first_tile", _first_tile)
        self.at_first = logic.same(self.tile, self.first_tile, hint="at_first_tile")
        self.run_done = logic.all(self.active, self.at_last, hint="run_done")
        self.stretch_done = logic.all(self.run_done, logic.equals(self.run, 0), hint="stretch_done")
        ends_all = self.flag_of_stretch("is_last_stretch", lambda s: s.is_last)
        self.done = logic.all(self.stretch_done, ends_all, hint="all_done")

    def may_start(self) -> Value:
        """Whether something else may start."""
        logic = self.logic
        return logic.any(logic.no(self.active), self.done, hint="may_decide")

    def walk(
        self, starts: Starts, first: Value, last: Value, banks: tuple[Value, ...], buffer: Value
    ) -> Sequencer:
        """The counters from here on, and what they say."""
        logic = self.logic
        self.count(starts, self.run_done, self.stretch_done, self.done, self.first_tile)
        working = self.working()
        begins = logic.all(working, self.at_first, hint="begins")
        ends = logic.all(working, self.at_last, hint="ends")
        finishing = self.flag_of_stretch("is_finishing", lambda s: s.segment.finishes)
        finishes = logic.all(ends, finishing, hint="finishes")
        resumes = self.flag_of_stretch("is_resuming", lambda s: s.segment.resumes)
        nest = self.by_stretch("nest", lambda s: s.nest)
        return Sequencer(
            working, self.tile, self.address, begins, ends, logic.all(working, resumes), finishes,
            nest, first, last, banks, buffer,
        )  # fmt: skip

    def input_read(self, tile: Sequencer) -> Value:
        """Whether the array reads a step's input for the last time."""
        logic = self.logic
        logic.enter(self.unit)
        releasing = self.flag_of_stretch("is_releasing", lambda s: s.releases)
        whole = (tile.last,) if self.program.takes_packets else ()
        return logic.all(self.stretch_done, releasing, *whole, hint="input_read")

    # -- counters ---------------------------------------------------------------------------

    def working(self) -> Value:
        """Whether a tile is walked: not in idle stretches."""
        busy = self.flag_of_stretch("is_busy", lambda s: not s.segment.is_idle)
        return self.logic.all(self.active, busy, hint="working")

    def count(
        self, starts: Starts, run_done: Value, stretch_done: Value, done: Value,
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

    def look_ahead(self, starts: Starts, run_done: Value, stretch_done: Value) -> None:
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
        logic.drive(self.address, logic.select(step, self.step_address(zero), address))

    def step_address(self, first: Value) -> Value:
        """The address of the first tile of the step that would start."""
        return first

    def of_step(self, of: Callable[[Stretch], int], type_: Type) -> Value:
        """A constant of the stretch with which the step begins that would start."""
        return self.logic.literal(of(self.stretches[0]), type_)

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
        self, state: Value, starts: Starts, going_on: Value,
        of: Callable[[Stretch], int],
    ) -> None:  # fmt: skip
        logic = self.logic
        step, finish, _ = starts
        value = logic.select(self.active, going_on, state)
        if self.program.finish:
            first = of(self.stretches[self.finish])
            value = logic.select(finish, logic.literal(first, state.type), value)
        logic.drive(state, logic.select(step, self.of_step(of, state.type), value))


def _first_tile(stretch: Stretch) -> int:
    return stretch.first + stretch.segment.first


def _last_tile(stretch: Stretch) -> int:
    return stretch.first + stretch.segment.first + stretch.segment.tiles - 1


def _is_single(stretch: Stretch) -> bool:
    """Whether its runs have one tile."""
    return stretch.segment.tiles == 1
