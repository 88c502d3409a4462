"""The Verilog of a folder in two independent simulators: linted, run steadily, and run under stress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Protocol

from lstmir.flow.benches import Bench, first_mismatch
from lstmir.flow.check import Check, timed
from lstmir.flow.toolchain import Tool, ToolError, ToolMissing, cxxrtl, verilator
from lstmir.flow.toolchain.simulate import STEADY, SimulationResult, Traffic, simulate

LEAST_PERCENT = 5
"""How often a stream moves while it moves least, when it is stalled at random."""
PACE_CYCLES = 500
RESETS = 8


class _Runner(Protocol):
    """A module of `toolchain` that makes a program of Verilog and a test bench."""

    def find(self) -> Tool: ...
    def lint(self, files: Sequence[Path], top: str) -> tuple[str, ...]: ...
    def build(
        self, files: Sequence[Path], top: str, testbench_cpp: Path, build_dir: Path
    ) -> Path: ...


@dataclass(frozen=True)
class Simulator:
    """How to build it, and how many cycles of a run it has the time for."""

    runner: _Runner
    cycles: float = float("inf")


SIMULATORS = {
    "verilator": Simulator(verilator),
    "cxxrtl": Simulator(cxxrtl, cycles=4e6),
}


def check_verilog(tool: str, bench: Bench) -> list[Check]:
    """Sequences back to back, without a stall in the predicted cycles; then again with stalls and resets."""
    check = Check("verilog", tool)
    checks = [check, replace(check, back_pressure=True)]
    start = perf_counter()
    try:
        version = SIMULATORS[tool].runner.find().version
        checks = [replace(each, version=version) for each in checks]
        program = build_simulator(tool, bench)
    except ToolMissing as missing:
        return [each.not_run(missing) for each in checks]
    except ToolError as error:
        return [bench.tidy(each.failed(error)) for each in checks]
    built = perf_counter() - start
    first, *others = [run_simulator(each, bench, program) for each in checks]
    return [replace(first, seconds=round((first.seconds or 0) + built, 3)), *others]


def build_simulator(tool: str, bench: Bench) -> Path:
    """Lint, translate and compile the Verilog with its test bench.

    Raises `ToolMissing` without a tool, and `ToolError` if one warns or fails.
    """
    folder, runner = bench.folder / "verilog", SIMULATORS[tool].runner
    files = sorted(folder.glob("*.v"))
    problems = runner.lint(files, bench.top)
    if problems:
        raise ToolError(tool, problems[0], "\n".join(problems[1:]))
    return runner.build(files, bench.top, folder / f"testbench_{tool}.cpp", bench.build / tool)


def run_simulator(check: Check, bench: Bench, program: Path) -> Check:
    """One run over the sequences that there is time for, under stress if the check says so."""
    count = sequences(bench, SIMULATORS[check.tool].cycles)
    traffic = stress(bench) if check.back_pressure else STEADY
    patience = max(traffic.timeout_cycles, bench.cycles)
    traffic = replace(traffic, timeout_cycles=patience)

    def run_it() -> Check:
        inputs, outputs = first_sequences(bench, count)
        folder = bench.folder / "verilog"
        result = simulate(program, inputs, outputs, traffic, folder=folder, seconds=3600)
        return judged(check, bench, result)

    return bench.tidy(timed(check, run_it))


def stress(bench: Bench) -> Traffic:
    """Stalls now seldom, now nearly always, and resets, of which some come in any packet's middle."""
    sequence = -(-bench.cycles // bench.golden.sequences)
    return Traffic(
        LEAST_PERCENT,
        LEAST_PERCENT,
        PACE_CYCLES,
        RESETS,
        reset_cycles=2 * sequence,
        seed=bench.seed,
    )


def sequences(bench: Bench, cycles: float) -> int:
    """How many sequences a run of at most so many cycles has: all, if it can, and one at least."""
    count = bench.golden.sequences
    return max(1, min(count, int(count * min(1, cycles / bench.cycles))))


def first_sequences(bench: Bench, count: int) -> tuple[Path, Path]:
    """The files of beats that hold these sequences only."""
    if count == bench.golden.sequences:
        return bench.inputs, bench.outputs
    return _cut(bench.inputs, bench.build, count), _cut(bench.outputs, bench.build, count)


def _cut(beats: Path, folder: Path, packets: int) -> Path:
    """A copy of the file with its first packets."""
    lines = []
    for line in beats.read_text().splitlines():
        lines.append(line)
        packets -= not line.startswith("//") and line.split()[1] == "1"
        if not packets:
            break
    path = folder / beats.name
    path.write_text("\n".join([*lines, ""]))
    return path


def judged(check: Check, bench: Bench, result: SimulationResult) -> Check:
    """The check after a simulation: values must be the golden ones, and cycles as predicted."""
    stopped = "the design stopped moving" if result.timeout else None
    done = replace(
        check, status="passed" if result.passed else "failed",
        reason=first_mismatch(result.first_mismatch) or stopped, sequences=result.packets_out,
        values_compared=bench.values(result.beats_out), mismatches=result.mismatches, resets=result.resets,
    )  # fmt: skip
    if check.back_pressure:  # stalls are random: how long they take says nothing
        return done
    done = replace(done, cycles_total_simulated=result.cycles_total)
    whole = result.packets_out == bench.golden.sequences  # what is predicted is all of them
    if not result.passed or not whole or result.cycles_total == bench.cycles:
        return done
    return done.failed(f"{result.cycles_total} cycles simulated, {bench.cycles} predicted")
