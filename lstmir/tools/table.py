"""The short tables that commands end with. They fit into 80 columns."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lstmir.targets import PARTS

_COLORS = {"passed": "green", "failed": "red", "not_run": "yellow"}
_NAMES = {"level-3": "level 3", "level-4": "level 4", "level-5": "level 5", "hls-cpp": "HLS C++",
          "verilog": "Verilog"}  # fmt: skip
_COUNTS = {"sequences": "sequences", "values": "values_compared", "mismatches": "mismatches"}


def show_summary(summary: dict[str, Any], folder: Path, console: Console) -> None:
    """What a compilation cost and gained, and what was verified."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _figures(summary):
        table.add_row(name, value)
    console.print(table)
    console.print()
    show_checks(summary["verification"], console)
    show_warnings(summary["energy"], console)
    console.print(f"written to {escape(str(folder))}", soft_wrap=True)


def show_warnings(energy: dict[str, Any] | None, console: Console) -> None:
    """Why not to believe the energy."""
    for line in energy["warnings"] if energy else ():
        console.print(f"[yellow]energy:[/] {escape(line)}", soft_wrap=True)


def show_checks(checks: list[dict[str, Any]], console: Console) -> None:
    """A line for each comparison with the golden model, then why some were not made."""
    table = Table(box=None, pad_edge=False)
    for column in ("compared with", "by", *_COUNTS, "status"):
        table.add_column(column, justify="right" if column in _COUNTS else "left", no_wrap=True)
    for check in checks:
        counts = [_or_dash(check[key]) for key in _COUNTS.values()]
        status = f"[{_COLORS[check['status']]}]{check['status'].replace('_', ' ')}[/]"
        table.add_row(_name(check), escape(_tool(check)), *counts, status)
    console.print(table)
    for line in _remarks(checks):
        console.print(line, soft_wrap=True)


def show_targets(console: Console) -> None:
    """The parts, and what they have."""
    table = Table(box=None, pad_edge=False)
    for column in ("part", "device", "LUT", "FF", "DSP", "BRAM"):
        table.add_column(column, justify="right" if column.isupper() else "left", no_wrap=True)
    for part in PARTS.values():
        counts = (part.luts, part.ffs, part.dsp)
        memory = f"{part.bram} x {part.bram_bits // 1024} Kbit"
        table.add_row(part.name, part.device, *map(str, counts), memory)
    console.print(table)


def _name(check: dict[str, Any]) -> str:
    stalls = ", stalled" if check["back_pressure"] else ""
    return _NAMES[check["against"]] + stalls


def _tool(check: dict[str, Any]) -> str:
    version = (check["version"] or "").split(",")[0]
    return f"{check['tool']} {version}".strip()


def _remarks(checks: list[dict[str, Any]]) -> list[str]:
    idle = [check for check in checks if check["status"] == "not_run"]
    lines = []
    for reason, group in groupby(idle, key=lambda check: str(check["reason"])):
        names = " and ".join(dict.fromkeys(_NAMES[check["against"]] for check in group))
        lines.append(f"[yellow]{names} NOT verified:[/] {escape(reason)}")
    return lines


def _figures(summary: dict[str, Any]) -> list[tuple[str, str]]:
    compression, schedule = summary["compression"], summary["schedule"]
    return [
        ("accuracy", _accuracy(summary["accuracy"])),
        ("weights", _weights(compression)),
        ("one step", _step(schedule)),
        ("all sequences", _total(summary)),
        ("multipliers", _multipliers(schedule)),
        ("estimated", _estimate(summary["estimate"])),
        *((entry["part"], _resources(entry)) for entry in summary["synthesis"]),
        ("energy", energy_text(summary["energy"])),
    ]


def _multipliers(schedule: dict[str, Any]) -> str:
    shared = schedule.get("shared_blocks", 0)
    pairs = f", {2 * shared} of them in pairs in {shared} blocks" if shared else ""
    return f"{schedule['macs']} in the array{pairs}, {schedule['tail_macs']} in the tail"


def _accuracy(accuracy: dict[str, Any]) -> str:
    fixed, samples = accuracy["fixed"], accuracy["samples"]
    if fixed is None:
        return "not known: there are no labels, and no float model"
    if accuracy["metric"] != "top1":
        return f"mean error {fixed:.3g} against float, on {samples} sequences"
    before = accuracy["float"]
    known = "" if before is None else f"float {_share(before, samples)}, "
    return f"{known}fixed point {_share(fixed, samples)}"


def _share(share: float, samples: int) -> str:
    return f"{round(share * samples)}/{samples} = {share:.1%}"


def _weights(compression: dict[str, Any]) -> str:
    size = f"{compression['weights_bits_stored'] / 8192:.1f} KiB"
    ratio = compression["ratio"]
    return size if ratio is None else f"{size}, {ratio:.1f} times smaller than in float"


def _step(schedule: dict[str, Any]) -> str:
    step, ideal = schedule["cycles_per_step_predicted"], schedule["cycles_per_step_ideal"]
    phases = len(schedule["phases"])
    where = f" in {phases} phases" if phases > 1 else ""
    return (
        f"{step} cycles{where}, ideal {ideal}: multipliers {schedule['mac_utilization']:.1%} busy"
    )


def _total(summary: dict[str, Any]) -> str:
    predicted = summary["schedule"]["cycles_total_predicted"]
    cycles = [
        check["cycles_total_simulated"]
        for check in summary["verification"]
        if check["against"] == "verilog" and check["cycles_total_simulated"] is not None
    ]
    simulated = f"{cycles[0]} simulated" if cycles else "not simulated"
    return f"{predicted} cycles predicted, {simulated}"


def _estimate(entry: dict[str, Any] | None) -> str:
    if entry is None:
        return "not known for this part"
    lut, ff = (f"{entry[n]} {n.upper()} +-{entry[f'{n}_error']:.0%}" for n in ("lut", "ff"))
    clock = entry["fmax_mhz"] and f", {entry['fmax_mhz']:.0f} MHz +-{entry['fmax_error']:.0%}"
    return f"{lut}, {ff}, {entry['dsp']} DSP, {entry['bram']} BRAM{clock or ''}"


def _resources(entry: dict[str, Any]) -> str:
    if entry["lut"] is None:
        failed = entry["status"] == "failed"
        return "failed" if failed else f"not run: {escape(entry['reason'])}"
    part = PARTS[entry["part"]]
    room = {"LUT": part.luts, "FF": part.ffs, "DSP": part.dsp, "BRAM": part.bram}
    return ", ".join(f"{entry[name.lower()]}/{size} {name}" for name, size in room.items())


def energy_text(energy: dict[str, Any] | None) -> str:
    """Microjoules of an inference, and what they are computed for."""
    if energy is None:
        return "not known for this part"
    if energy["latency"] is None:
        return "not known without synthesis"
    found, clock = energy["latency"], energy["clock"]
    low, mid, high = (_three_digits(figure) for figure in found["microjoules"].values())
    kind = "" if clock["source"].startswith("nextpnr") else f" {clock['source']}"
    return (
        f"{mid} uJ ({low} to {high}), {energy['work']['steps']} steps, "
        f"{clock['mhz']:.0f} MHz{kind}, {found['static_share']:.0%} static"
    )


def _three_digits(figure: float) -> str:
    return f"{figure:.3g}" if figure < 100 else f"{figure:.0f}"


def _or_dash(value: Any) -> str:
    return "-" if value is None else str(value)
