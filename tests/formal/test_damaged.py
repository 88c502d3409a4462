"""A proof notices what is wrong: each kind of damage to a printed design is found, and found there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module
from tests.formal.netlist import Unsupported
from tests.formal.pairs import Files, pair

pytestmark = pytest.mark.needs("pyosys")

DESIGN = Path(__file__).parents[1] / "backends" / "verilog" / "accumulate.lstmir"
DAMAGES = {
    "a tie is rounded up": (r" \|\| \w+\[8:0\] != 9'd0", "", {"m_axis_tdata"}),
    "ends of the range": (r"y_rounded\[9:7\] == \{3\{", "y_rounded[9:8] == {2{", {"m_axis_tdata"}),
    "a sign": (r"\{\{5\{product\[15\]\}\}, product\}", "{5'd0, product}", {"array.total"}),
    "a factor's sign": (r"reg\s+signed \[7:0\] x;", "reg [7:0] x;", {"array.product"}),
    "another state": (r"adding = state == 2'd2", "adding = state == 2'd1", {"array.total"}),
    "a condition": (r"if \(give\) index", "if (full) index", {"controller.index"}),
    "a count": (r"index \+ 7'd1", "index + 7'd2", {"controller.index"}),
    "an operator": (r"idle && s_axis_tvalid", "idle || s_axis_tvalid",
                    {"array.x", "controller.last", "controller.state"}),
    "a reset": (r"index <= 7'd0;\n", "\n", {"controller.index"}),
    "an address": (r"weights\[\w+\]", "weights[controller_index ^ 7'd1]", {"array.weight"}),
    "a port": (r"\.controller_give\(controller_give\)", ".controller_give(controller_take)", {"array.total"}),
}  # fmt: skip


def design() -> Module:
    return parse_module(DESIGN.read_text())


def damaged(files: Files, pattern: str, replacement: str) -> Files:
    """The files with one place changed; that there is just one is part of the test."""
    assert sum(len(re.findall(pattern, text)) for text in files.values()) == 1
    return {name: re.sub(pattern, replacement, text) for name, text in files.items()}


def test_without_damage(tmp_path: Path) -> None:
    assert pair(design(), tmp_path).failures() == []


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage(kind: str, tmp_path: Path) -> None:
    pattern, replacement, places = DAMAGES[kind]
    both = pair(design(), tmp_path, lambda files: damaged(files, pattern, replacement))
    failures = both.failures()
    assert {failure.name for failure in failures} == places
    assert all(failure.case.startswith("sat: [") for failure in failures)


def test_a_word_of_a_memory(tmp_path: Path) -> None:
    both = pair(design(), tmp_path, lambda files: damaged(files, r"\Af?83\n", "84\n"))
    with pytest.raises(AssertionError, match=r"array\.weights starts with other words"):
        both.failures()


def test_the_other_edge_of_the_clock(tmp_path: Path) -> None:
    pattern, replacement = r"posedge clk(?=\) begin\n    if \(take\))", "negedge clk"
    with pytest.raises(Unsupported, match="has a clock of its own"):
        pair(design(), tmp_path, lambda files: damaged(files, pattern, replacement))


def test_a_state_too_many(tmp_path: Path) -> None:
    """A register that the definition lacks, between a memory and its reader."""
    pattern, replacement = r"weight <= (weights\[\w+\]);", r"late <= \1; weight <= late;"

    def damage(files: Files) -> Files:
        files = damaged(files, pattern, replacement)
        return damaged(files, r"(  reg  signed \[7:0\] weight;)", r"  reg [7:0] late;\n\1")

    with pytest.raises(Unsupported, match=r"a register that is not listed: array\.late"):
        pair(design(), tmp_path, damage)
