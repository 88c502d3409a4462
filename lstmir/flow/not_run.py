"""Why a figure of the summary is null: what was not run is never a guess."""

from __future__ import annotations

from typing import Any

from lstmir.flow.energy.report import why_null
from lstmir.targets import PARTS

Summary = dict[str, Any]

# What is null says so itself, by being null.
_NO_FIGURES = ("reason",)


def not_run(summary: Summary) -> dict[str, str]:
    """The reason for each null, by its path; an entry of a list that was not run stands for all in it."""
    reasons = why_null(summary["energy"], PARTS[summary["target"]])
    if summary["recipe"] is None:
        reasons["recipe"] = "the model was in fixed point already"
    reasons |= {f"accuracy.{key}": why for key, why in _accuracy(summary["accuracy"]).items()}
    for key in _nulls(summary["compression"]):
        reasons[f"compression.{key}"] = _compression(key)
    reasons |= _estimate(summary["estimate"])
    for index, entry in enumerate(summary["verification"]):
        reasons |= _entry(f"verification[{index}]", entry, _cycles(entry))
    for index, entry in enumerate(summary["synthesis"]):
        reasons |= _entry(f"synthesis[{index}]", entry, "pyosys does not place and route")
    return reasons


def _nulls(entry: dict[str, Any]) -> list[str]:
    return [key for key, value in entry.items() if value is None and key not in _NO_FIGURES]


def _accuracy(accuracy: dict[str, Any]) -> dict[str, str]:
    why = "the float model is not known"
    if accuracy["metric"] != "top1" and accuracy["fixed"] is not None:
        why = "there are no labels of classes: the error is measured against float itself"
    return dict.fromkeys(_nulls(accuracy), why)


def _compression(key: str) -> str:
    if key == "sparsity":
        return "the matrices are packed already"
    return "the float model is not known"


def _estimate(entry: dict[str, Any] | None) -> dict[str, str]:
    if entry is None:
        return {"estimate": "nothing was fitted for this part"}
    why = "no clocks were fitted for this part"
    return {f"estimate.{key}": why for key in _nulls(entry)}


def _cycles(entry: dict[str, Any]) -> str:
    if entry["back_pressure"]:
        return "stalls are random: cycles are those of the run without"
    return "nothing is clocked here"


def _entry(path: str, entry: dict[str, Any], why: str) -> dict[str, str]:
    """`why` is for the figures that a finished entry need not have."""
    if entry["status"] == "not_run":
        return {path: entry["reason"]}
    optional = ("cycles_total_simulated", "fmax_mhz", "place_and_route")
    broken = f"{entry['tool']} failed before this was known"
    is_whole = all(key in optional for key in _nulls(entry))
    return {f"{path}.{key}": why if is_whole else broken for key in _nulls(entry)}
