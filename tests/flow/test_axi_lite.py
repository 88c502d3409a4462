"""Designs with registers that nobody asks: the streams are verified as ever, in the predicted cycles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lstmir.flow.benches import Bench
from lstmir.flow.folder import read_summary
from lstmir.flow.simulations import SIMULATORS, check_verilog
from lstmir.flow.verify import last_stages, read_golden
from lstmir.tools.lstmir import main

BOTH = pytest.mark.needs("g++", "verilator", "pyosys")


@pytest.fixture
def folder(tiny: Path, without_tools: None) -> Path:
    options = ["--recipe", "bank50", "--macs", "4", "--no-synthesis", "--axi-lite"]
    words = [str(tiny / "tiny.json"), "--data", str(tiny / "tiny.npz"), *options]
    assert main(["compile", *words, "-o", "out"]) == 0
    return Path("out")


@BOTH
@pytest.mark.parametrize("tool", SIMULATORS)
def test_the_verilog(folder: Path, tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX")
    golden = read_golden(folder, last_stages(folder)[5])
    cycles = read_summary(folder)["schedule"]["cycles_total_predicted"]
    steady, stressed = check_verilog(tool, Bench(folder, Path("build"), "tiny", golden, cycles, 0))
    assert (steady.status, stressed.status) == ("passed", "passed"), (steady, stressed)
    assert steady.cycles_total_simulated == cycles
    assert "s_axi_awvalid" in (folder / "verilog" / "tiny.v").read_text()


def test_the_interpreter(folder: Path) -> None:
    level_5 = read_summary(folder)["verification"]
    (check,) = [check for check in level_5 if check["against"] == "level-5"]
    assert check["status"] == "passed"
    assert json.loads((folder / "driver" / "design.json").read_text())["registers"] is not None


def test_without_the_option_there_are_no_registers(out: Path) -> None:
    assert "s_axi_" not in (out / "verilog" / "tiny.v").read_text()
