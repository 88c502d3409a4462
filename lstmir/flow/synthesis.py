"""Counts what a design takes of its part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lstmir.flow.toolchain import ToolError, ToolMissing, yosys
from lstmir.targets import Part


def unasked(part: Part) -> dict[str, Any]:
    """The entry of the summary's `synthesis` where nobody wants to know."""
    return {
        "tool": "pyosys", "version": None, "part": part.name, "lut": None, "ff": None, "dsp": None,
        "bram": None, "fmax_mhz": None, "status": "not_run", "reason": "not asked for (--no-synthesis)",
    }  # fmt: skip


def synthesize(files: list[Path], top: str, part: Part) -> dict[str, Any]:
    """An entry of the summary's `synthesis`: resources of the Verilog on a part."""
    entry = {**unasked(part), "reason": None}
    try:
        entry["version"] = yosys.find().version
        found = yosys.synthesize(files, top, part.family)
    except ToolMissing as missing:
        return {**entry, "reason": f"{missing.reason}; {missing.install_hint}"}
    except ToolError as error:
        message = str(error).replace(f"{files[0].resolve().parents[1]}/", "")
        return {**entry, "status": "failed", "reason": message}
    counts = {"lut": found.lut, "ff": found.ff, "dsp": found.dsp, "bram": found.bram}
    reason = over(counts, part)
    return {**entry, **counts, "status": "failed" if reason else "passed", "reason": reason}


def over(counts: dict[str, int], part: Part) -> str | None:
    """What does not fit on the part, or None."""
    room = {"lut": part.luts, "ff": part.ffs, "dsp": part.dsp, "bram": part.bram}
    beyond = [f"{counts[k]} {k} of {room[k]}" for k in room if counts[k] > room[k]]
    return f"does not fit {part.name}: {', '.join(beyond)}" if beyond else None
