"""Runs data through the model and records what values it takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

import numpy as np

from lstmir.interpreter.feeds import fits
from lstmir.interpreter.listeners import Ranges
from lstmir.interpreter.run import run_samples
from lstmir.ir.interface import Port, is_sampled, ports
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.ir.types import is_fixed, is_float
from lstmir.passes.uses import refuse_lengths
from lstmir.pipeline.passes import Context, Promise, cannot, register


@register
@dataclass(frozen=True)
class Calibrate:
    """Records the range of every float value over the calibration data.

    An operation with one result gets `range = [lo, hi]`; the main function gets `ranges`, one for
    each parameter. The module remembers the data by number of samples and hash.
    """

    name: ClassVar[str] = "calibrate"
    summary: ClassVar[str] = "record the range of every value over the calibration data"
    promise: ClassVar[Promise] = Promise.EXACT

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
        ranges = _FiniteRanges(self)
        with np.errstate(over="ignore", invalid="ignore"):
            run_samples(module, samples, ranges)
        _write(module, ranges)
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


class _FiniteRanges(Ranges):
    """The ranges of floats, which must be finite."""

    def __init__(self, calibrate: Calibrate) -> None:
        super().__init__()
        self.calibrate = calibrate

    def see(self, value: Value, array: np.ndarray) -> None:
        if not is_float(value.type):
            return
        super().see(value, array)
        if not all(map(isfinite, self.found.get(value, ()))):
            why = f"'%{value.name or value.index}' is not finite on the calibration data"
            raise cannot(self.calibrate, why, value.op.location)


def _write(module: Module, ranges: Ranges) -> None:
    for op in module.walk():
        found = [ranges.found.get(value) for value in op.results]
        if len(found) == 1 and found[0] is not None and op.name != "tensor.constant":
            op.attributes["range"] = found[0]
    main = module.main
    main.attributes["ranges"] = tuple(ranges.found[value] for value in main.parameters)


def drop_ranges(module: Module) -> None:
    """Forget what was recorded: the graph that it described is gone."""
    for op in module.walk():
        op.attributes.pop("range", None)
    module.main.attributes.pop("ranges", None)
    module.attributes.pop("calibration", None)
