"""What `lstmir synth` does to a compiled folder: figures for its summary, and files in its `synth/`."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lstmir.flow import vivado
from lstmir.flow.byte_streams import Port, pins, wrapper
from lstmir.flow.energy.report import reassess
from lstmir.flow.folder import (
    PRIMITIVES,
    SUMMARY,
    check_untouched,
    digests,
    new_folder,
    read_summary,
    summary_text,
)
from lstmir.flow.not_run import not_run
from lstmir.flow.progress import Progress
from lstmir.flow.request import part_named
from lstmir.flow.synthesis import Synthesis, place_and_route, synthesize
from lstmir.flow.toolchain import ToolError, nextpnr, yosys
from lstmir.flow.whole import whole_file
from lstmir.ir.diagnostics import UsageError, UserError
from lstmir.targets import Part

FOLDER = "synth"
MAX_SEEDS = 5
_LAST_SEED = 2**31 - 1


@dataclass(frozen=True)
class SynthRequest:
    """What the user asks for; None stands for the default, where that is not the same as asking for it.

    `seeds` seeds are tried, from `seed` on; `freq` is the clock in MHz that has to be reached. With
    `primitives`, modules that are made of the part's own blocks stand for the portable ones.
    """

    folder: Path
    target: str | None = None
    pnr: bool = False
    seed: int | None = None
    seeds: int | None = None
    freq: float | None = None
    primitives: bool = False

    @property
    def all_seeds(self) -> range:
        """The seeds of place and route."""
        first = self.seed or 0
        return range(first, first + (self.seeds or 1))

    def check(self, compiled_for: str) -> Part:
        """The part. Raises `UsageError` for what cannot be done."""
        if self.target is not None and part_named(self.target).name != compiled_for:
            raise UsageError(
                f"{self.folder} was compiled for {compiled_for}, not for {self.target}",
                notes=[f"compile the model again, with --target {self.target}"],
            )
        part = part_named(compiled_for)
        if self.primitives and not (self.folder / PRIMITIVES).is_dir():
            raise UsageError(
                f"--primitives: {self.folder} has no module that is made of blocks of {part.name}",
                notes=["without --primitives, the portable modules are taken"],
            )
        if not self.pnr:
            self._check_flags(part)
        elif not part.nextpnr:
            raise UsageError(
                f"--pnr: nextpnr does not place and route {part.name} here",
                notes=[f"without --pnr, its resources are counted{_and_script(part)}"],
            )
        if len(self.all_seeds) > MAX_SEEDS:
            raise UsageError(f"--seeds must be at most {MAX_SEEDS}, not {self.seeds}")
        if self.all_seeds[-1] > _LAST_SEED:
            raise UsageError(f"the seeds of nextpnr end at {_LAST_SEED}, not {self.all_seeds[-1]}")
        return part

    def _check_flags(self, part: Part) -> None:
        """Raise `UsageError` for a flag that says nothing without place and route."""
        given = {"--seed": self.seed, "--seeds": self.seeds, "--freq": self.freq}
        if part.family == vivado.FAMILY:  # the clock stands in the script
            del given["--freq"]
        for flag, value in given.items():
            if value is not None:
                raise UsageError(f"{flag} is for place and route: add --pnr")


def _and_script(part: Part) -> str:
    return ", and Vivado's script is written" if part.family == vivado.FAMILY else ""


def synth_folder(request: SynthRequest, progress: Progress) -> dict[str, Any]:
    """Synthesize the Verilog of a compiled folder; gives the folder's new summary.

    What an earlier call left is replaced. Raises `UsageError` for what is no such folder, `UserError`
    that names every file that was changed since; then nothing is written. A tool that is missing or fails
    is no exception: the summary says so.
    """
    summary = read_summary(request.folder)
    part = request.check(str(summary.get("target")))
    check_untouched(request.folder, summary, replaced=FOLDER)
    top = _top(request.folder, summary)
    with new_folder(request.folder / FOLDER) as work:
        entries = _synthesize(request, part, top, work, progress, _expected_dsp(summary))
        if part.family == vivado.FAMILY:
            _write_script(request, part, top, work)
        whole = _updated(summary, entries, digests(work), progress)
        with whole_file(request.folder / SUMMARY) as file:
            file.write(summary_text(whole).encode())
    return whole


def _top(folder: Path, summary: dict[str, Any]) -> str:
    """The name of the design, which its core file has."""
    names = [Path(name) for name in summary["files"]]
    cores = [path.stem for path in names if path.match("verilog/*.core")]
    if len(cores) != 1:
        raise UserError(f"{folder}/verilog has no core file that names the design")
    return cores[0]


def _expected_dsp(summary: dict[str, Any]) -> int | None:
    """The DSP blocks that the design asks for; None where nobody has estimated them."""
    estimate = summary.get("estimate")
    return estimate["dsp"] if estimate else None


def _sources(folder: Path) -> list[Path]:
    return sorted((folder / "verilog").glob("*.v"))


def _synthesize(
    request: SynthRequest, part: Part, top: str, work: Path, progress: Progress, dsp: int | None
) -> list[Synthesis]:
    """An entry for each tool; their reports, and a bitstream, go to the folder `work`."""
    # The tools' own files are large, and of use to nobody else.
    with tempfile.TemporaryDirectory(dir=work.parent, prefix=f"{work.name}.") as scratch:
        place = Path(scratch)
        files = (
            _with_primitives(request.folder, place)
            if request.primitives
            else _sources(request.folder)
        )
        netlist = place / nextpnr.NETLIST if request.pnr else None
        with progress.timed("synthesis", f"synthesizing for {part.name} with pyosys"):
            counted = placed = synthesize(files, top, part, netlist, dsp)
            counted = replace(counted, primitives=request.primitives)
            _write_json(work / "yosys.json", counted.cells)
            if not request.pnr:
                return [counted]
            if counted.status == "passed":
                inner, (top, files) = top, _wrapped(files, top, part, place)
                if top != inner:
                    shutil.copy(files[-1], work)
                    placed = synthesize(files, top, part, netlist, dsp)
        routed = _route(request, part, top, placed, place, progress)
        routed = replace(routed, primitives=request.primitives)
        return [counted, _packed(routed, part, top, place, work)]


def _with_primitives(folder: Path, place: Path) -> list[Path]:
    """The sources, in a copy of their folder, with those of `primitives/` in the place of their namesakes."""
    copy = shutil.copytree(folder / "verilog", place / PRIMITIVES)
    shutil.copytree(folder / PRIMITIVES, copy, dirs_exist_ok=True)
    return sorted(copy.glob("*.v"))


def _wrapped(files: list[Path], top: str, part: Part, place: Path) -> tuple[str, list[Path]]:
    """What is placed, and its files; a module around the design where the part has too few pins for it.

    Yosys names things by the names of files, and nextpnr places them in that order: for the same bits in
    every run, the wrapper must lie beside the design, and so both are in a copy of its folder.
    """
    ports = {name: Port(*each) for name, each in yosys.ports(files, top).items()}
    if part.pins is None or pins(ports) <= part.pins:
        return top, files
    name, text = wrapper(top, ports)
    copy = shutil.copytree(files[0].parent, place / "verilog")
    (copy / f"{name}.v").write_text(text, encoding="utf-8")
    return name, [*(copy / file.name for file in files), copy / f"{name}.v"]


def _route(
    request: SynthRequest, part: Part, top: str, placed: Synthesis, place: Path, progress: Progress
) -> Synthesis:
    seeds = request.all_seeds

    def listen(seed: int) -> None:
        progress.detail(f"seed {seed}, {seeds.index(seed) + 1} of {len(seeds)}")

    which = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"
    message = f"placing and routing with nextpnr-{part.family}, {which}"
    with progress.timed("place_and_route", message):
        return place_and_route(place, part, top, placed, seeds, freq=request.freq, listen=listen)


def _packed(routed: Synthesis, part: Part, top: str, place: Path, work: Path) -> Synthesis:
    """The entry, once its bitstream and report are in the folder `work`."""
    if routed.place_and_route is None:
        return routed
    shutil.copy(place / nextpnr.REPORT, work)
    try:
        shutil.copy(nextpnr.pack(place, part, top), work)
    except ToolError as error:
        return routed.failed(error)
    return routed


def _write_script(request: SynthRequest, part: Part, top: str, work: Path) -> None:
    verilog = request.folder / "verilog"
    images = sorted(path.name for path in verilog.glob("*.mem"))
    sources = [path.name for path in _sources(request.folder)]
    freq = vivado.DEFAULT_MHZ if request.freq is None else request.freq
    script = vivado.script(top, sources, images, part, freq)
    (work / vivado.NAME).write_text(script, encoding="utf-8")


def _updated(
    summary: dict[str, Any], entries: list[Synthesis], files: dict[str, str], progress: Progress
) -> dict[str, Any]:
    """The summary with new entries, and with the files that stand for them."""
    before = {k: v for k, v in summary["files"].items() if not k.startswith(f"{FOLDER}/")}
    now = {f"{FOLDER}/{name}": digest for name, digest in files.items()}
    whole = {**summary, "synthesis": [entry.attribute() for entry in entries]}
    whole["energy"] = reassess(whole)
    whole["not_run"] = not_run(whole)
    whole["files"] = dict(sorted({**before, **now}.items()))
    kept = {k: v for k, v in summary["seconds"].items() if k != "place_and_route"}
    whole["seconds"] = {**kept, **progress.seconds}
    return whole


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
