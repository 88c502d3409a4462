"""What each kind of logic costs on a family; `coefficients.json` says on what it was fitted, and how well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("coefficients.json")


@dataclass(frozen=True)
class Fit:
    """A weighted sum, fitted on so many `networks`.

    The errors are relative, of the networks that were `held_out` of the fit: what half of them, nine in
    ten and all of them keep within.
    """

    weights: Mapping[str, float]
    networks: int
    held_out: int
    median: float
    p90: float
    worst: float

    def of(self, kinds: Mapping[str, float]) -> float:
        """The sum."""
        return sum(weight * kinds.get(kind, 0) for kind, weight in self.weights.items())


@dataclass(frozen=True)
class Coefficients:
    """Of one family. `clock` gives nanoseconds, of the part that it was fitted on; None where none was."""

    lut: Fit
    ff: Fit
    clock: Fit | None


def coefficients_of(family: str) -> Coefficients | None:
    """None for a family that nothing was fitted for."""
    return _read().get(family)


@cache
def _read() -> dict[str, Coefficients]:
    families = json.loads(FILE.read_text(encoding="utf-8"))["families"]
    return {
        family: Coefficients(**{kind: fit and Fit(**fit) for kind, fit in fits.items()})
        for family, fits in families.items()
    }
