"""The golden vectors, and one comparison with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from time import perf_counter
from typing import Any

import numpy as np

from lstmir.flow.toolchain import ToolError, ToolMissing


@dataclass(frozen=True)
class Golden:
    """What the model computes in fixed point: integers [N, steps, words] of each input and output.

    They are the steps of streams: where an output has none, all its elements are one step's.
    """

    inputs: tuple[np.ndarray, ...]
    outputs: tuple[np.ndarray, ...]

    @property
    def sequences(self) -> int:
        """How many sequences there are."""
        return len(self.inputs[0])

    @property
    def lengths(self) -> list[int]:
        """Steps of each sequence."""
        return [self.inputs[0].shape[1]] * self.sequences

    @property
    def result_steps(self) -> int:
        """Steps of a result."""
        return int(self.outputs[0].shape[1])

    @property
    def values(self) -> int:
        """Elements of all results."""
        return sum(output.size for output in self.outputs)

    def first(self, count: int) -> Golden:
        """The first sequences only."""
        inputs, outputs = (
            tuple(each[:count] for each in side) for side in (self.inputs, self.outputs)
        )
        return Golden(inputs, outputs)


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

    def compared(self, golden: Golden, outputs: Sequence[np.ndarray]) -> Check:
        """The check after outputs have come, in the order of the golden ones."""
        pairs = zip(outputs, golden.outputs, strict=True)
        mismatches = sum(_mismatches(found, expected) for found, expected in pairs)
        return replace(
            self, status="failed" if mismatches else "passed", sequences=golden.sequences,
            values_compared=golden.values, mismatches=mismatches,
        )  # fmt: skip

    def failed(self, reason: object) -> Check:
        """The check after something broke."""
        return replace(self, status="failed", reason=str(reason))

    def not_run(self, missing: ToolMissing) -> Check:
        """The check where its tool is not on this machine."""
        return replace(self, status="not_run", reason=f"{missing.reason}; {missing.install_hint}")


def _mismatches(found: np.ndarray, expected: np.ndarray) -> int:
    return expected.size if found.shape != expected.shape else int((found != expected).sum())


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
