"""One measurement of lstmir: `python -m benchmarks.interpreter_speed.ours TASK ARGUMENTS`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from benchmarks.process import repeated
from lstmir.flow.models import load_model
from lstmir.interpreter.rtl import Clocked
from lstmir.interpreter.run import run
from lstmir.interpreter.streams import parse_beats

REPEATS = 31


def level_3(model: str, feed: str, results: str) -> dict[str, Any]:
    """Run a module on the arrays of an archive, and keep what came out."""
    module, arrays = load_model(model), dict(np.load(feed))
    np.savez(results, **run(module, arrays))  # type: ignore[arg-type]
    return {"seconds": repeated(lambda: run(module, arrays), REPEATS)}


def level_5(model: str, vectors: str) -> dict[str, Any]:
    """Clock a design until all its input beats have given the beats that they should."""
    design = Clocked(load_model(model))
    inputs, outputs = (
        parse_beats(Path(vectors, f"{name}.txt").read_text(encoding="utf-8"))
        for name in ("inputs", "outputs")
    )
    beats = [(data, bool(last)) for data, last in inputs]
    design.source  # noqa: B018 (written now, as the simulator beside it is built before)
    start = process_time()
    found = design.run_streams(beats, len(outputs))
    seconds = process_time() - start
    assert found.beats_out == outputs
    return {"seconds": seconds, "cycles": found.cycles_total}


if __name__ == "__main__":
    _TASKS: dict[str, Callable[..., dict[str, Any]]] = {"level_3": level_3, "level_5": level_5}
    print(json.dumps(_TASKS[sys.argv[1]](*sys.argv[2:])))
