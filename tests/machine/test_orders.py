"""Groups that are cut: what is run when, and that the sums of every part go on where they were left."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from lstmir.passes.machine.nest import Nest
from lstmir.passes.machine.orders import Order, candidates, positions, segments
from lstmir.passes.machine.reading import read_program
from lstmir.passes.schedule import Schedule
from tests.machine.machines import Machine, random_machine
from tests.machine.test_machine import STEPS, is_right_and_on_time, survives_stalls
from tests.passes.levels import apply

CUT: dict[int, tuple[int, int, int, int, tuple[int, int], bool]] = {
    5: (32, 3, 10, 3, (2, 3), False),
    10: (48, 1, 10, 2, (1, 2), True),
    37: (12, 5, 12, 3, (2, 6), False),
    38: (48, 4, 12, 2, (1, 3), False),
}
"""Machines, by their seeds: multipliers, inputs and units; groups ahead, where they are cut, and whether
vectors forward words."""

WHOLE = {7: (48, 2, 6), 34: (100, 3, 10)}
"""Machines that cut nothing, and read words in the cycle in which they are stored."""


def machine(seed: int) -> Machine:
    macs, features, hidden, *_ = (CUT | WHOLE)[seed]
    made = random_machine(seed)
    return replace(made, macs=macs, network=replace(made.network, features=features, hidden=hidden))


def nests(made: Machine) -> tuple[Nest, ...]:
    tiled = apply(made.recipe.fixed_point(made.network), f"tile{{macs={made.macs}}},block-layout")
    return read_program(Schedule(), tiled).nests


def walked(nest: Nest, order: Order) -> np.ndarray:
    """The cycle of each tile [groups, tiles], run by run."""
    found, cycle, whole = np.full((nest.groups, nest.tiles), -1), count(), 0
    for segment in segments(nest, order):
        is_part = segment.resumes or not segment.finishes
        for run in range(segment.repeats):
            group = run if is_part else whole
            for tile in range(segment.first, segment.first + segment.tiles):
                found[group, tile] = next(cycle)
            whole += segment.finishes
    return found


@pytest.mark.parametrize("seed", CUT)
def test_runs_come_in_the_cycles_that_are_counted_on(seed: int) -> None:
    for nest in nests(machine(seed)):
        orders = list(candidates(nest, 1))
        assert any(len(order.cuts) == 2 for order in orders)
        for order in orders:
            assert (walked(nest, order) == positions(nest, order)).all()


@pytest.mark.parametrize("seed", CUT)
def test_sums_go_on_where_they_were_left(seed: int) -> None:
    *_, ahead, cuts, is_forwarding = CUT[seed]
    made = machine(seed)
    loops = [op for op in made.level_4.walk() if "cuts" in op.attributes]
    assert [(op.attributes["ahead"], op.attributes["cuts"]) for op in loops] == [(ahead, cuts)]
    assert made.level_4.attributes["timing"].get("forwarding", False) is is_forwarding
    is_right_and_on_time(made, [*STEPS], seed)
    survives_stalls(made, [2, 1], seed)


@pytest.mark.parametrize("seed", WHOLE)
def test_words_are_read_in_the_cycle_in_which_they_are_stored(seed: int) -> None:
    made = machine(seed)
    assert made.level_4.attributes["timing"]["forwarding"]
    is_right_and_on_time(made, [*STEPS], seed)
    survives_stalls(made, [2, 1], seed)
