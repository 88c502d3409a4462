"""Reads the files of this folder as tests; tests/test_filetests.py says how they are written."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lstmir.tools.expectations import split_pieces

FOLDER = Path(__file__).parent

_RUN = re.compile(r"^// RUN: (not )?lstmir-opt\b(.*)$", re.MULTILINE)
_CHECK = re.compile(r"// (CHECK(?:-NEXT|-NOT)?): *(.*)$", re.MULTILINE)
_GOLDEN = re.compile(r"^// GOLDEN:\n((?://.*(?:\n|\Z))*)\s*\Z", re.MULTILINE)
_WORDS = re.compile(r"// *(?:RUN|CHECK|GOLDEN)\b")


@dataclass(frozen=True)
class Run:
    """One command: its arguments, and the exit status that it must have."""

    arguments: list[str]
    status: int


@dataclass(frozen=True)
class FileTest:
    """A file, or one of its pieces if they are to be split; `line` is where the piece begins."""

    path: Path
    index: int = 0
    line: int = 1

    @property
    def id(self) -> str:
        """Such as `passes/cse`, or `errors/values:12` for a piece."""
        name = self.path.relative_to(FOLDER).with_suffix("").as_posix()
        return f"{name}:{self.line}" if _is_split(_read(self.path)) else name

    @cached_property
    def text(self) -> str:
        """What is given to the command: the piece, with as many lines before it as in the file."""
        return _pieces(_read(self.path))[self.index]

    @cached_property
    def plain_text(self) -> str:
        """The text with plain line ends."""
        return self.text.replace("\r\n", "\n")

    @cached_property
    def golden(self) -> re.Match[str] | None:
        """The whole output as the piece has it, in comments."""
        return _GOLDEN.search(self.plain_text)

    @cached_property
    def head(self) -> str:
        """The text down to the golden."""
        return self.plain_text[: self.golden.start()] if self.golden else self.plain_text

    def runs(self) -> list[Run]:
        """The commands that the head of the file asks for."""
        found = []
        for fails, words in _RUN.findall(_read(self.path)):
            here = {"%s": self.path.name, "%S": str(self.path.parent)}
            arguments = [
                here.get(word, word.replace("%S", here["%S"])) for word in shlex.split(words)
            ]
            if "%s" not in words:
                arguments.append(self.path.name)
            found.append(Run(arguments, 1 if fails else 0))
        return found

    def write(self, folder: Path) -> None:
        """Put the file, with this piece alone, into a folder."""
        (folder / self.path.name).write_bytes(_encoded(self.text))

    def check(self, output: str) -> None:
        """Raise AssertionError unless the output is what the comments say."""
        if self.golden is not None:
            expected = "".join(
                line.removeprefix("//").removeprefix(" ")
                for line in self.golden[1].splitlines(True)
            )
            assert output == expected, "if the output is right: pytest --update-golden"
        check(output, self.checks)

    @cached_property
    def checks(self) -> list[tuple[str, str]]:
        """The checks of the piece, in order."""
        return _CHECK.findall(self.head)

    def require_sense(self) -> None:
        """Raise AssertionError for a file that checks nothing, or whose comments are misspelt."""
        runs = self.runs()
        assert runs, "the file does not say what to run"
        announces = all("--verify-diagnostics" in run.arguments for run in runs)
        assert self.checks or self.golden or announces, "the file checks nothing"
        for match in _WORDS.finditer(self.head):
            line = self.head[match.start() :].split("\n", 1)[0]
            assert _RUN.match(line) or _CHECK.match(line), f"what does this mean: {line}"

    def update(self, output: str) -> None:
        """Write the output into the file, in place of the one that stands there."""
        if self.golden is None:
            return
        lines = _read(self.path).splitlines(keepends=True)
        start = self.head.count("\n") + 1
        end = start + len(self.golden[1].splitlines())
        written = [f"// {line}" if line else "//" for line in output.splitlines()]
        line_end = "\r\n" if self.text != self.plain_text else "\n"
        lines[start:end] = [f"{line}{line_end}" for line in written]
        self.path.write_bytes(_encoded("".join(lines)))


def file_tests(folder: Path = FOLDER) -> Iterator[FileTest]:
    """All tests in a folder."""
    for path in sorted(folder.rglob("*.lstmir")):
        for index, piece in enumerate(_pieces(_read(path))):
            yield FileTest(path, index, piece.count("\n", 0, len(piece) - len(piece.lstrip())) + 1)


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


def _is_split(text: str) -> bool:
    return any("--split-input-file" in words for _, words in _RUN.findall(text))


def _pieces(text: str) -> list[str]:
    return split_pieces(text) if _is_split(text) else [text]


def _read(path: Path) -> str:
    """The text as it is: with its line ends, and with bytes that are no text."""
    return path.read_bytes().decode("utf-8", "surrogateescape")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
