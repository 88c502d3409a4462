"""Forms of real functions in the machine: the bits of level 3, in the predicted cycles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.flow.toolchain.simulate import Traffic
from tests.backends.verilog.simulators import BOTH
from tests.machine.forms import OPTIONS, formed
from tests.machine.machines import Machine, machines, random_machine
from tests.machine.simulators import build
from tests.machine.test_machine import is_right_and_on_time
from tests.machine.test_verilog import is_right_and_on_time as verilog_is_right_and_on_time
from tests.machine.test_verilog import survives_stalls
from tests.passes.levels import FEW, apply


@settings(FEW, max_examples=16)
@given(machines(), st.sampled_from(OPTIONS), st.integers(0, 99))
def test_bits_and_cycles(machine: Machine, options: str, seed: int) -> None:
    is_right_and_on_time(formed(machine, options), [2, 1, 3], seed)


@pytest.mark.parametrize("options", OPTIONS)
def test_every_form_is_among_them(options: str) -> None:
    module = formed(random_machine(0), options).level_3
    operations = {op.name for op in module.walk()}
    assert ("arith.compare" in operations) == ("fold" in options)
    assert (any("bound" in op.attributes for op in module.walk())) == ("max-error" in options)


def test_a_bound_says_nothing_of_wires() -> None:
    machine = formed(random_machine(0), "max-error=1")
    assert not any("bound" in op.attributes for op in machine.level_5.walk())


def test_a_bound_stays_on_a_look_up_of_the_tail() -> None:
    """Two bits have no room for lines: what is allowed an error is a smaller table."""
    machine = formed(random_machine(0), "max-error=64")
    machine = replace(machine, recipe=replace(machine.recipe, operands=2))
    tiled = apply(machine.level_3, f"tile{{macs={machine.macs}}}")
    lookups = [op for op in tiled.walk() if op.name == "fx.lookup"]
    assert any("bound" in op.attributes for op in lookups)


@BOTH
def test_verilog(tmp_path: Path) -> None:
    chosen = [formed(random_machine(seed), options) for seed, options in enumerate(OPTIONS)]
    simulators = build(chosen, tmp_path)
    for number, machine in enumerate(chosen):
        verilog_is_right_and_on_time(simulators, number, machine)
        survives_stalls(simulators, number, machine, Traffic(5, 50, pace_cycles=60))
