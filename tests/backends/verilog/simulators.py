"""The two simulators, and what they and Yosys say of a design's text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import lstmir.backends.verilog
from lstmir.flow.toolchain import cxxrtl, verilator

TEMPLATES = Path(lstmir.backends.verilog.__file__).with_name("templates")
Build = Callable[[Sequence[Path], str, Path, Path], Path]
TOOLS: dict[str, Build] = {"verilator": verilator.build, "cxxrtl": cxxrtl.build}
EACH = [
    pytest.param("verilator", marks=pytest.mark.needs("g++", "verilator")),
    pytest.param("cxxrtl", marks=pytest.mark.needs("g++", "pyosys")),
]
"""For tests that run in one simulator after the other."""
BOTH = pytest.mark.needs("g++", "verilator", "pyosys")


def build(tool: str, files: Sequence[Path], top: str, folder: Path) -> Path:
    """The simulator of a design with the streams of the test bench."""
    bench = TEMPLATES / f"testbench_{tool}.cpp"
    return TOOLS[tool](files, top, bench, folder / f"build_{tool}")


def problems(files: Sequence[Path], top: str) -> tuple[str, ...]:
    """What Verilator and Yosys find wrong with a design."""
    return verilator.lint(files, top) + cxxrtl.lint(files, top)
