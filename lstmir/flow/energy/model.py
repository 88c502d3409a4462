"""The model: static power, what every cycle takes, and what multiplications and words take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lstmir.flow.energy.work import Work
from lstmir.targets.energy.constants import Constants, Range

PUBLISHED = (53.0, 290.0)
"""Picojoules a multiplication, all included, that FPGA accelerators of RNNs were published with."""
_PICO_TO_MICRO = 1e-6


@dataclass(frozen=True)
class Size:
    """Of a design: look-up tables and flip-flops, and which tool, or the `estimate`, says so."""

    lut: int
    ff: int
    source: str


@dataclass(frozen=True)
class Clock:
    """In megahertz, and which tool says so; else `estimate`, or `assumed`."""

    mhz: float
    source: str


@dataclass(frozen=True)
class Charge:
    """What one inference takes while so many `us` pass: microjoules, by what they go to."""

    us: float
    multiplications: int
    terms: dict[str, Range]

    @property
    def microjoules(self) -> Range:
        """All of it."""
        return sum(self.terms.values(), Range(0, 0, 0))

    @property
    def static_share(self) -> float:
        """The part of it that the chip takes whether it computes or not."""
        return self.terms["static"].mid / self.microjoules.mid

    @property
    def picojoules_per_multiplication(self) -> Range | None:
        """All of it, over the multiplications. None where nothing is multiplied."""
        if not self.multiplications:
            return None
        return self.microjoules * (1 / (_PICO_TO_MICRO * self.multiplications))

    @property
    def warnings(self) -> Iterator[str]:
        """Why not to believe it."""
        least, most = PUBLISHED
        found = self.picojoules_per_multiplication
        if found and found.mid < least:
            yield (
                f"{found.mid:.3g} pJ a multiplication: published FPGA accelerators of RNNs take "
                f"{least:g} to {most:g}, so the constants promise too much"
            )

    def attribute(self) -> dict[str, Any]:
        """As a part of the summary."""
        each = self.picojoules_per_multiplication
        return {
            "us": self.us,
            "microjoules": self.microjoules.attribute(),
            "static_share": self.static_share,
            "picojoules_per_multiplication": each and each.attribute(),
            "terms": {name: term.attribute() for name, term in self.terms.items()},
        }


def charge(
    constants: Constants, work: Work, size: Size, clock: Clock, period_us: float | None = None
) -> Charge:
    """Of an inference alone, or, with a period, of one in each so many microseconds.

    Between inferences the chip and its clock tree go on, and nothing else does.
    """
    us = work.cycles / clock.mhz if period_us is None else period_us
    ticks = us * clock.mhz
    active = min(work.cycles, ticks)
    products = work.multiplications - work.narrow * (1 - constants.narrow_factor)
    picojoules = {
        "clock": constants["clk"] * ticks,
        "ff": constants["ff"] * (active * size.ff),
        "lut": constants["lut"] * (active * size.lut),
        "multiplications": constants["mac"] * products,
        "memory": constants["mem"] * work.words,
        "dram": constants["dram"] * work.dram_bits,
    }
    terms = {name: term * _PICO_TO_MICRO for name, term in picojoules.items()}
    return Charge(us, work.multiplications, {"static": constants["static"] * us, **terms})
