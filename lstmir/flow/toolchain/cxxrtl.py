"""CXXRTL: Yosys writes a design as C++, from which a second, independent simulator is built."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lstmir.flow.toolchain import gxx, yosys, yosys_check
from lstmir.flow.toolchain.tool import Tool, ToolError, ToolMissing

_RUNTIME = Path("share", "include", "backends", "cxxrtl", "runtime")

# NDEBUG: reads beyond a memory's last word give anything in Verilog, and must not stop the simulation.
_PROGRAM = """\
#define NDEBUG
#define TOP {model}
#include "design.cc"
#include "{testbench}"
"""


def find() -> Tool:
    """The headers of CXXRTL in this environment's Yosys, or `ToolMissing`."""
    tool = yosys.find()
    runtime = tool.path / _RUNTIME
    if not (runtime / "cxxrtl" / "cxxrtl.h").is_file():
        raise ToolMissing(f"pyosys {tool.version} has no cxxrtl.h", "pip install --upgrade pyosys")
    return Tool("cxxrtl", tool.version, runtime)


def lint(files: Sequence[Path], top: str) -> tuple[str, ...]:
    """Every warning and error of Yosys on the design, as `yosys_check.check` tells them."""
    return yosys_check.check(files, top)


def build(
    files: Sequence[Path], top: str, testbench_cpp: Path, build_dir: Path, opt: str = "-O2"
) -> Path:
    """Translate `files`, compile them with the test bench, and return the simulator.

    Memory images are read here, from the folder of the first file; the simulator needs none. Raises
    `ToolMissing` without pyosys or a compiler, and `ToolError` if the build fails.
    """
    gxx.find()
    runtime = find().path
    build_dir.mkdir(parents=True, exist_ok=True)
    design, program = build_dir / "design.cc", build_dir / "program.cpp"
    done = yosys_check.elaborate(files, top, [f'write_cxxrtl -g0 "{design.resolve()}"'])
    if done.status:
        raise ToolError("pyosys", "cannot write C++", done.stderr or done.stdout)
    program.write_text(
        _PROGRAM.format(model=f"p_{top.replace('_', '__')}", testbench=testbench_cpp.resolve())
    )
    return gxx.compile_cpp([program], [runtime], build_dir / "simulator", opt=opt)
