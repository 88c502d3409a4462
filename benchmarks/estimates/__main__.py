"""Fit the estimates on random networks; see the README of the folder above."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from rich.progress import track

from benchmarks.estimates.fitting import PRIORS, Counted, fitted
from benchmarks.process import run_worker
from benchmarks.report import FOLDER
from lstmir.flow.toolchain import yosys
from lstmir.targets.coefficients import FILE
from lstmir.tools.threads import one_thread

one_thread()  # those that build inherit it

WORK = FOLDER / "estimates"
UNSEEN = 1000
"""The first seed of those that are held out."""
REAL = {"lut": "lut", "ff": "ff", "clock": "fmax_mhz"}

Row = dict[str, Any]


def main(argv: Sequence[str] | None = None) -> int:
    """Build, count, fit, write; gives the exit status: 1 if a DSP or memory block was foretold wrongly."""
    arguments = _parser().parse_args(argv)
    seeds = [*range(arguments.networks), *range(UNSEEN, UNSEEN + arguments.held_out)]
    measure = partial(_measured, families=arguments.families)
    with ThreadPoolExecutor(arguments.processes) as pool:
        rows = list(track(pool.map(measure, seeds), total=len(seeds), transient=True))
    if not any(rows[: arguments.networks]) or not any(rows[arguments.networks :]):
        sys.exit("no network could be counted, or none of those that are held out")
    missed = [line for seed, row in zip(seeds, rows, strict=True) for line in _misses(seed, row)]
    split = rows[: arguments.networks], rows[arguments.networks :]
    families = {family: fits(family, *split) for family in arguments.families}
    whole = {"yosys": yosys.find().version, "families": families}
    arguments.output.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    print("\n".join([*missed, *_lines(families), f"written: {arguments.output}"]))
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimates", description=__doc__)
    add = parser.add_argument
    add("--networks", type=int, default=60, metavar="N", help="seeds 0 to N - 1 (default: 60)")
    add("--held-out", type=int, default=30, metavar="N", help="that no fit sees (default: 30)")
    add("--families", nargs="+", choices=PRIORS, default=list(PRIORS), metavar="FAMILY")
    add("--processes", type=int, default=2, metavar="N", help="at a time (default: 2)")
    add("-o", dest="output", type=Path, default=FILE, help="where the coefficients go")
    return parser


def _measured(seed: int, families: list[str]) -> Row:
    try:
        return run_worker("benchmarks.estimates.measure", seed, WORK, *families)
    except subprocess.CalledProcessError as broken:
        print(f"{seed}: {(broken.stderr.strip() or '?').splitlines()[-1]}", file=sys.stderr)
        return {}


def _misses(seed: int, row: Row) -> list[str]:
    """Where blocks are not as many as foretold."""
    return [
        f"network {seed}, {family}: {found[kind]} {kind} foretold, {found['real'][kind]} counted"
        for family, found in row.items()
        for kind in ("dsp", "bram")
        if found[kind] != found["real"][kind]
    ]


def fits(family: str, seen: Sequence[Row], held_out: Sequence[Row]) -> dict[str, Any]:
    """The coefficients of a family."""
    result: dict[str, Any] = {}
    for kind in REAL:
        prior = PRIORS[family].get(kind)
        result[kind] = prior and fitted(
            _counted(family, kind, seen), _counted(family, kind, held_out), prior
        )
    return result


def _counted(family: str, kind: str, rows: Sequence[Row]) -> Counted:
    """Those of a family; designs with blocks that were lost are not what they should be."""
    found = [row[family] for row in rows if family in row]
    sound = [each for each in found if not _misses(0, {family: each})]
    known = [each for each in sound if each["real"].get(REAL[kind])]
    return Counted(
        [each["kinds"] for each in known], [_goal(kind, each["real"][REAL[kind]]) for each in known]
    )


def _goal(kind: str, real: float) -> float:
    return 1000 / real if kind == "clock" else real


def _lines(families: dict[str, Any]) -> list[str]:
    return [
        f"{family} {kind}: {fit['networks']} networks, {fit['held_out']} held out: "
        f"half within {fit['median']:.1%}, nine in ten within {fit['p90']:.1%}, all within {fit['worst']:.1%}"
        for family, each in families.items()
        for kind, fit in each.items()
        if fit
    ]


if __name__ == "__main__":
    sys.exit(main())
