"""Whole printed designs are their definition: every register, memory and output, in every state."""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import pytest
import z3

from lstmir import dialects
from lstmir.dialects.arith import PREDICATES
from lstmir.flow.models import load_model
from lstmir.flow.recipes import FRONT, RECIPES
from lstmir.interpreter.rtl import Clocked
from lstmir.ir.builder import Builder
from lstmir.ir.module import Function, Module
from lstmir.ir.region import Region
from lstmir.ir.types import I1
from lstmir.numeric.fixed import FixedType
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.formal import level5
from tests.formal.equivalence import obligations
from tests.formal.names import printed_names
from tests.formal.pairs import pair
from tests.formal.running import Integers, run
from tests.machine.machines import random_machine
from tests.passes.levels import apply
from tests.strategies.rtl import random_design, stimuli

pytestmark = pytest.mark.needs("pyosys")

SIZES = ((1, 0), (4, 0), (4, 2), (5, -1), (7, 2))
"""Widths and fraction bits."""
VOWELS = Path(__file__).parents[2] / "examples" / "vowels"
BACK = "tile{macs=16},block-layout,schedule,lower-to-rtl"


@cache
def vowels_text() -> str:
    """A real network at level 3: vowels_h32, 8 bits."""
    with np.load(VOWELS / "vowels.npz") as archive:
        data = archive["x_train"][:40]
    module = load_model(str(VOWELS / "vowels_h32.onnx"))
    return print_module(apply(module, f"{FRONT},{RECIPES['dense8'].pipeline({})}", data))


@cache
def vowels() -> Module:
    """Its machine, with 16 multipliers."""
    return apply(parse_module(vowels_text()), BACK)


def test_the_machine_of_a_real_network(tmp_path: Path) -> None:
    both = pair(vowels(), tmp_path)
    assert both.failures() == []
    proven = {each.name for each in obligations(both.defined, both.printed)}
    assert proven == {*both.defined.registers, *both.defined.memories, *both.defined.outputs}
    assert {"m_axis_tdata", "m_axis_tvalid", "s_axis_tready"} < proven


@pytest.mark.parametrize("seed", range(3))
def test_machines_of_random_networks(seed: int, tmp_path: Path) -> None:
    assert pair(random_machine(seed).level_5, tmp_path).failures() == []


@pytest.mark.parametrize("seed", range(16))
def test_random_designs(seed: int, tmp_path: Path) -> None:
    assert pair(random_design(Random(seed), "design", 60), tmp_path).failures() == []


def test_every_operation_on_every_kind_of_operand(tmp_path: Path) -> None:
    """Signed or not, with more or fewer bits in front of the point or behind it."""
    dialects.load()
    formats = [FixedType(signed, *size) for signed in (False, True) for size in SIZES]
    region = Region([I1, *formats], ["c", *(f"x{n}" for n in range(len(formats)))])
    module = Module("part", functions={"part": Function("part", region)})
    build, (condition, *numbers) = Builder(module, region), region.arguments
    made = [build.value("arith.neg", number) for number in numbers]
    for pair_ in product(numbers, repeat=2):
        made += [build.value(f"arith.{name}", *pair_) for name in ("add", "sub", "mul")]
        made += [build.value("arith.compare", *pair_, predicate=each) for each in PREDICATES]
        made.append(build.value("arith.select", condition, *pair_))
    build.end("rtl.next", made, segments=(len(made), 0))
    module.main.attributes["outputs"] = tuple(f"y{n}" for n in range(len(made)))
    assert pair(module, tmp_path).failures() == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(16, 1000))
def test_many_designs(seed: int, tmp_path: Path) -> None:
    assert pair(random_design(Random(seed), "design", 120), tmp_path).failures(300) == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3, 40))
def test_machines_of_many_networks(seed: int, tmp_path: Path) -> None:
    assert pair(random_machine(seed).level_5, tmp_path).failures() == []


@pytest.mark.parametrize("seed", range(6))
def test_the_terms_mean_what_the_interpreter_computes(seed: int) -> None:
    """Written apart from each other, they must agree: else proofs are about something else."""
    random = Random(seed)
    module = random_design(random, "design", 40)
    names = printed_names(module)
    defined = level5.meaning(module, names)
    clocked, cycles = Clocked(module), stimuli(module, 8, random)
    clocked.power_up()
    expected = [wires(clocked.step(cycle), names.outputs, defined.outputs) for cycle in cycles]
    found = run(defined, [wires(cycle, names.inputs, defined.inputs) for cycle in cycles])
    assert found == expected


def wires(values: Integers, ports: dict[str, str], terms: dict[str, z3.BitVecRef]) -> Integers:
    """Integers of ports as natural numbers of their wires."""
    pairs = ((ports[name], integer) for name, integer in values.items())
    return {port: integer & (1 << terms[port].size()) - 1 for port, integer in pairs}
