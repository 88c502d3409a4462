"""Runs modules of level 5 on arrays: samples become packets of beats, and packets samples."""

from __future__ import annotations

from math import prod

import numpy as np

from lstmir.interpreter.rtl import Clocked
from lstmir.interpreter.streams import decode, encode
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import ports
from lstmir.ir.module import Module
from lstmir.numeric.arrays import quantize_real, to_real


def is_clocked(module: Module) -> bool:
    """Whether the main function is a clocked design."""
    return module.main.region.end.name == "rtl.next"


def run_streamed(module: Module, samples: np.ndarray) -> list[np.ndarray]:
    """The real results [samples, …] of a design, all samples sent back to back.

    Raises `UserError` if the interface does not know the formats on the streams.
    """
    (source,), (result,) = ports(module, "input"), ports(module, "output")
    if source.format is None or result.format is None:
        raise UserError("the interface has no formats for the streams, so wires have no meaning")
    beats = encode(list(quantize_real(samples.astype(np.float64), source.format)), source.format)
    words = prod(result.sample_shape)
    streams = Clocked(module).run_streams(beats, words * len(samples))
    integers = decode(streams.beats_out, result.format, words)
    return [to_real(integers, result.format).reshape(-1, *result.sample_shape)]
