"""Files with several pieces, and the errors that comments in them announce."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lstmir.ir.diagnostics import Diagnostic, Location, Source

SEPARATOR = "// -----"

_EXPECTED = re.compile(r"//\s*expected-error(@(?:[+-]\d+|above|below|unknown))?\s*\{\{(.*?)\}\}")
_STEPS = {"above": -1, "below": 1}


@dataclass(frozen=True)
class Expectation:
    """`// expected-error {{text}}`: an error whose message contains the text, on this line.

    `@+1`, `@-2`, `@above` and `@below` stand for other lines, `@unknown` for no place at all.
    """

    text: str
    line: int | None
    location: Location

    def fits(self, diagnostic: Diagnostic) -> bool:
        """Whether this is the error that was announced."""
        place = diagnostic.location
        line = place.source.position(place.offset)[0] if place else None
        return line == self.line and self.text in diagnostic.message


def split_pieces(text: str) -> list[str]:
    """The pieces between lines `// -----`, each with as many lines before it as in the file."""
    pieces = re.split(rf"^{SEPARATOR}[^\S\n]*$", text, flags=re.MULTILINE)
    padded, lines = [], 0
    for piece in pieces:
        padded.append("\n" * lines + piece)
        lines += piece.count("\n")
    return padded


def expectations(source: Source) -> list[Expectation]:
    """All errors that a text announces."""
    return [_expectation(match, source) for match in _EXPECTED.finditer(source.text)]


def _expectation(match: re.Match[str], source: Source) -> Expectation:
    designator = (match[1] or "@+0")[1:]
    line: int | None = None
    if designator != "unknown":
        step = _STEPS[designator] if designator in _STEPS else int(designator)
        line = source.position(match.start())[0] + step
    return Expectation(match[2], line, Location(source, match.start()))


def differences(source: Source, found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Errors that were not announced, and announced ones that did not come."""
    waiting = expectations(source)
    wrong = []
    for diagnostic in found:
        fitting = next((e for e in waiting if e.fits(diagnostic)), None)
        if fitting is None:
            message = f"unexpected error: {diagnostic.message}"
            wrong.append(Diagnostic(message, diagnostic.location, notes=diagnostic.notes))
        else:
            waiting.remove(fitting)
    return wrong + [
        Diagnostic(f"expected error was not produced: {e.text}", e.location) for e in waiting
    ]
