"""What a tiled program says to the machine: its nests, in which order, and what leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from math import lcm
from typing import NamedTuple

import numpy as np

from lstmir.dialects.reductions import index_type
from lstmir.ir.operation import Operation
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.nest import Kind, Memory, Nest, Reading, Walk, physical_row

_DEEP, _MANY = 64, 2
"""Words of a memory, and memories that the array chooses from, that a cycle has time for with a choice."""


class Pick(Enum):
    """Which of several words that are the largest is meant."""

    FIRST = "first"
    LAST = "last"


class Part(NamedTuple):
    """The first words of a memory; with a `pick`, the index of the largest of them leaves alone."""

    memory: int
    words: int
    pick: Pick | None = None

    @property
    def sent(self) -> int:
        """Words that leave."""
        return self.words if self.pick is None else 1


@dataclass(frozen=True)
class Result:
    """What leaves: the first words of some memories, of every step, or of the last step or the finish.

    `parts` are in the order in which they leave; `ports` says to which output of the model each
    belongs.
    """

    parts: tuple[Part, ...]
    every_step: bool
    ports: tuple[int, ...]

    @property
    def count(self) -> int:
        """All words."""
        return sum(part.sent for part in self.parts)

    @property
    def memories(self) -> tuple[int, ...]:
        """Where they come from."""
        return tuple(part.memory for part in self.parts)


@dataclass(frozen=True)
class Program:
    """A tiled network: nests that run in each step, nests that run behind the last one.

    A sequence is worked off in phases: the nests of one run in all its steps, then those of the next,
    which may read whole sequences of the ones before. Most networks have one.

    Each multiplier of the array has `input_stages` registers of its own in front; behind it, so many
    levels of `adders` stand between two registers at most. A beat of the streams has so many `lanes`,
    and `buffers` steps of the input are held. Where vectors are `forwarding`, the array reads words in
    the cycle in which they are stored. Where nests have arrays of their own, what one of them runs is
    a program too: then `whole` is all of it.
    """

    memories: tuple[Memory, ...]
    step: tuple[Nest, ...]
    finish: tuple[Nest, ...]
    result: Result
    scans: tuple[Operation, ...]
    input_stages: int = 0
    adders: int = 1
    lanes: int = 1
    buffers: int = 2
    forwarding: bool = False
    whole: Program | None = None

    @property
    def nests(self) -> tuple[Nest, ...]:
        """All nests in the order in which they run."""
        return self.step + self.finish

    @cached_property
    def phases(self) -> int:
        """How often the steps of a sequence are run through."""
        return 1 + max(nest.phase for nest in self.step)

    def phase(self, number: int) -> range:
        """The numbers of the nests of a phase."""
        mine = [n for n, nest in enumerate(self.step) if nest.phase == number]
        return range(mine[0], mine[-1] + 1)

    @cached_property
    def writers(self) -> dict[int, Nest]:
        """Which nest stores a memory."""
        return {memory: nest for nest in (self.whole or self).nests for memory in nest.stores}

    @property
    def steps(self) -> int:
        """Steps of a memory of whole sequences."""
        return max(2, self.input.longest)

    @property
    def reading_phase(self) -> int:
        """The last phase whose nests read an input."""
        return max((nest.phase for nest in self.step if self.reads_input(nest)), default=0)

    def copies(self, memory: int) -> list[int]:
        """The memories of whole sequences that take what a memory is given."""
        return [n for n, other in enumerate(self.memories) if other.source == memory]

    def is_sequence(self, memory: int) -> bool:
        """Whether a memory is what a phase leaves for later ones."""
        return self.memories[memory].kind is Kind.SEQUENCE

    @property
    def takes_packets(self) -> bool:
        """Whether the machine waits for whole sequences: some nest begins with the last step."""
        return self.input.steps > 1

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        """The memories of a step's inputs, in the order of the model's."""
        kinds = [memory.kind for memory in self.memories]
        return tuple(number for number, kind in enumerate(kinds) if kind is Kind.INPUT)

    @property
    def input(self) -> Memory:
        """The memory of a step's first input."""
        return self.memories[self.inputs[0]]

    @property
    def input_types(self) -> tuple[FixedType, ...]:
        """The formats of the inputs."""
        return tuple(self.memories[number].type for number in self.inputs)

    @property
    def result_types(self) -> tuple[FixedType, ...]:
        """The formats of the outputs."""
        first = [self.result.ports.index(port) for port in sorted(set(self.result.ports))]
        return tuple(self.part_type(self.result.parts[number]) for number in first)

    def part_type(self, part: Part) -> FixedType:
        """The format of the words of a part that leave."""
        return self.memories[part.memory].type if part.pick is None else index_type(part.words)

    @property
    def words_in(self) -> int:
        """Words of a step's inputs."""
        return sum(self.memories[number].size for number in self.inputs)

    @property
    def beats_in(self) -> int:
        """Beats of a step's inputs."""
        return -(-self.words_in // self.lanes)

    @property
    def beats_out(self) -> int:
        """Beats of a result."""
        return -(-self.result.count // self.lanes)

    @property
    def receives_words(self) -> bool:
        """Whether a word of the one input comes a beat, for the array alone: what most networks have."""
        one_reader = len(self.inputs) == len(self.arrays) == 1 and not self.loaded_inputs
        return one_reader and self.lanes == 1

    @property
    def sends_words(self) -> bool:
        """Whether a word of the one output leaves a beat, in the order in which tails store them."""
        is_plain = set(self.result.ports) == {0} and self.lanes == 1
        return is_plain and not self.leaves_early and not self.sends_sequences

    @cached_property
    def leaves_early(self) -> bool:
        """Whether a last step gives a part of the result, beside what comes behind its phase."""
        if self.result.every_step:
            return False
        whole = self.whole or self
        begun = [whole.writers[memory] for memory in self.result.memories]
        return any(
            nest in whole.step and (bool(self.finish) or nest.phase < self.phases - 1)
            for nest in begun
        )

    @cached_property
    def sends_sequences(self) -> bool:
        """Whether steps of the result are there in another order than they leave: all of them wait."""
        nests = [self.writers[memory] for memory in self.result.memories]
        return self.result.every_step and any(
            nest.is_reverse or nest.phase < self.phases - 1 for nest in nests
        )

    @cached_property
    def promising(self) -> int | None:
        """The phase whose steps promise a result; None if only what runs behind the last one does."""
        phases = [
            nest.phase for memory in self.result.memories
            for nest in (self.writers[memory],) if nest in (self.whole or self).step
        ]  # fmt: skip
        return min(phases, default=None)

    def readings(self, number: int) -> tuple[Reading, ...]:
        """How an input is read: by the array, from its first word on, and by tails."""
        size = self.memories[number].size
        found = [Reading(self.memory_lanes(number), 0, size)] if number in self.walked else []
        for nest in self.nests:
            for op in nest.tail.regions[0].operations():
                place = nest.places.get(op.operands[0]) if op.name == "tile.load" else None
                if place is not None and place.memory == number:
                    found.append(self.reading(op, nest))
        return tuple(dict.fromkeys(found))

    def reading(self, load: Operation, nest: Nest) -> Reading:
        """How the tails of a nest read an input: a word of each unit's, or one for all of them."""
        base = load.attributes["base"]
        if not any(load.attributes["strides"]):
            return Reading(1, base, 1)
        size = self.memories[nest.places[load.operands[0]].memory].size
        return Reading(nest.tails, base, size - base)

    @cached_property
    def loaded_inputs(self) -> frozenset[int]:
        """The inputs that tails load."""
        places = {place.memory for nest in self.nests for place in nest.places.values()}
        return frozenset(places & {*self.inputs})

    @cached_property
    def arrays(self) -> tuple[Program, ...]:
        """What each array runs. The first one runs all that comes behind the last step, too."""
        count = 1 + max(nest.array for nest in self.step)
        if count == 1:
            return (self,)
        return tuple(
            replace(
                self, step=tuple(nest for nest in self.step if nest.array == array),
                finish=() if array else self.finish, whole=self,
            )
            for array in range(count)
        )  # fmt: skip

    def array_of(self, nest: Nest) -> Program:
        """The program of the array that runs a nest."""
        return self.arrays[nest.array]

    @cached_property
    def walks(self) -> tuple[Walk, ...]:
        """The walks of all nests."""
        return tuple(walk for nest in self.nests for walk in nest.walks)

    @cached_property
    def rows(self) -> int:
        """Rows of multipliers."""
        return max(nest.rows for nest in self.nests)

    @cached_property
    def columns(self) -> tuple[int, ...]:
        """Multipliers of each row."""
        counts = np.zeros(self.rows, int)
        for nest in self.nests:
            for walk in nest.walks:
                used = (walk.neighbours >= 0).any(axis=(0, 1, 2)).sum(axis=-1)
                for row, count in enumerate(used.tolist()):
                    lane = physical_row(nest, row)
                    counts[lane] = max(counts[lane], count)
        return tuple(counts.tolist())

    @property
    def macs(self) -> int:
        """Multipliers of all arrays."""
        return sum(sum(array.columns) for array in self.arrays)

    @cached_property
    def walked(self) -> tuple[int, ...]:
        """The memories that the array reads."""
        return tuple(sorted({walk.place.memory for walk in self.walks}))

    @cached_property
    def is_indexed(self) -> bool:
        """Whether which neighbour some multiplier takes depends on the group: its tile says."""
        for walk in self.walks:
            lanes = self.lanes_read(walk)
            most = lanes.max(axis=0)
            if (np.where(lanes >= 0, lanes, most) != most).any():
                return True
        return False

    @cached_property
    def is_deep(self) -> bool:
        """Whether words of vectors take long to read: from deep memories, or from one of many."""
        lanes = {number: self.memory_lanes(number) for number in self.walked}
        halves = [2 * -(-self.memories[number].depth // count) for number, count in lanes.items()]
        return max(halves) > _DEEP or len(halves) > _MANY or self.phases > 1

    def lanes_read(self, walk: Walk) -> np.ndarray:
        """Neighbours counted in the row of the vector's memory instead of in the window; -1 stays."""
        row = self.memory_lanes(walk.place.memory)
        return np.where(walk.neighbours >= 0, walk.neighbours + walk.starts % row, -1)

    def reads_input(self, nest: Nest) -> bool:
        """Whether the array reads a step's input in a nest."""
        kinds = {self.memories[walk.place.memory].kind for walk in nest.walks}
        return Kind.INPUT in kinds

    def memory_lanes(self, memory: int) -> int:
        """Neighbours that a memory gives at once: whole windows of its walks, what its tails store."""
        if self.whole is not None:
            return self.whole.memory_lanes(memory)
        walks = [walk for walk in self.walks if walk.place.memory == memory]
        tails = [nest.tails for nest in self.nests if memory in nest.stores]
        several = lcm(*tails, *(walk.window for walk in walks if walk.windows > 1))
        widest = max((walk.window for walk in walks), default=1)
        if any(walk.base % walk.window for walk in walks):  # then all of the vector is one row
            widest = self.memories[memory].depth
        return -(-widest // several) * several
