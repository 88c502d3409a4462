"""Repeats the verification of a finished folder."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from lstmir.flow.folder import check_untouched, read_summary
from lstmir.flow.progress import Progress
from lstmir.flow.verification import (
    Check,
    Golden,
    Places,
    check_hls,
    check_level,
    check_rtl,
    check_verilog,
)
from lstmir.interpreter.streams import decode, parse_beats
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import ports
from lstmir.ir.module import Module
from lstmir.numeric.fixed import FixedType
from lstmir.syntax.parser import parse_module


def verify_folder(folder: Path, progress: Progress, headers: Path | None) -> list[Check]:
    """All comparisons of a compiled folder, run again on its own vectors.

    Raises `UsageError` for what is no such folder, `UserError` that names every file that was
    changed since.
    """
    summary = read_summary(folder)
    check_untouched(folder, summary)
    stages = {level: _stage(folder, name) for level, name in _stage_names(folder).items()}
    golden = _golden(folder, stages[5])
    checks = []
    for level in (3, 4):
        if level in stages:
            with progress.timed("interpret", f"level {level} on all sequences"):
                checks.append(check_level(level, stages[level], golden))
    sequences = _rtl_sequences(summary)
    with progress.timed("interpret", f"level 5 on {sequences} sequences, cycle by cycle"):
        checks.append(check_rtl(stages[5], golden, sequences))
    predicted = summary["schedule"]["cycles_total_predicted"]
    with tempfile.TemporaryDirectory() as build:
        places = Places(folder, Path(build), stages[5].main.name)
        with progress.timed("hls", "HLS C++: compiling with g++ and running all sequences"):
            checks.append(check_hls(places, golden, headers))
        with progress.timed("verilog", "Verilog: building the simulator and running all sequences"):
            checks += check_verilog(places, golden, predicted, summary["seed"])
    return checks


def _stage_names(folder: Path) -> dict[int, str]:
    """The stage that ends each level from 3 on, by level."""
    ends = {"approximate-activations": 3, "schedule": 4, "lower-to-rtl": 5}
    found = {}
    for path in sorted((folder / "stages").glob("*.lstmir")):
        name = path.stem.split("-", 1)[1]
        if name in ends:
            found[ends[name]] = path.name
    if 5 not in found:
        raise UserError(f"{folder} has no stage of level 5")
    return found


def _stage(folder: Path, name: str) -> Module:
    path = folder / "stages" / name
    return parse_module(path.read_text(encoding="utf-8"), str(path))


def _golden(folder: Path, design: Module) -> Golden:
    """The vectors of a folder, read back through the formats of its streams."""
    (source,), (result,) = ports(design, "input"), ports(design, "output")
    input_type, output_type = source.format, result.format
    assert isinstance(input_type, FixedType) and isinstance(output_type, FixedType)
    sent = parse_beats((folder / "vectors" / "inputs.txt").read_text(encoding="utf-8"))
    expected = parse_beats((folder / "vectors" / "outputs.txt").read_text(encoding="utf-8"))
    packets = sum(last for _, last in sent)
    integers = decode([(d, last, 0) for d, last in sent], input_type, len(sent) // packets)
    shape = (packets, -1, source.sample_shape[-1])
    outputs = decode([(d, last, u) for d, last, u in expected], output_type, len(expected) // packets)
    return Golden(np.asarray(integers).reshape(shape), outputs, input_type, output_type)


def _rtl_sequences(summary: dict[str, Any]) -> int:
    for entry in summary["verification"]:
        if entry["against"] == "level-5":
            return int(entry["sequences"] or 1)
    return 1

