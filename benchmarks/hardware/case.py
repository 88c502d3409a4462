"""Build one case, in a process of its own: `python -m benchmarks.hardware.case NAME FOLDER SEEDS`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.hardware.cases import CASES, Case
from benchmarks.hardware.networks import NETWORKS
from lstmir import dialects, passes
from lstmir.flow.compile import compile_model
from lstmir.flow.data import read_data
from lstmir.flow.models import load_model
from lstmir.flow.progress import Progress
from lstmir.flow.recipes import FRONT, RECIPES
from lstmir.flow.request import Request
from lstmir.flow.sizing.estimate import estimate
from lstmir.flow.synth import SynthRequest, synth_folder
from lstmir.flow.synthesis import synthesize
from lstmir.ir.diagnostics import UserError
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from lstmir.targets import PARTS

XC7 = "xc7z020"


def main(name: str, folder: str, seeds: str) -> dict[str, Any]:
    """What was found, or the error that was in the way."""
    case, place = CASES[name], Path(folder)
    try:
        return _built(case, place, int(seeds))
    except UserError as error:
        return {"error": str(error)}


def _built(case: Case, place: Path, seeds: int) -> dict[str, Any]:
    model, data = _module(case, place)
    output = place / "out"
    request = Request(str(model), str(data), output, target=case.target,
                      macs=case.macs if case.operations == 1 else None,
                      logic_multipliers=True, synthesis=False)  # fmt: skip
    compile_model(request, Progress())
    pnr = SynthRequest(output, pnr=True, seed=0, seeds=seeds, primitives=case.primitives)
    summary = synth_folder(pnr, Progress())
    sources = sorted((output / "verilog").glob("*.v"))
    (core,) = (output / "verilog").glob("*.core")
    # The Verilog is the same for all parts.
    xc7 = synthesize(sources, core.stem, PARTS[XC7])
    (stage,) = (output / "stages").glob("*-lower-to-rtl.lstmir")
    expected = estimate(parse_module(stage.read_text(encoding="utf-8")), PARTS[XC7])
    assert expected is not None
    found = figures(summary, xc7.counts)
    found |= _off("xc7", expected.attribute(), found)
    found |= _off("target", summary["estimate"], found)
    return found


def _off(place: str, expected: dict[str, Any], found: dict[str, Any]) -> dict[str, float]:
    """How far an estimate is off: of LUTs the share, of DSP and memory blocks how many."""
    counts = {kind: found[f"{place}_{kind}"] for kind in ("lut", "dsp", "bram")}
    return {
        f"{place}_lut_off": abs(expected["lut"] / counts["lut"] - 1),
        f"{place}_blocks_off": sum(abs(expected[k] - counts[k]) for k in ("dsp", "bram")),
    }


def _module(case: Case, place: Path) -> tuple[Path, Path]:
    """The network in fixed point, or scheduled where the case says how; and its data."""
    dialects.load()
    passes.load()
    network = NETWORKS[case.network]
    model, path = network.files(place)
    module = load_model(str(model), network.cut)
    data = read_data(str(path), module)
    text = f"{FRONT},{case.pipeline}"
    if case.operations > 1:
        text += f",tile{{macs={case.macs}}},block-layout,schedule{{operations={case.operations}}}"
    pipeline = parse_pipeline(text, named=RECIPES)
    run_passes(module, pipeline, Context(data.train, data.hash))
    small = place / f"{case.name}.lstmir"
    small.write_text(print_module(module), encoding="utf-8")
    return small, path


def figures(summary: dict[str, Any], xc7: dict[str, int | None]) -> dict[str, Any]:
    """The figures of a case. Nulls are what could not be run; `failed` says what went wrong."""
    schedule, (counted, placed) = summary["schedule"], summary["synthesis"]
    step, fmax = schedule["cycles_per_step_predicted"], placed["fmax_mhz"]
    timing = placed["place_and_route"]
    return {
        "macs": schedule["macs"],
        "ideal": schedule["cycles_per_step_ideal"],
        "step": step,
        "step_of_ideal": step / schedule["cycles_per_step_ideal"],
        "utilization": schedule["mac_utilization"],
        "total_predicted": schedule["cycles_total_predicted"],
        "total_simulated": _simulated(summary["verification"]),
        "tail_macs": schedule["tail_macs"],
        "ns_per_step": fmax and 1000 * step / fmax,
        "fmax_mhz": fmax,
        "seed": timing and timing["seed"],
        "runs": timing and timing["runs"],
        "critical_path": timing and timing["critical_path"],
        **{f"xc7_{kind}": count for kind, count in xc7.items()},
        **{f"target_{kind}": counted[kind] for kind in xc7},
        "failed": [
            f"{entry.get('against') or entry['part']} ({entry['tool']}): {entry['reason']}"
            for entry in (*summary["verification"], *summary["synthesis"])
            if entry["status"] != "passed"
        ],
    }


def _simulated(checks: list[dict[str, Any]]) -> int | None:
    """Cycles of all sequences back to back, in the first simulator of the Verilog that ran."""
    totals = [c["cycles_total_simulated"] for c in checks if c["against"] == "verilog"]
    return next((total for total in totals if total is not None), None)


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
