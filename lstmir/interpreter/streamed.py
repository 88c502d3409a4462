"""Runs modules of level 5 on arrays: samples become packets of beats, and packets samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmir.interpreter.rtl import Clocked, Probe, Stalled
from lstmir.interpreter.streams import stream_format, stream_ports
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port
from lstmir.ir.module import Module
from lstmir.numeric.arrays import quantize_real, to_real


def is_clocked(module: Module) -> bool:
    """Whether the main function is a clocked design."""
    return module.main.region.end.name == "rtl.next"


_PATIENCE = 10_000
"""Cycles for all that does not grow with a sequence."""


def run_streamed(
    module: Module, inputs: Sequence[np.ndarray], probe: Probe | None = None
) -> list[np.ndarray]:
    """The real results [samples, …] of a design, all samples sent back to back.

    Raises `UserError` unless the interface has inputs and outputs with a format each, and where the
    design stops or gives what is no result.
    """
    source, target = (stream_format(module, kind) for kind in ("input", "output"))
    given = [
        port.to_steps(quantize_real(array.astype(np.float64), part.element))
        for port, part, array in zip(
            stream_ports(module, "input"), source.parts, inputs, strict=True
        )
    ]
    results = stream_ports(module, "output")
    steps = result_steps(results, given[0].shape[1])
    try:
        beats = source.encode(zip(*given, strict=True))
        expected = target.beats * steps * len(given[0])
        result = Clocked(module, probe).run_streams(
            beats, expected, stall_cycles=patience(module, given[0].shape[1])
        )
        found = target.decode(result.beats_out, steps)
    except (Stalled, ValueError) as error:
        raise UserError(f"@{module.main.name}: {error}", location=module.main.location) from error
    return [
        port.from_steps(to_real(integers, part.element))
        for port, part, integers in zip(results, target.parts, found, strict=True)
    ]


def patience(module: Module, steps: int) -> int:
    """Cycles in which nothing may move: a machine may work that long on sequences that it holds."""
    timing = module.attributes.get("timing", {})
    each = timing.get("step", 0) + sum(step for _, step in timing.get("later", ()))
    return int(_PATIENCE + 2 * steps * each)


def result_steps(results: Sequence[Port], steps: int) -> int:
    """Steps of the result of a packet that has so many, given the ports as `stream_ports` does."""
    port = results[0]
    size = 1 if port.time is None else port.shape[port.time]
    return steps if size < 0 else size
