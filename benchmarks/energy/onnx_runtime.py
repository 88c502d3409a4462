"""Times of ONNX Runtime: `python -m benchmarks.energy.onnx_runtime MODEL DATA`, which prints them as JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from benchmarks.energy.power import measured
from benchmarks.interpreter_speed.onnx_runtime import open_session
from benchmarks.process import repeated

REPEATS = 101
COUNTED = 100_000
"""Sequences while the counters of energy are read."""


def main(model: str, data: str) -> None:
    """CPU seconds of a sequence of `x_test`, at batch 1 and at the best batch, on one thread; watts where
    they can be read. The model takes steps first and sequences second.
    """
    session = open_session(model)
    (name,) = (each.name for each in session.get_inputs())
    samples = np.load(data)["x_test"].transpose(1, 0, 2)
    runs = {
        batch: partial(session.run, None, {name: np.ascontiguousarray(samples[:, :batch])})
        for batch in _batches(samples.shape[1])
    }
    seconds = {batch: repeated(run, REPEATS) / batch for batch, run in runs.items()}
    best = min(seconds, key=lambda batch: seconds[batch])
    batches: list[dict[str, Any]] = []
    for batch in (1, best):
        power = measured(partial(_again, runs[batch], COUNTED // batch))
        found = {"batch": batch, "seconds": seconds[batch], "power": power and asdict(power)}
        batches.append(found)
    print(json.dumps({"batches": batches, "seconds": seconds}))


def _again(run: partial[Any], times: int) -> None:
    for _ in range(times):
        run()


def _batches(samples: int) -> list[int]:
    """Powers of two, and all of them."""
    return [1 << bit for bit in range(samples.bit_length()) if 1 << bit < samples] + [samples]


if __name__ == "__main__":
    main(*sys.argv[1:])
