"""What a design will take of its part, and how fast it will be there, before anything is synthesized."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import log2
from typing import Any

from lstmir.flow.sizing.counting import Counting
from lstmir.flow.sizing.netlist import Netlist
from lstmir.flow.sizing.paths import DELAYS, slowest_path
from lstmir.flow.sizing.rules import RULES
from lstmir.interpreter.rtl_design import read_design
from lstmir.ir.module import Module
from lstmir.targets import Part
from lstmir.targets.coefficients import Fit, coefficients_of


@dataclass(frozen=True)
class Estimate:
    """DSP and memory blocks are exact by rule; LUTs, flip-flops and the clock come from fits.

    An error is what nine in ten networks that the fit had not seen kept within, as a share.
    """

    part: str
    lut: int
    lut_error: float
    ff: int
    ff_error: float
    dsp: int
    bram: int
    fmax_mhz: float | None
    fmax_error: float | None

    def attribute(self) -> dict[str, Any]:
        """As a part of the summary."""
        return asdict(self)


def estimate(module: Module, part: Part) -> Estimate | None:
    """Of a level-5 module; None for a part whose family has no model."""
    fitted, rules = coefficients_of(part.family), RULES.get(part.family)
    if fitted is None or rules is None:
        return None
    netlist = Netlist(read_design(module.main), module.resources)
    counting = Counting(netlist, rules)
    lut = fitted.lut.of(counting.kinds)
    clock = _megahertz(fitted.clock, timing_kinds(netlist, counting, part.family, lut))
    return Estimate(
        part.name,
        round(lut), fitted.lut.p90,
        round(fitted.ff.of(counting.kinds)), fitted.ff.p90,
        counting.dsp, counting.bram,
        clock, fitted.clock.p90 if fitted.clock else None,
    )  # fmt: skip


def timing_kinds(netlist: Netlist, counting: Counting, family: str, lut: float) -> dict[str, float]:
    """What the nanoseconds of a clock are made of: the slowest path, and ways that get longer."""
    if family not in DELAYS:
        return {}
    path = slowest_path(netlist, counting.cover, counting.rules, DELAYS[family])
    return {"path": path, "size": log2(max(2.0, lut))}


def _megahertz(fit: Fit | None, kinds: dict[str, float]) -> float | None:
    return round(1000 / fit.of(kinds), 1) if fit else None
