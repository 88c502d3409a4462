"""Printed designs in real tools: they lint clean, synthesize, and do what the interpreter does."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from lstmir.backends.verilog.printer import print_design
from lstmir.flow.toolchain import yosys
from lstmir.flow.toolchain.simulate import Traffic, simulate
from lstmir.interpreter.rtl import Clocked
from lstmir.interpreter.streams import format_beats
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module
from tests.backends.verilog.batch import Batch, Cycle, Integers
from tests.backends.verilog.requantizations import requantizations
from tests.backends.verilog.simulators import BOTH, EACH, TOOLS, build, problems
from tests.strategies.rtl import random_design, stimuli

HERE = Path(__file__).parent


def check(modules: list[Module], cycles: int, folder: Path, seed: int) -> None:
    """All designs in both simulators, with random inputs and resets, against the interpreter."""
    batch, random = Batch(modules, folder), Random(seed)
    assert batch.lint() == ()
    runs = [
        [Cycle(inputs, random.random() < 0.05) for inputs in stimuli(module, cycles, random)]
        for module in modules
    ]
    expected = [interpreted(module, given) for module, given in zip(modules, runs, strict=True)]
    for tool in TOOLS:
        for module, right, found in zip(modules, expected, batch.run(tool, runs), strict=True):
            assert found == right, (tool, module.name)
            assert len(found) == cycles


def interpreted(module: Module, given: list[Cycle]) -> list[Integers]:
    """The outputs of each cycle, after a start without a reset."""
    clocked = Clocked(module)
    clocked.power_up()
    return [clocked.step(cycle.inputs, cycle.reset) for cycle in given]


@BOTH
def test_random_designs(tmp_path: Path) -> None:
    modules = [random_design(Random(seed), f"design_{seed}", 5 + seed) for seed in range(30)]
    modules += requantizations(width=5)
    check(modules, 300, tmp_path, seed=0)


@pytest.mark.soak
@BOTH
@pytest.mark.parametrize("seed", range(1, 40))
def test_many_random_designs(seed: int, tmp_path: Path) -> None:
    seeds = range(1000 * seed, 1000 * seed + 60)
    modules = [random_design(Random(each), f"design_{each}", each % 100) for each in seeds]
    check(modules, 1000, tmp_path, seed)


@pytest.fixture(scope="module")
def accumulate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the design that the printer's own test shows."""
    folder = tmp_path_factory.mktemp("accumulate")
    for name, text in print_design(parse_module((HERE / "accumulate.lstmir").read_text())).items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.needs("verilator", "pyosys")
def test_a_design_lints_clean(accumulate: Path) -> None:
    assert problems(sorted(accumulate.glob("*.v")), "accumulate") == ()


@pytest.mark.parametrize("tool", EACH)
def test_a_design_takes_the_cycles_that_the_interpreter_counts(tool: str, accumulate: Path) -> None:
    beats = [(37 * index & 0xFF, index % 5 == 4) for index in range(200)]
    clocked = Clocked(parse_module((HERE / "accumulate.lstmir").read_text()))
    result = clocked.run_streams(beats, len(beats))
    inputs, outputs = accumulate / "inputs.txt", accumulate / "outputs.txt"
    inputs.write_text(format_beats(beats))
    outputs.write_text(format_beats(result.beats_out))
    executable = build(tool, sorted(accumulate.glob("*.v")), "accumulate", accumulate)
    steady = simulate(executable, inputs, outputs, folder=accumulate)
    assert steady.passed
    assert steady.cycles_total == result.cycles_total == 800
    assert steady.packet_cycles == result.packet_cycles[:8]
    assert steady.beats_in == result.beats_in
    for percent in (10, 60):
        traffic = Traffic(percent, percent)
        assert simulate(executable, inputs, outputs, traffic, folder=accumulate).passed


@pytest.mark.needs("pyosys")
@pytest.mark.parametrize("family", ["ecp5", "xc7"])
def test_memories_and_multipliers_are_recognised(accumulate: Path, family: str) -> None:
    resources = yosys.synthesize(sorted(accumulate.glob("*.v")), "accumulate", family)
    assert (resources.bram, resources.dsp) == (1, 1)
    assert resources.ff < 70


WRITTEN = """\
module @written {
  func @written(%at: !fx.u<2,0>, %x: !fx.s<8,0>, %go: i1) -> !fx.s<8,0> attributes {outputs = ["y"]} {
    %places = tensor.constant @places : tensor<4x!fx.u<2,0>>
    %half = rtl.reg {init = 0} : !fx.u<1,0>
    %one = rtl.literal {integer = 1} : !fx.u<1,0>
    %flip = arith.add %half, %one : (!fx.u<1,0>, !fx.u<1,0>) -> !fx.u<2,0>
    %next = fx.requantize %flip {rounding = "floor", overflow = "wrap"} : (!fx.u<2,0>) -> !fx.u<1,0>
    %words = rtl.ram : tensor<8x!fx.s<8,0>>
    %0 = rtl.read %places, %at : (tensor<4x!fx.u<2,0>>, !fx.u<2,0>) -> !fx.u<2,0>
    %1 = rtl.concat %half, %0 : (!fx.u<1,0>, !fx.u<2,0>) -> !fx.u<3,0>
    %after = rtl.write %words, %1, %x, %go : (tensor<8x!fx.s<8,0>>, !fx.u<3,0>, !fx.s<8,0>, i1) -> tensor<8x!fx.s<8,0>>
    %wide = rtl.concat %half, %at : (!fx.u<1,0>, !fx.u<2,0>) -> !fx.u<3,0>
    %y = rtl.read %words, %wide : (tensor<8x!fx.s<8,0>>, !fx.u<3,0>) -> !fx.s<8,0>
    rtl.next output (%y) update (%half = %next, %words = %after) : (!fx.s<8,0>, !fx.u<1,0>, !fx.u<1,0>, tensor<8x!fx.s<8,0>>, tensor<8x!fx.s<8,0>>) -> ()
  }
}
{-# resources: { places: "0x03010200" } #-}
"""  # noqa: E501


@BOTH
def test_a_memory_says_where_another_is_written(tmp_path: Path) -> None:
    for name, text in print_design(parse_module(WRITTEN)).items():
        (tmp_path / name).write_text(text)
    assert problems(sorted(tmp_path.glob("*.v")), "written") == ()
    check([parse_module(WRITTEN)], 200, tmp_path, seed=1)
