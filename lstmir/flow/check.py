"""The golden vectors, and one comparison with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from time import perf_counter
from typing import Any

import numpy as np

from lstmir.flow.toolchain import ToolError, ToolMissing


@dataclass(frozen=True)
class Golden:
    """What the model computes in fixed point: integers [N, T, I] in, [N, K] out."""

    inputs: np.ndarray
    outputs: np.ndarray

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
        return Golden(self.inputs[:count], self.outputs[:count])


@dataclass(frozen=True)
class Check:
    """One comparison with the golden outputs, as the summary lists it."""

    against: str
    tool: str
    version: str | None = None
    status: str = "not_run"
    reason: str | None = None
    sequences: int | None = None
    values_compared: int | None = None
    mismatches: int | None = None
    back_pressure: bool = False
    resets: int = 0
    cycles_total_simulated: int | None = None
    seconds: float | None = None

    def attribute(self) -> dict[str, Any]:
        """As an entry of the summary."""
        return asdict(self)

    def compared(self, golden: Golden, outputs: np.ndarray) -> Check:
        """The check after outputs have come, in the order of the golden ones."""
        wrong = outputs.shape != golden.outputs.shape
        mismatches = golden.outputs.size if wrong else int((outputs != golden.outputs).sum())
        return replace(
            self, status="failed" if mismatches else "passed", sequences=len(golden.outputs),
            values_compared=golden.outputs.size, mismatches=mismatches,
        )  # fmt: skip

    def failed(self, reason: object) -> Check:
        """The check after something broke."""
        return replace(self, status="failed", reason=str(reason))

    def not_run(self, missing: ToolMissing) -> Check:
        """The check where its tool is not on this machine."""
        return replace(self, status="not_run", reason=f"{missing.reason}; {missing.install_hint}")


def of_interpreter(level: int) -> Check:
    """The check of a level of the IR."""
    return Check(f"level-{level}", "lstmir", version("lstmir"))


def timed(check: Check, run: Callable[[], Check]) -> Check:
    """What `run` makes of a check, with its time; without the tool it needs, the check is not run."""
    start = perf_counter()
    try:
        done = run()
    except ToolMissing as missing:
        return check.not_run(missing)
    except ToolError as error:
        done = check.failed(error)
    return replace(done, seconds=round(perf_counter() - start, 3))
