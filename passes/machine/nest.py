"""The parts of a program: memories, and nests of walks with their tails."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from lstmir.ir.operation import Operation, Value
from lstmir.numeric.fixed import FixedType


class Kind(Enum):
    """What a memory is for."""

    INPUT = "input"
    STATE = "state"
    LOCAL = "local"
    SEQUENCE = "sequence"


@dataclass(frozen=True)
class Memory:
    """A vector of `depth` words: a step's input, a state, or what a nest leaves for later ones.

    A state starts a sequence as `initial`. Of an input, `depth` words of each step are used, `size`
    come in; so many `steps` are kept, and a sequence has at most `longest` (0 for any).

    What a phase leaves for later ones is a whole sequence: of so many `steps`, in the order in which
    they are computed, what the memory `source` holds after each. One that `is_reverse` has the
    sequence's last step first.
    """

    name: str
    kind: Kind
    type: FixedType
    depth: int
    initial: np.ndarray
    size: int
    steps: int = 1
    longest: int = 0
    source: int | None = None
    is_reverse: bool = False


class Place(NamedTuple):
    """A memory of the program, as the step before left it, or as this step (or head) `is_new`."""

    memory: int
    is_new: bool


class Reading(NamedTuple):
    """Of an input's words from `base` on, `size` in all, so many `readers` take neighbours at once."""

    readers: int
    base: int
    size: int


@dataclass(frozen=True, eq=False)
class Walk:
    """One matrix as the array reads it: [groups, windows, slots] tiles of rows x columns.

    Row p belongs to sum `p % sums` of unit `p // sums` of a group; only the `active` sums are fed.
    `neighbours` says for each element which of the window's it multiplies, -1 where a row has no
    such column; the windows begin with the vector's element `base`. Products are shifted left by
    `shift` to the sums.
    """

    weights: np.ndarray
    neighbours: np.ndarray
    vector_type: FixedType
    place: Place
    window: int
    shift: int
    active: tuple[int, ...]
    base: int = 0

    @property
    def starts(self) -> np.ndarray:
        """The element of the vector with which each window begins [windows, 1, 1, 1]."""
        return (self.base + np.arange(self.windows) * self.window).reshape(-1, 1, 1, 1)

    @property
    def windows(self) -> int:
        """Windows of the vector."""
        return int(self.weights.shape[1])

    @property
    def slots(self) -> int:
        """Tiles of a window."""
        return int(self.weights.shape[2])

    @property
    def tiles(self) -> int:
        """Tiles in a group."""
        return self.windows * self.slots


@dataclass(frozen=True, eq=False)
class Nest:
    """Groups of `units` units: the array walks for `sums` sums of each, the tail takes them one by one.

    Its name is what it writes.

    One that `is_reverse` reads the input from its last step on. So many `tails` take a unit each at
    once. `places` are the memories that a tail loads and stores, by the value that stands for them
    in its body; `stores` are those that it stores. It runs in the steps of a `phase`, or behind the
    last one.
    """

    name: str
    walks: tuple[Walk, ...]
    groups: int
    units: int
    sums: int
    sum_type: FixedType
    loop: Operation
    tail: Operation
    places: dict[Value, Place] = field(repr=False)
    stores: frozenset[int]
    is_reverse: bool = False
    tails: int = 1
    array: int = 0
    phase: int = 0

    @property
    def turns(self) -> int:
        """Cycles in which the tails take the units of a group."""
        return self.units // self.tails

    @property
    def walked(self) -> int:
        """Tiles of a group's walks."""
        return sum(walk.tiles for walk in self.walks)

    @property
    def idle(self) -> int:
        """Tiles without products before those of the walks, while the tails take the units.

        A sum whose row goes on with another one must last until the tails have taken the one before.
        """
        shares = len(set(self.lanes)) < self.sums
        first = max((walk.tiles for walk in self.walks), default=0) if shares else self.walked
        return max(int(not self.walks), self.turns - first)

    @property
    def tiles(self) -> int:
        """Tiles in a group."""
        return self.walked + self.idle

    @property
    def busy(self) -> int:
        """Tiles of all groups."""
        return self.groups * self.tiles

    @cached_property
    def lanes(self) -> tuple[int, ...]:
        """The multipliers' row, among those of a unit, that feeds each sum.

        Sums that no walk feeds both may share a row.
        """
        chosen: list[int] = []
        for sum_ in range(self.sums):
            rivals = {s for walk in self.walks if sum_ in walk.active for s in walk.active}
            taken = {chosen[other] for other in rivals if other < sum_}
            chosen.append(next(lane for lane in range(self.sums) if lane not in taken))
        return tuple(chosen)

    @property
    def lanes_of_unit(self) -> int:
        """Rows of multipliers of a unit."""
        return max(self.lanes, default=-1) + 1

    @property
    def rows(self) -> int:
        """Rows of multipliers that the nest keeps busy."""
        return self.units * self.lanes_of_unit


def physical_row(nest: Nest, row: int) -> int:
    """The row of multipliers that feeds a row of the nest's sums."""
    unit, sum_ = divmod(row, nest.sums)
    return unit * nest.lanes_of_unit + nest.lanes[sum_]
