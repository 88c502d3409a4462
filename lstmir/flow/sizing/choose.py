"""Which array: the fastest design that fits a part, or the smallest one that is fast enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lstmir.flow.recipes import TILE, lower, pack
from lstmir.flow.sizing.estimate import Estimate, estimate
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.passes.machine.prediction import predict_cycles
from lstmir.passes.machine.reading import read_program
from lstmir.passes.machine.timing import Timing, timing_from
from lstmir.passes.schedule import Schedule
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from lstmir.targets import Part

FULL = 0.9
"""The share of what a part has that a design may take and still be routed well: of its LUTs and flip-flops,
by an estimate with its error; of its DSP blocks, where multipliers can be made of logic instead."""
_STEP = 0.92
_SEVERAL = 8


@dataclass(frozen=True)
class Wish:
    """What a design must reach: microseconds of a sequence, sequences a second, at a clock.

    Without a clock it is the estimated one less its error. Without either figure, fastest is best.
    """

    longest: int
    latency_us: float | None = None
    fps: float | None = None
    clock_mhz: float | None = None

    @property
    def is_bound(self) -> bool:
        """Whether small is better than fast, once it is fast enough."""
        return self.latency_us is not None or self.fps is not None


@dataclass(frozen=True)
class Candidate:
    """A design for `macs` multipliers at most, and how fast it is; None where no clock is known."""

    macs: int
    step: int
    estimate: Estimate
    clock_mhz: float | None
    latency_us: float | None
    fps: float | None

    def fits(self, part: Part) -> bool:
        """Whether it fits, however wrong nine in ten estimates are."""
        size = self.estimate
        return (
            size.lut * (1 + size.lut_error) <= FULL * part.luts
            and size.ff * (1 + size.ff_error) <= FULL * part.ffs
            and size.dsp <= part.dsp
            and size.bram <= part.bram
        )

    def grants(self, wish: Wish) -> bool:
        """Whether it is fast enough."""
        late = wish.latency_us is not None and not (self.latency_us or 1e30) <= wish.latency_us
        slow = wish.fps is not None and not (self.fps or 0) >= wish.fps
        return not late and not slow

    @property
    def slowness(self) -> tuple[float, float, int]:
        """Cycles a step, then nanoseconds where a clock is known, then LUTs."""
        ns = 1000 * self.step / self.clock_mhz if self.clock_mhz else 0.0
        return self.step, ns, self.estimate.lut


def choose(
    module: Module,
    part: Part,
    wish: Wish,
    axi_lite: bool,
    listen: Callable[[str], None],
    lanes: int = 1,
    products: str = "one",
) -> Candidate:
    """The array for a level-3 module, whose beats have so many `lanes`; a block has so many `products`.

    Raises `UserError` where nothing fits, and where nothing that fits is fast enough: it says what
    the fastest one reaches.
    """
    found: list[Candidate] = []
    fitting: list[Candidate] = []
    # Where no two products fit a block, whoever builds the design says so.
    sharing = products != "one"
    lowering, most = lower(part, axi_lite, "auto" if sharing else "one"), part.dsp * (1 + sharing)
    for candidate in _candidates(print_module(module), part, wish, most, lanes, lowering):
        listen(f"{candidate.macs} multipliers: {candidate.step} cycles a step")
        found.append(candidate)
        if candidate.fits(part):
            fitting.append(candidate)
        if fitting and not wish.is_bound and candidate.step > fitting[0].step:
            break  # fewer multipliers take longer
    if not fitting:
        raise UserError(f"no array fits {part.name}", notes=[_least(found, part)])
    if not wish.is_bound:
        return min(fitting, key=lambda each: each.slowness)
    fast = [each for each in fitting if each.grants(wish)]
    if fast:
        return min(fast, key=lambda each: (each.estimate.dsp, each.estimate.lut))
    best = min(fitting, key=lambda each: (each.latency_us or 0, each.slowness))
    raise UserError(
        f"nothing that fits {part.name} is fast enough: {_asked(wish)}",
        notes=[f"the fastest, for --macs {best.macs}, {_reached(best)}"],
    )


def _least(found: list[Candidate], part: Part) -> str:
    if not found:
        return f"its {part.dsp} DSP blocks are too few for one row of the array and the tail"
    size = found[-1].estimate
    return (
        f"the smallest has {found[-1].macs} multipliers and takes about {size.lut} of {part.luts} LUT, "
        f"{size.ff} of {part.ffs} FF, {size.dsp} of {part.dsp} DSP, {size.bram} of {part.bram} BRAM"
    )


def _asked(wish: Wish) -> str:
    asked = [] if wish.latency_us is None else [f"{wish.latency_us:g} us a sequence"]
    asked += [] if wish.fps is None else [f"{wish.fps:g} sequences a second"]
    return f"{' and '.join(asked)} asked for"


def _reached(best: Candidate) -> str:
    return f"takes {best.latency_us:.4g} us and does {best.fps:.4g} a second, at {best.clock_mhz:.4g} MHz"


def _candidates(
    text: str, part: Part, wish: Wish, most: int, lanes: int, lowering: str
) -> Iterator[Candidate]:
    """Designs with fewer and fewer multipliers; each array once."""
    seen = set()
    for macs in _sizes(most):
        module = parse_module(text)
        try:
            _run(module, TILE.replace("$macs", str(macs)))
            array = str(module.attributes["array"])
            if array in seen:
                continue
            seen.add(array)
            _run(module, pack(lanes))
            candidate = _candidate(module, macs, part, wish, lowering)
        except UserError:  # too few multipliers, or a network that this array cannot walk
            continue
        if candidate is not None:
            yield candidate


def _candidate(
    module: Module, macs: int, part: Part, wish: Wish, lowering: str
) -> Candidate | None:
    program = read_program(Schedule(), module)
    timing, size = timing_from(module.attributes["timing"]), program.words_in
    _run(module, lowering)
    found = estimate(module, part)
    if found is None:
        return None
    clock = wish.clock_mhz or _safe_clock(found)
    latency, interval = cycles(timing, size, wish.longest)
    return Candidate(
        macs, timing.all_steps, found, clock,
        latency / clock if clock else None, 1e6 * clock / interval if clock else None,
    )  # fmt: skip


def _safe_clock(found: Estimate) -> float | None:
    if found.fmax_mhz is None or found.fmax_error is None:
        return None
    return found.fmax_mhz * (1 - found.fmax_error)


def cycles(timing: Timing, size: int, length: int) -> tuple[int, float]:
    """From a sequence's first beat to its result's last, and from one sequence to the next."""
    latency = predict_cycles(timing, size, [length])
    whole = predict_cycles(timing, size, [length] * (1 + _SEVERAL))
    return latency, (whole - latency) / _SEVERAL


def _sizes(most: int) -> list[int]:
    """From the most multipliers down to one, in steps of a few percent."""
    found = [most]
    while found[-1] > 1:
        found.append(min(found[-1] - 1, int(found[-1] * _STEP)))
    return found


def _run(module: Module, text: str) -> None:
    run_passes(module, parse_pipeline(text), verify_each=False)
