"""Runs modules of level 5 on arrays: samples become packets of beats, and packets samples."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from lstmir.interpreter.rtl import Clocked, Probe, Stalled
from lstmir.interpreter.streams import decode, encode
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, ports
from lstmir.ir.module import Module
from lstmir.numeric.arrays import quantize_real, to_real
from lstmir.numeric.fixed import FixedType


def is_clocked(module: Module) -> bool:
    """Whether the main function is a clocked design."""
    return module.main.region.end.name == "rtl.next"


def run_streamed(
    module: Module, inputs: Sequence[np.ndarray], probe: Probe | None = None
) -> list[np.ndarray]:
    """The real results [samples, …] of a design, all samples sent back to back.

    Raises `UserError` unless the interface has one input and one output with a format each, and
    where the design stops or gives what is no result.
    """
    (_, source), (result, target) = (_stream(module, kind) for kind in ("input", "output"))
    samples = quantize_real(inputs[0].astype(np.float64), source)
    words = prod(result.sample_shape)
    try:
        streams = Clocked(module, probe).run_streams(
            encode(list(samples), source), words * len(samples)
        )
        integers = decode(streams.beats_out, target, words)
    except (Stalled, ValueError) as error:
        raise UserError(f"@{module.main.name}: {error}", location=module.main.location) from error
    return [to_real(integers, target).reshape(-1, *result.sample_shape)]


def _stream(module: Module, kind: str) -> tuple[Port, FixedType]:
    found = ports(module, kind)
    if len(found) != 1:
        names = ", ".join(port.name for port in found) or "none"
        raise UserError(
            f"a design has one {kind} stream; the interface has {len(found)} {kind}s: {names}",
            location=module.main.location,
        )
    if found[0].format is None:
        raise UserError(
            f"the interface has no format for the {kind} '{found[0].name}', so wires have no meaning",
            location=module.main.location,
        )
    return found[0], found[0].format
