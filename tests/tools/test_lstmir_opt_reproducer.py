"""Reproducers of pipelines that do well, and heads of files that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstmir.tools.lstmir_opt import main
from tests.tools.opt_input import (
    BROKEN,
    CONSTANTS,
    DOUBLE,
    RESOURCES,
    TEXT,
    Capture,
    Patch,
    crash_dce,
    network,
)  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: Patch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


GOOD = {
    "no pass": (TEXT, []),
    "passes": (DOUBLE, ["-p", "cse,dce,canonicalize"]),
    "flags with options": (CONSTANTS + RESOURCES, ["--fold-constants=limit=1", "--cse"]),
    "settings": (CONSTANTS + RESOURCES, ["--fold-constants", "--seed=7", "--no-verify-each"]),
}


@pytest.mark.parametrize("case", GOOD)
def test_a_reproducer_gives_the_same(case: str, capsys: Capture) -> None:
    text, flags = GOOD[case]
    Path("in.lstmir").write_text(text)
    assert main(["in.lstmir", *flags, "--emit-reproducer", "r.lstmir"]) == 0
    direct = capsys.readouterr()
    assert main(["--run-reproducer", "r.lstmir"]) == 0
    assert capsys.readouterr() == direct
    assert main(["r.lstmir"]) == 0
    assert capsys.readouterr().out == text
    first = Path("r.lstmir").read_text()
    assert main(["--run-reproducer", "r.lstmir", "--emit-reproducer", "again.lstmir"]) == 0
    assert Path("again.lstmir").read_text() == first


def test_a_recipe_and_its_data(folder: Path, capsys: Capture) -> None:
    model, data = network(folder)
    pipeline = "isolate-sample,expand-cells,canonicalize,bank50{size=2}"
    flags = ["--data", str(data), "--seed=5", "-p", pipeline]
    assert main([str(model), *flags, "--emit-reproducer", "r.lstmir"]) == 0
    direct = capsys.readouterr().out
    text = Path("r.lstmir").read_text()
    assert "bank50" not in text and str(folder) not in text
    assert main(["--run-reproducer", "r.lstmir", "--data", str(data)]) == 0
    assert capsys.readouterr().out == direct
    assert "!fx.s<8" in direct

    assert main(["--run-reproducer", "r.lstmir"]) == 1
    missing = "the reproducer was made with calibration data, which is missing: add --data FILE.npz"
    assert capsys.readouterr().err.startswith(f"r.lstmir:1:16: error: {missing}\n")
    _, other = network_with_other_data(folder)
    assert main(["--run-reproducer", "r.lstmir", "--data", other.name]) == 1
    wrong = "the reproducer was made with calibration data, which is not that of other.npz"
    assert capsys.readouterr().err.startswith(f"r.lstmir:1:16: error: {wrong}\n")


def network_with_other_data(folder: Path) -> tuple[Path, Path]:
    from tests.flow.tiny import data, write_data

    return folder, write_data(folder / "other.npz", data(samples=3))


def test_it_stands_before_the_first_pass_runs(monkeypatch: Patch) -> None:
    Path("in.lstmir").write_text(DOUBLE)
    crash_dce(monkeypatch, KeyboardInterrupt())
    assert main(["in.lstmir", "--cse", "--dce", "--emit-reproducer", "r.lstmir"]) == 130
    assert '"pipeline": "cse,dce"' in Path("r.lstmir").read_text()


def test_none_of_what_cannot_be_read() -> None:
    Path("in.lstmir").write_text(BROKEN)
    assert main(["in.lstmir", "--dce", "--emit-reproducer", "r.lstmir"]) == 1
    assert not Path("r.lstmir").exists()


def test_one_that_cannot_be_written(capsys: Capture) -> None:
    Path("in.lstmir").write_text(TEXT)
    Path("r").mkdir()
    assert main(["in.lstmir", "--dce", "--emit-reproducer", "r"]) == 2
    assert capsys.readouterr() == ("", "error: cannot write r: Is a directory\n")


def test_the_head_may_stand_behind_other_comments(capsys: Capture) -> None:
    text = f'\n// RUN: lstmir-opt\n // reproducer:{{"pipeline": "cse"}}\n{DOUBLE}'
    Path("r.lstmir").write_text(text)
    assert main(["--run-reproducer", "r.lstmir"]) == 0
    assert "%b" not in capsys.readouterr().out


NONE = 'this is no reproducer: expected \'// reproducer: {"pipeline": "…"}\' at its head'
HEADS = {
    "": f"1:1: error: {NONE}",
    "// a comment\n": f"1:1: error: {NONE}",
    'module @m {\n// reproducer: {"pipeline": ""}\n': f"1:1: error: {NONE}",
    "// reproducer:\n": "1:15: error: not JSON: Expecting value",
    "// reproducer: {'pipeline': 1}\n": (
        "1:17: error: not JSON: Expecting property name enclosed in double quotes"
    ),
    "// reproducer: []\n": "1:16: error: expected a JSON object",
    "//\n// reproducer: {}\n": "2:16: error: a reproducer needs a 'pipeline'",
    '// reproducer: {"pipline": ""}\n': (
        "1:16: error: a reproducer has no 'pipline'; did you mean 'pipeline'?"
    ),
    '// reproducer: {"pipeline": 3}\n': "1:16: error: 'pipeline' must be a string",
    '// reproducer: {"pipeline": "", "seed": true}\n': "1:16: error: 'seed' must be an integer",
    '// reproducer: {"pipeline": "", "seed": -1}\n': (
        "1:16: error: 'seed' must be 0 to 4294967295"
    ),
    '// reproducer: {"pipeline": "", "verify_each": 1}\n': (
        "1:16: error: 'verify_each' must be true or false"
    ),
}  # fmt: skip


@pytest.mark.parametrize("head", HEADS)
def test_heads_that_are_wrong(head: str, capsys: Capture) -> None:
    Path("r.lstmir").write_text(f"{head}{TEXT}")
    assert main(["--run-reproducer", "r.lstmir"]) == 1
    assert capsys.readouterr().err.splitlines()[0] == f"r.lstmir:{HEADS[head]}"


def test_a_pipeline_that_is_wrong_was_found_in_a_file(capsys: Capture) -> None:
    Path("r.lstmir").write_text(f'// reproducer: {{"pipeline": "cse,dec"}}\n{TEXT}')
    assert main(["--run-reproducer", "r.lstmir"]) == 1
    assert capsys.readouterr().err.splitlines()[:2] == [
        "<pipeline of r.lstmir>:1:5: error: unknown pass 'dec'; did you mean 'dce'?",
        "  cse,dec",
    ]
