"""The short tables that commands end with."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

_COLORS = {"passed": "green", "failed": "red", "not_run": "yellow"}


def show_summary(summary: dict[str, Any], folder: str, console: Console) -> None:
    """What a compilation cost and gained, and what was verified."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _figures(summary):
        table.add_row(name, value)
    console.print(table)
    show_checks(summary["verification"], console)
    console.print(f"written to {folder}")


def show_checks(checks: list[dict[str, Any]], console: Console) -> None:
    """One line for each comparison."""
    table = Table(box=None, pad_edge=False)
    for column in ("against", "tool", "sequences", "values", "mismatches", "status"):
        table.add_column(column, justify="right" if column in ("sequences", "values", "mismatches") else "left")  # fmt: skip
    for check in checks:
        name = check["against"] + (" (back-pressure)" if check["back_pressure"] else "")
        numbers = [_or_dash(check[k]) for k in ("sequences", "values_compared", "mismatches")]
        status = check["status"].replace("_", " ")
        table.add_row(name, check["tool"], *numbers, f"[{_COLORS[check['status']]}]{status}[/]")
    console.print(table)
    for check in checks:
        if check["status"] == "not_run":
            console.print(f"[yellow]not verified[/] against {check['against']}: {check['reason']}")
        elif check["reason"]:
            console.print(f"[red]{check['against']}[/]: {check['reason']}")


def _figures(summary: dict[str, Any]) -> list[tuple[str, str]]:
    accuracy, compression = summary["accuracy"], summary["compression"]
    schedule = summary["schedule"]
    rows = [(f"accuracy ({accuracy['metric']})", _accuracy(accuracy))]
    if compression["ratio"]:
        kib = compression["weights_bits_stored"] / 8192
        rows.append(("weights", f"{kib:.1f} KiB, {compression['ratio']:.1f} times smaller than float"))
    rows.append(("cycles a step", _cycles(schedule)))
    rows.append(("multipliers", f"{schedule['macs']} in the array, {schedule['tail_macs']} in the tail"))
    rows += [(entry["part"], _resources(entry)) for entry in summary["synthesis"]]
    return rows


def _accuracy(accuracy: dict[str, Any]) -> str:
    fixed, samples = accuracy["fixed"], accuracy["samples"]
    if accuracy["metric"] != "top1":
        return _or_dash(fixed)
    before = "" if accuracy["float"] is None else f"float {_share(accuracy['float'], samples)}, "
    return f"{before}fixed point {_share(fixed, samples)}"


def _share(share: float, samples: int) -> str:
    return f"{round(share * samples)}/{samples} = {share:.4f}"


def _cycles(schedule: dict[str, Any]) -> str:
    step, ideal = schedule["cycles_per_step_predicted"], schedule["cycles_per_step_ideal"]
    return f"{step}, ideal {ideal} ({schedule['mac_utilization']:.1%} of the multipliers busy)"


def _resources(entry: dict[str, Any]) -> str:
    if entry["lut"] is None:
        return f"{entry['status'].replace('_', ' ')}: {entry['reason']}"
    counts = f"{entry['lut']} LUT, {entry['ff']} FF, {entry['dsp']} DSP, {entry['bram']} BRAM"
    return counts if entry["reason"] is None else f"{counts}; {entry['reason']}"


def _or_dash(value: Any) -> str:
    return "-" if value is None else str(value)
