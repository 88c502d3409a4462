"""Compares the golden outputs with everything that claims to compute the same."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lstmir.flow.benches import Bench, check_hls
from lstmir.flow.check import Check, Golden, of_interpreter, timed
from lstmir.flow.progress import Progress
from lstmir.flow.simulations import SIMULATORS, check_verilog
from lstmir.flow.writing import top_name
from lstmir.interpreter.rtl import Clocked, Stalled
from lstmir.interpreter.run import run_samples
from lstmir.interpreter.streamed import patience
from lstmir.interpreter.streams import steps_of, stream_format, stream_ports
from lstmir.ir.interface import lanes_of
from lstmir.ir.module import Module


@dataclass(frozen=True)
class Design:
    """A level-5 module, the folder that was printed from it, and what to expect of them.

    `cycles` are those of all golden sequences back to back. Level 5 is interpreted on the first
    `rtl_sequences` of them. `headers` is a folder of ap_fixed headers, None for those of hls4ml.
    """

    module: Module
    folder: Path
    golden: Golden
    cycles: int
    seed: int
    rtl_sequences: int
    headers: Path | None


def check_design(design: Design, progress: Progress) -> list[Check]:
    """Level 5 in the interpreter, the HLS C++, and the Verilog in two simulators.

    In each of them it runs steadily, then once more with stalls and resets.
    """
    count = min(design.rtl_sequences, design.golden.sequences)
    with progress.timed("interpret", f"interpreting level 5, cycle by cycle, on {count} sequences"):
        checks = [check_rtl(design.module, design.golden.first(count))]
    with tempfile.TemporaryDirectory() as build:
        bench = Bench(
            design.folder, Path(build), top_name(design.module), design.golden, design.cycles,
            design.seed, lanes_of(design.module),
        )  # fmt: skip
        with progress.timed("hls", "compiling the HLS C++ with g++ and running all sequences"):
            checks.append(check_hls(bench, design.headers))
        for tool in SIMULATORS:
            with progress.timed(
                "verilog", f"building a simulator of the Verilog by {tool}, and running it"
            ):
                checks += check_verilog(tool, bench)
    return checks


def check_level(level: int, module: Module, golden: Golden) -> Check:
    """A level of the IR in the interpreter, on every sequence."""
    check = of_interpreter(level)
    return timed(check, lambda: check.compared(golden, _outputs(module, golden)))


def _outputs(module: Module, golden: Golden) -> tuple[np.ndarray, ...]:
    pairs = zip(stream_ports(module, "input"), golden.inputs, strict=True)
    found = run_samples(module, [port.from_steps(steps) for port, steps in pairs])
    return steps_of(module, "output", found)


def check_rtl(module: Module, golden: Golden) -> Check:
    """Level 5 in the interpreter, cycle by cycle."""
    check = replace(of_interpreter(5), sequences=golden.sequences)
    return timed(check, lambda: _run_rtl(check, module, golden))


def _run_rtl(check: Check, module: Module, golden: Golden) -> Check:
    source, target = (stream_format(module, kind) for kind in ("input", "output"))
    steps = golden.result_steps
    try:
        beats = source.encode(zip(*golden.inputs, strict=True))
        result = Clocked(module).run_streams(
            beats, target.beats * steps * golden.sequences,
            stall_cycles=patience(module, max(golden.lengths)),
        )  # fmt: skip
        outputs = target.decode(result.beats_out, steps)
    except (Stalled, ValueError) as error:
        return check.failed(error)
    return replace(check.compared(golden, outputs), cycles_total_simulated=result.cycles_total)
