"""IR files that say themselves what is to be run on them and what must come out.

The first lines of a file in tests/filetests are `// RUN: lstmir-opt …`; the file is appended, or
put in place of `%s`, and `%S` stands for its folder. Each must succeed; `// RUN: not lstmir-opt …`
must find an error (exit status 1). A file that is run with `--split-input-file` is one test a
piece, named after the line where the piece begins: `pytest -k errors/values:12`.

What is printed, on standard error and then on standard output, is compared with the comments of
the piece, blanks aside:

- `// CHECK: text` stands in a line behind those of the checks before it,
- `// CHECK-NEXT: text` in the very next line,
- `// CHECK-NOT: text` in none of the lines up to that of the next check.

Or with all that follows a line `// GOLDEN:`, up to the end of the piece: there the output stands
whole and verbatim, each line behind `// `, below what it was made from, so that both are read on
one page. `pytest tests/test_filetests.py --update-golden` writes what comes out today.

Errors are announced by `// expected-error {{…}}`, with `--verify-diagnostics`: see
`lstmir.tools.expectations`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lstmir.tools.lstmir_opt import main
from tests.filetests.harness import FileTest, check, file_tests

TESTS = list(file_tests())
SPLIT = [test for test in TESTS if test.index == 1]


def run(test: FileTest, folder: Path, capsys: pytest.CaptureFixture[str], update: bool) -> None:
    """Run a test in a folder; fails as its comments want it."""
    test.require_sense()
    test.write(folder)
    for command in test.runs():
        status = main(command.arguments)
        printed = capsys.readouterr()
        assert status == command.status, printed.err
        if update:
            test.update(printed.err + printed.out)
            test = FileTest(test.path, test.index)
        test.check(printed.err + printed.out)


@pytest.mark.parametrize("test", TESTS, ids=[test.id for test in TESTS])
def test_file(
    test: FileTest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.chdir(tmp_path)
    update = bool(request.config.getoption("update_golden"))
    run(FileTest(test.path, test.index), tmp_path, capsys, update)


@pytest.mark.parametrize("test", SPLIT, ids=[test.id.split(":")[0] for test in SPLIT])
def test_pieces_together(test: FileTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(test.path.parent)
    for command in test.runs():
        assert main(command.arguments) == command.status


def test_checks_that_do_not_hold_are_noticed() -> None:
    output = "a 1\nb  2\nc 3\n"
    good = [
        [("CHECK", "a"), ("CHECK", "c")],
        [("CHECK", "a"), ("CHECK-NEXT", "b 2"), ("CHECK-NEXT", "c")],
        [("CHECK", "b"), ("CHECK-NOT", "a")],
        [("CHECK-NOT", "c"), ("CHECK", "b")],
    ]
    bad = [
        [("CHECK", "d")],
        [("CHECK", "b"), ("CHECK", "a")],
        [("CHECK", "a"), ("CHECK", "a")],
        [("CHECK", "a"), ("CHECK-NEXT", "c")],
        [("CHECK", "c"), ("CHECK-NEXT", "c")],
        [("CHECK-NOT", "c")],
        [("CHECK", "a"), ("CHECK-NOT", "b"), ("CHECK", "c")],
    ]
    for checks in good:
        check(output, checks)
    for checks in bad:
        with pytest.raises(AssertionError):
            check(output, checks)


MODULE = "module @m {\n  func @main() -> () {\n    return : () -> ()\n  }\n}\n"
COMMENTED = "".join(f"// {line}" for line in MODULE.splitlines(keepends=True))

SENSELESS = {
    "nothing to run": f"// CHECK: module\n{MODULE}",
    "nothing to check": f"// RUN: lstmir-opt\n{MODULE}",
    "unknown program": f"// RUN: lstmir-op\n// CHECK: module\n{MODULE}",
    "unknown check": f"// RUN: lstmir-opt\n// CHECK: module\n// CHECK-SAME: @m\n{MODULE}",
    "misspelt check": f"// RUN: lstmir-opt\n// CHECK: module\n// CHECK @m\n{MODULE}",
    "golden with an end": f"// RUN: lstmir-opt\n// GOLDEN:\n{COMMENTED}\n{MODULE}",
    "unexpected failure": f"// RUN: lstmir-opt\n// CHECK: mod\n{MODULE}}}",
    "unexpected success": f"// RUN: not lstmir-opt\n// CHECK: mod\n{MODULE}",
    "usage is no finding": f"// RUN: not lstmir-opt --foo\n// CHECK: foo\n{MODULE}",
}


@pytest.mark.parametrize("case", SENSELESS)
def test_a_file_that_makes_no_sense_fails(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "f.lstmir"
    path.write_text(SENSELESS[case])
    with pytest.raises(AssertionError):
        run(FileTest(path), tmp_path, capsys, update=False)


GOLDEN = f"// RUN: lstmir-opt --split-input-file\n\n{MODULE}// GOLDEN:\n{COMMENTED}"


def test_a_piece_is_named_after_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "f.lstmir"
    path.write_text(f"{GOLDEN}\n// -----\n\n\n{GOLDEN}// -----\n// …\n{GOLDEN}")
    found = [(test.index, test.line) for test in file_tests(tmp_path)]
    lines = path.read_text().splitlines()
    assert found == [(0, 1), (1, 18), (2, 32)]
    assert [lines[line - 1] for _, line in found] == [lines[0], lines[0], "// …"]


@pytest.mark.parametrize(
    "wrong",
    [
        GOLDEN.replace("//   func", "//  func"),
        GOLDEN.replace("//   }\n", ""),
        GOLDEN + "//\n",
        GOLDEN.split("GOLDEN:\n")[0] + "GOLDEN:\n",
    ],
    ids=["blank", "line missing", "line too many", "empty"],
)
def test_a_wrong_golden_fails_and_updating_mends_it(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path / "run")
    path = tmp_path / "f.lstmir"
    path.write_text(f"{GOLDEN}\n// -----\n\n{wrong}\n// -----\n{GOLDEN}")
    for index in (0, 2):
        run(FileTest(path, index), tmp_path / "run", capsys, update=False)
    with pytest.raises(AssertionError, match="--update-golden"):
        run(FileTest(path, 1), tmp_path / "run", capsys, update=False)
    run(FileTest(path, 1), tmp_path / "run", capsys, update=True)
    assert path.read_text() == f"{GOLDEN}\n// -----\n\n{GOLDEN}\n// -----\n{GOLDEN}"
    run(FileTest(path, 1), tmp_path / "run", capsys, update=False)
