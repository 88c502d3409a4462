"""When everything happens: one model, from which the machine is built and its cycles predicted.

Cycle 0 of a step is the one in which the controller shows its first tile. A value is `ready` in
the cycle in which it can be used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from lstmir.passes.machine.program import Nest, Program, Walk

# Between registers stands at most one memory read, or one multiplication, or one addition.
ROM_READY = 1  # the words of the weight memories and of the walk, behind their output registers
WINDOW_READY = 2  # the neighbours read from a vector's memory
OPERAND_READY = 3  # the neighbour that each multiplier chose
PRODUCT_READY = 4


def adder_levels(columns: int) -> int:
    """Levels of two-input adders that sum the products of a row."""
    return (columns - 1).bit_length()


def sums_ready(columns: int) -> int:
    """The cycle after a tile in which the sums are held for the tail."""
    return PRODUCT_READY + adder_levels(columns) + 2


@dataclass(frozen=True, slots=True)
class Timing:
    """Cycles of the machine, all counted from the first tile of a step or of the head.

    `step_tiles` are the array's busy cycles in a step, `head_group` those from one of the
    `head_groups` groups of the head to the next. The next step may start `step_interval` cycles
    after a step, the head `head_gap` after the last step, the next sequence `head_interval` after
    the head. `sums_ready` is the array's latency, `tail_latency` that of the tail.
    """

    step_tiles: int
    step_interval: int
    head_gap: int
    head_group: int
    head_groups: int
    head_interval: int
    sums_ready: int
    tail_latency: int

    def attribute(self) -> dict[str, int]:
        """As an attribute of the module."""
        return asdict(self)


def head_group_cycles(program: Program) -> int:
    """Cycles from one group of the head to the next: a group leaves one element a cycle."""
    if program.head.groups == 1:
        return program.head.tiles
    return max(program.head.tiles, program.rows)


def timing_of(program: Program, starts: dict[str, dict[int, int]]) -> Timing:
    """The cycles of a program whose tail is scheduled.

    `starts["store"]` and `starts["load"]` give for each state the cycle of the tail in which a
    unit's word is written and read.
    """
    cell, columns = program.cell, max(program.columns)
    ready = sums_ready(columns)
    busy = cell.groups * cell.tiles
    stores, loads = starts["store"], starts["load"]
    interval = max([busy, *(stores[s] + 1 - loads[s] for s in loads)])
    interval = max(interval, _waits(program, cell, ready, stores))
    group = head_group_cycles(program)
    head_busy = group * program.head.groups
    drain = max(0, program.rows - cell.tiles)
    gap = max(
        busy + max(0, program.units - program.head.tiles),  # the last group leaves the sums
        ready + program.rows - drain,  # the rows of the head before leave the drain
        _waits(program, program.head, ready, stores),
    )
    return Timing(
        busy, interval, gap, group, program.head.groups, head_busy + drain, ready,
        max(stores.values()) + 1,
    )  # fmt: skip


def _waits(program: Program, nest: Nest, ready: int, stores: dict[int, int]) -> int:
    """How long after a step a nest may start, so that no state is read before it is written.

    Only elements that are multiplied count: a word that meets a zero may be any.
    """
    needed = before = 0
    for walk in nest.walks:
        if walk.vector >= 0:
            last = _last_units(walk)  # [groups, tiles of the walk], -1 for none
            limit = program.cell.groups * program.units - 1
            for group, tile in np.argwhere(last >= 0):
                unit = min(int(last[group, tile]), limit)
                written = _launch(program, unit, ready) + stores[walk.vector]
                position = group * group_tiles(program, nest) + before + tile
                needed = max(needed, written - int(position))
        before += walk.tiles
    return needed


def _last_units(walk: Walk) -> np.ndarray:
    """The last element of the vector that each tile multiplies [groups, tiles], -1 for none."""
    start = (np.arange(walk.windows) * walk.window).reshape(-1, 1, 1, 1)
    units = np.where(walk.weights != 0, walk.neighbours + start, -1)
    return np.asarray(units.max(axis=(3, 4)).reshape(len(units), -1))


def group_tiles(program: Program, nest: Nest) -> int:
    """Cycles from one group of a nest to the next."""
    return nest.tiles if nest is program.cell else head_group_cycles(program)


def _launch(program: Program, unit: int, ready: int) -> int:
    """The cycle of a step in which the tail takes a unit."""
    group, within = divmod(unit, program.units)
    return (group + 1) * program.cell.tiles - 1 + ready + within


def predict_cycles(
    timing: Timing, features: int, rows: int, outputs: int, lengths: Iterable[int]
) -> int:
    """The cycle in which the last output beat leaves, without stalls on either stream.

    `lengths` are the steps of each sequence, sent back to back; one beat an element.
    """
    clock = _Clock(timing, features)
    finished = 0
    for length in lengths:
        for step in range(length):
            clock.step(last=step == length - 1)
        finished = clock.head(rows, outputs)
    return finished


class _Clock:
    """The controller's decisions, event by event."""

    def __init__(self, timing: Timing, features: int) -> None:
        self.timing, self.features = timing, features
        self.free = 1  # the first cycle in which the controller may decide
        self.filled = 1  # the first cycle after the last accepted step
        self.releases = [1, 1]  # when the buffers of the two steps before can be filled again
        self.output_free = 1

    def step(self, last: bool) -> None:
        self.filled = max(self.filled, self.releases[0]) + self.features
        start = max(self.free, self.filled) + 1
        self.releases = [self.releases[1], start + self.timing.step_tiles]
        gap = self.timing.head_gap if last else self.timing.step_interval
        self.free = start + gap - 1

    def head(self, rows: int, outputs: int) -> int:
        start = max(self.free, self.output_free) + 1
        self.free = start + self.timing.head_interval - 1
        group, row = divmod(outputs - 1, rows)
        held = start + (group + 1) * self.timing.head_group - 1 + self.timing.sums_ready
        leaves = held + row + 2
        self.output_free = leaves + 1
        return leaves
