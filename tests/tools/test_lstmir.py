"""What the command line `lstmir` says of itself, and how it speaks."""

from __future__ import annotations

import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from lstmir import __version__
from lstmir.targets import PARTS
from lstmir.tools.console import listening
from lstmir.tools.lstmir import main
from lstmir.tools.table import show_checks, show_summary

COMMANDS = ("import", "compress", "compile", "run", "verify", "synth", "targets")


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS)])
def test_help(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*words, "--help"]) == 0
    output = capsys.readouterr()
    assert output.out.startswith(" ".join(["usage: lstmir", *words, "[-h]"]))
    assert max(map(len, output.out.splitlines())) <= 80
    assert output.err == ""


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    text = capsys.readouterr().out
    assert all(f"\n    {name} " in text for name in COMMANDS)


def test_help_waits_for_nothing() -> None:
    """Whoever only asks for help does not wait for numpy, networkx and the rest."""
    loaded = "{'numpy', 'networkx', 'lark', 'onnx', 'rich'} & set(sys.modules)"
    code = (
        f"import sys; from lstmir.tools.lstmir import main; main(['--help']); assert not {loaded}"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"lstmir {__version__}\n"


def test_targets(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["targets"]) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(PARTS)
    assert max(map(len, lines)) <= 80
    assert lines[0].split()[1:] == [
        "LFE5U-25F-6BG381C",
        "24288",
        "24288",
        "28",
        "56",
        "x",
        "18",
        "Kbit",
    ]


WRONG = {
    "no command": ([], "error: lstmir: the following arguments are required: COMMAND"),
    "unknown command": (["compil"], "error: lstmir: argument COMMAND: invalid choice: 'compil'"),
    "unknown flag": (["targets", "--all"], "error: lstmir targets: unknown argument '--all'"),
    "unknown flag before the command": (
        ["--verbos", "targets"],
        "error: lstmir: unknown argument '--verbos'",
    ),
    "too many folders": (["verify", "a", "b"], "error: lstmir verify: unknown argument 'b'"),
    "no folder": (["verify"], "error: lstmir verify: the following arguments are required: DIR"),
    "no feed": (
        ["run", "model.onnx"],
        "error: lstmir run: the following arguments are required: --feed, -o",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    words, message = WRONG[case]
    assert main(words) == 2
    output = capsys.readouterr()
    assert output.err.startswith(message)
    assert output.err.splitlines()[-1].endswith("--help says what there is")
    assert output.out == ""


def _check(**edits: Any) -> dict[str, Any]:
    check = {
        "against": "verilog", "tool": "verilator", "version": "5.48.0", "status": "passed",
        "reason": None, "sequences": 100_000, "values_compared": 10_000_000, "mismatches": 0,
        "back_pressure": True, "cycles_total_simulated": None,
    }  # fmt: skip
    return check | edits


def _shown(*checks: dict[str, Any]) -> list[str]:
    text = StringIO()
    show_checks(list(checks), Console(file=text, width=80, highlight=False))
    return text.getvalue().splitlines()


def test_large_numbers_fit_in_80_columns() -> None:
    assert _shown(_check(), _check(status="not_run", reason="none"))[1].split() == [
        "Verilog,", "stalled", "verilator", "5.48.0", "100000", "10000000", "0", "passed",
    ]  # fmt: skip


def test_what_was_not_verified_is_said_once_and_in_one_line() -> None:
    reason = "no compiler [here]; " + "install one, " * 10
    idle = _check(status="not_run", reason=reason, sequences=None, mismatches=None)
    other = idle | {"reason": "no headers", "against": "hls-cpp", "back_pressure": False}
    *_, first, second = _shown(other, idle | {"back_pressure": False}, idle)
    assert (first, second) == (
        "HLS C++ NOT verified: no headers",
        f"Verilog NOT verified: {reason}",
    )


def test_names_are_not_markup() -> None:
    summary: dict[str, Any] = {
        "accuracy": {"metric": "mae_vs_float", "float": None, "fixed": 0.0123, "samples": 3},
        "compression": {"weights_bits_stored": 8192, "ratio": None},
        "schedule": {
            "macs": 4, "tail_macs": 3, "cycles_per_step_predicted": 20, "mac_utilization": 0.5,
            "phases": [{"cycles_per_step": 20, "idle_before": 0}],
            "cycles_per_step_ideal": 10, "cycles_total_predicted": 100,
        },
        "estimate": None, "energy": None,
        "verification": [],
        "synthesis": [],
    }  # fmt: skip
    text = StringIO()
    show_summary(summary, Path("[red]out"), Console(file=text, width=80, highlight=False))
    assert [line.rstrip() for line in text.getvalue().splitlines()][:4] == [
        "accuracy       mean error 0.0123 against float, on 3 sequences",
        "weights        1.0 KiB",
        "one step       20 cycles, ideal 10: multipliers 50.0% busy",
        "all sequences  100 cycles predicted, not simulated",
    ]
    assert text.getvalue().endswith("written to [red]out\n")


def test_elsewhere_than_on_a_terminal_steps_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with listening() as progress:
        progress.step("compressing [a] model")
        progress.detail("quantize")
        progress.warn("the weights '[b]' are all zero, " + "indeed " * 20)
    warning = "warning: the weights '[b]' are all zero, " + "indeed " * 20
    expected = f"... compressing [a] model\n{warning.rstrip()}"
    assert [line.rstrip() for line in capsys.readouterr().err.splitlines()] == expected.splitlines()


def test_on_a_terminal_the_step_under_way_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with listening() as progress:
        progress.step("compressing [a] model")
        progress.detail("quantize")
        progress.warn("mind [b]")
    text = capsys.readouterr().err
    assert "compressing [a] model: quantize" in text
    assert "mind [b]\n" in text
    assert "... " not in text
