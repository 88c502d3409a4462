"""Compares the golden outputs with everything that claims to compute the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from lstmir.flow.toolchain import ToolMissing, ap_types, gxx, verilator
from lstmir.flow.toolchain.process import run
from lstmir.flow.toolchain.simulate import simulate
from lstmir.flow.toolchain.tool import ToolError
from lstmir.interpreter.rtl import Clocked, Stalled
from lstmir.interpreter.run import run_samples
from lstmir.interpreter.streams import decode, encode
from lstmir.ir.module import Module
from lstmir.numeric.fixed import FixedType

BACK_PRESSURE_PERCENT = 70


@dataclass(frozen=True)
class Golden:
    """What level 3 computes: integers [N, T, I] in, [N, K] out, with their formats."""

    inputs: np.ndarray
    outputs: np.ndarray
    input_type: FixedType
    output_type: FixedType

    @property
    def lengths(self) -> list[int]:
        """Steps of each sequence."""
        return [self.inputs.shape[1]] * len(self.inputs)

    @property
    def words(self) -> int:
        """Elements of a result."""
        return int(self.outputs.shape[1])

    def first(self, count: int) -> Golden:
        """The first sequences only."""
        return replace(self, inputs=self.inputs[:count], outputs=self.outputs[:count])


@dataclass(frozen=True)
class Check:
    """One comparison, as the summary lists it."""

    against: str
    tool: str
    version: str | None = None
    status: str = "not_run"
    reason: str | None = None
    sequences: int | None = None
    values_compared: int | None = None
    mismatches: int | None = None
    back_pressure: bool = False
    cycles_total_simulated: int | None = None
    seconds: float | None = None

    def attribute(self) -> dict[str, Any]:
        """As an entry of the summary."""
        return asdict(self)


def _timed(check: Callable[[], Check]) -> Check:
    start = perf_counter()
    done = check()
    return replace(done, seconds=round(perf_counter() - start, 3))


def check_level(level: int, module: Module, golden: Golden) -> Check:
    """A level of the IR in the interpreter, on every sequence."""

    def run_it() -> Check:
        (outputs,) = run_samples(module, [golden.inputs])
        return _compared(Check(f"level-{level}", "lstmir interpreter"), golden, outputs)

    return _timed(run_it)


def check_rtl(module: Module, golden: Golden, sequences: int) -> Check:
    """Level 5 in the interpreter, cycle by cycle, on the first sequences."""
    some = golden.first(sequences)
    check = Check("level-5", "lstmir interpreter", sequences=len(some.inputs))

    def run_it() -> Check:
        beats = encode(list(some.inputs), some.input_type)
        expected = some.outputs.size
        try:
            result = Clocked(module).run_streams(beats, expected)
            outputs = decode(result.beats_out, some.output_type, some.words)
        except (Stalled, ValueError) as error:
            return replace(check, status="failed", reason=str(error))
        done = _compared(check, some, outputs)
        return replace(done, cycles_total_simulated=result.cycles_total)

    return _timed(run_it)


def _compared(check: Check, golden: Golden, outputs: np.ndarray) -> Check:
    mismatches = int(np.count_nonzero(outputs != golden.outputs))
    return replace(
        check, status="failed" if mismatches else "passed", sequences=len(golden.outputs),
        values_compared=golden.outputs.size, mismatches=mismatches,
    )  # fmt: skip


@dataclass(frozen=True)
class Places:
    """Where the files of a finished folder are, and where to build."""

    folder: Path
    build: Path
    top: str

    @property
    def inputs(self) -> Path:
        """The input beats."""
        return self.folder / "vectors" / "inputs.txt"

    @property
    def outputs(self) -> Path:
        """The golden output beats."""
        return self.folder / "vectors" / "outputs.txt"


def check_hls(places: Places, golden: Golden, headers: Path | None) -> Check:
    """The HLS C++, compiled with real ap_fixed headers, on every sequence."""
    check = Check("hls-cpp", "g++ with ap_fixed headers")

    def run_it() -> Check:
        compiler, types = gxx.find(), ap_types.find(headers)
        version = f"g++ {compiler.version}, {types.version}"
        hls = places.folder / "hls"
        sources = sorted(hls.glob("*.cpp"))
        program = gxx.compile_cpp(sources, [hls, types.path], places.build / "hls", std="c++14")
        done = run("HLS test bench", [program, places.inputs.resolve(), places.outputs.resolve()],
                   expected=(0, 1), seconds=1800)  # fmt: skip
        return _from_bench(replace(check, version=version), golden, done.stdout)

    return _timed(lambda: _guarded(check, run_it))


def _from_bench(check: Check, golden: Golden, output: str) -> Check:
    found = json.loads(output.strip().splitlines()[-1])
    return replace(
        check, status="failed" if found["mismatches"] else "passed",
        sequences=len(golden.outputs), values_compared=golden.outputs.size,
        mismatches=found["mismatches"], reason=_first(found.get("first_mismatch")),
    )  # fmt: skip


def _first(mismatch: Any) -> str | None:
    return None if not mismatch else f"first mismatch: {mismatch}"


def check_verilog(places: Places, golden: Golden, predicted: int, seed: int) -> list[Check]:
    """The Verilog in Verilator: every sequence back to back, then again with random stalls."""
    check = Check("verilog", "verilator")
    checks = [check, replace(check, back_pressure=True)]
    try:
        tool = verilator.find()
        start = perf_counter()
        files = sorted((places.folder / "verilog").glob("*.v"))
        bench = places.folder / "verilog" / "testbench.cpp"
        program = verilator.build(files, places.top, bench, places.build / "verilator")
    except ToolMissing as missing:
        return [_not_run(each, missing) for each in checks]
    except ToolError as error:
        return [replace(each, status="failed", reason=str(error)) for each in checks]
    built = perf_counter() - start
    simulation = _Simulation(places, golden, program, predicted, seed)
    first, *others = [simulation.run(replace(each, version=tool.version)) for each in checks]
    return [replace(first, seconds=round((first.seconds or 0) + built, 3)), *others]


@dataclass(frozen=True)
class _Simulation:
    """A simulator and what it is to be fed."""

    places: Places
    golden: Golden
    program: Path
    predicted: int
    seed: int

    def run(self, check: Check) -> Check:
        """One run, with stalls if the check says so."""
        return _timed(lambda: _guarded(check, lambda: self._compared(check)))

    def _compared(self, check: Check) -> Check:
        percent = BACK_PRESSURE_PERCENT if check.back_pressure else 100
        result = simulate(
            self.program, self.places.inputs, self.places.outputs, ready_percent=percent,
            valid_percent=percent, seed=self.seed, folder=self.places.folder / "verilog",
            seconds=3600,
        )  # fmt: skip
        stopped = "the design stopped moving" if result.timeout else None
        status, reason = "passed" if result.passed else "failed", _first(result.first_mismatch) or stopped
        cycles = None if check.back_pressure else result.cycles_total
        if result.passed and cycles not in (None, self.predicted):
            status, reason = "failed", f"{cycles} cycles simulated, {self.predicted} predicted"
        return replace(
            check, status=status, reason=reason, sequences=result.packets_out,
            values_compared=result.beats_out, mismatches=result.mismatches,
            cycles_total_simulated=cycles,
        )  # fmt: skip


def _guarded(check: Check, run_it: Callable[[], Check]) -> Check:
    try:
        return run_it()
    except ToolMissing as missing:
        return _not_run(check, missing)
    except ToolError as error:
        return replace(check, status="failed", reason=str(error))


def _not_run(check: Check, missing: ToolMissing) -> Check:
    return replace(check, status="not_run", reason=f"{missing.reason}; {missing.install_hint}")
