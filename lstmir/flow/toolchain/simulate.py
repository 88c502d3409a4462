"""Run a simulator that `verilator.build` made, on files of beats."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lstmir.flow.toolchain.process import run
from lstmir.flow.toolchain.tool import ToolError


@dataclass(frozen=True)
class SimulationResult:
    """What the test bench saw. Cycle 1 is the first clock after reset."""

    beats_in: int
    beats_out: int
    packets_out: int
    mismatches: int
    """Output beats that differ or that nobody expected, and cycles that break the rules of the stream."""
    cycles_total: int
    """The cycle in which the last output beat was transferred."""
    first_mismatch: dict[str, Any] | None
    """`kind` (`value`, `extra`, `unstable`), `beat`, `cycle`, `expected`, `got`."""
    packet_cycles: list[int]
    """The cycle of the last beat of each output packet, of the first eight only."""
    timeout: bool
    """Nothing moved for `timeout_cycles`, with beats still to come."""

    @property
    def passed(self) -> bool:
        """Every beat went in and came out as expected."""
        return self.mismatches == 0 and not self.timeout


def simulate(
    executable: Path,
    inputs: Path,
    outputs: Path,
    ready_percent: int = 100,
    valid_percent: int = 100,
    seed: int = 0,
    timeout_cycles: int = 100_000,
    *,
    folder: Path | None = None,
    seconds: float = 600,
) -> SimulationResult:
    """Drive the beats of `inputs`, and compare what comes out with those of `outputs`.

    The percentages are the chance in each cycle that a stream does not stall (1 to 100). The design looks up
    its memory images in `folder`. Raises `ToolError` if one is missing, or the simulator cannot say what
    it saw.
    """
    options = {
        "--ready-percent": ready_percent,
        "--valid-percent": valid_percent,
        "--seed": seed,
        "--timeout-cycles": timeout_cycles,
    }
    words = [str(word) for option in options.items() for word in option]
    files = [str(path.resolve()) for path in (executable, inputs, outputs)]
    done = run("simulation", [*files, *words], folder=folder, seconds=seconds, expected=(0, 1))
    _refuse_warnings(done.stdout)
    result = _parse(done.stdout)
    if result.passed != (done.status == 0):
        raise ToolError(
            "simulation", f"exit status {done.status} contradicts its result", done.stdout
        )
    return result


def _refuse_warnings(stdout: str) -> None:
    """Verilator only warns of a memory image that is not there, and goes on with noise."""
    warning = next((line for line in stdout.splitlines() if line.startswith("%")), None)
    if warning is not None:
        raise ToolError("simulation", warning)


def _parse(stdout: str) -> SimulationResult:
    try:
        return SimulationResult(**json.loads(stdout.splitlines()[-1]))
    except (IndexError, TypeError, ValueError):
        raise ToolError("simulation", "printed no result", stdout) from None
