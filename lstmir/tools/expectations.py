"""Files with several pieces, and the errors that comments in them announce.

    %y = arith.neg %z : f32  // expected-error {{%z is not defined}}
    // expected-error@below:10 {{unknown operation}}
    // expected-note@+1 {{what can be done about it}}

The text is a part of the message; of a note, a part of one of the notes of an error on that line.
`@+1`, `@-2`, `@above` and `@below` stand for other lines, `@unknown` for no place at all. A column
may follow the line, or stand alone: `@+1:10`, `@below:10`, `@:10`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lstmir.ir.diagnostics import Diagnostic, Location, Source

SEPARATOR = "// -----"

_START = re.compile(r"//[ \t]*(expected-(?:error|note))")
_REST = re.compile(
    r"(?:@(?:(?P<line>[+-]\d{1,6}|above|below)?(?P<column>:[1-9]\d{0,6})?(?<!@)|(?P<nowhere>unknown)))?"
    r"[ \t]*\{\{(?P<text>.+?)\}\}"
)
_STEPS = {None: 0, "above": -1, "below": 1}


@dataclass(frozen=True)
class Expectation:
    """What one comment announces: an error or, of an error, a note."""

    kind: str
    text: str
    line: int | None
    column: int | None
    location: Location

    def fits(self, diagnostic: Diagnostic) -> bool:
        """Whether this is what was announced, wherever in its line it is."""
        texts = (diagnostic.message,) if self.kind == "expected-error" else diagnostic.notes
        return _place(diagnostic)[0] == self.line and any(self.text in text for text in texts)

    def fits_exactly(self, diagnostic: Diagnostic) -> bool:
        """Whether it is in the announced column, too."""
        return self.fits(diagnostic) and self.column in (None, _place(diagnostic)[1])


def split_pieces(text: str) -> list[str]:
    """The pieces between lines `// -----`, each with as many lines before it as in the file."""
    pieces = re.split(rf"^{SEPARATOR}[^\S\n]*$", text, flags=re.MULTILINE)
    padded, lines = [], 0
    for piece in pieces:
        padded.append("\n" * lines + piece)
        lines += piece.count("\n")
    return padded


def expectations(source: Source) -> tuple[list[Expectation], list[Diagnostic]]:
    """All that a text announces, and errors for announcements that cannot be read."""
    found, malformed = [], []
    for start in _START.finditer(source.text):
        rest = _REST.match(source.text, start.end())
        if rest is not None:
            found.append(_expectation(start, rest, source))
            continue
        message = f"an announcement reads '// {start[1]}@LINE:COLUMN {{{{text}}}}'"
        notes = ("LINE is +N, -N, above, below, unknown or nothing; :COLUMN may be left out",)
        malformed.append(Diagnostic(message, Location(source, start.start(1)), notes=notes))
    return found, malformed


def _expectation(start: re.Match[str], rest: re.Match[str], source: Source) -> Expectation:
    location = Location(source, start.start())
    if rest["nowhere"]:
        return Expectation(start[1], rest["text"], None, None, location)
    step = _STEPS[rest["line"]] if rest["line"] in _STEPS else int(rest["line"])
    line = source.position(start.start())[0] + step
    column = int(rest["column"][1:]) if rest["column"] else None
    return Expectation(start[1], rest["text"], line, column, location)


def differences(source: Source, found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Errors that were not announced or are in another column, and announced ones that did not come."""
    announced, wrong = expectations(source)
    waiting = [e for e in announced if e.kind == "expected-error"]
    unmatched = []
    for diagnostic in found:
        fitting = [e for e in waiting if e.fits_exactly(diagnostic)]
        if fitting:
            waiting.remove(max(fitting, key=_precision))
        else:
            unmatched.append(diagnostic)
    for diagnostic in unmatched:
        wrong.append(_unexpected(diagnostic, waiting))
    notes = [e for e in announced if e.kind == "expected-note"]
    missing = waiting + [e for e in notes if not any(e.fits_exactly(d) for d in found)]
    return wrong + [
        Diagnostic(f"{e.kind.replace('-', ' ')} was not produced: {e.text}", e.location)
        for e in missing
    ]


def _unexpected(diagnostic: Diagnostic, waiting: list[Expectation]) -> Diagnostic:
    """What is to be said of an error that nothing fits; what only errs in the column is removed."""
    message = f"unexpected error: {diagnostic.message}"
    near = next((e for e in waiting if e.fits(diagnostic)), None)
    if near is not None:
        waiting.remove(near)
        column = _place(diagnostic)[1]
        message = f"found in column {column}, not {near.column}: {diagnostic.message}"
    return Diagnostic(message, diagnostic.location, notes=diagnostic.notes)


def _place(diagnostic: Diagnostic) -> tuple[int, int] | tuple[None, None]:
    place = diagnostic.location
    return place.source.position(place.offset) if place else (None, None)


def _precision(expectation: Expectation) -> tuple[bool, int]:
    """Of several that fit, the one that says most is taken: the others may fit other errors."""
    return expectation.column is not None, len(expectation.text)
