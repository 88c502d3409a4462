"""Compress a large layer pass by pass: seconds of each, and the most memory of all."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table

from benchmarks.large_layer.network import data, load
from benchmarks.process import machine, peak_mib
from benchmarks.report import FOLDER
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline

PIPELINE = (
    "calibrate{histograms=false},prune{shape=bank size=16 ratio=0.75 by=obs},"
    "calibrate{histograms=false},assign-bitwidths{weights=4},"
    "quantize{rounding=compensated bias=correct},approximate-activations,"
    "tile{macs=256},block-layout"
)
COMPRESSING = ("prune", "assign-bitwidths", "quantize", "block-layout")
"""What the limits are for: the other passes run the network, or choose an array."""
MAX_SECONDS, MAX_MIB = 75.0, 4096.0


def main() -> int:
    """Measure everything; gives the exit status: 1 if a limit does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        module = load(Path(folder))
    context = Context({"x": data()}, "")
    seconds: list[tuple[str, float]] = []
    for pass_ in parse_pipeline(PIPELINE):
        start = perf_counter()
        pass_.run(module, context)
        seconds.append((pass_.name, perf_counter() - start))
    compressing = sum(each for name, each in seconds if name in COMPRESSING)
    peak = peak_mib()
    holds = compressing <= MAX_SECONDS and peak <= MAX_MIB
    _show(seconds, compressing, peak)
    found = {
        "pipeline": PIPELINE, "seconds": seconds, "compressing_seconds": compressing,
        "peak_mib": peak, "holds": holds,
    }  # fmt: skip
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / "large_layer.json"
    path.write_text(json.dumps({**machine(), **found}, indent=2) + "\n", encoding="utf-8")
    print(f"written: {path}")
    return 0 if holds else 1


def _show(seconds: list[tuple[str, float]], compressing: float, peak: float) -> None:
    table = Table(title="large_layer: 4096 x 2048 weights")
    table.add_column("pass")
    table.add_column("seconds", justify="right")
    for name, each in seconds:
        table.add_row(name, f"{each:.1f}")
    table.add_row(", ".join(COMPRESSING), f"{compressing:.1f} (at most {MAX_SECONDS:g})")
    table.add_row("peak memory", f"{peak:.0f} MiB (at most {MAX_MIB:g})")
    Console(width=110).print(table)


if __name__ == "__main__":
    sys.exit(main())
