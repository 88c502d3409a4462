"""The comparisons with the real tools can fail: every kind of difference is found and told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lstmir.flow.benches import (
    Bench,
    build_hls,
    check_hls,
    run_hls,
)
from lstmir.flow.check import Check
from lstmir.flow.folder import read_summary
from lstmir.flow.progress import Progress
from lstmir.flow.simulations import (
    RESETS,
    SIMULATORS,
    Simulator,
    build_simulator,
    check_verilog,
    first_sequences,
    judged,
    run_simulator,
    sequences,
)
from lstmir.flow.toolchain import ap_types
from lstmir.flow.toolchain.simulate import SimulationResult
from lstmir.flow.verify import last_stages, read_golden
from lstmir.interpreter.streams import parse_beats
from lstmir.tools.lstmir import main
from tests.backends.verilog.simulators import EACH
from tests.flow.summaries import read_checked
from tests.flow.tiny import model, weights, write_model

RESULT = SimulationResult(
    beats_in=90, beats_out=12, packets_out=6, mismatches=0, cycles_total=919, first_mismatch=None,
    packet_cycles=[], resets=0, first_packet=0, timeout=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def bench(compiled_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The small design, whose vectors nobody touched."""
    golden = read_golden(compiled_once, last_stages(compiled_once)[5])
    cycles = read_summary(compiled_once)["schedule"]["cycles_total_predicted"]
    build = tmp_path_factory.mktemp("build")
    return Bench(compiled_once, build, "tiny", golden, cycles, seed=0)


@dataclass(frozen=True)
class Built:
    """A simulator, and the check that it is for."""

    check: Check
    program: Path


@pytest.fixture(scope="module", params=EACH)
def simulator(request: pytest.FixtureRequest, bench: Bench) -> Built:
    tool: str = request.param
    return Built(Check("verilog", tool), build_simulator(tool, bench))


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


@pytest.mark.parametrize("stalled", [False, True])
def test_verilog(stalled: bool, bench: Bench, simulator: Built, out: Path) -> None:
    check = replace(simulator.check, back_pressure=stalled)
    good = run_simulator(check, bench, simulator.program)
    assert good.resets == (RESETS if stalled else 0)
    assert (good.status, good.sequences, good.values_compared) == ("passed", 6, 12)
    assert good.cycles_total_simulated == (None if stalled else bench.cycles)
    bad = run_simulator(check, _off_by_one(bench, out), simulator.program)
    # After a reset, the packet with the wrong value may be sent again.
    assert bad.status == "failed"
    assert bad.mismatches == 1 or (stalled and bad.mismatches)
    assert str(bad.reason).startswith('first mismatch: {"kind": "value", "beat": 0')


@pytest.mark.parametrize("tool", EACH)
def test_a_memory_image_that_is_missing(tool: str, bench: Bench, out: Path) -> None:
    next((out / "verilog").glob("*.mem")).unlink()
    for check in check_verilog(tool, replace(bench, folder=out, build=out.parent / "build")):
        assert check.status == "failed"
        assert ".mem" in str(check.reason)
        assert str(out.resolve()) not in str(check.reason)


@pytest.mark.parametrize("tool", EACH)
def test_a_warning_is_a_failure(tool: str, bench: Bench, out: Path) -> None:
    """A port of four bits is given one."""
    path = out / "verilog" / "tiny.v"
    text = path.read_text()
    path.write_text(text.replace("endmodule", "  tiny_more more (.a(m_axis_tready));\nendmodule"))
    (out / "verilog" / "tiny_more.v").write_text("module tiny_more (input [3:0] a);\nendmodule\n")
    first, second = check_verilog(tool, replace(bench, folder=out, build=out.parent / "build"))
    assert (first.status, second.status) == ("failed", "failed")
    assert first.reason == second.reason
    assert "arning" in str(first.reason)
    assert str(out.resolve()) not in str(first.reason)


def test_where_all_sequences_take_too_long_the_first_are_run(bench: Bench, tmp_path: Path) -> None:
    limits = {
        1: 1,
        (bench.cycles + 1) // 2: 3,
        bench.cycles - 1: 5,
        bench.cycles: 6,
        bench.cycles + 1: 6,
    }
    assert {cycles: sequences(bench, cycles) for cycles in limits} == limits
    for path, cut in zip(
        (bench.inputs, bench.outputs),
        first_sequences(replace(bench, build=tmp_path), 4),
        strict=True,
    ):
        beats = parse_beats(cut.read_text())
        assert beats == parse_beats(path.read_text())[: len(beats)]
        assert [last for _, last, *_ in beats].count(1) == 4
        assert beats[-1][1] == 1
    assert first_sequences(bench, 6) == (bench.inputs, bench.outputs)


@pytest.mark.needs("g++", "pyosys")
def test_the_check_says_how_many(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    some = Simulator(SIMULATORS["cxxrtl"].runner, cycles=(bench.cycles + 1) // 2)
    monkeypatch.setitem(SIMULATORS, "cxxrtl", some)
    for check in check_verilog("cxxrtl", bench):
        assert (check.status, check.sequences, check.values_compared) == ("passed", 3, 6)


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


@pytest.mark.needs("g++", "hls4ml", "verilator", "pyosys")
@pytest.mark.usefixtures("tiny")
def test_matrices_of_zeros(capsys: pytest.CaptureFixture[str]) -> None:
    """They compile with a warning, and every comparison passes."""
    zeros = {"r", "head"}
    parameters = {name: array * (name not in zeros) for name, array in weights().items()}
    write_model(Path("zero.json"), model(parameters))
    words = ["--data", "tiny.npz", "--macs", "4", "--rtl-sequences", "6", "--no-synthesis"]
    assert main(["compile", "zero.json", *words, "-o", "out"]) == 0
    summary = read_checked(Path("out"))
    assert [check["status"] for check in summary["verification"]] == 7 * ["passed"]
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
