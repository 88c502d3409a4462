"""Run a simulator that `verilator.build` or `cxxrtl.build` made, on files of beats."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from lstmir.flow.toolchain.process import run
from lstmir.flow.toolchain.tool import ToolError


@dataclass(frozen=True)
class Traffic:
    """How the streams move, and what happens to them: the options of the test bench.

    The percentages are the chance in each cycle that a stream does not stall (1 to 100). With
    `pace_cycles`, they are the least chances: every so many cycles, each stream draws one anew.
    The design is reset `resets` times, each at most `reset_cycles` after the one before; what is not
    answered then is sent again. After the last beat, nothing may come for `drain_cycles`. The same
    seed gives the same stimuli in every simulator.
    """

    ready_percent: int = 100
    valid_percent: int = 100
    pace_cycles: int = 0
    resets: int = 0
    reset_cycles: int = 1000
    seed: int = 0
    timeout_cycles: int = 100_000
    drain_cycles: int = 10_000

    def words(self) -> list[str]:
        """As the test bench is told."""
        names = [field.name for field in fields(self)]
        options = {f"--{name.replace('_', '-')}": getattr(self, name) for name in names}
        return [str(word) for option in options.items() for word in option]


STEADY = Traffic()
"""Nothing stalls, and nothing is lost."""


@dataclass(frozen=True)
class SimulationResult:
    """What the test bench saw. Cycle 1 is the first clock after the last reset."""

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
    """The cycle of the last beat of each output packet since the last reset, of the first eight only."""
    resets: int
    """How often the design was reset with beats still to come."""
    first_packet: int
    """The packet that was sent first after the last reset."""
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
    traffic: Traffic = STEADY,
    *,
    folder: Path | None = None,
    seconds: float = 600,
) -> SimulationResult:
    """Drive the beats of `inputs`, and compare what comes out with those of `outputs`.

    The design looks up its memory images in `folder`, if its simulator reads them when it starts.
    Raises `ToolError` if one is missing, or the simulator cannot say what it saw.
    """
    files = [str(path.resolve()) for path in (executable, inputs, outputs)]
    command = [*files, *traffic.words()]
    done = run("simulation", command, folder=folder, seconds=seconds, expected=(0, 1))
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
