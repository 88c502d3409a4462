"""Yosys as pip installs it (pyosys): synthesize a design and count what it needs of an FPGA.

It runs in a process of its own, with a limit on its memory and its time: some designs make synthesis
take tens of gigabytes, and a crash of the native library must not become ours.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lstmir.flow.toolchain import wheels, yosys_worker
from lstmir.flow.toolchain.cells import FAMILIES, Family
from lstmir.flow.toolchain.process import run
from lstmir.flow.toolchain.tool import Tool, ToolMissing


@dataclass(frozen=True)
class Resources:
    """What a design takes of a part, in the units that `cells.FAMILIES` defines; `cells` is the raw count."""

    lut: int
    ff: int
    dsp: int
    bram: int
    cells: dict[str, int]


def find() -> Tool:
    """The Yosys of this environment, or `ToolMissing`."""
    folder = wheels.folder_of("pyosys")
    if folder is None:
        raise ToolMissing("pyosys is not installed", "pip install pyosys")
    return Tool("pyosys", wheels.version_of("pyosys"), folder)


def synthesize(
    files: Sequence[Path],
    top: str,
    family: str,
    *,
    netlist: Path | None = None,
    memory_gib: float = 8,
    seconds: float = 900,
) -> Resources:
    """Synthesize `top` for a family of `cells.FAMILIES`; with `netlist`, write the JSON for place and route.

    Memory images are looked up as the design names them, relative to the folder of the first file.
    Raises `KeyError` for an unknown family, `ToolMissing` without pyosys, and `ToolError` if synthesis
    fails or needs more than `memory_gib` or `seconds`.
    """
    counting = FAMILIES[family]
    folder = files[0].resolve().parent
    with tempfile.TemporaryDirectory() as scratch:
        statistics = Path(scratch, "stat.json")
        passes = [
            *(f"read_verilog {_quoted(file, folder)}" for file in files),
            *_before(counting, top),
            f"{counting.synth} -top {top}",
        ]
        if netlist is not None:
            passes.append(f"write_json {_quoted(netlist)}")
        passes.append(f"tee -q -o {_quoted(statistics)} stat -json")
        _run(passes, folder, memory_gib, seconds)
        cells: dict[str, int] = json.loads(statistics.read_text())["design"]["num_cells_by_type"]
    return Resources(**counting.count(cells), cells=dict(sorted(cells.items())))


def ports(files: Sequence[Path], top: str) -> dict[str, tuple[str, int]]:
    """Direction (`input`, `output`) and width of each port of `top`, in order. Raises as `synthesize`."""
    folder = files[0].resolve().parent
    with tempfile.TemporaryDirectory() as scratch:
        outline = Path(scratch, "ports.json")
        # -lib: a module's ports, and nothing of what is inside.
        passes = [f"read_verilog -lib {_quoted(file, folder)}" for file in files]
        _run([*passes, f"write_json {_quoted(outline)}"], folder, 8, 300)
        found = json.loads(outline.read_text())["modules"][top]["ports"]
    return {name: (port["direction"], len(port["bits"])) for name, port in found.items()}


def _before(family: Family, top: str) -> list[str]:
    """What a family wants done to the flattened design, if anything."""
    if not family.before:
        return []
    return [f"hierarchy -top {top}", "proc", "flatten", "opt_clean", *family.before]


def _run(passes: Sequence[str], folder: Path, memory_gib: float, seconds: float) -> None:
    # -P: the folder of the design must not be searched for Python modules.
    command = [sys.executable, "-P", yosys_worker.__file__, str(memory_gib), *passes]
    run(find().name, command, folder=folder, seconds=seconds)


def _quoted(path: Path, folder: Path | None = None) -> str:
    """A path as a Yosys script has it; inside `folder` it tells nothing of this machine."""
    whole = path.resolve()
    if folder is not None and whole.is_relative_to(folder):
        return f'"{whole.relative_to(folder)}"'
    return f'"{whole}"'
