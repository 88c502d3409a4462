"""Runs a model on a file of arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lstmir import dialects
from lstmir.flow.arrays import check_readable, load_arrays, save_arrays
from lstmir.flow.data import feed_of, samples_of
from lstmir.flow.models import check_model_path, load_model
from lstmir.interpreter.run import run
from lstmir.ir.diagnostics import UsageError, UserError, suggestion
from lstmir.ir.interface import Port, ports
from lstmir.ir.module import Module

Arrays = dict[str, np.ndarray]


def run_model(model: str, feed: str, output: Path, samples: bool) -> None:
    """Write the outputs of a model for the arrays of an `.npz`, named as the model's outputs.

    `samples`: the arrays are stacks [N, …] of single samples, and so are the results. Raises
    `UsageError` and `UserError` for what the user can mend; then nothing is written.
    """
    check_model_path(model)
    check_readable(feed)
    _check_output(output, [Path(model), Path(feed)])
    dialects.load()
    module = load_model(model)
    arrays = load_arrays(feed)
    inputs = ports(module, "input")
    _check_names(feed, inputs, arrays)
    save_arrays(output, (_run_samples if samples else _run_batch)(module, feed, arrays))


def _check_output(output: Path, inputs: list[Path]) -> None:
    if output.resolve() in [path.resolve() for path in inputs]:
        raise UsageError(f"the output {output} would replace an input")
    if output.is_dir():
        raise UsageError(f"the output {output} is a folder; -o names a file")
    if not output.resolve().parent.is_dir():
        raise UsageError(f"cannot write {output}: there is no folder {output.parent}")


def _check_names(path: str, inputs: list[Port], arrays: Arrays) -> None:
    names = [port.name for port in inputs]
    missing = [name for name in names if name not in arrays]
    if missing:
        found = ", ".join(arrays) or "none"
        raise UserError(f"{path} has no array '{missing[0]}'; its arrays: {found}")
    extra = [name for name in arrays if name not in names]
    if extra:
        near = suggestion(extra[0], names)
        raise UserError(
            f"{path}: '{extra[0]}' is no input of the model{near} (inputs: {', '.join(names)})"
        )


def _run_batch(module: Module, path: str, arrays: Arrays) -> Arrays:
    inputs = ports(module, "input")
    feeds = {port.name: feed_of(path, arrays, port) for port in inputs}
    batches = {p.name: feeds[p.name].shape[p.batch] for p in inputs if p.batch is not None}
    _check_counts(path, batches)
    return run(module, feeds)


def _run_samples(module: Module, path: str, arrays: Arrays) -> Arrays:
    inputs, outputs = ports(module, "input"), ports(module, "output")
    stacks = {port.name: samples_of(path, arrays, port.name, port) for port in inputs}
    count = _check_counts(path, {name: len(stack) for name, stack in stacks.items()})
    # A model whose batch is 1, or that has none, takes each sample alone.
    together = all(port.batch is not None and port.shape[port.batch] < 0 for port in inputs)
    pieces = [slice(None)] if together else [slice(index, index + 1) for index in range(count)]
    results = [
        run(module, {port.name: port.from_samples(stacks[port.name][piece]) for port in inputs})
        for piece in pieces
    ]
    return {
        port.name: np.concatenate([port.to_samples(result[port.name]) for result in results])
        for port in outputs
    }


def _check_counts(path: str, counts: dict[str, int]) -> int:
    """The number of samples. Raises `UserError` if the inputs do not agree on it."""
    if len(set(counts.values())) > 1:
        found = ", ".join(f"'{name}' {count}" for name, count in counts.items())
        raise UserError(f"{path}: the inputs have different numbers of samples: {found}")
    return next(iter(counts.values()), 1)
