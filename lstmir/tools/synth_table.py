"""What `lstmir synth` ends with. It fits into 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lstmir.flow import vivado
from lstmir.targets import PARTS
from lstmir.tools.table import energy_text, show_warnings

_COUNTS = ("lut", "ff", "dsp", "bram")


def show_synthesis(summary: dict[str, Any], folder: Path, console: Console) -> None:
    """What the design takes of its part, how fast it is, and what was written."""
    entries, part = summary["synthesis"], PARTS[summary["target"]]
    table = Table(box=None, pad_edge=False)
    for name in (part.name, "LUT", "FF", "DSP", "BRAM", "MHz"):
        table.add_column(name, justify="right" if name.isupper() or name == "MHz" else "left")
    for entry in entries:
        figures = [_shown(entry[kind]) for kind in (*_COUNTS, "fmax_mhz")]
        table.add_row(escape(f"{entry['tool']} {entry['version'] or ''}".strip()), *figures)
    table.add_row("of", *map(str, (part.luts, part.ffs, part.dsp, part.bram)), "")
    console.print(table)
    for entry in entries:
        for line in _remarks(entry):
            console.print(line, soft_wrap=True)
    console.print(f"energy: {energy_text(summary['energy'])}")
    show_warnings(summary["energy"], console)
    for line in _written(summary, folder):
        console.print(escape(line), soft_wrap=True)


def _shown(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:g}" if isinstance(figure, int) else f"{figure:.1f}"


def _remarks(entry: dict[str, Any]) -> Iterator[str]:
    if entry["status"] == "not_run":
        yield f"[yellow]{entry['tool']} not run:[/] {escape(entry['reason'])}"
    if entry["primitives"] and entry["tool"] == "pyosys":
        yield "with the part's own multipliers and memories: primitives/"
    timing = entry["place_and_route"]
    if timing is None:
        return
    if timing["top"].endswith("_bytes"):
        yield escape(f"placed: {timing['top']}, whose streams are bytes, as pins are few")
    path = timing["critical_path"]
    yield escape(f"critical path: {path['from']} to {path['to']}, {path['ns']:.2f} ns")
    runs = ", ".join(f"{run['seed']}: {run['fmax_mhz']:.1f}" for run in timing["runs"])
    yield f"MHz by seed: {runs}; taken: {timing['seed']}"
    if timing["seeds_failed"]:
        yield f"seeds that could not be routed: {', '.join(map(str, timing['seeds_failed']))}"


def _written(summary: dict[str, Any], folder: Path) -> Iterator[str]:
    """What is there to go on with, and how."""
    names = [name for name in summary["files"] if name.startswith("synth/")]
    yield f"written to {folder / 'synth'}: {', '.join(Path(name).name for name in names) or '-'}"
    core = next(name for name in summary["files"] if name.endswith(".core"))
    family = PARTS[summary["target"]].family
    if family == vivado.FAMILY:
        yield f"for Vivado: cd {folder / 'synth'} && {vivado.COMMAND}"
    elif family == "gowin":
        yield "only counted: Gowin's place and route wants pins; its own tool reads verilog/"
    yield f"for other flows: {folder / core} is a FuseSoC core"
