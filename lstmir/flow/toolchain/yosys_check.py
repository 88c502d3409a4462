"""What Yosys finds wrong with a design before it synthesizes anything: a second opinion on its text."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from lstmir.flow.toolchain import yosys, yosys_worker
from lstmir.flow.toolchain.process import Finished, run
from lstmir.flow.toolchain.tool import ToolError

MEMORY_GIB = "8"
_PROBLEM = re.compile(r"(^|: )(Warning|ERROR):")
# `check -assert` counts the warnings that stand before it.
_COUNTED = re.compile(r"^ERROR: Found \d+ problems in 'check -assert'\.$")


def check(files: Sequence[Path], top: str) -> tuple[str, ...]:
    """Every warning and error of Yosys on the design of `files`, one a message; empty when clean.

    Ports that do not fit, signals without a driver or with several, loops of logic, modules that are
    missing. Memory images are looked up in the folder of the first file. Raises `ToolMissing` without
    pyosys, and `ToolError` where it fails without naming a problem.
    """
    done = elaborate(files, top, ("proc", "check -assert"))
    messages = _messages(done.stdout) + _messages(done.stderr)
    if done.status and not messages:
        raise ToolError("pyosys", f"exit status {done.status}", done.stderr or done.stdout)
    return tuple(messages)


def elaborate(files: Sequence[Path], top: str, passes: Sequence[str]) -> Finished:
    """Read a design, join its modules, and run passes on it; ends with status 0 or 1."""
    tool = yosys.find()
    sources = [file.resolve() for file in files if file.suffix == ".v"]
    commands = [*(f'read_verilog "{source}"' for source in sources), f"hierarchy -check -top {top}"]
    # -P: the folder of the design must not be searched for Python modules.
    worker = [sys.executable, "-P", yosys_worker.__file__, MEMORY_GIB]
    folder = files[0].resolve().parent
    return run(tool.name, [*worker, *commands, *passes], folder=folder, expected=(0, 1))


def _messages(output: str) -> list[str]:
    """Each problem with the indented lines that explain it."""
    found: list[str] = []
    explains = False
    for line in output.splitlines():
        if _PROBLEM.search(line):
            explains = not _COUNTED.match(line)
            found += [line] * explains
        elif explains and line.startswith("  "):
            found[-1] += f"\n{line}"
        else:
            explains = False
    return found
