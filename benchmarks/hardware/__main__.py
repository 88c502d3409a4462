"""Build every case of the machine; see the README beside this."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from benchmarks.hardware.cases import CASES, Case
from benchmarks.hardware.table import missed, text_of
from benchmarks.process import machine, run_worker
from benchmarks.report import FOLDER
from lstmir.tools.threads import one_thread

one_thread()  # those that build inherit it

WORK = FOLDER / "hardware"


def main(argv: Sequence[str] | None = None) -> int:
    """Build, simulate, place; gives the exit status: 1 if a case is not built or misses a limit."""
    arguments = _parser().parse_args(argv)
    names = arguments.cases or list(CASES)
    results = [_result(CASES[name], arguments.seeds) for name in track(names, transient=True)]
    peers = json.loads(Path(__file__).with_name("peers.json").read_text(encoding="utf-8"))
    _write(results, peers)
    return (
        0 if all(not r.get("error") and not r["missed"] and not r["failed"] for r in results) else 1
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hardware", description=__doc__)
    add = parser.add_argument
    add("--cases", nargs="+", choices=CASES, metavar="NAME", help=f"of {', '.join(CASES)}")
    add("--seeds", type=int, choices=range(1, 6), default=1, metavar="N",
        help="of place and route, 0 to N - 1; the fastest is taken (default: 1)")  # fmt: skip
    return parser


def _result(case: Case, seeds: int) -> dict[str, Any]:
    folder = WORK / case.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    result = {"case": case.name, "network": case.network, "recipe": case.recipe, "macs": case.macs,
              "target": case.target, "primitives": case.primitives}  # fmt: skip
    try:
        found = run_worker("benchmarks.hardware.case", case.name, folder, seeds)
    except subprocess.CalledProcessError as broken:
        found = {"error": f"crashed: {(broken.stderr.strip() or '?').splitlines()[-1]}"}
    if "error" not in found:
        found["missed"] = missed(case, found)
    return {**result, **found}


def _write(results: list[dict[str, Any]], peers: list[dict[str, Any]]) -> None:
    whole = {**machine(), "numpy": np.__version__, "results": results, "peers": peers}
    text = text_of(results, peers)
    print(text, end="")
    for ending, content in (("json", json.dumps(whole, indent=2) + "\n"), ("txt", text)):
        path = FOLDER / f"hardware.{ending}"
        path.write_text(content, encoding="utf-8")
        print(f"written: {path}")


if __name__ == "__main__":
    sys.exit(main())
