"""Compress trained networks by every recipe; see the README beside this."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from benchmarks.compression.models import MODELS, Model, find
from benchmarks.compression.table import text_of, text_of_methods
from benchmarks.process import machine, run_worker
from benchmarks.report import FOLDER
from lstmir.flow.recipes import RECIPES
from lstmir.tools.threads import one_thread

one_thread()  # those that choose and test inherit it

WORK = FOLDER / "compression"
Case = tuple[str, str]
"""The names of a model and a recipe."""


def main(argv: Sequence[str] | None = None) -> int:
    """Choose everything, then test everything; gives the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        paths = {
            name: _paths(MODELS[name], arguments.folder) for name in arguments.models or MODELS
        }
    except FileNotFoundError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    cases = [(name, recipe) for name in paths for recipe in arguments.recipes or RECIPES]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each waits for a process of its own
        waiting = [pool.submit(_choose, case, *paths[case[0]], arguments.seed) for case in cases]
        for each in track(waiting, "choosing, on training data", transient=True):
            each.result()
    # Every choice is on disk now; only from here on are test arrays opened.
    results = [_score(case, *paths[case[0]]) for case in track(cases, "testing", transient=True)]
    compared = paths if arguments.methods else {}
    methods = [_methods(name, *paths[name]) for name in track(compared, "methods", transient=True)]
    _write(results, methods, arguments.seed)
    return 0 if all(each["holds"] for found in methods for each in found["comparisons"]) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compression", description=__doc__)
    add = parser.add_argument
    add("--models", nargs="+", choices=MODELS, metavar="NAME", help=f"of {', '.join(MODELS)}")
    add("--recipes", nargs="+", choices=RECIPES, metavar="NAME", help=f"of {', '.join(RECIPES)}")
    add("--folder", type=Path, metavar="DIR",
        help="where models and data are (default: where the repository has them)")  # fmt: skip
    add("--no-methods", dest="methods", action="store_false", help="leave out the second table")
    add("--seed", type=int, default=0, metavar="N", help="of all that is random (default: 0)")
    return parser


def _paths(model: Model, folder: Path | None) -> tuple[Path, Path]:
    return find(model.file, folder), find(model.data, folder)


def _choose(case: Case, onnx: Path, data: Path, seed: int) -> None:
    folder = _folder(case)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    training = folder / "training.npz"
    _save_training_part(data, training)
    run_worker("benchmarks.compression.choose", case[0], onnx, training, case[1], seed, folder)


def _save_training_part(data: Path, training: Path) -> None:
    """Arrays of an archive are read one by one: those of the test stay closed."""
    with np.load(data) as archive:
        arrays = {name: archive[name] for name in archive.files if name.endswith("_train")}
    np.savez(training, **arrays)


def _score(case: Case, onnx: Path, data: Path) -> dict[str, Any]:
    found = run_worker("benchmarks.compression.score", case[0], onnx, data, _folder(case))
    return {"model": case[0], "recipe": case[1], **found}


def _methods(name: str, onnx: Path, data: Path) -> dict[str, Any]:
    return {"model": name, **run_worker("benchmarks.compression.methods", name, onnx, data)}


def _folder(case: Case) -> Path:
    return WORK / "-".join(case)


def _write(results: list[dict[str, Any]], methods: list[dict[str, Any]], seed: int) -> None:
    whole = {
        **machine(),
        "numpy": np.__version__,
        "seed": seed,
        "results": results,
        "methods": methods,
    }
    text = f"{text_of(results)}\n{text_of_methods(methods)}"
    print(text, end="")
    for ending, content in (("json", json.dumps(whole, indent=2) + "\n"), ("txt", text)):
        path = FOLDER / f"compression.{ending}"
        path.write_text(content, encoding="utf-8")
        print(f"written: {path}")


if __name__ == "__main__":
    sys.exit(main())
