"""Finds when every nest runs: the order and the start that make a step the shortest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from lstmir.passes.machine.nest import Place, Walk
from lstmir.passes.machine.orders import Order, candidates, positions
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.timing import (
    Access,
    Slot,
    tail_begins,
)
from lstmir.pipeline.passes import Pass, cannot


def best_timetable(pass_: Pass, program: Program, accesses: list[Access]) -> Timetable:
    """The shortest step, with as few tails as it takes."""
    best: Timetable | None = None
    for choice in _tail_choices(program, accesses):
        table = Timetable(pass_, choice, accesses)
        if best is None or table.step < best.step:
            best = table
        if table.step == _walked(choice):
            break
    assert best is not None
    return best


def _walked(program: Program) -> int:
    """Tiles of a step, in all phases, that the busiest array walks."""
    return max(sum(nest.groups * nest.walked for nest in array.step) for array in program.arrays)


def _tail_choices(program: Program, accesses: list[Access]) -> Iterator[Program]:
    """The program with more and more tails to each nest of a step."""
    counts = sorted({n for nest in program.step for n in _divisors(nest.units)})
    loads = [(a.memory, a.nest) for a in accesses if not a.is_store]
    for least in counts:
        tails = [min(n for n in _divisors(nest.units) if n >= least or n == nest.units)
                 for nest in program.step]  # fmt: skip
        step = tuple(replace(n, tails=t) for n, t in zip(program.step, tails, strict=True))
        choice = replace(program, step=step)
        writers = {m: n.tails for n in choice.nests for m in n.stores}
        agree = all(
            writers.get(m, choice.nests[n].tails) == choice.nests[n].tails for m, n in loads
        )
        leaving = {writers[memory] for memory in program.result.memories}
        is_simple = leaving == {1} or len(program.result.parts) == 1
        if agree and (is_simple or not program.sends_words):
            yield choice


def _divisors(number: int) -> list[int]:
    return [n for n in range(1, number + 1) if number % n == 0]


class Timetable:
    """Finds the slots of all nests: greedily, in the order in which they run."""

    def __init__(self, pass_: Pass, program: Program, accesses: list[Access]) -> None:
        self.pass_, self.program, self.accesses = pass_, program, accesses
        self.slots: list[Slot] = []
        self.writers: dict[int, int] = {}
        self.stores: dict[int, int] = {}
        for each in accesses:
            for memory in (each.memory, *program.copies(each.memory)) if each.is_store else ():
                self.writers[memory], self.stores[memory] = each.nest, each.start
        for number in range(len(program.nests)):
            self.slots.append(self.best_slot(number))
        self.steps: list[int] = []
        self.gaps: list[int] = []
        for phase in range(program.phases):
            self.gaps.append(self.phase_gap(phase))
            self.steps.append(self.step_length(phase))
        self.step = sum(self.steps)
        self.gap = self.finish_gap()
        is_whole = program.phases > 1
        self.buffers = 2 if is_whole else power_of_two(1 + -(-self.release() // self.step))

    # -- one nest ---------------------------------------------------------------------------

    def best_slot(self, number: int) -> Slot:
        """The earliest start; then the shortest wait of the next step; then the plainest order."""
        nest = self.program.nests[number]
        best: tuple[tuple[int, int], Slot] | None = None
        ideal = (self.free_from(number), self.busy_of(number))
        before = self.before(number)
        for order in candidates(nest, nest.turns):
            begin = ideal[0]
            if before is not None:
                begin += self.handover(before, number, order)
            start = max([begin, *self.needs_within(number, order)])
            again = max([ideal[1], *self.needs_again(number, order)])
            cost = (start, again)
            if best is None or cost < best[0]:
                best = (cost, Slot(start, order))
            if cost == ideal:
                break
        if best is None:
            why = "the rows that serve two sums have no order in which the tail can take both"
            raise cannot(self.pass_, why, nest.loop.location)
        return best[1]

    def is_finish(self, number: int) -> bool:
        return number >= len(self.program.step)

    def before(self, number: int) -> int | None:
        """The nest before on the same array, None for the first one of the step or of the finish."""
        first = len(self.program.step) if self.is_finish(number) else 0
        mine = [n for n in range(first, number) if self.is_alike(n, number)]
        return mine[-1] if mine else None

    def is_alike(self, number: int, other: int) -> bool:
        """Whether two nests run on the same array, in the same phase."""
        nest, before = (self.program.nests[n] for n in (number, other))
        return (nest.array, nest.phase) == (before.array, before.phase)

    def free_from(self, number: int) -> int:
        """When the array is free, and the sums of the nest before are taken.

        Another array than the first one follows it, a cycle behind at least.
        """
        before = self.before(number)
        if before is None:
            return min(1, self.program.nests[number].array)
        return self.slots[before].start + self.program.nests[before].busy

    def handover(self, before: int, number: int, order: Order) -> int:
        """Idle cycles between two nests: no run ends before the tail has taken the sums held."""
        turns, nest = self.program.nests[before].turns, self.program.nests[number]
        return max(0, turns - order.first_run(nest))

    def busy_of(self, number: int) -> int:
        """The least interval of a step of this nest alone."""
        nest = self.program.nests[number]
        return nest.busy + max(0, nest.turns - nest.tiles)

    def written(self, memory: int, units: np.ndarray, order: Order | None = None) -> np.ndarray:
        """The cycle, from its nest's start on, in which each unit's word is stored."""
        number = self.writers[memory]
        return self.entered(number, units, order) + self.stores[memory]

    def readable(self, memory: int, units: np.ndarray, order: Order | None = None) -> np.ndarray:
        """The first cycle in which a tile may be shown that reads each unit's word."""
        return self.written(memory, units, order) - self.program.forwarding

    def entered(self, number: int, units: np.ndarray, order: Order | None = None) -> np.ndarray:
        """The cycle in which the tail takes each unit."""
        nest = self.program.nests[number]
        order = order or self.slots[number].order
        done = positions(nest, order)[:, -1]
        group, within = np.divmod(units, nest.units)
        begins = tail_begins(self.program.array_of(nest), nest)
        return np.asarray(done[group] + begins + within // nest.tails)

    def reads(
        self, number: int, order: Order
    ) -> Iterable[tuple[int, bool, np.ndarray, np.ndarray]]:
        """(memory, is_new, last unit read, cycle of the tile) of each walk's tiles that read any.

        Not what earlier phases have left.
        """
        for place, units, at in self.all_reads(number, order):
            if not self.program.is_sequence(place.memory):
                yield *place, units, at

    def all_reads(
        self, number: int, order: Order
    ) -> Iterable[tuple[Place, np.ndarray, np.ndarray]]:
        """The same of all memories that nests write."""
        nest = self.program.nests[number]
        place, before = positions(nest, order), nest.idle
        for walk in order.of(nest):
            if walk.place.memory in self.writers:
                last = last_units(walk)
                at = place[:, before : before + walk.tiles]
                writer = self.program.nests[self.writers[walk.place.memory]]
                most = writer.groups * writer.units - 1
                live = last >= 0
                yield walk.place, np.minimum(last[live], most), at[live]
            before += walk.tiles

    def needs_within(self, number: int, order: Order) -> Iterable[int]:
        """Starts that what is written in the same step allows."""
        for memory, is_new, units, at in self.reads(number, order):
            if is_new and self.writers[memory] < number and len(units):
                start = self.slots[self.writers[memory]].start
                yield start + int((self.readable(memory, units) - at).max())
        yield from self.tail_needs(number, order)

    def tail_needs(self, number: int, order: Order) -> Iterable[int]:
        """The same for the words that the tail loads: they were stored a cycle before."""
        for load in self.accesses:
            writer = self.writers.get(load.memory, number)
            if load.nest != number or load.is_store or not load.is_new or writer >= number:
                continue
            takers, givers = self.units_of(number, writer)
            wait = self.written(load.memory, givers) + 1 - self.entered(number, takers, order)
            yield self.slots[writer].start + int(wait.max()) - load.start

    def needs_again(self, number: int, order: Order) -> Iterable[int]:
        """Intervals between steps that this nest's own state allows."""
        if self.is_finish(number):
            return
        for memory, is_new, units, at in self.reads(number, order):
            if not is_new and self.writers[memory] == number and len(units):
                yield int((self.readable(memory, units, order) - at).max())

    def units_of(self, taker: int, giver: int) -> tuple[np.ndarray, np.ndarray]:
        """Units of a nest that load words, and those of another that stored them.

        Each loads the word of its own number; that of a lone unit is for all.
        """
        nests = (self.program.nests[number] for number in (taker, giver))
        takers, givers = (np.arange(nest.groups * nest.units) for nest in nests)
        if len(givers) == 1:
            return takers, np.zeros_like(takers)
        common = min(len(takers), len(givers))
        return takers[:common], givers[:common]

    @property
    def split_groups(self) -> int:
        """Groups whose sums wait while others begin: each costs registers."""
        return sum(slot.order.ahead - 1 for slot in self.slots)

    # -- steps ------------------------------------------------------------------------------

    def step_length(self, phase: int) -> int:
        """The interval from a step of a phase to the next one."""
        needs = [
            *self.turns_of_arrays(phase), *self.halves_again(phase), *self.tails_again(phase)
        ]  # fmt: skip
        for number in self.program.phase(phase):
            start = self.slots[number].start
            for memory, is_new, units, at in self.reads(number, self.slots[number].order):
                if not is_new and len(units):
                    begun = self.slots[self.writers[memory]].start
                    needs.append(begun + int((self.readable(memory, units) - at).max()) - start)
        return max(needs)

    def turns_of_arrays(self, phase: int) -> Iterable[int]:
        """Intervals in which each array runs its nests, and can begin again, with the next sequence too."""
        nests = self.program.nests
        for array in {nests[number].array for number in self.program.phase(phase)}:
            mine = [n for n in self.program.phase(phase) if nests[n].array == array]
            first, last = self.slots[mine[0]], self.slots[mine[-1]]
            wait = self.handover(mine[-1], mine[0], first.order)
            if phase:
                wait = max(wait, self.handover(mine[-1], 0, self.slots[0].order))
            yield last.start + nests[mine[-1]].busy + wait - first.start

    def halves_again(self, phase: int) -> Iterable[int]:
        """Intervals that leave arrays what they read: of two halves, the step after the next has this one."""
        for number in self.program.phase(phase):
            for memory, is_new, units, at in self.reads(number, self.slots[number].order):
                if not len(units) or self.is_finish(self.writers[memory]):
                    continue
                writer = self.program.nests[self.writers[memory]]
                every, begun = (
                    np.arange(writer.groups * writer.units),
                    self.slots[self.writers[memory]].start,
                )
                stored = begun + self.readable(memory, every).min()
                late = self.slots[number].start + int(at.max()) - int(stored) + 1
                yield -(-late // 2) if is_new else late

    def tails_again(self, phase: int) -> Iterable[int]:
        """What is stored is loaded by the next step, and not stored anew before it was loaded."""
        for load in self.accesses:
            writer = self.writers.get(load.memory)
            if load.is_store or writer is None or load.nest not in self.program.phase(phase):
                continue
            stored, loaded = self.of_tails(load, writer)
            if load.is_new or self.program.is_sequence(load.memory):
                yield int((loaded - stored).max())
                continue
            yield int((stored + 1 - loaded).max())
            if (stored < loaded).any():
                why = "a state is read by a tail after another nest has written it"
                raise cannot(self.pass_, why, self.program.nests[load.nest].loop.location)

    def of_tails(self, load: Access, writer: int) -> tuple[np.ndarray, np.ndarray]:
        """When words are stored that tails load, and when these do, unit by unit, from their steps on."""
        takers, givers = self.units_of(load.nest, writer)
        loaded = self.slots[load.nest].start + load.start + self.entered(load.nest, takers)
        return self.slots[writer].start + self.written(load.memory, givers), loaded

    # -- from phase to phase ----------------------------------------------------------------

    def phase_gap(self, phase: int) -> int:
        """Cycles from the end of the phase before to the first tile of a phase."""
        if not phase:
            return 0
        return self.gap_before(phase, self.program.phase(phase))

    def finish_gap(self) -> int:
        """Cycles from the end of the last step to the first tile of the finish."""
        program = self.program
        if not program.finish:
            return 0
        return self.gap_before(program.phases, range(len(program.step), len(program.nests)))

    def gap_before(self, phase: int, numbers: range) -> int:
        """The gap in front of some nests: all that they read was stored in phases before theirs."""
        last, first = self.last_of_first_array(phase - 1), numbers[0]
        needs = [self.handover(last, first, self.slots[first].order) - self.idle_end(phase - 1)]
        for number in numbers:
            for place, units, at in self.all_reads(number, self.slots[number].order):
                if not place.is_new and len(units) and self.is_before(place.memory, numbers):
                    writer = self.writers[place.memory]
                    stored = self.slots[writer].start + self.readable(place.memory, units)
                    wait = int((stored - at).max()) - self.slots[number].start
                    needs.append(wait - self.since(writer, phase))
        for load, writer in self.loads_of(numbers):
            stored, loaded = self.of_tails(load, writer)
            needs.append(int((stored + 1 - loaded).max()) - self.since(writer, phase))
        return max(0, *needs)

    def is_before(self, memory: int, numbers: range) -> bool:
        """Whether a memory is written in phases before those of some nests."""
        return self.writers[memory] < numbers[0]

    def since(self, writer: int, phase: int) -> int:
        """Cycles at least from the last step of a nest's phase to the end of the one before a phase."""
        first = self.program.nests[writer].phase
        return sum(self.steps[first:phase]) + sum(self.gaps[first + 1 : phase])

    def loads_of(self, numbers: range) -> Iterable[tuple[Access, int]]:
        """What the tails of some nests load of memories that nests before them write."""
        for load in self.accesses:
            writer = self.writers.get(load.memory)
            if load.is_store or writer is None or load.is_new or load.nest not in numbers:
                continue
            if self.is_before(load.memory, numbers):
                yield load, writer

    def last_of_first_array(self, phase: int) -> int:
        """The last nest of a phase on the array that runs what is behind it, too."""
        return max(n for n in self.program.phase(phase) if not self.program.nests[n].array)

    def idle_end(self, phase: int) -> int:
        """Idle cycles at the end of a step."""
        last = self.last_of_first_array(phase)
        return self.steps[phase] - self.slots[last].start - self.program.nests[last].busy

    def finish_length(self) -> int:
        """Cycles from the first tile of the finish to that of the next sequence.

        Tails of the finish have loaded what the next sequence's first step stores anew.
        """
        if not self.program.finish:
            return 0
        wait = self.handover(len(self.slots) - 1, 0, self.slots[0].order)
        free = self.slots[-1].start + self.program.finish[-1].busy + wait
        again = []
        numbers = range(len(self.program.step), len(self.slots))
        for load, writer in self.loads_of(numbers):
            stored, loaded = self.of_tails(load, writer)
            phase = self.program.nests[writer].phase
            begins = sum(self.steps[:phase]) + sum(self.gaps[: phase + 1])
            again.append(int((loaded - stored).max()) - begins)
        return max([free, *again])

    def release(self) -> int:
        """When a step's input was read for the last time."""
        return self.last_read()[0]

    def last_read(self) -> tuple[int, int, int | None]:
        """The cycle behind it, the nest that reads, and the cycle of its tail, None for the array."""
        nests, inputs = self.program.step, {*self.program.inputs}
        phase = self.program.reading_phase
        found: list[tuple[int, int, int | None]] = [
            (slot.start + nest.busy, number, None)
            for number, (nest, slot) in enumerate(zip(nests, self.slots, strict=False))
            if self.program.reads_input(nest) and nest.phase == phase
        ]
        for load in self.accesses:
            if load.memory in inputs and not self.is_finish(load.nest):
                nest = nests[
                    load.nest
                ]  # of the only phase: tails read no whole sequences that come in
                last = np.array([nest.groups * nest.units - 1])
                taken = self.slots[load.nest].start + int(self.entered(load.nest, last)[0])
                found.append((taken + load.start + 1, load.nest, load.start))
        first = self.slots[0].start + nests[0].busy, 0, None
        return max(found, key=lambda read: (read[0], read[2] is None), default=first)


def power_of_two(number: int) -> int:
    """The least power of two that is not smaller, 2 at least."""
    return max(2, 1 << (number - 1).bit_length())


def last_units(walk: Walk) -> np.ndarray:
    """The last element of the vector that each tile multiplies [groups, tiles], -1 for none."""
    units = np.where(walk.weights != 0, walk.neighbours + walk.starts, -1)
    return np.asarray(units.max(axis=(3, 4)).reshape(len(units), -1))
