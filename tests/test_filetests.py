"""IR files that say themselves what is to be run on them and what must come out.

The first lines of a file in tests/filetests are `// RUN: lstmir-opt …`; the file's own path is
appended, or put in place of `%s`. Each must succeed. What it prints, on standard error and then on
standard output, is compared with the comments of the file, blanks aside:

- `// CHECK: text` stands in a line behind those of the checks before it,
- `// CHECK-NEXT: text` in the very next line,
- `// CHECK-NOT: text` in none of the lines up to that of the next check.

Errors are announced by `// expected-error {{…}}`, with `--verify-diagnostics`.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from lstmir.tools.lstmir_opt import main

FOLDER = Path(__file__).parent / "filetests"
FILES = sorted(FOLDER.rglob("*.lstmir"))

_RUN = re.compile(r"^// RUN: lstmir-opt\b(.*)$", re.MULTILINE)
_CHECK = re.compile(r"// (CHECK(?:-NEXT|-NOT)?): *(.*)$", re.MULTILINE)


def commands(path: Path, text: str) -> list[list[str]]:
    """The arguments of each command that a file asks for."""
    found = [shlex.split(match[1]) for match in _RUN.finditer(text)]
    return [
        [str(path) if word == "%s" else word for word in words] + [str(path)] * ("%s" not in words)
        for words in found
    ]


def check(output: str, checks: list[tuple[str, str]]) -> None:
    """Raise AssertionError at the first check that the output fails."""
    lines = [_plain(line) for line in output.splitlines()]
    at, forbidden = -1, list[str]()
    for kind, text in [*((kind, _plain(text)) for kind, text in checks), ("END", "")]:
        if kind == "CHECK-NOT":
            forbidden.append(text)
            continue
        end = len(lines)
        if kind == "CHECK-NEXT":
            end = at + 1
            assert end < len(lines) and text in lines[end], (
                f"not in the next line: {text}\n{output}"
            )
        elif kind == "CHECK":
            places = [i for i in range(at + 1, len(lines)) if text in lines[i]]
            assert places, f"not found: {text}\n{output}"
            end = places[0]
        for unwanted in forbidden:
            assert not any(unwanted in line for line in lines[at + 1 : end]), (
                f"found: {unwanted}\n{output}"
            )
        at, forbidden = end, []


def _plain(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = path.read_text(encoding="utf-8")
    checks = _CHECK.findall(text)
    runs = commands(path, text)
    assert runs, "the file does not say what to run"
    assert checks or all("--verify-diagnostics" in run for run in runs), "the file checks nothing"
    for run in runs:
        status = main(run)
        printed = capsys.readouterr()
        assert status == 0, printed.err
        check(printed.err + printed.out, checks)


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
