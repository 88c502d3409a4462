"""Runs a model on a file of arrays."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from lstmir import dialects
from lstmir.flow.data import load_arrays
from lstmir.flow.models import load_model
from lstmir.interpreter.run import run
from lstmir.ir.diagnostics import UsageError
from lstmir.ir.interface import ports


def run_model(model: str, feed: str, output: Path, samples: bool) -> None:
    """Write the outputs of a model for the arrays of an `.npz`, named as the model's outputs.

    `samples`: the arrays are stacks [N, …] of single samples, and so are the results. Raises
    `UsageError` and `UserError` for what the user can mend; then nothing is written.
    """
    dialects.load()
    if output.resolve() in (Path(model).resolve(), Path(feed).resolve()):
        raise UsageError(f"the output {output} would replace an input")
    module = load_model(model)
    arrays = load_arrays(feed)
    if samples:
        named = {port.name: port for port in ports(module, "input")}
        arrays = {k: named[k].from_samples(v) if k in named else v for k, v in arrays.items()}
    results = run(module, arrays)
    if samples:
        results = {p.name: p.to_samples(results[p.name]) for p in ports(module, "output")}
    _save(output, results)


def _save(output: Path, arrays: dict[str, np.ndarray]) -> None:
    try:
        handle, name = tempfile.mkstemp(dir=output.resolve().parent, prefix=f".{output.name}.")
    except OSError as error:
        raise UsageError(f"cannot write {output}: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        Path(name).chmod(0o644)
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
