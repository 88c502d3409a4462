"""Runs a model on a file of arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from lstmir import dialects
from lstmir.flow.arrays import check_readable, write_arrays
from lstmir.flow.feeds import Feed, Warn
from lstmir.flow.models import check_model_path, load_model
from lstmir.flow.observe import Observers, Report
from lstmir.flow.vcd import scope_of
from lstmir.flow.whole import whole_file
from lstmir.frontends.parts.cut import WHOLE, Cut
from lstmir.interpreter.feeds import as_outputs, input_formats
from lstmir.interpreter.rtl import Probe
from lstmir.interpreter.run import run, run_reals
from lstmir.interpreter.signature import check_signature
from lstmir.interpreter.streamed import is_clocked
from lstmir.interpreter.vcd import VcdWriter
from lstmir.ir.diagnostics import UsageError, UserError
from lstmir.ir.interface import Port, is_sampled, ports
from lstmir.ir.module import Module

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class RunRequest:
    """What `lstmir run` was asked for.

    `samples`: the arrays are stacks [N, …] of single samples, and so are the results. `trace` are
    addresses of values, `vcd` the file of a value change dump.
    """

    model: str
    feed: str
    output: Path
    samples: bool = False
    trace: Sequence[str] = ()
    counts: bool = False
    ranges: bool = False
    vcd: Path | None = None
    cut: Cut = WHOLE

    def check_paths(self) -> None:
        """Raise `UsageError` for a path that cannot be read or written, or that is named twice."""
        check_model_path(self.model, self.cut)
        check_readable(self.feed)
        taken = [Path(self.model), Path(self.feed)]
        for path in (self.output, self.vcd):
            if path is not None:
                check_output(path, taken)
                taken.append(path)

    def check_level(self, module: Module) -> None:
        """Raise `UsageError` for what there is at another level only."""
        clocked = is_clocked(module)
        if self.vcd is not None and not clocked:
            raise UsageError(f"--vcd needs a module of level 5 (rtl), {self.model} is none")
        flags = {"--trace": self.trace, "--counts": self.counts, "--ranges": self.ranges}
        unfit = [flag for flag, value in flags.items() if value and clocked]
        if unfit:
            raise UsageError(
                f"{unfit[0]} looks into levels 1 to 4, {self.model} is of level 5 (rtl)",
                notes=["--vcd FILE shows its signals"],
            )


def run_model(request: RunRequest, warn: Warn) -> Report:
    """Write the outputs of a model for the arrays of an `.npz`, named as the model's outputs.

    Raises `UsageError` and `UserError` for what the user can mend; then nothing is written.
    """
    request.check_paths()
    dialects.load()
    module = load_model(request.model, request.cut)
    check_signature(module)
    request.check_level(module)
    observers = Observers(module, request.trace, counts=request.counts, ranges=request.ranges)
    feed = Feed(request.feed, ports(module, "input"), request.samples, warn)
    arrays = feed.read()
    saturations = feed.saturations(arrays, input_formats(module))
    with ExitStack() as files:
        file = files.enter_context(whole_file(request.output))
        probe = _probe(request, module, files)
        results = _Run(module, feed, observers, probe).results(arrays)
        write_arrays(file, {**results, **observers.traces()})
        if probe is not None:
            probe.close()
    return observers.report(saturations)


def check_output(output: Path, taken: list[Path]) -> None:
    """Raise `UsageError` unless a file can be written, which is none of two inputs or more outputs."""
    if output.resolve() in [path.resolve() for path in taken]:
        what = "an input" if output.resolve() in map(Path.resolve, taken[:2]) else "another output"
        raise UsageError(f"the output {output} would replace {what}")
    if output.is_dir():
        raise UsageError(f"the output {output} is a folder; expected the name of a file")
    if output.exists() and not output.is_file():
        raise UsageError(f"the output {output} is no file that could be replaced")
    if not output.resolve().parent.is_dir():
        raise UsageError(f"cannot write {output}: there is no folder {output.parent}")


def _probe(request: RunRequest, module: Module, files: ExitStack) -> VcdWriter | None:
    if request.vcd is None:
        return None
    file: BinaryIO = files.enter_context(whole_file(request.vcd))
    return VcdWriter(lambda text: file.write(text.encode()), scope_of(module))


@dataclass(frozen=True)
class _Run:
    """A module, and how its runs are fed and observed."""

    module: Module
    feed: Feed
    observers: Observers
    probe: Probe | None

    def results(self, arrays: Arrays) -> Arrays:
        if not is_sampled(self.module):
            return self.stacked(arrays) if self.feed.stacked else self.batch(arrays)
        stacks = [self.samples(port, arrays[port.name]) for port in self.feed.inputs]
        reals = run_reals(self.module, stacks, self.observers.listener, self.probe)
        self.observers.collect(max(map(len, stacks), default=1))
        outputs = as_outputs(self.module, reals)
        return self.restacked([outputs]) if self.feed.stacked else outputs

    def samples(self, port: Port, array: np.ndarray) -> np.ndarray:
        return array if self.feed.stacked else port.to_samples(array)

    def batch(self, arrays: Arrays) -> Arrays:
        results = run(self.module, arrays, self.observers.listener)
        self.observers.collect(1)
        return results

    def stacked(self, arrays: Arrays) -> Arrays:
        """The results of samples that run together in batches as large as the model takes them."""
        return self.restacked(
            [
                self.batch(
                    {p.name: p.from_samples(arrays[p.name][piece]) for p in self.feed.inputs}
                )
                for piece in self.pieces(len(next(iter(arrays.values()))))
            ]
        )

    def pieces(self, count: int) -> Iterator[slice]:
        sizes = {1 if p.batch is None else p.shape[p.batch] for p in self.feed.inputs} - {-1}
        size = max(sizes, default=count)
        if count % size:
            raise UserError(
                f"{self.feed.path}: the model takes its samples {size} at a time, and {count} is no "
                f"multiple of that"
            )
        return (slice(first, first + size) for first in range(0, count, size))

    def restacked(self, results: list[Arrays]) -> Arrays:
        return {
            port.name: np.concatenate([port.to_samples(result[port.name]) for result in results])
            for port in ports(self.module, "output")
        }
