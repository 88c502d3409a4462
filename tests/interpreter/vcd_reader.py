"""Reads value change dumps strictly as IEEE 1364 has them: what it does not know is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_HEAD = re.compile(r"\$(\w+) (.*?) ?\$end\n", re.DOTALL)
_VAR = re.compile(r"(wire|reg) ([1-9]\d*) ([!-~]+) ([A-Za-z_]\w*)(?: \[(\d+):0\])?")


@dataclass
class Dump:
    """A dump: its head, each signal's kind and width, and its values as natural numbers by time.

    `scope` is the outermost; a signal deeper inside has the names of the others in front: `array.x`.
    """

    version: str = ""
    timescale: str = ""
    scope: str = ""
    signals: dict[str, tuple[str, int]] = field(default_factory=dict)
    values: dict[str, dict[int, int]] = field(default_factory=dict)
    end: int = 0

    def at(self, time: int) -> dict[str, int]:
        """What every signal is from this time on."""
        return {
            name: changes[max(t for t in changes if t <= time)]
            for name, changes in self.values.items()
        }


def read_vcd(text: str) -> Dump:
    """Raises AssertionError for anything else than a dump of two-valued signals under one module."""
    head, mark, body = text.partition("$enddefinitions $end\n")
    assert mark
    dump, names, scopes = Dump(), dict[str, str](), list[str]()
    for keyword, content in _head(head):
        if keyword == "var":
            match = _VAR.fullmatch(content)
            assert match, content
            kind, width, code, name, top = match.groups()
            name = ".".join([*scopes[1:], name])
            assert scopes
            assert (top is None) == (width == "1") and (top is None or int(top) == int(width) - 1)
            assert code not in names and name not in dump.signals
            names[code] = name
            dump.signals[name] = kind, int(width)
        else:
            _set(dump, scopes, keyword, content)
    assert not scopes
    _read_body(dump, names, body)
    return dump


def _head(text: str) -> Iterator[tuple[str, str]]:
    end = 0
    for match in _HEAD.finditer(text):
        assert match.start() == end
        end = match.end()
        yield match[1], match[2]
    assert end == len(text)


def _set(dump: Dump, scopes: list[str], keyword: str, content: str) -> None:
    if keyword == "scope":
        assert content.startswith("module ") and bool(scopes) == bool(dump.scope)
        scopes.append(content.removeprefix("module "))
        dump.scope = scopes[0]
    elif keyword == "upscope":
        assert not content
        scopes.pop()
    else:
        assert keyword in ("version", "timescale"), keyword
        setattr(dump, keyword, content)


def _read_body(dump: Dump, names: dict[str, str], body: str) -> None:
    dump.values = {name: {} for name in dump.signals}
    time, dumping = -1, False
    for line in body.splitlines():
        if line.startswith("#"):
            assert not dumping and int(line[1:]) > time
            time = int(line[1:])
        elif line == "$dumpvars":
            assert time == 0 and not any(dump.values.values())
            dumping = True
        elif line == "$end":
            assert dumping and all(dump.values.values())
            dumping = False
        else:
            name, value = _change(line, names)
            assert value < 1 << dump.signals[name][1] and time not in dump.values[name]
            last = list(dump.values[name].values())[-1:]
            assert last != [value], f"{name} does not change at {time}"
            dump.values[name][time] = value
    dump.end = time


def _change(line: str, names: dict[str, str]) -> tuple[str, int]:
    vector = re.fullmatch(r"b([01]+) ([!-~]+)", line)
    scalar = re.fullmatch(r"([01])([!-~]+)", line)
    match = vector or scalar
    assert match, line
    return names[match[2]], int(match[1], 2)
