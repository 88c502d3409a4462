"""What a design takes of its part, and how fast it is there: by Yosys, then by nextpnr."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from lstmir.flow.toolchain import ToolError, ToolMissing, nextpnr, yosys
from lstmir.flow.toolchain.cells import PLACED
from lstmir.targets import Part

NOT_ASKED = "not asked for (--no-synthesis)"
_LOSES_PRODUCTS = ("ice40",)
"""Families where Yosys gave one register to two DSP blocks, and may do so again."""
_COUNTS = ("lut", "ff", "dsp", "bram")


@dataclass(frozen=True)
class PlaceAndRoute:
    """What nextpnr made of a design: the module that was placed, the best seed, all that were tried."""

    top: str
    seed: int
    runs: tuple[nextpnr.Routed, ...]
    seeds_failed: tuple[int, ...]
    critical_path: nextpnr.CriticalPath

    def attribute(self) -> dict[str, Any]:
        """As a part of an entry of the summary."""
        runs = [{"seed": run.seed, "fmax_mhz": run.fmax_mhz} for run in self.runs]
        return {"top": self.top, "seed": self.seed, "runs": runs, "seeds_failed": list(self.seeds_failed),
                "critical_path": self.critical_path.attribute()}  # fmt: skip


@dataclass(frozen=True)
class Synthesis:
    """What one tool found, as the summary lists it; `cells` is its own raw count."""

    tool: str
    part: str
    version: str | None = None
    primitives: bool = False
    lut: int | None = None
    ff: int | None = None
    dsp: int | None = None
    bram: int | None = None
    fmax_mhz: float | None = None
    place_and_route: PlaceAndRoute | None = None
    status: str = "not_run"
    reason: str | None = None
    cells: dict[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int | None]:
        """LUTs, flip-flops, DSP and memory blocks."""
        return {kind: getattr(self, kind) for kind in _COUNTS}

    def counted(self, counts: Mapping[str, int | None], cells: Mapping[str, int]) -> Synthesis:
        """The entry after its cells were counted."""
        lut, ff, dsp, bram = (counts[kind] for kind in _COUNTS)
        return replace(self, lut=lut, ff=ff, dsp=dsp, bram=bram, cells=dict(cells))

    def failed(self, reason: object) -> Synthesis:
        """The entry after something broke."""
        return replace(self, status="failed", reason=str(reason))

    def attribute(self) -> dict[str, Any]:
        """As an entry of the summary."""
        timing = self.place_and_route
        entry = {**asdict(self), "place_and_route": timing and timing.attribute()}
        del entry["cells"]
        return entry


def unasked(part: Part) -> Synthesis:
    """The entry where nobody wants to know."""
    return Synthesis("pyosys", part.name, reason=NOT_ASKED)


def synthesize(
    files: Sequence[Path], top: str, part: Part, netlist: Path | None = None, dsp: int | None = None
) -> Synthesis:
    """Resources of the Verilog on a part; with `netlist`, write what `place_and_route` reads.

    With fewer DSP blocks than the `dsp` that the design asks for, it fails where synthesis is known to
    lose some.
    """

    def run(entry: Synthesis) -> Synthesis:
        entry = replace(entry, version=yosys.find().version)
        found = yosys.synthesize(files, top, part.family, netlist=netlist)
        counts = {kind: getattr(found, kind) for kind in _COUNTS}
        return _complete(_judged(entry.counted(counts, found.cells), part), part, dsp)

    return _tidied(_attempted(Synthesis("pyosys", part.name), run), files[0].resolve().parents[1])


def place_and_route(
    folder: Path,
    part: Part,
    top: str,
    netlist: Synthesis,
    seeds: Sequence[int] = (0,),
    *,
    freq: float | None = None,
    listen: Callable[[int], None] = lambda seed: None,
) -> Synthesis:
    """The fastest of several seeds; `listen` hears of each before it begins.

    `folder` holds `netlist.json`, which `synthesize` wrote of `top` when it gave `netlist`. The placed
    design and nextpnr's report of the seed that is taken are left there. What is slower than `freq` fails.
    """

    def run(entry: Synthesis) -> Synthesis:
        entry = replace(entry, version=nextpnr.find(part).version)
        runs, failed = _tried(folder, part, seeds, listen)
        best = max(runs, key=lambda each: each.fmax_mhz)
        timing = PlaceAndRoute(top, best.seed, runs, failed, best.critical_path)
        # nextpnr packs an iCE40's flip-flops into logic cells, and does not say how many there are.
        counts = {"ff": netlist.ff, **PLACED[part.family].count(best.used)}
        entry = replace(entry.counted(counts, best.used), fmax_mhz=best.fmax_mhz)
        return _fast_enough(_judged(replace(entry, place_and_route=timing), part), freq)

    entry = Synthesis(f"nextpnr-{part.family}", part.name)
    if netlist.status != "passed":
        return replace(entry, reason=f"{netlist.tool} has {_ended(netlist)}")
    return _tidied(_attempted(entry, run), folder)


def _tried(
    folder: Path, part: Part, seeds: Sequence[int], listen: Callable[[int], None]
) -> tuple[tuple[nextpnr.Routed, ...], tuple[int, ...]]:
    """What became of each seed, and which ended in nothing; the best one's files stay in the folder."""
    runs: list[nextpnr.Routed] = []
    errors: dict[int, ToolError] = {}
    kept: dict[str, bytes] = {}
    names = (nextpnr.REPORT, nextpnr.PACKERS[part.family].placed)
    for seed in seeds:
        listen(seed)
        try:
            routed = nextpnr.place_and_route(folder, part, seed)
        except ToolError as error:
            errors[seed] = error
            continue
        if all(routed.fmax_mhz > run.fmax_mhz for run in runs):
            kept = {name: (folder / name).read_bytes() for name in names}
        runs.append(routed)
    if not runs:
        raise errors[seeds[0]]
    for name, data in kept.items():
        (folder / name).write_bytes(data)
    return tuple(runs), tuple(errors)


def over(counts: dict[str, int | None], part: Part) -> str | None:
    """What does not fit on the part, or None."""
    room = {"lut": part.luts, "ff": part.ffs, "dsp": part.dsp, "bram": part.bram}
    beyond = [f"{counts[k]} {k} of {room[k]}" for k in room if (counts[k] or 0) > room[k]]
    return f"does not fit {part.name}: {', '.join(beyond)}" if beyond else None


def _attempted(entry: Synthesis, run: Callable[[Synthesis], Synthesis]) -> Synthesis:
    """What `run` makes of an entry; not run without the tool, failed where the tool fails."""
    try:
        return run(entry)
    except ToolMissing as missing:
        return replace(entry, reason=f"{missing.reason}; {missing.install_hint}")
    except ToolError as error:
        return entry.failed(error)


def _judged(entry: Synthesis, part: Part) -> Synthesis:
    reason = over(entry.counts, part)
    return replace(entry, status="failed" if reason else "passed", reason=reason)


def _complete(entry: Synthesis, part: Part, dsp: int | None) -> Synthesis:
    """The entry; failed if multiplications were lost, and the netlist is not what the Verilog says."""
    if dsp is None or (entry.dsp or 0) >= dsp or part.family not in _LOSES_PRODUCTS:
        return entry
    return entry.failed(
        f"{entry.dsp} DSP blocks of {part.name} found, {dsp} expected: {entry.tool} {entry.version} has lost "
        "multiplications, and the netlist is not what the Verilog says; an array with one column, "
        "tile{columns=1}, has no sums of products that it could lose"
    )


def _fast_enough(entry: Synthesis, freq: float | None) -> Synthesis:
    if freq is None or entry.status == "failed" or (entry.fmax_mhz or 0) >= freq:
        return entry
    return entry.failed(f"{entry.fmax_mhz:g} MHz, {freq:g} MHz asked for")


def _ended(entry: Synthesis) -> str:
    return "failed" if entry.status == "failed" else "not run"


def _tidied(entry: Synthesis, place: Path) -> Synthesis:
    """Paths as they are inside a folder, not on this machine."""
    reason = entry.reason
    return replace(entry, reason=reason and reason.replace(f"{place.resolve()}/", ""))
