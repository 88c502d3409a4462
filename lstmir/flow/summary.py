"""Puts everything that is known of a compilation into `summary.json`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np

from lstmir.flow import metrics
from lstmir.flow.check import Check
from lstmir.flow.data import Data
from lstmir.flow.energy.report import assess
from lstmir.flow.energy.work import Work, count_work, stream_bits
from lstmir.flow.folder import SCHEMA
from lstmir.flow.not_run import not_run
from lstmir.flow.sizing.estimate import estimate
from lstmir.ir.module import Module
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.timing import Timing
from lstmir.passes.stream_states import STATES
from lstmir.targets import PARTS, Part
from lstmir.targets.energy.constants import constants_of


@dataclass
class Facts:
    """What was measured on the way; None where a stage was never seen."""

    accuracy: dict[str, Any] = field(default_factory=dict)
    bits_float: int | None = None
    sparsity: float | None = None
    kept: list[int] | None = None
    compression: dict[str, Any] = field(default_factory=dict)
    schedule: dict[str, Any] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    synthesis: list[dict[str, Any]] = field(default_factory=list)
    estimate: dict[str, Any] | None = None
    work: Work | None = None

    def measure_float(self, module: Module) -> None:
        """Of the float dataflow graph: its parameters."""
        self.bits_float = metrics.weight_bits_float(module)

    def measure_fixed(self, module: Module) -> None:
        """Of the fixed-point graph: what pruning left."""
        self.sparsity = metrics.sparsity(module)
        self.kept = metrics.kept_products(module)

    def measure_accuracy(
        self, float_outputs: np.ndarray | None, fixed_outputs: np.ndarray, data: Data
    ) -> None:
        """On the test data."""
        self.accuracy = metrics.accuracy(float_outputs, fixed_outputs, data.y_test)

    def measure_tiled(
        self, module: Module, program: Program, timing: Timing, lengths: list[int], shared: int = 0
    ) -> None:
        """Of the packed and scheduled program; so many blocks will be shared by two multipliers."""
        stored, tables = metrics.stored_bits(module)
        ratio = self.bits_float / stored if self.bits_float and stored else None
        self.compression = {
            "weights_bits_float": self.bits_float,
            "weights_bits_stored": stored,
            "tables_bits": tables,
            "ratio": ratio,
            "sparsity": self.sparsity,
        }
        kept = self.kept or metrics.stored_products(program)
        self.schedule = metrics.schedule(program, timing, kept, lengths, shared)

    def measure_work(
        self, module: Module, program: Program, timing: Timing, lengths: list[int], part: Part
    ) -> None:
        """Of the scheduled program, for a sequence of mean length; of a part without constants nothing."""
        constants = constants_of(part)
        if constants.missing is None:
            steps = round(sum(lengths) / len(lengths))
            outside = stream_bits(program, steps) if STATES in module.attributes else 0
            self.work = count_work(module, program, timing, steps, constants, outside)

    def measure_size(self, module: Module, part: Part) -> None:
        """Of level 5, before anything is synthesized."""
        found = estimate(module, part)
        self.estimate = found.attribute() if found else None


def summarize(
    facts: Facts,
    model: str,
    target: str,
    recipe: str | None,
    seed: int,
    period_us: float | None = None,
) -> dict[str, Any]:
    """The summary, but for its files and seconds. What was not run is null and named in `not_run`."""
    energy = assess(PARTS[target], facts.work, period_us, facts.estimate, facts.synthesis)
    summary: dict[str, Any] = {
        "schema": SCHEMA,
        "lstmir": version("lstmir"),
        "model": model,
        "target": target,
        "recipe": recipe,
        "seed": seed,
        "accuracy": facts.accuracy,
        "compression": facts.compression,
        "schedule": facts.schedule,
        "estimate": facts.estimate,
        "verification": [check.attribute() for check in facts.checks],
        "synthesis": facts.synthesis,
        "energy": energy,
    }
    summary["not_run"] = not_run(summary)
    return summary


def failures(entries: Iterable[dict[str, Any]]) -> list[str]:
    """What went wrong, one line each, in entries of the summary's `verification` or `synthesis`."""
    found = [
        f"{entry.get('against') or entry['part']} ({entry['tool']}): {_what_failed(entry)}"
        for entry in entries
        if entry["status"] == "failed"
    ]
    return list(dict.fromkeys(found))


def _what_failed(entry: dict[str, Any]) -> str:
    differing = entry.get("mismatches")
    told = [f"{differing} of {entry['values_compared']} values differ"] if differing else []
    return "; ".join(told + ([entry["reason"]] if entry["reason"] else []))
