"""Build one random network and count it: `python -m benchmarks.estimates.measure SEED FOLDER FAMILY...`.

What stands in the folder already is counted again only if the Verilog is another one now.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.estimates.networks import Drawn, drawn
from lstmir import dialects, passes
from lstmir.backends.verilog.printer import print_design
from lstmir.flow.data import read_data
from lstmir.flow.models import load_model
from lstmir.flow.recipes import FRONT
from lstmir.flow.sizing.counting import Counting
from lstmir.flow.sizing.estimate import timing_kinds
from lstmir.flow.sizing.netlist import Netlist
from lstmir.flow.sizing.rules import RULES
from lstmir.flow.synthesis import synthesize
from lstmir.flow.toolchain import ToolError, nextpnr
from lstmir.frontends.parts.cut import WHOLE
from lstmir.interpreter.rtl_design import read_design
from lstmir.ir.module import Module
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from lstmir.targets import PARTS

PART = {"xc7": "xc7z020", "ecp5": "ecp5-85k", "ice40": "ice40-up5k"}
_MOST_OPERATIONS = 3600
_MOST_OF_ICE40 = 24
_MOST_PLACED = 6000


def main(seed: str, folder: str, *families: str) -> dict[str, Any]:
    """For each family: what was counted before the synthesis, and what that found."""
    found, place = drawn(int(seed)), Path(folder, seed)
    place.mkdir(parents=True, exist_ok=True)
    module = level_5(found, place)
    design = read_design(module.main)
    if len(design.operations) > _MOST_OPERATIONS:
        return {}
    sources, digest = _printed(module, place)
    netlist = Netlist(design, module.resources)
    rows = {}
    for family in families:
        if family == "ice40" and found.macs > _MOST_OF_ICE40:
            continue
        real = _remembered(place / f"{family}.json", digest) or _count(
            family, sources, module, place
        )
        _remember(place / f"{family}.json", digest, real)
        counting = Counting(netlist, RULES[family])
        kinds = {**counting.kinds, **timing_kinds(netlist, counting, family, real["lut"] or 2)}
        rows[family] = {"kinds": kinds, "dsp": counting.dsp, "bram": counting.bram, "real": real}
    return rows


def level_5(network: Drawn, place: Path) -> Module:
    """The design of a network, which is written into a folder first."""
    module = level_3(network, place)
    run_passes(module, parse_pipeline(f"tile{{macs={network.macs}}},{network.pack},lower-to-rtl"))
    return module


def level_3(network: Drawn, place: Path) -> Module:
    """A network in fixed point; it is written into a folder first."""
    dialects.load()
    passes.load()
    model, path = network.files(place)
    module = load_model(str(model), WHOLE)
    data = read_data(str(path), module)
    run_passes(module, parse_pipeline(f"{FRONT},{network.passes}"), Context(data.train, data.hash))
    return module


def _printed(module: Module, place: Path) -> tuple[list[Path], str]:
    files = print_design(module)
    folder = place / "verilog"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    digest = hashlib.sha256("".join(files[name] for name in sorted(files)).encode()).hexdigest()
    return [folder / name for name in files if name.endswith(".v")], digest


def _remembered(path: Path, digest: str) -> dict[str, Any] | None:
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found["real"] if found.get("digest") == digest else None


def _remember(path: Path, digest: str, real: dict[str, Any]) -> None:
    path.write_text(json.dumps({"digest": digest, "real": real}), encoding="utf-8")


def _count(family: str, sources: list[Path], module: Module, place: Path) -> dict[str, Any]:
    """What Yosys counts, and the clock that nextpnr finds for one that is not too large."""
    part, netlist = PARTS[PART[family]], place / nextpnr.NETLIST
    entry = synthesize(sources, module.main.name, part, netlist)
    if entry.lut is None:
        raise RuntimeError(entry.reason)
    fmax = None
    if family == "ecp5" and entry.lut <= _MOST_PLACED:
        try:
            fmax = nextpnr.place_and_route(place, part, 0).fmax_mhz
        except ToolError as error:
            print(f"{place}: {error}", file=sys.stderr)
    netlist.unlink()
    return {**entry.counts, "fmax_mhz": fmax}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
