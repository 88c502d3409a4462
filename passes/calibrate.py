"""Runs data through the model and records what values it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from lstmir.interpreter.feeds import fits
from lstmir.interpreter.listeners import Several
from lstmir.interpreter.run import run_samples
from lstmir.ir.attached import OF_PARAMETERS, attach
from lstmir.ir.interface import Port, is_sampled, ports
from lstmir.ir.module import Module
from lstmir.ir.naming import symbol
from lstmir.ir.operation import Value
from lstmir.ir.types import is_fixed, is_float
from lstmir.passes.observers import FiniteRanges, GramMatrices, Octaves, rounded_values
from lstmir.passes.records import drop_records, has_room
from lstmir.passes.sums import sums_of_products
from lstmir.passes.unmoved import unmoved
from lstmir.passes.uses import refuse_lengths
from lstmir.pipeline.passes import Context, Promise, cannot, register

_BATCH = 256
"""So many samples go through the model at once."""


@register
@dataclass(frozen=True)
class Calibrate:
    """Records what the values are on the calibration data, in one pass over them.

    - An operation with one result gets `range = [lo, hi]`; the main function gets `ranges`, one for
      each parameter.
    - A value for which a format will be chosen gets a `histogram` (the main function `histograms`):
      the elements of each binary order of magnitude, 2^-24 and below in the first bin, 2^15 and
      above in the last.
    - A sum of products of constant matrices gets a `gram` matrix: the sum of the outer products of
      its vectors and a 1, side by side, which second-order pruning and compensated rounding need.

    Histograms and Gram matrices are resources, which the records name. The module remembers the
    data by number of samples and hash; what was recorded before is forgotten. Of an input (but a
    state), sum or function that is the same number throughout, or a gate that never leaves its end,
    it warns.
    """

    name: ClassVar[str] = "calibrate"
    summary: ClassVar[str] = "record ranges, histograms and Gram matrices over the calibration data"
    promise: ClassVar[Promise] = Promise.EXACT

    histograms: bool = field(default=True, metadata={"help": "record histograms"})
    gram: bool = field(default=True, metadata={"help": "record the Gram matrices of products"})

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` without data that fit, on a module of batches, or on fixed point."""
        if not is_sampled(module):
            raise cannot(self, "the module is still that of a batch: run isolate-sample first")
        refuse_lengths(self, module)
        for value in module.main.parameters:
            if is_fixed(value.type):
                raise cannot(self, "the network is in fixed point: run calibrate before quantize")
            if not is_float(value.type):
                raise cannot(self, f"the input '%{value.name}' holds {value.type}, not floats")
        samples = [self.samples(port, context) for port in ports(module, "input")]
        self.check_counts(samples)
        values = [*module.main.parameters, *rounded_values(module)] if self.histograms else []
        found = _Found(
            FiniteRanges(self),
            Octaves(values),
            GramMatrices(sums_of_products(module) if self.gram else []),
        )
        _observe(module, samples, found, context)
        for sentence in unmoved(module, found.ranges.found, found.histograms.found):
            context.warn(f"{self.name}: {sentence}")
        drop_records(module)
        module.drop_unused_resources()
        _write(module, found)
        module.attributes["calibration"] = {
            "samples": len(samples[0]) if samples else 0,
            "hash": context.data_hash or "",
        }

    def samples(self, port: Port, context: Context) -> np.ndarray:
        """The data for an input [N, …]. Raises `UserError` where there are none that fit."""
        if context.data is None:
            raise cannot(self, "there is no calibration data: give --data FILE.npz")
        array = context.data.get(port.name)
        if array is None:
            raise cannot(self, f"the calibration data have no array for the input '{port.name}'")
        if not len(array) or not fits(array.shape[1:], port.sample_shape):
            expected = ", ".join(
                ["samples", *("?" if n < 0 else str(n) for n in port.sample_shape)]
            )
            why = f"the data for the input '{port.name}' are {list(array.shape)}, expected [{expected}]"
            raise cannot(self, why)
        return array

    def check_counts(self, samples: Sequence[np.ndarray]) -> None:
        """Raise `UserError` unless there are as many samples for each input."""
        counts = {len(array) for array in samples}
        if len(counts) > 1:
            found = ", ".join(map(str, sorted(counts)))
            raise cannot(self, f"the inputs differ in the number of samples: {found}")


@dataclass(frozen=True)
class _Found:
    """All that is observed."""

    ranges: FiniteRanges
    histograms: Octaves
    grams: GramMatrices


def _observe(
    module: Module, samples: Sequence[np.ndarray], found: _Found, context: Context
) -> None:
    listener = Several([found.ranges, found.histograms, found.grams])
    count = len(samples[0]) if samples else 1
    for start in range(0, count, _BATCH):
        if count > _BATCH:
            context.progress(f"calibrate: sample {start + 1} of {count}")
        batch = [array[start : start + _BATCH] for array in samples]
        # What is no number is reported by whoever sees it.
        with np.errstate(over="ignore", invalid="ignore"):
            run_samples(module, batch, listener)


def _write(module: Module, found: _Found) -> None:
    for op in module.walk():
        range_ = found.ranges.found.get(op.result) if has_room(op) else None
        if range_ is not None:
            op.attributes["range"] = range_
        for value in op.results:
            counts = found.histograms.found.get(value)
            if counts is not None:
                op.attributes["histogram"] = _histogram(module, value, counts)
        gram = found.grams.found.get(op)
        if gram is not None:
            name = symbol(op.result.name, "sum")
            op.attributes["gram"] = attach(module, f"{name}_gram", gram)
    main, histograms = module.main, found.histograms.found
    main.attributes["ranges"] = tuple(found.ranges.found[value] for value in main.parameters)
    if histograms:
        main.attributes[OF_PARAMETERS] = tuple(
            _histogram(module, value, histograms[value]) for value in main.parameters
        )


def _histogram(module: Module, value: Value, counts: np.ndarray) -> dict[str, object]:
    return attach(module, f"{symbol(value.name, 'value')}_histogram", counts)
