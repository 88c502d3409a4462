"""The comparisons with the real tools can fail: every kind of difference is found and told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lstmir.flow.benches import (
    Bench,
    build_hls,
    build_simulator,
    check_hls,
    judged,
    run_hls,
    run_simulator,
)
from lstmir.flow.check import Check
from lstmir.flow.folder import read_summary
from lstmir.flow.progress import Progress
from lstmir.flow.toolchain import ap_types
from lstmir.flow.toolchain.simulate import SimulationResult
from lstmir.flow.verify import last_stages, read_golden
from lstmir.tools.lstmir import main
from tests.flow.summaries import read_checked
from tests.flow.tiny import model, weights, write_model

RESULT = SimulationResult(
    beats_in=90, beats_out=12, packets_out=6, mismatches=0, cycles_total=919, first_mismatch=None,
    packet_cycles=[], timeout=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def bench(compiled_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The small design, whose vectors nobody touched."""
    golden = read_golden(compiled_once, last_stages(compiled_once)[5])
    cycles = read_summary(compiled_once)["schedule"]["cycles_total_predicted"]
    build = tmp_path_factory.mktemp("build")
    return Bench(compiled_once, build, "tiny", golden, cycles, seed=0)


@pytest.fixture(scope="module")
def simulator(bench: Bench) -> Path:
    return build_simulator(bench)


def _off_by_one(bench: Bench, out: Path) -> Bench:
    """The copy of the folder, in which one golden value is another."""
    path = out / "vectors" / "outputs.txt"
    head, first, rest = path.read_text().split("\n", 2)
    data, flags = first.split(" ", 1)
    path.write_text(f"{head}\n{int(data, 16) ^ 1:x} {flags}\n{rest}")
    return replace(bench, folder=out)


@pytest.mark.needs("g++", "hls4ml")
def test_hls(bench: Bench, out: Path) -> None:
    check, program = Check("hls-cpp", "g++"), build_hls(bench, ap_types.find().path)
    good = run_hls(check, bench, program)
    assert (good.status, good.sequences, good.values_compared) == ("passed", 6, 12)
    bad = run_hls(check, _off_by_one(bench, out), program)
    assert (bad.status, bad.mismatches) == ("failed", 1)
    assert str(bad.reason).startswith('first mismatch: {"sequence": 0, "beat": 0, "expected":')


@pytest.mark.needs("g++", "hls4ml")
def test_cpp_that_does_not_compile(bench: Bench, out: Path) -> None:
    header = out / "hls" / "tiny.h"
    header.write_text('#include "nothing.h"\n' + header.read_text())
    check = check_hls(replace(bench, folder=out), None)
    assert check.status == "failed"
    assert "hls/tiny.h:1:10: fatal error: nothing.h" in str(check.reason)
    assert str(out) not in str(check.reason)


@pytest.mark.needs("g++", "verilator")
@pytest.mark.parametrize("stalled", [False, True])
def test_verilog(stalled: bool, bench: Bench, simulator: Path, out: Path) -> None:
    check = Check("verilog", "verilator", back_pressure=stalled)
    good = run_simulator(check, bench, simulator)
    assert (good.status, good.sequences, good.values_compared) == ("passed", 6, 12)
    assert good.cycles_total_simulated == (None if stalled else bench.cycles)
    bad = run_simulator(check, _off_by_one(bench, out), simulator)
    assert (bad.status, bad.mismatches) == ("failed", 1)
    assert str(bad.reason).startswith('first mismatch: {"kind": "value", "beat": 0')


@pytest.mark.needs("g++", "verilator")
def test_a_memory_image_that_is_missing(bench: Bench, simulator: Path, out: Path) -> None:
    (out / "verilog" / "tiny_weights_0.mem").unlink()
    check = run_simulator(Check("verilog", "verilator"), replace(bench, folder=out), simulator)
    assert check.status == "failed"
    assert "tiny_weights_0.mem" in str(check.reason)


def test_another_number_of_cycles_is_a_failure(bench: Bench) -> None:
    check, less = Check("verilog", "verilator"), replace(bench, cycles=918)
    assert judged(check, replace(bench, cycles=919), RESULT).status == "passed"
    late = judged(check, less, RESULT)
    assert (late.status, late.reason) == ("failed", "919 cycles simulated, 918 predicted")
    stalled = judged(replace(check, back_pressure=True), less, RESULT)
    assert (stalled.status, stalled.cycles_total_simulated) == ("passed", None)


def test_a_design_that_stops_is_a_failure(bench: Bench) -> None:
    stopped = judged(Check("verilog", "verilator"), bench, replace(RESULT, timeout=True))
    assert (stopped.status, stopped.reason) == ("failed", "the design stopped moving")


@pytest.mark.needs("g++", "hls4ml", "verilator")
@pytest.mark.usefixtures("tiny")
def test_matrices_of_zeros(capsys: pytest.CaptureFixture[str]) -> None:
    """They compile with a warning, and every comparison passes."""
    zeros = {"r", "head"}
    parameters = {name: array * (name not in zeros) for name, array in weights().items()}
    write_model(Path("zero.json"), model(parameters))
    words = ["--data", "tiny.npz", "--macs", "4", "--rtl-sequences", "6", "--no-synthesis"]
    assert main(["compile", "zero.json", *words, "-o", "out"]) == 0
    summary = read_checked(Path("out"))
    assert [check["status"] for check in summary["verification"]] == 5 * ["passed"]
    assert {check["sequences"] for check in summary["verification"]} == {6}
    warnings = [w for w in capsys.readouterr().err.splitlines() if w.startswith("warning")]
    assert sorted(warnings) == [
        f"warning: the weights '{name}' are all zero" for name in sorted(zeros)
    ]


def test_progress_adds_up() -> None:
    steps: list[str] = []
    progress = Progress(step=steps.append)
    for message in ("one", "two"):
        with progress.timed("work", message):
            pass
    assert steps == ["one", "two"]
    assert list(progress.seconds) == ["work"]
