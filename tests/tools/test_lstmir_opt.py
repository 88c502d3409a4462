"""The command line: every flag, every exit status, and nothing half-written."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lstmir.tools import command, lstmir_opt
from lstmir.tools.lstmir_opt import main

TEXT = """module @m {
  func @main(%x: f32) -> f32 {
    %y = arith.neg %x : f32
    return %x : f32
  }
}
"""
CLEAN = TEXT.replace("    %y = arith.neg %x : f32\n", "")
BROKEN = TEXT.replace("%x : f32\n    return", "%z : f32\n    return")

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "m.lstmir"
    path.write_text(TEXT)
    return path


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


def test_generic_form(file: Path, capsys: Capture) -> None:
    assert main([str(file), "--print-generic", "-p", "dce"]) == 0
    assert '"return"(%x) : f32' in capsys.readouterr().out


def test_dumps_and_timing_go_to_standard_error(file: Path, capsys: Capture) -> None:
    flags = ["--print-ir-before", "cse", "--print-ir-after", "dce", "--timing"]
    assert main([str(file), "-p", "cse,dce", *flags]) == 0
    out, err = capsys.readouterr()
    assert out == CLEAN
    headers = [f"// -----// IR Dump {when} //----- //" for when in ("Before cse", "After dce")]
    assert err.startswith(f"{headers[0]}\n{TEXT}{headers[1]}\n{CLEAN}pass ")
    assert [line.split()[0] for line in err.splitlines()[-4:]] == ["pass", "cse", "dce", "total"]


def test_dumps_of_every_pass(file: Path, capsys: Capture) -> None:
    assert main([str(file), "-p", "cse,dce", "--print-ir-before-all", "--print-ir-after-all"]) == 0
    headers = [line for line in capsys.readouterr().err.splitlines() if "Dump" in line]
    assert [" ".join(line.split()[4:6]) for line in headers] == [
        "Before cse", "After cse", "Before dce", "After dce"
    ]  # fmt: skip


def test_pieces_are_modules_of_their_own(file: Path, capsys: Capture) -> None:
    file.write_text(f"{TEXT}// -----\n{TEXT}")
    assert main([str(file), "--split-input-file", "-p", "dce"]) == 0
    assert capsys.readouterr().out == f"{CLEAN}// -----\n{CLEAN}"
    file.write_text(f"{BROKEN}// -----\n{TEXT}// ----- \n{BROKEN}")
    assert main([str(file), "--split-input-file"]) == 1
    out, err = capsys.readouterr()
    places = [line.split(": error")[0] for line in err.splitlines() if "error" in line]
    assert (out, places) == ("", [f"{file}:3:20", f"{file}:17:20"])


def test_announced_errors(file: Path, capsys: Capture) -> None:
    announced = BROKEN.replace("%z : f32", "%z : f32 // expected-error {{%z is not defined}}")
    file.write_text(announced)
    assert main([str(file), "--verify-diagnostics"]) == 0
    assert capsys.readouterr() == ("", "")
    file.write_text(announced.replace("%z is not", "%y is not"))
    assert main([str(file), "--verify-diagnostics"]) == 1
    assert [line for line in capsys.readouterr().err.splitlines() if "error:" in line] == [
        f"{file}:3:20: error: unexpected error: %z is not defined in this region",
        f"{file}:3:29: error: expected error was not produced: %y is not defined",
    ]
    file.write_text(announced.replace("// expected-error", "// expected-error@+1"))
    assert main([str(file), "--verify-diagnostics"]) == 1
    assert "3:20: error: unexpected error: %z" in capsys.readouterr().err
    file.write_text(announced.replace("%z :", "%x :"))
    assert main([str(file), "--verify-diagnostics"]) == 1
    assert "3:29: error: expected error was not produced" in capsys.readouterr().err


def test_what_it_says_of_itself(capsys: Capture) -> None:
    assert main(["--list-passes"]) == 0
    listed = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]
    assert listed[:2] == [["canonicalize", "exact"], ["cse", "exact"]]
    assert main(["--pass-help", "fold-constants"]) == 0
    assert "limit  an integer (default 1048576)" in capsys.readouterr().out
    assert main(["--show-dialects"]) == 0
    assert "\narith: exact elementwise arithmetic" in capsys.readouterr().out
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: lstmir-opt")


USAGE = {
    "unknown flag": (
        ["--print-gneric"],
        "error: lstmir-opt: unknown argument '--print-gneric'; did you mean '--print-generic'?",
    ),
    "flag without its value": (
        ["-p"],
        "error: lstmir-opt: argument -p/--pass-pipeline: expected one argument",
    ),
    "two files": (["a", "b"], "error: lstmir-opt: unknown argument 'b'"),
    "no abbreviations": (
        ["--timin"],
        "error: lstmir-opt: unknown argument '--timin'; did you mean '--timing'?",
    ),
    "unknown pass": (
        ["-p", "cse,dec"],
        "<pipeline>:1:5: error: unknown pass 'dec'; did you mean 'dce'?",
    ),
    "unknown recipe": (
        ["-p", "bank51"],
        "<pipeline>:1:1: error: unknown pass 'bank51'; did you mean 'bank50'?",
    ),
    "unknown option": (
        ["-p", "cse{a=1}"],
        "<pipeline>:1:5: error: 'cse' has no option 'a'; its options: none",
    ),
    "unknown pass to describe": (
        ["--pass-help", "csee"],
        "error: unknown pass 'csee'; did you mean 'cse'?",
    ),
    "unknown pass to print": (
        ["--print-ir-after", "csee"],
        "error: unknown pass 'csee'; did you mean 'cse'?",
    ),
    "missing file": (
        ["/no/such/file"],
        "error: cannot read /no/such/file: No such file or directory",
    ),
    "folder": (["/"], "error: cannot read /: Is a directory"),
}


@pytest.mark.parametrize("case", USAGE)
def test_what_cannot_be_understood_is_exit_2(case: str, capsys: Capture) -> None:
    arguments, expected = USAGE[case]
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0]) == ("", expected)


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

    monkeypatch.setattr("lstmir.pipeline.manager.run_passes", run)
    for flags in ([], ["--verify-each"], ["--no-verify-each"]):
        assert main([str(file), *flags]) == 0
    assert seen == [True, True, False]


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def interrupted(path: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(lstmir_opt, "read_text", interrupted)
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


def test_asking_for_help_does_not_load_the_compiler() -> None:
    script = (
        "import sys; from lstmir.tools.lstmir_opt import main; main(['--help']);"
        "sys.exit(any(name in sys.modules for name in ('networkx', 'numpy', 'lark')))"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True).returncode == 0
