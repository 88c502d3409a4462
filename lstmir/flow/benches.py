"""Builds and runs the test benches of a folder: HLS C++ in g++, Verilog in a simulator."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from lstmir.flow.check import Check, Golden, timed
from lstmir.flow.toolchain import ToolError, ToolMissing, ap_types, gxx, verilator
from lstmir.flow.toolchain.process import run
from lstmir.flow.toolchain.simulate import SimulationResult, simulate

MOVING_PERCENT = 70
"""How often a stream moves when it is stalled at random."""


@dataclass(frozen=True)
class Bench:
    """A folder with its vectors, where to build, the name of the design, and what to expect of it."""

    folder: Path
    build: Path
    top: str
    golden: Golden
    cycles: int
    seed: int

    @property
    def inputs(self) -> Path:
        """The input beats."""
        return (self.folder / "vectors" / "inputs.txt").resolve()

    @property
    def outputs(self) -> Path:
        """The golden output beats."""
        return (self.folder / "vectors" / "outputs.txt").resolve()

    def tidy(self, check: Check) -> Check:
        """The check with paths as they are inside the folder, not on this machine."""
        reason = check.reason
        for place in (self.folder, self.build):
            reason = reason and reason.replace(f"{place.resolve()}/", "")
        return replace(check, reason=reason)


def check_hls(bench: Bench, headers: Path | None) -> Check:
    """The HLS C++, compiled with real ap_fixed headers, on every sequence."""
    check = Check("hls-cpp", "g++")

    def run_it() -> Check:
        compiler, types = gxx.find(), ap_types.find(headers)
        named = replace(check, version=f"{compiler.version}, ap_fixed of {types.version}")
        return timed(named, lambda: run_hls(named, bench, build_hls(bench, types.path)))

    return bench.tidy(timed(check, run_it))


def build_hls(bench: Bench, headers: Path) -> Path:
    """Compile the C++ with its test bench. Raises as `compile_cpp` does."""
    hls = bench.folder / "hls"
    return gxx.compile_cpp(
        sorted(hls.glob("*.cpp")), [hls, headers], bench.build / "hls", std="c++14"
    )


def run_hls(check: Check, bench: Bench, program: Path) -> Check:
    """The check after the program has run over all sequences."""
    words = [program, bench.inputs, bench.outputs]
    done = run("HLS test bench", words, expected=(0, 1), seconds=1800)
    found = _last_line(done.stdout)
    return replace(
        check, status="failed" if done.status or found["mismatches"] else "passed",
        sequences=found["sequences"], values_compared=found["values_compared"],
        mismatches=found["mismatches"], reason=_first(found["first_mismatch"]),
    )  # fmt: skip


def _last_line(output: str) -> dict[str, Any]:
    try:
        found = json.loads(output.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise ToolError("HLS test bench", "printed no result", output) from None
    assert isinstance(found, dict)
    return found


def _first(mismatch: Any) -> str | None:
    return f"first mismatch: {json.dumps(mismatch)}" if mismatch else None


def check_verilog(bench: Bench) -> list[Check]:
    """The Verilog in Verilator: every sequence back to back, then again with random stalls."""
    check = Check("verilog", "verilator")
    checks = [check, replace(check, back_pressure=True)]
    start = perf_counter()
    try:
        checks = [replace(each, version=verilator.find().version) for each in checks]
        program = build_simulator(bench)
    except ToolMissing as missing:
        return [each.not_run(missing) for each in checks]
    except ToolError as error:
        return [bench.tidy(each.failed(error)) for each in checks]
    built = perf_counter() - start
    first, *others = [run_simulator(each, bench, program) for each in checks]
    return [replace(first, seconds=round((first.seconds or 0) + built, 3)), *others]


def build_simulator(bench: Bench) -> Path:
    """Translate and compile the Verilog with its test bench. Raises as `verilator.build` does."""
    files = sorted((bench.folder / "verilog").glob("*.v"))
    test = bench.folder / "verilog" / "testbench.cpp"
    return verilator.build(files, bench.top, test, bench.build / "verilator")


def run_simulator(check: Check, bench: Bench, program: Path) -> Check:
    """One run over all sequences, with stalls if the check says so."""
    percent = MOVING_PERCENT if check.back_pressure else 100

    def run_it() -> Check:
        result = simulate(
            program, bench.inputs, bench.outputs, ready_percent=percent, valid_percent=percent,
            seed=bench.seed, folder=bench.folder / "verilog", seconds=3600,
        )  # fmt: skip
        return judged(check, bench, result)

    return bench.tidy(timed(check, run_it))


def judged(check: Check, bench: Bench, result: SimulationResult) -> Check:
    """The check after a simulation: values must be the golden ones, and cycles as predicted."""
    stopped = "the design stopped moving" if result.timeout else None
    done = replace(
        check, status="passed" if result.passed else "failed",
        reason=_first(result.first_mismatch) or stopped, sequences=result.packets_out,
        values_compared=result.beats_out, mismatches=result.mismatches,
    )  # fmt: skip
    if check.back_pressure:  # stalls are random: how long they take says nothing
        return done
    done = replace(done, cycles_total_simulated=result.cycles_total)
    if not result.passed or result.cycles_total == bench.cycles:
        return done
    return done.failed(f"{result.cycles_total} cycles simulated, {bench.cycles} predicted")
