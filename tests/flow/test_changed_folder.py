"""`lstmir verify` refuses a folder that is not as it was compiled, and names what differs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lstmir.flow.folder import summary_digest
from lstmir.tools.lstmir import main
from tests.flow.refused import refused

pytestmark = pytest.mark.usefixtures("out", "without_tools")


def test_an_untouched_folder_is_verified(capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(Path("out").rglob("*"))
    assert main(["verify", "out"]) == 0
    assert sorted(Path("out").rglob("*")) == before
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines[1:4]] == ["passed", "passed", "passed"]
    assert [line.split()[-2:] for line in lines[4:7]] == 3 * [["not", "run"]]


def _edited(name: str) -> Callable[[], object]:
    def edit() -> None:
        path = Path("out", name)
        path.write_text(path.read_text() + "\n")

    return edit


def _edit_summary(change: Callable[[dict[str, Any]], object]) -> Callable[[], object]:
    def edit() -> None:
        path = Path("out/summary.json")
        summary = json.loads(path.read_text())
        change(summary)
        path.write_text(json.dumps(summary))

    return edit


def _two_changes() -> None:
    _edited("vectors/inputs.txt")()
    Path("out/hls/Makefile").unlink()


CHANGED: dict[str, tuple[Callable[[], object], str]] = {
    "edited": (_edited("verilog/tiny.v"), "verilog/tiny.v was changed"),
    "removed": (Path("out/hls/weights.h").unlink, "hls/weights.h is missing"),
    "added": (Path("out/verilog/more.v").touch, "verilog/more.v was added"),
    "added by that name": (
        Path("out/hls/summary.json").touch,
        "hls/summary.json was added",
    ),
    "several": (_two_changes, "vectors/inputs.txt was changed; hls/Makefile is missing"),
    "accuracy": (
        _edit_summary(lambda summary: summary["accuracy"].update(fixed=1.0)),
        "summary.json was changed",
    ),
    "promise": (
        _edit_summary(lambda summary: summary["schedule"].update(cycles_total_predicted=1)),
        "summary.json was changed",
    ),
    "file forgotten": (
        _edit_summary(lambda summary: summary["files"].pop("hls/tile.h")),
        "summary.json was changed; hls/tile.h was added",
    ),
    "no files": (
        _edit_summary(lambda summary: summary.update(files=None)),
        "summary.json was changed",
    ),
    "no digest": (_edit_summary(lambda summary: summary.pop("digest")), "summary.json was changed"),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGED)
def test_a_changed_folder(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    change, message = CHANGED[case]
    change()
    expected = f"error: out is not as it was compiled: {message}"
    assert refused(capsys, "verify", "out") == (1, expected)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a": \xff}'])
def test_a_summary_that_is_not_json(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("out/summary.json").write_bytes(text.encode("latin-1"))
    status, message = refused(capsys, "verify", "out")
    assert status == 1
    assert message.startswith("error: out/summary.json was changed: it is not JSON any more (")


@pytest.mark.parametrize("text", ["[]", "1", '{"schema": "lstmir-summary-0"}'])
def test_a_summary_of_something_else(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("out/summary.json").write_text(text)
    message = "error: out/summary.json is not a summary of version lstmir-summary-1"
    assert refused(capsys, "verify", "out") == (1, message)


@pytest.mark.parametrize("folder", ["none", "out/stages", "out/verilog/tiny.v"])
def test_no_such_folder(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    message = f"error: {folder} is no folder that lstmir compiled: it has no summary.json"
    assert refused(capsys, "verify", folder) == (2, message)


def test_headers_that_are_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    message = "error: --ap-types: no ap_fixed headers: none has no ap_int.h"
    assert refused(capsys, "verify", "out", "--ap-types", "none") == (2, message)


def test_times_may_differ() -> None:
    summary = json.loads(Path("out/summary.json").read_text())
    digest = summary_digest(summary)
    summary["seconds"]["hls"] = summary["verification"][0]["seconds"] = 12.5
    assert summary_digest(summary) == digest == summary["digest"]


def test_a_design_that_computes_something_else_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """Even if somebody brings the summary up to date with what was edited."""
    path = Path("out/vectors/outputs.txt")
    text = path.read_text()
    first = next(line for line in text.splitlines() if not line.startswith("//"))
    data, rest = first.split(" ", 1)
    path.write_text(text.replace(first, f"{int(data, 16) ^ 1:x} {rest}", 1))
    _edit_summary(_bring_up_to_date)()
    assert main(["verify", "out"]) == 1
    output = capsys.readouterr()
    assert [line.split()[-2:] for line in output.out.splitlines()[1:4]] == 3 * [["1", "failed"]]
    assert "error: level-3 (lstmir): 1 of 12 values differ\n" in output.err


def _bring_up_to_date(summary: dict[str, Any]) -> None:
    from lstmir.flow.folder import digests

    summary["files"] = digests(Path("out"))
    summary["digest"] = summary_digest(summary)
