"""What a user is told when something is wrong: where, what, what was expected, what to do."""

from __future__ import annotations

import difflib
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

EXIT_FINDING = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


@dataclass(frozen=True)
class Source:
    """A text that was read, with the name under which errors cite it."""

    name: str
    text: str

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(i + 1 for i, char in enumerate(self.text) if char == "\n")]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset, both counted from 1."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (counted from 1), without its end."""
        start = self._line_starts[number - 1]
        return self.text[start:].split("\n", 1)[0].rstrip("\r")


class Location(NamedTuple):
    """A place in a source. Line and column are computed only when an error needs them."""

    source: Source
    offset: int

    def __str__(self) -> str:
        line, column = self.source.position(self.offset)
        return f"{self.source.name}:{line}:{column}"


@dataclass(frozen=True)
class Diagnostic:
    """One finding, printed as `file:line:col: severity: message` with the line and a caret."""

    message: str
    location: Location | None = None
    severity: str = "error"
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        prefix = f"{self.location}: " if self.location else ""
        lines = [f"{prefix}{self.severity}: {self.message}"]
        if self.location:
            lines += _excerpt(self.location)
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def _excerpt(location: Location) -> list[str]:
    number, column = location.source.position(location.offset)
    text = location.source.line(number)
    if len(text) > 200:
        return []
    return [f"  {text}", f"  {' ' * (column - 1)}^"]


class Invalid(Exception):
    """Something breaks the rules of the language; whoever knows the place reports it."""


class UserError(Exception):
    """Something in the user's input is wrong. Commands print it and exit; nobody sees a traceback.

    `exit_status` is 1 for what was found inside files, 2 for a command that cannot be understood.
    """

    def __init__(
        self,
        message: str | Iterable[Diagnostic],
        *,
        location: Location | None = None,
        notes: Iterable[str] = (),
        exit_status: int = EXIT_FINDING,
    ) -> None:
        if isinstance(message, str):
            message = [Diagnostic(message, location, notes=tuple(notes))]
        self.diagnostics = tuple(message)
        self.exit_status = exit_status
        super().__init__("\n".join(str(d) for d in self.diagnostics))


class UsageError(UserError):
    """An unknown option, name or value, or a path that cannot be read: exit status 2."""

    def __init__(self, message: str, *, notes: Iterable[str] = ()) -> None:
        super().__init__(message, notes=notes, exit_status=EXIT_USAGE)


@dataclass
class Diagnostics:
    """Collects several errors, so that one run reports them all."""

    errors: list[Diagnostic] = field(default_factory=list)

    def error(self, message: str, location: Location | None = None, *notes: str) -> None:
        """Record an error."""
        self.errors.append(Diagnostic(message, location, notes=notes))

    def raise_if_any(self) -> None:
        """Raise a `UserError` that holds everything recorded."""
        if self.errors:
            raise UserError(self.errors)


def suggestion(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the known name nearest to `name`, or nothing."""
    nearest = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean '{nearest[0]}'?" if nearest else ""
