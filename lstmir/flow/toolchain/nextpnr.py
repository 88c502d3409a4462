"""nextpnr as pip installs it (YoWASP): place and route a netlist, and pack a bitstream.

The programs are WebAssembly, which needs no more than 4 GiB whatever the design. They see the folder
they work in and little else: all names are relative to it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lstmir.flow.toolchain import nextpnr_worker, wheels
from lstmir.flow.toolchain.process import run
from lstmir.flow.toolchain.tool import Tool, ToolError, ToolMissing
from lstmir.targets import Part

CLOCK = "clk"
"""The one clock of a design."""
REPORT, NETLIST = "nextpnr.json", "netlist.json"


@dataclass(frozen=True)
class Packer:
    """How a family's placed design is called, and the program that makes a bitstream of it."""

    placed_flag: str
    placed: str
    program: str
    options: tuple[str, ...]
    suffix: str
    free_pins: str


PACKERS: Mapping[str, Packer] = {
    "ecp5": Packer(
        "--textcfg", "placed.config", "ecppack", ("--bit",), ".bit", "--lpf-allow-unconstrained"
    ),
    "ice40": Packer("--asc", "placed.asc", "icepack", (), ".bin", "--pcf-allow-unconstrained"),
}


@dataclass(frozen=True)
class CriticalPath:
    """The slowest way from register to register: the signals at its ends, and its delay."""

    start: str
    end: str
    ns: float

    def attribute(self) -> dict[str, Any]:
        """As an entry of the summary."""
        return {"from": self.start, "to": self.end, "ns": self.ns}


@dataclass(frozen=True)
class Routed:
    """A design on its part, as nextpnr reports it. `used` counts what it takes, by nextpnr's own names."""

    seed: int
    fmax_mhz: float
    critical_path: CriticalPath
    used: Mapping[str, int]


def find(part: Part) -> Tool:
    """The nextpnr for a part, or `ToolMissing`."""
    if part.family not in PACKERS:
        raise ToolMissing(
            f"there is no open place and route for {part.name} here",
            "use its vendor's tool",
        )
    name = f"nextpnr-{part.family}"
    folder = wheels.folder_of(_package(part))
    if folder is None:
        raise ToolMissing(f"yowasp-{name} is not installed", "pip install 'lstmir[synth]'")
    return Tool(name, wheels.version_of(f"yowasp-{name}"), folder)


def place_and_route(folder: Path, part: Part, seed: int, *, seconds: float = 1800) -> Routed:
    """Place and route `netlist.json` of a folder, pins where nextpnr likes them.

    Leaves the placed design for `pack`, and nextpnr's report, in the folder. The same netlist and seed
    give the same bits; a frequency to aim at would change nothing. Raises `ToolMissing`, and `ToolError`
    where nextpnr fails or takes longer than `seconds`.
    """
    tool, packer = find(part), PACKERS[part.family]
    options = [*part.nextpnr, "-q", packer.free_pins, "--timing-allow-fail", "--seed", str(seed)]
    files = ["--json", NETLIST, packer.placed_flag, packer.placed, "--report", REPORT]
    _run(part, tool.name, [*options, *files], folder, seconds)
    report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    return _routed(seed, report)


def pack(folder: Path, part: Part, name: str) -> Path:
    """Make a bitstream, `name` with the suffix of the family, of what `place_and_route` left there."""
    packer = PACKERS[part.family]
    bitstream = f"{name}{packer.suffix}"
    _run(part, packer.program, [packer.placed, *packer.options, bitstream], folder, 300)
    return folder / bitstream


def _package(part: Part) -> str:
    return f"yowasp_nextpnr_{part.family}"


def _run(part: Part, program: str, words: list[str], folder: Path, seconds: float) -> None:
    # -P: the folder of the design must not be searched for Python modules. TMPDIR: what the sandbox
    # leaves behind when it is interrupted vanishes with the folder.
    function = f"run_{program.replace('-', '_')}"
    command = [sys.executable, "-P", nextpnr_worker.__file__, _package(part), function, *words]
    environment = {"TMPDIR": str(folder.resolve())}
    run(program, command, folder=folder, environment=environment, seconds=seconds)


def _routed(seed: int, report: Mapping[str, Any]) -> Routed:
    clocks = [name for name in report["fmax"] if CLOCK in name.split("$")]
    if len(clocks) != 1:
        raise ToolError("nextpnr", f"reports no register that follows another on '{CLOCK}'")
    clock = clocks[0]
    edges = (f"posedge {clock}", f"posedge {clock}")
    path = next(p["path"] for p in report["critical_paths"] if (p["from"], p["to"]) == edges)
    used = {kind: n["used"] for kind, n in sorted(report["utilization"].items()) if n["used"]}
    critical = CriticalPath(
        signal_of(path[0]["from"]["cell"]),
        signal_of(path[-1]["to"]["cell"]),
        round(sum(step["delay"] for step in path), 2),
    )
    return Routed(seed, round(report["fmax"][clock]["achieved"], 2), critical, used)


# Yosys calls a cell by the nearest signal that has a name, then by what lies between; the cells of a
# memory are numbered.
_WAY = re.compile(r"(_(TRELLIS_FF|SB_[A-Z0-9]+|LUT4|MULT18X18D|CCU2C|PFUMX|L6MUX21|DP16KD)_|\$).*")
_NUMBERS = re.compile(r"(\.\d+)+(_RAM)?$")


def signal_of(cell: str) -> str:
    """The signal, memory or port of the Verilog that a cell was made for."""
    return _NUMBERS.sub("", _WAY.sub("", cell)) or cell
