"""The test bench sees what it must see: a design that breaks one rule at a time, in both simulators."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lstmir.flow.toolchain import ToolError
from lstmir.flow.toolchain.simulate import SimulationResult, Traffic, simulate
from tests.backends.verilog.simulators import BOTH, EACH, TOOLS, build, problems

ECHO = Path(__file__).with_name("echo.v")
WRONG, DROPPED, UNSTABLE, JAMMED, TWICE, KEPT, REMEMBERED = range(0xE1, 0xE8)


@dataclass(frozen=True)
class Echo:
    """A simulator of echo.v, with a folder to work in."""

    tool: str
    executable: Path
    folder: Path

    def run(self, values: list[int], traffic: Traffic | None = None) -> SimulationResult:
        """Send `values` in packets of four, and expect them back."""
        beats = [f"{value:02x} {int(index % 4 == 3)}" for index, value in enumerate(values)]
        inputs, outputs = self.folder / "inputs.txt", self.folder / "outputs.txt"
        inputs.write_text("\n".join(["// DATA LAST", *beats]))
        outputs.write_text("\n".join(["// DATA LAST USER", *(f"{beat} 0" for beat in beats)]))
        traffic = replace(traffic or Traffic(), timeout_cycles=500)
        return simulate(self.executable, inputs, outputs, traffic, folder=self.folder)


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """echo.v beside its memory image."""
    folder = tmp_path_factory.mktemp("echo")
    (folder / "same.hex").write_text("\n".join(f"{value:02x}" for value in range(256)))
    (folder / "echo.v").write_text(ECHO.read_text())
    return folder / "echo.v"


@pytest.fixture(scope="module", params=EACH)
def echo(request: pytest.FixtureRequest, design: Path) -> Echo:
    return simulator(request.param, design)


def simulator(tool: str, design: Path) -> Echo:
    return Echo(tool, build(tool, [design], "echo", design.parent), design.parent)


@pytest.mark.needs("verilator", "pyosys")
def test_echo_lints_clean(design: Path) -> None:
    assert problems([design], "echo") == ()


def test_counts_cycles_from_the_first_clock_after_reset(echo: Echo) -> None:
    result = echo.run(list(range(100)))
    assert result == SimulationResult(
        beats_in=100,
        beats_out=100,
        packets_out=25,
        mismatches=0,
        cycles_total=101,
        first_mismatch=None,
        packet_cycles=[5, 9, 13, 17, 21, 25, 29, 33],
        resets=0,
        first_packet=0,
        timeout=False,
    )


@pytest.mark.parametrize("percent", [7, 50])
def test_stalls_change_when_and_nothing_else(echo: Echo, percent: int) -> None:
    result = echo.run(list(range(200)), Traffic(percent, percent, seed=percent))
    assert result.passed
    assert result.beats_out == 200
    assert result.cycles_total > 200 * 100 / percent


def test_a_seed_repeats_its_run(echo: Echo) -> None:
    runs = [echo.run(list(range(100)), Traffic(50, seed=seed)) for seed in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert runs[0].packet_cycles != runs[2].packet_cycles


@pytest.mark.parametrize("percent", [1, 5, 50])
def test_the_pace_changes_between_its_least_and_none(echo: Echo, percent: int) -> None:
    traffic = Traffic(percent, 100, pace_cycles=100, seed=percent)
    result = echo.run(list(range(200)) * 5, traffic)
    mean = 100 / (100 + percent) * 2
    assert result.passed
    assert 0.6 * mean < result.cycles_total / 1000 < 1.6 * mean + 100 / percent


def test_what_a_reset_loses_is_sent_again(echo: Echo) -> None:
    """In the cycles of a fresh start: a beat goes through in each, the first of them in cycle 2."""
    for seed in range(20):
        result = echo.run(list(range(200)), Traffic(resets=5, reset_cycles=30, seed=seed))
        assert result.passed
        assert (result.resets, result.beats_in, result.beats_out) == (5, 200, 200)
        assert result.cycles_total == 4 * (50 - result.first_packet) + 1
        assert result.packet_cycles[0] == 5


def test_resets_may_be_more_than_there_is_time_for(echo: Echo) -> None:
    result = echo.run(list(range(16)), Traffic(resets=9, reset_cycles=100, seed=1))
    assert result.passed
    assert result.resets < 9


@pytest.mark.parametrize("value", [KEPT, REMEMBERED])
def test_what_survives_a_reset_is_a_mismatch(echo: Echo, value: int) -> None:
    values = [1, 2, value, 3] * 10
    assert echo.run(values).passed
    assert echo.run(values, Traffic(20)).passed
    traffic = [Traffic(20, resets=5, reset_cycles=30, seed=seed) for seed in range(20)]
    assert sum(echo.run(values, each).mismatches > 0 for each in traffic) > 5


@BOTH
def test_the_same_seed_is_the_same_run_in_both_simulators(design: Path) -> None:
    traffic = Traffic(5, 30, 50, resets=7, reset_cycles=60, seed=3)
    values = list(range(150)) * 2
    first, second = (simulator(tool, design).run(values, traffic) for tool in TOOLS)
    assert first == second
    assert (first.passed, first.resets) == (True, 7)


def test_wrong_data_is_a_mismatch(echo: Echo) -> None:
    result = echo.run([0, 1, WRONG, 3])
    assert result.mismatches == 1
    assert not result.timeout
    assert result.first_mismatch == {
        "kind": "value",
        "beat": 2,
        "cycle": 4,
        "expected": {"data": "e1", "last": 0, "user": 0},
        "got": {"data": "e2", "last": 0, "user": 0},
    }


def test_a_dropped_beat_shifts_the_others_and_times_out(echo: Echo) -> None:
    result = echo.run([0, DROPPED, 2, 3])
    assert result.timeout
    assert result.beats_out == 3
    assert result.mismatches == 2


def test_a_dropped_last_beat_times_out(echo: Echo) -> None:
    result = echo.run([0, 1, 2, DROPPED])
    assert result.timeout
    assert (result.beats_in, result.beats_out, result.mismatches) == (4, 3, 0)
    assert not result.passed


def test_data_must_stay_while_not_ready(echo: Echo) -> None:
    result = echo.run([UNSTABLE] * 40, Traffic(20))
    assert result.first_mismatch is not None
    assert result.first_mismatch["kind"] == "unstable"
    assert result.beats_out == 40


def test_unstable_data_is_no_fault_while_ready(echo: Echo) -> None:
    assert echo.run([UNSTABLE] * 40).passed


def test_a_deadlock_times_out(echo: Echo) -> None:
    result = echo.run([0, JAMMED, 2, 3])
    assert result.timeout
    assert (result.beats_in, result.beats_out) == (2, 2)
    assert result.cycles_total == 3


def test_an_extra_beat_after_the_last_is_a_mismatch(echo: Echo) -> None:
    result = echo.run([0, 1, 2, TWICE])
    assert result.mismatches == 1
    assert result.first_mismatch is not None
    assert result.first_mismatch["kind"] == "extra"
    assert result.beats_out == 5


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["missing.txt", "good.txt"], "cannot read missing.txt"),
        (["bad.txt", "good.txt"], "bad.txt:1: not a beat: 12"),
        (["empty.txt", "good.txt"], "empty.txt holds no beat"),
        (["good.txt"], "usage: "),
        (["good.txt", "good.txt", "--speed", "1"], "unknown option --speed"),
        (["good.txt", "good.txt", "--seed", "-1"], "--seed needs a number, not '-1'"),
        (
            ["good.txt", "good.txt", "--ready-percent", "0"],
            "--ready-percent is not between 1 and 100",
        ),
        (["good.txt", "good.txt", "--reset-cycles", "0"], "--reset-cycles is not above 0"),
        (
            ["good.txt", "twice.txt", "--resets", "1"],
            "--resets needs an output packet for each input packet",
        ),
    ],
)
def test_bad_arguments_are_refused(
    echo: Echo, tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    (tmp_path / "good.txt").write_text("12 1\n")
    (tmp_path / "twice.txt").write_text("12 1 0\n12 1 0\n")
    (tmp_path / "bad.txt").write_text("12\n")
    (tmp_path / "empty.txt").write_text("// nothing\n")
    done = subprocess.run(
        [echo.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"testbench: {complaint}")


def test_a_missing_memory_image_is_named(echo: Echo, tmp_path: Path) -> None:
    """By Verilator's program when it starts, by Yosys when it writes C++."""
    (tmp_path / "beats.txt").write_text("12 1\n")
    (tmp_path / "out.txt").write_text("12 1 0\n")
    (tmp_path / "echo.v").write_text(ECHO.read_text())
    with pytest.raises(ToolError, match=r"same\.hex"):
        if echo.tool == "cxxrtl":
            build(echo.tool, [tmp_path / "echo.v"], "echo", tmp_path)
        simulate(echo.executable, tmp_path / "beats.txt", tmp_path / "out.txt", folder=tmp_path)


def test_a_simulator_that_says_nothing_is_an_error(echo: Echo) -> None:
    with pytest.raises(ToolError, match="cannot read"):
        simulate(echo.executable, Path("/nonexistent/inputs.txt"), Path("/nonexistent/outputs.txt"))
