"""Compare with xDSL: CPU time in fresh processes, medians; see the README beside this."""

from __future__ import annotations

import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from statistics import median

from rich.progress import track

from benchmarks.ir_speed.programs import as_mlir, straight_line
from benchmarks.process import cpu_seconds, machine, run_worker
from benchmarks.report import Figure, faster, show, within

SMALL, LARGE = 10_000, 100_000
PEER_RUNS, OWN_RUNS, START_RUNS = 3, 5, 15
FASTER = {"parse": 6.0, "print": 1.0, "cse": 1.0}
"""How many times as fast as xDSL each task must be; `parse` verifies, too."""
CLEAN_UPS = ("canonicalize", "dce", "fold-constants")
GROWTH, CLEAN_UP_GROWTH = 1.3, 2.0
"""How much longer an operation may take among ten times as many. Clean-ups that hardly do more than
walk are bound by the caches of the processor; what matters is that they are linear."""
MEBIBYTES = 10

Runs = dict[tuple[str, str, int], list[dict[str, float]]]


def main() -> int:
    """Measure everything; gives the exit status."""
    figures = [*_compared(_measure()), _start_up(), _constant()]
    context = {**machine(), "xdsl": version("xdsl"), "networkx": version("networkx")}
    return show("ir_speed", figures, context)


def _measure() -> Runs:
    """Sizes in turn, so that a machine that slows down slows both."""
    plan = [
        ("ours", task, size)
        for task in (*FASTER, *CLEAN_UPS)
        for _ in range(OWN_RUNS)
        for size in (SMALL, LARGE)
    ]
    plan += [
        ("xdsl", task, size) for task in FASTER for _ in range(PEER_RUNS) for size in (SMALL, LARGE)
    ]
    runs: Runs = {}
    for who, task, size in track(plan, "measuring", transient=True):
        found = run_worker(f"benchmarks.ir_speed.{who}", task, size)
        runs.setdefault((who, task, size), []).append(found)
    return runs


def _compared(runs: Runs) -> list[Figure]:
    figures = []
    for size in (SMALL, LARGE):
        for task, limit in FASTER.items():
            ours, peer = (_seconds(runs, who, task, size) for who in ("ours", "xdsl"))
            figures.append(faster(f"{task}, {size} operations", ours, peer, limit))
        ours, peer = (
            max(_peak(runs, who, task, size) for task in FASTER) for who in ("ours", "xdsl")
        )
        figures.append(within(f"peak memory, {size} operations", "MiB", ours, peer, 1.5))
    for task in (*FASTER, *CLEAN_UPS):
        large, small = _seconds(runs, "ours", task, LARGE), _seconds(runs, "ours", task, SMALL)
        limit = GROWTH if task in FASTER else CLEAN_UP_GROWTH
        what = f"{task}, an operation of {LARGE} beside one of {SMALL}"
        figures.append(within(what, "µs", large / LARGE * 1e6, small / SMALL * 1e6, limit))
    return figures


def _seconds(runs: Runs, who: str, task: str, size: int) -> float:
    return median(
        run["seconds"] for run in runs[who, task, size][: OWN_RUNS if who == "ours" else None]
    )


def _peak(runs: Runs, who: str, task: str, size: int) -> float:
    return median(run["peak_mib"] for run in runs[who, task, size])


def _start_up() -> Figure:
    """Both command lines on a file of three operations."""
    tools = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as folder:
        own, peer = Path(folder, "tiny.lstmir"), Path(folder, "tiny.mlir")
        own.write_text(straight_line(3), encoding="utf-8")
        peer.write_text(as_mlir(straight_line(3)), encoding="utf-8")
        commands = [str(tools / "lstmir-opt"), str(own)], [str(tools / "xdsl-opt"), str(peer)]
        pairs = [[cpu_seconds(command) for command in commands] for _ in range(START_RUNS)]
    ours, theirs = (median(column) for column in zip(*pairs, strict=True))
    return within("command line, 3 operations", "s", ours, theirs, 0.75)


def _constant() -> Figure:
    """A model that is nearly all weights, beside the reading of its digits alone."""
    tasks = ("constant", "bytes")
    pairs = [
        [run_worker("benchmarks.ir_speed.ours", task, MEBIBYTES)["seconds"] for task in tasks]
        for _ in range(OWN_RUNS)
    ]
    ours, least = (median(column) for column in zip(*pairs, strict=True))
    return within(f"{MEBIBYTES} MiB of weights, beside their digits", "s", ours, least, 6.0)


if __name__ == "__main__":
    sys.exit(main())
