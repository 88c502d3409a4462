"""Compare the interpreter with others that run the same; see the README beside this."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.progress import track

from benchmarks.interpreter_speed import small_lstm
from benchmarks.process import machine, run_worker
from benchmarks.report import Figure, show, within
from lstmir.flow.toolchain import verilator
from lstmir.flow.toolchain.simulate import Traffic, simulate

VOWELS = Path("examples/vowels")
TARGET, MACS = "ecp5-25k", 16
RUNS, CLOCKED_RUNS, HLS_RUNS = 7, 3, 3
ONNX_RUNTIME, HLS, VERILATOR = 4.0, 30.0, 750.0
"""Times of ONNX Runtime that level 3 may take; how many times as fast as hls4ml's C simulation it
must be; times of Verilator that a cycle of level 5 may take."""
DRAINED = 10_000
"""Cycles for which Verilator's test bench goes on behind the last beat."""
LARGEST_ERROR = 0.1
"""Neither side is measured on nonsense: no output may be further from the float network's."""
WORKERS = "benchmarks.interpreter_speed"

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"


def main() -> int:
    """Measure everything; gives the exit status."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compiled = _compile_vowels(folder)
        errors: dict[str, float] = {}
        figures = [
            _beside_onnx_runtime(folder, compiled),
            _beside_hls(folder, errors),
            _beside_verilator(folder, compiled),
        ]
    names = ("numpy", "onnxruntime", "hls4ml", "verilator")
    context = {**machine(), **{name: version(name) for name in names}, "largest_errors": errors}
    return show("interpreter_speed", figures, context)


def _compile_vowels(folder: Path) -> Path:
    tool, output = Path(sys.executable).parent / "lstmir", folder / "vowels"
    command: list[str | Path] = [
        tool, "compile", VOWELS / "vowels_h32.onnx", "--data", VOWELS / "vowels.npz",
        "--recipe", "bank50", "--target", TARGET, "--macs", str(MACS), "-o", output,
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return output


def _beside_onnx_runtime(folder: Path, compiled: Path) -> Figure:
    """Both get all test sequences as one batch, which is the model's own second axis."""
    samples = np.load(VOWELS / "vowels.npz")["x_test"]
    feed = _save_feed(folder / "vowels.npz", samples)
    level_3 = _stage(compiled, "approximate-activations")
    ours, peer = _in_turn(
        ("ours", "level_3", level_3, feed, folder / "own.npz"),
        ("onnx_runtime", VOWELS / "vowels_h32.onnx", feed, folder / "other.npz"),
        runs=RUNS,
    )
    what = f"level 3 of vowels_h32, {len(samples)} sequences, beside ONNX Runtime"
    return within(what, "ms", ours * 1e3, peer * 1e3, ONNX_RUNTIME)


def _beside_hls(folder: Path, errors: dict[str, float]) -> Figure:
    """`errors` gets how far each side is from the float network."""
    model, level_3 = folder / "small.onnx", folder / "small.lstmir"
    small_lstm.write_onnx(model)
    small_lstm.write_level_3(model, level_3)
    feed = _save_feed(folder / "small.npz", small_lstm.sequences(0))
    own, other, reals = (folder / f"{name}.npz" for name in ("own", "other", "reals"))
    ours, peer = _in_turn(
        ("ours", "level_3", level_3, feed, own),
        ("hls_simulation", folder / "hls", other),
        runs=HLS_RUNS,
    )
    run_worker(f"{WORKERS}.onnx_runtime", model, feed, reals)
    for name, results in (("lstmir", own), ("hls4ml", other)):
        errors[name] = float(np.abs(np.load(results)["y"] - np.load(reals)["y"]).max())
        assert errors[name] < LARGEST_ERROR
    in_us = 1e6 / small_lstm.SAMPLES
    what = "level 3 of a small LSTM, a sequence, beside hls4ml's simulation"
    return Figure(what, "µs", ours * in_us, peer * in_us, peer / ours, HLS, at_least=True)


def _beside_verilator(folder: Path, compiled: Path) -> Figure:
    """All test sequences on both sides; what Verilator's program reads first is not counted."""
    vectors, verilog = compiled / "vectors", compiled / "verilog"
    program = verilator.build(
        sorted(verilog.glob("*.v")),
        "vowels_h32",
        verilog / "testbench_verilator.cpp",
        folder / "simulator",
    )

    def simulated(timeout_cycles: int = 100_000) -> tuple[float, int]:
        files = vectors / "inputs.txt", vectors / "outputs.txt"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = simulate(program, *files, Traffic(timeout_cycles=timeout_cycles), folder=verilog)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime, result.cycles_total + DRAINED

    ours, peer = [], []
    for _ in track(range(CLOCKED_RUNS), "clocked, beside Verilator", transient=True):
        level_5 = _stage(compiled, "lower-to-rtl")
        found = run_worker(f"{WORKERS}.ours", "level_5", level_5, vectors)
        ours.append(found["seconds"] / found["cycles"])
        (whole, cycles), (reading, _) = simulated(), simulated(0)
        peer.append((whole - reading) / cycles)
    what = f"level 5 of vowels_h32 at {MACS} MACs, a cycle, beside Verilator"
    return within(what, "µs", median(ours) * 1e6, median(peer) * 1e6, VERILATOR)


def _stage(compiled: Path, name: str) -> Path:
    (path,) = (compiled / "stages").glob(f"*-{name}.lstmir")
    return path


def _save_feed(path: Path, samples: np.ndarray) -> Path:
    """Sequences [samples, steps, features] as the models' input x, where steps come first."""
    np.savez(path, x=np.ascontiguousarray(samples.transpose(1, 0, 2)))
    return path


def _in_turn(*workers: tuple[Any, ...], runs: int) -> list[float]:
    """The medians of the workers' CPU seconds, measured in turn."""
    seconds = [
        [run_worker(f"{WORKERS}.{name}", *arguments)["seconds"] for name, *arguments in workers]
        for _ in track(range(runs), f"{workers[0][0]}, beside {workers[1][0]}", transient=True)
    ]
    return [median(column) for column in zip(*seconds, strict=True)]


if __name__ == "__main__":
    sys.exit(main())
