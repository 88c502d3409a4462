"""Repeats the verification of a finished folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lstmir.flow.check import Check, Golden
from lstmir.flow.folder import check_untouched, read_summary
from lstmir.flow.models import level_of
from lstmir.flow.progress import Progress
from lstmir.flow.request import check_headers
from lstmir.flow.verification import Design, check_design, check_level
from lstmir.interpreter.streams import StreamFormat, parse_beats, stream_format
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module


def verify_folder(folder: Path, progress: Progress, headers: Path | None = None) -> list[Check]:
    """All comparisons of a compiled folder, run again on its own vectors.

    Raises `UsageError` for what is no such folder, `UserError` that names every file that was
    changed since.
    """
    check_headers(headers)
    summary = read_summary(folder)
    check_untouched(folder, summary)
    with progress.timed("read", f"reading {folder}"):
        stages = last_stages(folder)
        golden = read_golden(folder, stages[5])
    checks = []
    for level in (3, 4):
        if level in stages:
            with progress.timed("interpret", f"interpreting level {level} on all sequences"):
                checks.append(check_level(level, stages[level], golden))
    cycles = summary["schedule"]["cycles_total_predicted"]
    design = Design(
        stages[5], folder, golden, cycles, summary["seed"], _rtl_sequences(summary), headers
    )
    return checks + check_design(design, progress)


def last_stages(folder: Path) -> dict[int, Module]:
    """The module that ends each level, from 3 on."""
    found: dict[int, Module] = {}
    for path in sorted((folder / "stages").glob("*.lstmir"), reverse=True):
        module = parse_module(path.read_text(encoding="utf-8"), str(path))
        level = level_of(module)
        if level < 3:
            break
        found.setdefault(level, module)
        if level == 3:  # what is above it need not be in its final fixed-point form
            break
    if 5 not in found:
        raise UserError(f"{folder} has no stage of level 5")
    return found


def read_golden(folder: Path, design: Module) -> Golden:
    """The vectors of a folder, read back through the formats of its streams."""
    inputs, outputs = (
        _decoded(folder / "vectors" / f"{kind}s.txt", stream_format(design, kind))
        for kind in ("input", "output")
    )
    return Golden(inputs, outputs)


def _decoded(path: Path, stream: StreamFormat) -> tuple[np.ndarray, ...]:
    """The steps of each part in a file of packets that have equally many."""
    beats = parse_beats(path.read_text(encoding="utf-8"))
    packets = sum(last for _, last, *_ in beats)
    answers = [(data, last, sum(user)) for data, last, *user in beats]
    return tuple(stream.decode(answers, len(beats) // packets // stream.beats))


def _rtl_sequences(summary: dict[str, Any]) -> int:
    checks: list[dict[str, Any]] = summary["verification"]
    return next(int(check["sequences"]) for check in checks if check["against"] == "level-5")
