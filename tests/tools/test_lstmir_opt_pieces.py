"""`lstmir-opt` on files with several modules, and on errors that are announced."""

from __future__ import annotations

from pathlib import Path

from lstmir.tools.lstmir_opt import main
from tests.tools.opt_input import BROKEN, CLEAN, TEXT, Capture


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
