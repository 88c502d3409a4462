"""`lstmir-opt`: reads, runs, prints; every exit status, and nothing half-written."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lstmir.ir.module import Module
from lstmir.passes.dce import DeadCodeElimination
from lstmir.pipeline.passes import Context
from lstmir.tools import command
from lstmir.tools.lstmir_opt import main
from lstmir.tools.opt import driver
from tests.tools.opt_input import BROKEN, CLEAN, TEXT, Capture


def test_reads_runs_and_prints(file: Path, capsys: Capture) -> None:
    assert main([str(file), "-p", "dce"]) == 0
    assert capsys.readouterr() == (CLEAN, "")
    assert main([str(file)]) == 0
    assert capsys.readouterr() == (TEXT, "")


def test_standard_input_is_the_default(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    for arguments in ([], ["-"]):
        stream = io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf" + BROKEN.encode()))
        monkeypatch.setattr(sys, "stdin", stream)
        assert main(arguments) == 1
        assert capsys.readouterr().err.startswith("<stdin>:3:20: error: %z is not defined")


def test_output_appears_only_when_it_is_whole(file: Path, capsys: Capture) -> None:
    output = file.with_name("out.lstmir")
    output.write_text("before")
    output.chmod(0o640)
    file.write_text(BROKEN)
    assert main([str(file), "-o", str(output)]) == 1
    assert output.read_text() == "before"
    file.write_text(TEXT)
    assert main([str(file), "-o", str(output), "--pass-pipeline=dce"]) == 0
    assert output.read_text() == CLEAN
    assert output.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in file.parent.iterdir()) == ["m.lstmir", "out.lstmir"]
    assert capsys.readouterr().out == ""


def test_a_file_can_be_its_own_output_and_a_link_stays(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file)
    assert main([str(file), "-p", "dce", "-o", str(link)]) == 0
    assert link.is_symlink()
    assert file.read_text() == CLEAN


def test_a_device_is_written_not_replaced(file: Path) -> None:
    assert main([str(file), "-o", os.devnull]) == 0
    assert Path(os.devnull).is_char_device()


def test_an_output_that_cannot_be_written(file: Path, capsys: Capture) -> None:
    for target, reason in (
        (file.parent / "none" / "x", "No such file or directory"),
        (file.parent, "Is a directory"),
    ):
        assert main([str(file), "-o", str(target)]) == 2
        assert capsys.readouterr().err == f"error: cannot write {target}: {reason}\n"
    assert [path.name for path in file.parent.iterdir()] == ["m.lstmir"]


def test_nothing_is_left_of_an_output_that_was_interrupted(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    assert main([str(file), "-o", str(file)]) == 130
    assert [path.name for path in file.parent.iterdir()] == ["m.lstmir"]
    assert file.read_text() == TEXT


def test_text_that_is_not_utf8(file: Path, capsys: Capture) -> None:
    file.write_bytes(TEXT.replace("%y", "%größe").encode("latin-1"))
    assert main([str(file)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"{file}:3:8: error: the byte 0xf6 is not UTF-8 text"
    assert lines[1:] == ["      %größe = arith.neg %x : f32", "         ^"]


def test_verification_can_wait(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def run(*args: object, verify_each: bool, **rest: object) -> list[object]:
        seen.append(verify_each)
        return []

    monkeypatch.setattr(driver, "run_passes", run)
    for flags in ([], ["--verify-each"], ["--no-verify-each"]):
        assert main([str(file), *flags]) == 0
    assert seen == [True, True, False]


def test_seed_and_warnings(file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def run(self: DeadCodeElimination, module: Module, context: Context) -> None:
        context.warn(f"the seed is {context.seed}")

    monkeypatch.setattr(DeadCodeElimination, "run", run)
    for flags, seed in (([], 0), (["--seed", "9"], 9)):
        assert main([str(file), "--dce", *flags]) == 0
        assert capsys.readouterr() == (TEXT, f"warning: the seed is {seed}\n")


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def interrupted(path: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(driver, "read_text", interrupted)
    assert main([]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_reader_who_leaves_early(file: Path) -> None:
    script = "import sys; from lstmir.tools.lstmir_opt import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == command.EXIT_BROKEN_PIPE
