"""Methods beside each other on one model, options and bits being equal; what is chosen is nothing.

`python -m benchmarks.compression.methods MODEL ONNX DATA.npz`; prints what it found. Calibrated on
training arrays, measured on the test arrays.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from benchmarks.compression.models import MODELS
from lstmir import dialects, passes
from lstmir.flow.data import Data, read_data
from lstmir.flow.explore import Measure, measure_of, outputs_of
from lstmir.ir.module import Module
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module

GRAMS = "calibrate{histograms=false}"
SHAPES = ("element", "block block=4x4", "bank size=8", "column")
WIDTHS = (4, 5, 6)
LESS_RIGHT = 2
"""So many samples may the better method be behind in accuracy, where its error is lower."""


def main(name: str, onnx: str, path: str) -> list[dict[str, Any]]:
    """A comparison for each shape of pruning, and for each width of rounding."""
    dialects.load()
    passes.load()
    module = MODELS[name].module(onnx)
    data = read_data(path, module)
    test = measure_of(module, data.test, data.y_test)
    found = []
    for what, plain, plain_pipeline, better, better_pipeline in compared():
        ends = [
            {"method": method, **_measured(module, pipeline, data, test)}
            for method, pipeline in ((plain, plain_pipeline), (better, better_pipeline))
        ]
        found.append({"what": what, "plain": ends[0], "better": ends[1], "holds": holds(*ends)})
    return found


def compared() -> list[tuple[str, str, str, str, str]]:
    """What is compared: two methods, each with its pipeline."""
    pruned = [
        (f"75 % gone: {shape}", "magnitude", _prune(shape, "magnitude"), "obs", _prune(shape, "obs"))
        for shape in SHAPES
    ]  # fmt: skip
    rounded = [
        (f"{bits} bits", "nearest", _round(bits, "nearest"), "compensated", _round(bits, "compensated"))
        for bits in WIDTHS
    ]  # fmt: skip
    return [*pruned, *rounded]


def _prune(shape: str, by: str) -> str:
    return f"{GRAMS},prune{{shape={shape} ratio=0.75 by={by}}}"


def _round(bits: int, rounding: str) -> str:
    return (
        f"{GRAMS},assign-bitwidths{{weights={bits} activations=10}},quantize{{rounding={rounding}}}"
    )


def _measured(module: Module, pipeline: str, data: Data, test: Measure) -> dict[str, Any]:
    copy = parse_module(print_module(module))
    run_passes(copy, parse_pipeline(pipeline), Context(data.train, data.hash))
    outputs = outputs_of(copy, test.samples)
    error = np.square(outputs - test.judge.reference, dtype=np.float64).mean()
    return {"error": float(error), "right": test.judge.right(outputs), "samples": len(outputs)}


def holds(plain: dict[str, Any], better: dict[str, Any]) -> bool:
    """The error is lower (of rounding: no higher), and accuracy hardly behind."""
    if better["method"] == "compensated":
        return bool(better["error"] <= plain["error"])
    if better["right"] is not None and better["right"] < plain["right"] - LESS_RIGHT:
        return False
    return bool(better["error"] < plain["error"])


if __name__ == "__main__":
    print(json.dumps({"comparisons": main(*sys.argv[1:])}))
