"""The C++ compiler: $CXX, else g++."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from lstmir.flow.toolchain.process import run
from lstmir.flow.toolchain.tool import Tool, ToolMissing

HINT = "install g++ (Debian: apt-get install g++), or set CXX"


def find() -> Tool:
    """The compiler, or `ToolMissing`."""
    program = command()[0]
    path = shutil.which(program)
    if path is None:
        raise ToolMissing(f"no C++ compiler: {program} is not on PATH", HINT)
    banner = run(program, [*command(), "--version"], seconds=30).stdout
    version = re.search(r"\d+\.\d+(\.\d+)?", banner)
    return Tool(Path(program).name, version[0] if version else "unknown", Path(path))


def command() -> list[str]:
    """How the compiler is called. CXX may hold several words, as in `ccache g++`."""
    return shlex.split(os.environ.get("CXX", "")) or ["g++"]


def compile_cpp(
    sources: Sequence[Path],
    include_dirs: Sequence[Path],
    output: Path,
    std: str = "c++17",
    opt: str = "-O2",
) -> Path:
    """Compile and link `sources` into the program `output`, and return it.

    Raises `ToolMissing` without a compiler, and `ToolError` with the first errors the compiler names.
    """
    compiler = find()
    flags = [f"-std={std}", opt, "-fmax-errors=3", *(f"-I{folder}" for folder in include_dirs)]
    run(compiler.name, [*command(), *flags, *sources, "-o", output])
    return output
