"""The first process: what is chosen on training data, written to disk before anything is tested.

`python -m benchmarks.compression.choose MODEL ONNX TRAINING.npz RECIPE SEED FOLDER`; the file of
data has no test arrays.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.compression.models import MODELS
from lstmir import dialects, passes
from lstmir.flow.compress import realize, search
from lstmir.flow.data import Data, read_data
from lstmir.flow.explore import Trial
from lstmir.flow.progress import Progress
from lstmir.flow.recipes import Recipe, recipe_named
from lstmir.flow.selection import choose, estimate
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module

CHOICES = "choices.json"


def main(name: str, onnx: str, training: str, recipe: str, seed: str, folder: str) -> None:
    """Write the choice for each allowed loss, and the networks that were chosen."""
    dialects.load()
    passes.load()
    warnings: list[str] = []
    start = perf_counter()
    module = MODELS[name].module(onnx)
    data = read_data(training, module)
    assert data.test_is_train, "the file of training data has test arrays"
    entry = recipe_named(recipe)
    exploration = search(module, entry, data, Progress(warn=warnings.append), int(seed))
    search_seconds = perf_counter() - start
    found = []
    for max_loss in MODELS[name].losses:
        chosen = choose(exploration.trials, max_loss)
        if chosen is not None:
            path = Path(folder, f"{max_loss:g}.lstmir")
            path.write_text(_network(module, entry, chosen, data, int(seed)), encoding="utf-8")
        found.append({"max_loss": max_loss, "chosen": _told(chosen)})
    least = min(exploration.trials, key=estimate)
    written = {
        "metric": exploration.metric, "data_hash": data.hash, "choices": found,
        "least_loss": _told(least), "tried": [_told(trial) for trial in exploration.trials],
        "failed": [asdict(failure) for failure in exploration.failures],
        "warnings": warnings, "seconds": round(search_seconds, 1),
    }  # fmt: skip
    Path(folder, CHOICES).write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


def _network(module: Module, recipe: Recipe, chosen: Trial, data: Data, seed: int) -> str:
    copy = parse_module(print_module(module))
    realize(copy, recipe, chosen.options, data, seed)
    return print_module(copy)


def _told(trial: Trial | None) -> dict[str, Any] | None:
    return None if trial is None else {**asdict(trial), "estimate": estimate(trial)}


if __name__ == "__main__":
    main(*sys.argv[1:])
    print(json.dumps({}))
