"""What streams promise, proven by induction of machines: in every state that a reset can lead to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import z3
from _pytest.mark import ParameterSet

from lstmir.ir.module import Module
from tests.formal import level5
from tests.formal.induction import (
    Clock,
    cone,
    holds_always,
    impossible,
    invariants,
    memories_in,
)
from tests.formal.machine import RESET, Machine, holds
from tests.formal.names import printed_names
from tests.formal.pairs import part
from tests.formal.test_designs import vowels
from tests.machine.machines import random_machine

VALID, BEAT = "m_axis_tvalid", ("m_axis_tdata", "m_axis_tlast", "m_axis_tuser")


def _random(seed: int) -> Module:
    return random_machine(seed).level_5


def _of_seeds(*seeds: int, soak: bool = False) -> list[ParameterSet]:
    marks = [pytest.mark.soak] if soak else []
    return [pytest.param(partial(_random, n), id=f"random_{n}", marks=marks) for n in seeds]


STORING_ONE = [
    pytest.param(vowels, id="vowels"),
    *_of_seeds(0, 2, 3, 4),
    *_of_seeds(*range(5, 10), 11, 12, 15, 16, 18, soak=True),
]
"""Machines whose results come one at a time."""
STORING_SEVERAL = [*_of_seeds(1), *_of_seeds(10, 13, 14, 17, 19, soak=True)]
each_machine = pytest.mark.parametrize("make", [*STORING_ONE, *STORING_SEVERAL])


def read(module: Module) -> tuple[Machine, list[level5.Write]]:
    """A machine as its definition has it (the printed one is proven equal to that), and its writes."""
    names = printed_names(module)
    return level5.meaning(module, names), level5.writes(module, names)


@pytest.mark.parametrize("make", STORING_ONE)
def test_a_beat_stays_until_it_is_taken(make: Callable[[], Module]) -> None:
    """As long as a word that is stored finds room: that the schedule must see to.

    Where several words are stored at once, simple relations of registers do not prove it.
    """
    machine, writes = read(make())
    outputs, clock = machine.outputs, Clock(machine)
    (stored,) = cone(machine, [outputs[VALID]], 0)
    buffers = memories_in(machine, outputs["m_axis_tdata"])
    pushes = [write for write in writes if write.memory in buffers]
    room = [z3.Or(p.enable == 0, z3.ULT(machine.registers[stored], p.words)) for p in pushes]
    looked_at = [*(outputs[name] for name in (VALID, *BEAT)), *(p.address for p in pushes)]
    helpers = invariants(machine, cone(machine, looked_at, 0), room)
    waits = z3.And(holds(outputs[VALID]), machine.inputs["m_axis_tready"] == 0)
    stays = [clock.with_reset(outputs[name], 0) == outputs[name] for name in (VALID, *BEAT)]
    assert len(pushes) == 1 and not impossible(waits, *room, *helpers)
    assert impossible(machine.inputs[RESET] == 0, waits, z3.Not(z3.And(stays)), *room, *helpers)


@each_machine
def test_no_beat_waits_after_a_reset(make: Callable[[], Module]) -> None:
    machine, _ = read(make())
    assert impossible(holds(Clock(machine).with_reset(machine.outputs[VALID], 1)))


@each_machine
def test_nothing_is_written_outside_of_its_memory(make: Callable[[], Module]) -> None:
    machine, writes = read(make())
    for write in writes:
        if write.words < 1 << write.address.size():
            helpers = invariants(machine, cone(machine, [write.address, write.enable], 0))
            outside = z3.UGE(write.address, write.words)
            assert impossible(holds(write.enable), outside, *helpers), write.memory


COUNTER = """
    %n = rtl.reg {init = 0} : !fx.u<4,0>
    %top = rtl.literal {integer = 9} : !fx.u<4,0>
    %zero = rtl.literal {integer = 0} : !fx.u<4,0>
    %one = rtl.literal {integer = 1} : !fx.u<1,0>
    %ends = arith.compare %n, %top {predicate = "eq"} : (!fx.u<4,0>, !fx.u<4,0>) -> i1
    %sum = arith.add %n, %one : (!fx.u<4,0>, !fx.u<1,0>) -> !fx.u<5,0>
    %low = fx.requantize %sum {rounding = "floor", overflow = "wrap"} : (!fx.u<5,0>) -> !fx.u<4,0>
    %next = arith.select %ends, %zero, %low : (i1, !fx.u<4,0>, !fx.u<4,0>) -> !fx.u<4,0>
    rtl.next output (%n) update (%n = %next) : (!fx.u<4,0>, !fx.u<4,0>, !fx.u<4,0>) -> ()
"""


def test_induction_proves_what_holds_and_nothing_else() -> None:
    module = part(COUNTER, parameters="%x: i1")
    machine = level5.meaning(module, printed_names(module))
    (n,) = machine.registers.values()
    found = invariants(machine, list(machine.registers))
    assert any(z3.eq(claim, z3.ULE(n, 9)) for claim in found)
    assert holds_always(machine, z3.ULE(n, 9), [])
    assert not holds_always(machine, z3.ULE(n, 8), found)
    assert not holds_always(machine, n != 5, found)
    # True of every reachable state, but not kept by a clock alone.
    assert not holds_always(machine, n != 12, [])
    assert holds_always(machine, n != 12, found)
