"""The `energy` of a summary: the model on what was counted of the work, and is known of size and clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lstmir.flow.energy.model import Charge, Clock, Size, charge
from lstmir.flow.energy.work import Work
from lstmir.targets import PARTS, Part
from lstmir.targets.energy.constants import constants_of

Entries = Sequence[dict[str, Any]]
Estimate = dict[str, Any] | None


def assess(
    part: Part, work: Work | None, period_us: float | None, estimate: Estimate, synthesis: Entries
) -> dict[str, Any] | None:
    """Of one inference alone, and of one in each `period_us`. None for a part without constants."""
    constants = constants_of(part)
    if work is None or constants.missing:
        return None
    size, clock = _size(estimate, synthesis), _clock(estimate, synthesis, constants.clock_mhz)
    alone: Charge | None = None
    paced: Charge | None = None
    if size and clock:
        alone = charge(constants, work, size, clock)
        if period_us is not None and period_us >= work.interval / clock.mhz:
            paced = charge(constants, work, size, clock, period_us)
    return {
        "work": work.attribute(),
        "size": size and {"lut": size.lut, "ff": size.ff, "source": size.source},
        "clock": clock and {"mhz": clock.mhz, "source": clock.source},
        "latency": alone and alone.attribute(),
        "period_us": period_us,
        "period": paced and paced.attribute(),
        "warnings": list(alone.warnings) if alone else [],
    }


def reassess(summary: dict[str, Any]) -> dict[str, Any] | None:
    """The `energy` of a summary whose `synthesis` is new."""
    old = summary["energy"]
    if old is None:
        return None
    found, part = (summary["estimate"], summary["synthesis"]), PARTS[summary["target"]]
    return assess(part, Work(**old["work"]), old["period_us"], *found)


def why_null(energy: dict[str, Any] | None, part: Part) -> dict[str, str]:
    """The reason for each null, by its path in the summary."""
    if energy is None:
        return {"energy": constants_of(part).missing or "the work was not counted"}
    reasons = {}
    if energy["size"] is None:
        reasons["size"] = "neither synthesized nor estimated"
    if energy["clock"] is None:
        reasons["clock"] = "neither placed nor estimated, and none is assumed"
    if energy["latency"] is None:
        reasons["latency"] = "needs size and clock"
    elif energy["latency"]["picojoules_per_multiplication"] is None:
        reasons["latency.picojoules_per_multiplication"] = "nothing is multiplied"
    reasons |= _why_no_period(energy)
    return {f"energy.{path}": why for path, why in reasons.items()}


def _why_no_period(energy: dict[str, Any]) -> dict[str, str]:
    period, clock = energy["period"], energy["clock"]
    if energy["period_us"] is None:
        return dict.fromkeys(("period_us", "period"), "not asked for (--period-us)")
    if period is None and energy["latency"] is None:
        return {"period": "needs size and clock"}
    if period is None:
        least = energy["work"]["interval"] / clock["mhz"]
        return {"period": f"too short: the design takes {least:.4g} us from one to the next"}
    if period["picojoules_per_multiplication"] is None:
        return {"period.picojoules_per_multiplication": "nothing is multiplied"}
    return {}


def _size(estimate: Estimate, synthesis: Entries) -> Size | None:
    """As the last tool that counted says; else the estimate."""
    for entry in reversed(synthesis):
        if entry["lut"] is not None and entry["ff"] is not None:
            return Size(entry["lut"], entry["ff"], entry["tool"])
    return None if estimate is None else Size(estimate["lut"], estimate["ff"], "estimate")


def _clock(estimate: Estimate, synthesis: Entries, assumed: float | None) -> Clock | None:
    """As place and route found; else as estimated; else as assumed."""
    for entry in synthesis:
        if entry["fmax_mhz"] is not None:
            return Clock(entry["fmax_mhz"], entry["tool"])
    if estimate and estimate["fmax_mhz"] is not None:
        return Clock(estimate["fmax_mhz"], "estimate")
    return None if assumed is None else Clock(assumed, "assumed")
