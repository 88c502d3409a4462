"""When everything happens: one model, from which the machine is built and its cycles predicted.

Cycle 0 of a nest is the one in which the sequencer shows its first tile. A value is `ready` in the
cycle in which it can be used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np

from lstmir.passes.machine.orders import Order, candidates, positions
from lstmir.passes.machine.program import Nest, Program, Result, Walk
from lstmir.pipeline.passes import Pass, cannot

# Between registers stands at most one memory read, or one multiplication, or one addition.
NEAR_READY = 2  # the neighbours, read from a vector's memory a cycle after its address


def adder_levels(columns: int) -> int:
    """Levels of two-input adders that sum the products of a row."""
    return (columns - 1).bit_length()


def adder_stages(program: Program) -> int:
    """Cycles in which the products of a row are added up."""
    return -(-adder_levels(max(program.columns)) // program.operations)


def chosen_ready(program: Program) -> int:
    """The cycle after a tile in which each multiplier's neighbour is chosen."""
    return NEAR_READY + program.is_indexed


def operand_ready(program: Program) -> int:
    """The cycle after a tile in which its operands and weights meet."""
    return chosen_ready(program) + program.input_stages


def sums_ready(program: Program) -> int:
    """The cycle after a tile in which its products are in the sums."""
    return operand_ready(program) + 2 + adder_stages(program)


def tail_begins(program: Program, nest: Nest) -> int:
    """Cycle 0 of the tail for a group's first unit, after the group's last tile.

    The sums of several units are held, and chosen from; those of one are taken as they come.
    """
    return sums_ready(program) + (2 if nest.turns > 1 else 0)


@dataclass(frozen=True)
class Access:
    """A load or store of a nest's tail: the memory, and the cycle of the tail."""

    nest: int
    memory: int
    start: int
    is_store: bool
    is_new: bool


@dataclass(frozen=True)
class Slot:
    """When a nest starts, from the step's or the finish's first tile on, and in which order it runs."""

    start: int
    order: Order


@dataclass(frozen=True, slots=True)
class Timing:
    """Cycles of the machine.

    The next step may start `step` cycles after a step. The finish starts `gap` cycles after the
    last step has ended, and takes `finish` cycles. A step's input is read for the last time
    `release` cycles after its start. `results` are the cycles, from the start of the step or the
    finish that writes them, in which each word can leave; `room` words wait for the output at most.
    Each multiplier of the array has `input_stages` registers of its own in front; between registers
    stand at most so many `operations`. One that `takes_packets` begins when a whole sequence is
    there.
    """

    step: int
    gap: int
    finish: int
    release: int
    results: tuple[int, ...]
    every_step: bool
    room: int
    input_stages: int
    operations: int
    takes_packets: bool

    def attribute(self) -> dict[str, object]:
        """As an attribute of the module."""
        return asdict(self)


def timing_from(attribute: dict[str, object]) -> Timing:
    """The attribute read back."""
    return Timing(**attribute)  # type: ignore[arg-type]


def best_timetable(pass_: Pass, program: Program, accesses: list[Access]) -> Timetable:
    """The shortest step, with as few tails as it takes."""
    best: Timetable | None = None
    for choice in _tail_choices(program, accesses):
        table = Timetable(pass_, choice, accesses)
        if best is None or table.step < best.step:
            best = table
        if table.step == sum(nest.groups * nest.walked for nest in choice.step):
            break
    assert best is not None
    return best


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
        if agree and (leaving == {1} or len(program.result.parts) == 1):
            yield choice


def _divisors(number: int) -> list[int]:
    return [n for n in range(1, number + 1) if number % n == 0]


class Timetable:
    """Finds the slots of all nests: greedily, in the order in which they run."""

    def __init__(self, pass_: Pass, program: Program, accesses: list[Access]) -> None:
        self.pass_, self.program, self.accesses = pass_, program, accesses
        self.slots: list[Slot] = []
        self.writers = {a.memory: a.nest for a in accesses if a.is_store}
        self.stores = {a.memory: a.start for a in accesses if a.is_store}
        for number in range(len(program.nests)):
            self.slots.append(self.best_slot(number))
        self.step = self.step_length()
        self.gap = self.finish_gap()

    # -- one nest ---------------------------------------------------------------------------

    def best_slot(self, number: int) -> Slot:
        """The earliest start; then the shortest wait of the next step; then the plainest order."""
        nest = self.program.nests[number]
        best: tuple[tuple[int, int], Slot] | None = None
        ideal = (self.free_from(number), self.busy_of(number))
        for order in candidates(nest, nest.turns):
            begin = ideal[0]
            if number not in (0, len(self.program.step)):
                begin += self.handover(number - 1, number, order)
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

    def free_from(self, number: int) -> int:
        """When the array is free, and the sums of the nest before are taken."""
        if number in (0, len(self.program.step)):
            return 0
        before = self.program.nests[number - 1]
        return self.slots[number - 1].start + before.busy

    def handover(self, before: int, number: int, order: Order) -> int:
        """Idle cycles between two nests: no run ends before the tail has taken the sums held."""
        turns, nest = self.program.nests[before].turns, self.program.nests[number]
        return max(0, turns - first_run(nest, order))

    def busy_of(self, number: int) -> int:
        """The least interval of a step of this nest alone."""
        nest = self.program.nests[number]
        return nest.busy + max(0, nest.turns - nest.tiles)

    def written(self, memory: int, units: np.ndarray, order: Order | None = None) -> np.ndarray:
        """The cycle, from its nest's start on, in which each unit's word is stored."""
        number = self.writers[memory]
        return self.entered(number, units, order) + self.stores[memory]

    def entered(self, number: int, units: np.ndarray, order: Order | None = None) -> np.ndarray:
        """The cycle in which the tail takes each unit."""
        nest = self.program.nests[number]
        order = order or self.slots[number].order
        done = positions(nest, order)[:, -1]
        group, within = np.divmod(units, nest.units)
        begins = tail_begins(self.program, nest)
        return np.asarray(done[group] + begins + within // nest.tails)

    def reads(
        self, number: int, order: Order
    ) -> Iterable[tuple[int, bool, np.ndarray, np.ndarray]]:
        """(memory, is_new, last unit read, cycle of the tile) of each walk's tiles that read any."""
        nest = self.program.nests[number]
        place, before = positions(nest, order), nest.idle
        for walk in order.of(nest):
            if walk.place.memory in self.writers:
                last = last_units(walk)
                at = place[:, before : before + walk.tiles]
                writer = self.program.nests[self.writers[walk.place.memory]]
                most = writer.groups * writer.units - 1
                live = last >= 0
                yield *walk.place, np.minimum(last[live], most), at[live]
            before += walk.tiles

    def needs_within(self, number: int, order: Order) -> Iterable[int]:
        """Starts that what is written in the same step allows."""
        for memory, is_new, units, at in self.reads(number, order):
            if is_new and self.writers[memory] < number and len(units):
                start = self.slots[self.writers[memory]].start
                yield start + int((self.written(memory, units) - at).max())
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
                yield int((self.written(memory, units, order) - at).max())

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

    def step_length(self) -> int:
        """The interval from a step to the next one."""
        steps = range(len(self.program.step))
        nests, slots = self.program.step, self.slots
        wait = self.handover(len(nests) - 1, 0, slots[0].order)
        needs = [slots[len(nests) - 1].start + nests[-1].busy + wait]
        for number in steps:
            start = slots[number].start
            for memory, is_new, units, at in self.reads(number, slots[number].order):
                if not is_new and len(units):
                    begun = slots[self.writers[memory]].start
                    needs.append(begun + int((self.written(memory, units) - at).max()) - start)
        needs += self.tails_again()
        return max(needs)

    def tails_again(self) -> Iterable[int]:
        """What is stored is loaded by the next step, and not stored anew before it was loaded."""
        for load in self.accesses:
            writer = self.writers.get(load.memory)
            if load.is_store or writer is None or self.is_finish(load.nest):
                continue
            takers, givers = self.units_of(load.nest, writer)
            loaded = self.slots[load.nest].start + load.start + self.entered(load.nest, takers)
            stored = self.slots[writer].start + self.written(load.memory, givers)
            if load.is_new:
                yield int((loaded - stored).max())
                continue
            yield int((stored + 1 - loaded).max())
            if (stored < loaded).any():
                why = "a state is read by a tail after another nest has written it"
                raise cannot(self.pass_, why, self.program.nests[load.nest].loop.location)

    def finish_gap(self) -> int:
        """Cycles from the end of the last step to the first tile of the finish."""
        program, steps = self.program, len(self.program.step)
        if not program.finish:
            return 0
        needs = [self.handover(steps - 1, steps, self.slots[steps].order) - self.idle_end()]
        for number in range(steps, len(program.nests)):
            for memory, is_new, units, at in self.reads(number, self.slots[number].order):
                if not is_new and len(units):
                    stored = self.slots[self.writers[memory]].start + self.written(memory, units)
                    needs.append(int((stored - at).max()) - self.slots[number].start - self.step)
        return max(0, *needs, *self.tails_finish())

    def tails_finish(self) -> Iterable[int]:
        """Gaps that leave the tails of the finish the states of the last step."""
        for load in self.accesses:
            writer = self.writers.get(load.memory)
            if load.is_store or writer is None or load.is_new or not self.is_finish(load.nest):
                continue
            takers, givers = self.units_of(load.nest, writer)
            loaded = self.slots[load.nest].start + load.start + self.entered(load.nest, takers)
            stored = self.slots[writer].start + self.written(load.memory, givers)
            yield int((stored + 1 - loaded).max()) - self.step

    def idle_end(self) -> int:
        """Idle cycles at the end of a step."""
        last = len(self.program.step) - 1
        return self.step - self.slots[last].start - self.program.nests[last].busy

    def finish_length(self) -> int:
        """Cycles from the first tile of the finish to that of the next sequence."""
        if not self.program.finish:
            return 0
        wait = self.handover(len(self.slots) - 1, 0, self.slots[0].order)
        return self.slots[-1].start + self.program.finish[-1].busy + wait

    def release(self) -> int:
        """When the last nest that reads the step's input has done so."""
        ends = [
            slot.start + nest.busy
            for nest, slot in zip(self.program.step, self.slots, strict=False)
            if self.program.reads_input(nest)
        ]
        return max(ends, default=self.slots[0].start + self.program.step[0].busy)

    def results(self) -> tuple[int, ...]:
        """When each word of the result can leave, after the start of its step or of the finish."""
        result = self.program.result
        found: list[int] = []
        for memory, words in result.parts:
            start = self.slots[self.writers[memory]].start
            found += (start + self.written(memory, np.arange(words)) + 2).tolist()
        parts = np.cumsum([words for _, words in result.parts[:-1]])
        if any(found[part] <= found[part - 1] for part in parts):
            why = "the parts of the result would leave in another order than the model gives them"
            raise cannot(self.pass_, why, None, "cut the model before they are joined")
        return tuple(found)

    def room(self) -> int:
        """Words of the output's memory; where several are stored at once, those of whole results."""
        result = self.program.result
        tails = result_tails(self.program)
        rows = output_rows(result, tails)
        return rows if tails == 1 else rows // -(-result.count // tails) * result.count

    def timing(self) -> Timing:
        """All of it."""
        result = self.program.result
        return Timing(
            self.step, self.gap, self.finish_length(), self.release(), self.results(),
            result.every_step, self.room(), self.program.input_stages,
            self.program.operations, self.program.takes_packets,
        )  # fmt: skip


def result_tails(program: Program) -> int:
    """How many words of the result are stored at once; those of several parts come one by one."""
    (tails,) = {nest.tails for nest in program.nests if nest.stores & {*program.result.memories}}
    return tails


def output_rows(result: Result, tails: int) -> int:
    """Rows of the output's memory, of a word from each tail: a whole result, or two of every step."""
    turns = -(-result.count // tails)
    return 1 << max(1, (turns * (2 if result.every_step else 1) - 1).bit_length())


def first_run(nest: Nest, order: Order) -> int:
    """Tiles of a nest's first run."""
    return order.early if order.ahead > 1 else nest.tiles


def last_units(walk: Walk) -> np.ndarray:
    """The last element of the vector that each tile multiplies [groups, tiles], -1 for none."""
    units = np.where(walk.weights != 0, walk.neighbours + walk.starts, -1)
    return np.asarray(units.max(axis=(3, 4)).reshape(len(units), -1))
