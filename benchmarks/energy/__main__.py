"""Energy of an inference beside this machine's processor; see the README beside this."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.energy.power import LIST, Power, listed
from benchmarks.process import machine, run_worker
from benchmarks.report import FOLDER
from lstmir.flow.compile import compile_model
from lstmir.flow.energy.compare import Reference, compare
from lstmir.flow.folder import read_summary
from lstmir.flow.progress import Progress
from lstmir.flow.request import Request
from lstmir.flow.synth import SynthRequest, synth_folder
from lstmir.ir.diagnostics import UserError
from lstmir.tools.threads import one_thread

VOWELS = Path("examples/vowels")
RECIPE, TARGET, MACS = "bank50", "ecp5-85k", 16
WORK = FOLDER / "energy"

one_thread()


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables and write them; gives the exit status: 2 for what is not known, 1 for an error."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    power = listed()
    if arguments.watts:
        low, high = arguments.watts
        power = Power(low, high, arguments.source)
    try:
        if arguments.folder is None:
            summary, times = _vowels()
        elif arguments.meta_learner:
            summary, times = read_summary(arguments.folder), _meta_learner()
        else:
            summary, times = read_summary(arguments.folder), _given(arguments)
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    if power is None and any(each["power"] is None for each in times):
        parser.error(f"no counters, and this processor is not in {LIST}: give --watts and --source")
    if summary["energy"] is None or summary["energy"]["latency"] is None:
        parser.error(f"its energy is not known: {summary['not_run']}")
    references = [_reference(each, power) for each in times]
    name = f"{Path(summary['model']).stem} on {summary['target']}"
    _write(summary, references, compare(name, summary["energy"], references, arguments.claim))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.energy", description=__doc__)
    add = parser.add_argument
    add("--folder", type=Path, metavar="DIR", help="what lstmir compiled (default: vowels_h32)")
    add(
        "--meta-learner",
        action="store_true",
        help="with --folder: that is a design of examples/meta_learner; time a step of its 481 coordinates",
    )
    add("--us", type=float, nargs="+", default=[], metavar="US",
        help="with --folder: what the reference takes for an inference, for each way to run it")  # fmt: skip
    add("--watts", type=float, nargs=2, metavar=("LOW", "HIGH"),
        help="power of the processor (default: by processors.toml)")  # fmt: skip
    add("--source", default="given by hand", help="where --watts are from")
    add("--claim", type=float, metavar="RATIO", help="say where a claimed ratio lies")
    return parser


def _vowels() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Compile, place and time it."""
    model, data = VOWELS / "vowels_h32.onnx", VOWELS / "vowels.npz"
    folder = WORK / "vowels"
    folder.parent.mkdir(parents=True, exist_ok=True)
    request = Request(str(model), str(data), folder, recipe=RECIPE, target=TARGET, macs=MACS)
    compile_model(request, Progress())
    summary = synth_folder(SynthRequest(folder, pnr=True), Progress())
    times = run_worker("benchmarks.energy.onnx_runtime", model, data)["batches"]
    for each in times:
        each["name"] = f"ONNX Runtime {version('onnxruntime')}, one thread, batch {each['batch']}"
    return summary, times


def _meta_learner() -> list[dict[str, Any]]:
    """Time a step of one learner's coordinates, alone and among others."""
    times: list[dict[str, Any]] = run_worker("benchmarks.energy.meta_learner")["batches"]
    for each in times:
        told = f"one thread, {each['batch']} learner{'s' * (each['batch'] > 1)} at once"
        each["name"] = f"ONNX Runtime {version('onnxruntime')}, {told}"
    return times


def _given(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    names = [f"reference {number}" for number in range(1, len(arguments.us) + 1)]
    return [
        {"name": name, "seconds": us / 1e6, "power": None}
        for name, us in zip(names, arguments.us, strict=True)
    ]


def _reference(found: dict[str, Any], power: Power | None) -> Reference:
    """By counters where they could be read."""
    used = Power(**found["power"]) if found["power"] else power
    assert used is not None
    return Reference(found["name"], found["seconds"], used.low_w, used.high_w, used.source)


def _write(summary: dict[str, Any], references: list[Reference], text: str) -> None:
    found = [{**vars(each), "microjoules": each.microjoules} for each in references]
    whole = {**machine(), "energy": summary["energy"], "references": found}
    print(text, end="")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for ending, content in (("json", json.dumps(whole, indent=2) + "\n"), ("txt", text)):
        path = FOLDER / f"energy.{ending}"
        path.write_text(content, encoding="utf-8")
        print(f"written: {path}")


if __name__ == "__main__":
    sys.exit(main())
