"""A bug in a pass: the traceback, what the user is told, and the reproducer."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.passes.cse import CommonSubexpressionElimination
from lstmir.passes.dce import DeadCodeElimination
from lstmir.pipeline.crash import PassCrash
from lstmir.pipeline.passes import Context
from lstmir.tools.command import command
from lstmir.tools.lstmir_opt import main
from lstmir.tools.opt import crashed
from tests.tools.opt_input import (
    CLEAN,
    CONSTANTS,
    DOUBLE,
    RESOURCES,
    SINGLE,
    TEXT,
    Capture,
    Patch,
    break_dce,
    crash_dce,
    network,
)  # fmt: skip

NAME = "lstmir-reproducer.lstmir"
BUG = "  note: this is a bug in lstmir, not a mistake of yours"
HEAD = '// reproducer: {"pipeline": %s, "verify_each": true, "seed": 0}\n'
COMMAND = "// lstmir-opt --run-reproducer THIS_FILE\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: Patch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("in.lstmir").write_text(DOUBLE)
    return tmp_path


def replay_of(err: str) -> list[str]:
    """The arguments of the command that an error names."""
    words = shlex.split(err.splitlines()[-1].split("replay it with: ")[1])
    assert words[0] == "lstmir-opt"
    return words[1:]


CRASHES = {
    "ValueError: no": ValueError("no\nmore"),
    "AssertionError": AssertionError(),
    "MemoryError": MemoryError(),
    "RecursionError: too deep": RecursionError("too deep"),
    "OSError: disk": OSError("disk"),
}


@pytest.mark.parametrize("said", CRASHES)
def test_a_crash_is_told_and_replayed(said: str, monkeypatch: Patch, capsys: Capture) -> None:
    crash_dce(monkeypatch, CRASHES[said])
    assert main(["in.lstmir", "--cse", "--dce", "--fold-constants=limit=3"]) == 1
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert (out, lines[0]) == ("", "Traceback (most recent call last):")
    assert lines[-3:] == [
        f"error: the pass 'dce' crashed: {said}", BUG,
        f"  note: the reproducer is {NAME}; replay it with: lstmir-opt --run-reproducer {NAME}",
    ]  # fmt: skip
    pipeline = '"dce,fold-constants{limit=3}"'
    assert Path(NAME).read_text() == HEAD % pipeline + COMMAND + SINGLE
    assert main(replay_of(err)) == 1
    again = capsys.readouterr().err.splitlines()
    assert (again[0], again[-2:]) == (lines[0], lines[-3:-1])
    assert sorted(path.name for path in Path().iterdir()) == ["in.lstmir", NAME]


def test_a_module_that_does_not_verify(monkeypatch: Patch, capsys: Capture) -> None:
    break_dce(monkeypatch)
    assert main(["in.lstmir", "--cse", "--dce"]) == 1
    err = capsys.readouterr().err
    lines = err.splitlines()
    assert lines[0] == "in.lstmir:6:5: error: after 'dce': 'return' has no attribute 'odd'"
    assert lines[3:5] == ["error: the pass 'dce' left a module that does not verify", BUG]
    assert Path(NAME).read_text() == HEAD % '"dce"' + COMMAND + SINGLE
    assert main(replay_of(err)) == 1
    assert "left a module that does not verify" in capsys.readouterr().err


def test_unverified_passes_are_replayed_from_the_start(monkeypatch: Patch, capsys: Capture) -> None:
    break_dce(monkeypatch)
    assert main(["in.lstmir", "--cse", "--dce", "--no-verify-each"]) == 1
    err = capsys.readouterr().err
    assert "error: one of the passes left a module that does not verify" in err
    head = (HEAD % '"cse,dce"').replace("true", "false")
    assert Path(NAME).read_text() == head + COMMAND + DOUBLE
    assert main(replay_of(err)) == 1
    assert "error: one of the passes left" in capsys.readouterr().err


def test_a_crash_that_the_text_does_not_show_is_replayed_from_the_start(
    monkeypatch: Patch, capsys: Capture
) -> None:
    spoilt: list[Module] = []

    def spoil(self: object, module: Module, context: Context) -> None:
        spoilt.append(module)

    def run(self: object, module: Module, context: Context) -> None:
        assert module not in spoilt, "spoilt"

    monkeypatch.setattr(CommonSubexpressionElimination, "run", spoil)
    monkeypatch.setattr(DeadCodeElimination, "run", run)
    assert main(["in.lstmir", "--canonicalize", "--cse", "--dce"]) == 1
    err = capsys.readouterr().err
    assert Path(NAME).read_text() == HEAD % '"canonicalize,cse,dce"' + COMMAND + DOUBLE
    assert main(replay_of(err)) == 1
    assert "error: the pass 'dce' crashed: AssertionError: spoilt" in capsys.readouterr().err


def test_a_crash_of_the_verifier(monkeypatch: Patch, capsys: Capture) -> None:
    def verify(module: object) -> None:
        raise KeyError("odd")

    monkeypatch.setattr("lstmir.pipeline.manager.verify", verify)
    assert main(["in.lstmir", "--dce"]) == 1
    assert "error: the verifier crashed after 'dce': KeyError: 'odd'" in capsys.readouterr().err


def test_a_name_that_is_free(monkeypatch: Patch, capsys: Capture) -> None:
    crash_dce(monkeypatch, ValueError())
    Path(NAME).write_text("mine")
    for expected in ("lstmir-reproducer-1.lstmir", "lstmir-reproducer-2.lstmir"):
        assert main(["in.lstmir", "--dce"]) == 1
        assert replay_of(capsys.readouterr().err) == ["--run-reproducer", expected]
    assert Path(NAME).read_text() == "mine"


def test_a_name_that_was_given(monkeypatch: Patch, capsys: Capture) -> None:
    crash_dce(monkeypatch, ValueError())
    assert main(["in.lstmir", "--cse", "--dce", "--emit-reproducer=a b"]) == 1
    assert replay_of(capsys.readouterr().err) == ["--run-reproducer", "a b"]
    assert Path("a b").read_text() == HEAD % '"dce"' + COMMAND + SINGLE
    assert main(["--run-reproducer", "a b", "--emit-reproducer", "c"]) == 1
    assert Path("c").read_text() == Path("a b").read_text()
    assert sorted(path.name for path in Path().iterdir()) == ["a b", "c", "in.lstmir"]


def test_resources_are_in_it(monkeypatch: Patch, capsys: Capture) -> None:
    crash_dce(monkeypatch, ValueError())
    Path("in.lstmir").write_text(CONSTANTS + RESOURCES)
    assert main(["in.lstmir", "--dce", "--resources=elide"]) == 1
    assert Path(NAME).read_text().endswith(CONSTANTS + RESOURCES)


def test_no_reproducer_can_be_written(monkeypatch: Patch, capsys: Capture) -> None:
    def refuse(path: str, text: str) -> None:
        raise UserError(f"cannot write {path}: Read-only file system")

    crash_dce(monkeypatch, ValueError("first"))
    monkeypatch.setattr(crashed, "write_text", refuse)
    assert main(["in.lstmir", "--dce"]) == 1
    assert capsys.readouterr().err.splitlines()[-3:] == [
        "error: the pass 'dce' crashed: ValueError: first", BUG,
        f"  note: no reproducer could be written: cannot write {NAME}: Read-only file system",
    ]  # fmt: skip


def test_one_piece_of_several(monkeypatch: Patch, capsys: Capture) -> None:
    crash_dce(monkeypatch, ValueError("boom"))
    wrong = DOUBLE.replace("%a, %b", "%a, %c")
    announced = DOUBLE.replace("func", "// expected-error {{crashed}}\nfunc")
    Path("in.lstmir").write_text(f"{wrong}// -----\n{announced}// -----\n{TEXT}")
    assert main(["in.lstmir", "--split-input-file", "--verify-diagnostics", "--dce"]) == 1
    err = capsys.readouterr().err
    unexpected, crash = [line for line in err.splitlines() if "error:" in line]
    assert unexpected.startswith("in.lstmir:5:24: error: unexpected error: %c is not defined")
    assert crash == "error: the pass 'dce' crashed: ValueError: boom"
    assert Path(NAME).read_text() == HEAD % '"dce"' + COMMAND + DOUBLE


def test_data_are_named_in_the_command(folder: Path, monkeypatch: Patch, capsys: Capture) -> None:
    model, data = network(folder)
    crash_dce(monkeypatch, ValueError("boom"))
    pipeline = "isolate-sample,expand-cells,calibrate,dce,calibrate"
    assert main([model.name, "--data", data.name, "-p", pipeline, "--seed=3"]) == 1
    err = capsys.readouterr().err
    assert replay_of(err) == ["--run-reproducer", NAME, "--data", "data.npz"]
    text = Path(NAME).read_text()
    head, usage = text.splitlines()[:2]
    assert head.startswith(
        '// reproducer: {"pipeline": "dce,calibrate", "verify_each": true, "seed": 3, "data": "'
    )
    assert usage == "// lstmir-opt --run-reproducer THIS_FILE --data FILE.npz"
    assert "range = " in text and str(folder) not in text
    assert main(replay_of(err)) == 1
    assert "the pass 'dce' crashed: ValueError: boom" in capsys.readouterr().err


@pytest.mark.parametrize("status", [130, 141])
def test_what_is_no_crash(status: int, monkeypatch: Patch, capfd: object) -> None:
    stops = {130: KeyboardInterrupt(), 141: BrokenPipeError()}
    crash_dce(monkeypatch, stops[status])
    monkeypatch.setattr("os.dup2", lambda *descriptors: None)
    assert main(["in.lstmir", "--dce"]) == status
    assert not Path(NAME).exists()


def test_what_a_user_did_wrong_is_no_crash(monkeypatch: Patch, capsys: Capture) -> None:
    crash_dce(monkeypatch, UserError("dce: not with this module"))
    assert main(["in.lstmir", "--dce"]) == 1
    assert capsys.readouterr().err == "error: dce: not with this module\n"
    assert not Path(NAME).exists()


def test_crashes_under_other_commands(capsys: Capture) -> None:
    @command
    def run(argv: object = None) -> int:
        try:
            raise ValueError("boom")
        except ValueError as error:
            raise PassCrash("the pass 'dce' crashed", 0, error) from error

    assert run() == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-2:] == ["error: the pass 'dce' crashed: ValueError: boom", BUG]


def test_it_crashes_in_a_process_of_its_own_too(tmp_path: Path) -> None:
    import subprocess

    script = (
        "import sys; from lstmir.passes.dce import DeadCodeElimination as Dce;"
        "Dce.run = lambda *arguments: Dce.run(*arguments);"
        "from lstmir.tools.lstmir_opt import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "in.lstmir", "--dce"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "error: the pass 'dce' crashed: RecursionError: maximum recursion" in done.stderr
    assert Path(NAME).read_text() == HEAD % '"dce"' + COMMAND + DOUBLE
    assert CLEAN not in done.stdout
