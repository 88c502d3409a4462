"""The test bench sees what it must see: a design that breaks one rule at a time, in one simulator."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

import lstmir.backends.verilog
from lstmir.flow.toolchain import ToolError, verilator
from lstmir.flow.toolchain.simulate import SimulationResult, simulate

pytestmark = pytest.mark.needs("g++", "verilator")

TESTBENCH = Path(lstmir.backends.verilog.__file__).with_name("templates") / "testbench.cpp"
ECHO = Path(__file__).with_name("echo.v")
WRONG, DROPPED, UNSTABLE, JAMMED, TWICE = 0xE1, 0xE2, 0xE3, 0xE4, 0xE5


@dataclass(frozen=True)
class Echo:
    """The simulator of echo.v, with a folder to work in."""

    executable: Path
    folder: Path

    def run(
        self, values: list[int], ready: int = 100, valid: int = 100, seed: int = 0
    ) -> SimulationResult:
        """Send `values` in packets of four, and expect them back."""
        beats = [f"{value:02x} {int(index % 4 == 3)}" for index, value in enumerate(values)]
        inputs, outputs = self.folder / "inputs.txt", self.folder / "outputs.txt"
        inputs.write_text("\n".join(["// DATA LAST", *beats]))
        outputs.write_text("\n".join(["// DATA LAST USER", *(f"{beat} 0" for beat in beats)]))
        return simulate(
            self.executable, inputs, outputs, ready, valid, seed, 500, folder=self.folder
        )


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Echo:
    folder = tmp_path_factory.mktemp("echo")
    (folder / "same.hex").write_text("\n".join(f"{value:02x}" for value in range(256)))
    return Echo(verilator.build([ECHO], "echo", TESTBENCH, folder / "build"), folder)


def test_echo_lints_clean() -> None:
    assert verilator.lint([ECHO], "echo") == ()


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
        timeout=False,
    )


@pytest.mark.parametrize("percent", [7, 50])
def test_stalls_change_when_and_nothing_else(echo: Echo, percent: int) -> None:
    result = echo.run(list(range(200)), ready=percent, valid=percent, seed=percent)
    assert result.passed
    assert result.beats_out == 200
    assert result.cycles_total > 200 * 100 / percent


def test_a_seed_repeats_its_run(echo: Echo) -> None:
    runs = [echo.run(list(range(100)), ready=50, seed=seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert runs[0].packet_cycles != runs[2].packet_cycles


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
    result = echo.run([UNSTABLE] * 40, ready=20)
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
    ],
)
def test_bad_arguments_are_refused(
    echo: Echo, tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    (tmp_path / "good.txt").write_text("12 1\n")
    (tmp_path / "bad.txt").write_text("12\n")
    (tmp_path / "empty.txt").write_text("// nothing\n")
    done = subprocess.run(
        [echo.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"testbench: {complaint}")


def test_a_missing_memory_image_is_named(echo: Echo, tmp_path: Path) -> None:
    beats = tmp_path / "beats.txt"
    beats.write_text("12 1\n")
    (tmp_path / "out.txt").write_text("12 1 0\n")
    with pytest.raises(ToolError, match=r"same\.hex"):
        simulate(echo.executable, beats, tmp_path / "out.txt", folder=tmp_path)


def test_a_simulator_that_says_nothing_is_an_error(echo: Echo) -> None:
    with pytest.raises(ToolError, match="cannot read"):
        simulate(echo.executable, Path("/nonexistent/inputs.txt"), Path("/nonexistent/outputs.txt"))
