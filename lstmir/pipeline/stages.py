"""Pipeline text as it is written: names, options, and where they stand. No name is looked up."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import NoReturn

from lstmir.ir.diagnostics import EXIT_USAGE, Location, Source, UserError


@dataclass(frozen=True)
class Stage:
    """One element of pipeline text: a name and its options, and where they stand."""

    name: str
    options: dict[str, str]
    location: Location
    places: dict[str, Location]

    def error(self, message: str, option: str | None = None) -> UserError:
        """An error at the stage, or at one of its options."""
        place = self.places.get(option, self.location) if option else self.location
        return UserError(message, location=place, exit_status=EXIT_USAGE)


def parse_stages(text: str, source: str = "<pipeline>") -> list[Stage]:
    """The stages of a pipeline as written, no name looked up. Raises `UserError`."""
    return _Reader(Source(source, text)).stages()


def flag_stage(name: str, options: str) -> Stage:
    """The stage of a flag `--NAME=OPTIONS`, options as inside the braces. Raises `UserError`."""
    start = f"--{name}"
    reader = _Reader(Source("<command line>", f"{start}={options}" if options else start))
    return reader.flag(name, len(start) + 1)


class _Reader:
    """A cursor over pipeline text."""

    NAME = re.compile(r"[A-Za-z_][\w-]*")
    WORD = re.compile(r"[^\s{}\",=]+")
    STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
    BLANK = re.compile(r"\s*")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.offset = 0
        self.skip()

    def stages(self) -> list[Stage]:
        if self.at_end():
            return []
        stages = [self.stage()]
        while self.accept(","):
            stages.append(self.stage())
        if not self.at_end():
            self.fail("expected ',' or the end")
        return stages

    def stage(self) -> Stage:
        place = self.place()
        name = self.take(self.NAME, "the name of a pass")
        options: dict[str, str] = {}
        places: dict[str, Location] = {}
        if self.accept("{"):
            while not self.accept("}"):
                self.option(options, places, "an option (name=value) or '}'")
        return Stage(name, options, place, places)

    def flag(self, name: str, start: int) -> Stage:
        """The stage `name` whose options stand from `start` to the end."""
        place = self.place()
        options: dict[str, str] = {}
        places: dict[str, Location] = {}
        self.offset = min(start, len(self.source.text))
        self.skip()
        while not self.at_end():
            self.option(options, places, "an option (name=value)")
        return Stage(name, options, place, places)

    def option(self, options: dict[str, str], places: dict[str, Location], expected: str) -> None:
        place = self.place()
        name = self.take(self.NAME, expected).replace("_", "-")
        if name in options:
            raise UserError(
                f"the option '{name}' is given twice", location=place, exit_status=EXIT_USAGE
            )
        if not self.accept("="):
            self.fail("expected '='")
        options[name], places[name] = self.value(), place

    def value(self) -> str:
        if not self.STRING.match(self.source.text, self.offset):
            return self.take(self.WORD, "a value")
        place = self.place()
        text = self.take(self.STRING, "a value")
        try:
            return str(json.loads(text, strict=False))
        except ValueError as error:
            message = f"not a string: {error}"
            raise UserError(message, location=place, exit_status=EXIT_USAGE) from error

    def take(self, pattern: re.Pattern[str], expected: str) -> str:
        match = pattern.match(self.source.text, self.offset)
        if match is None:
            self.fail(f"expected {expected}")
        self.offset = match.end()
        self.skip()
        return match[0]

    def accept(self, char: str) -> bool:
        if not self.source.text.startswith(char, self.offset):
            return False
        self.offset += 1
        self.skip()
        return True

    def skip(self) -> None:
        blank = self.BLANK.match(self.source.text, self.offset)
        assert blank is not None
        self.offset = blank.end()

    def at_end(self) -> bool:
        return self.offset == len(self.source.text)

    def place(self) -> Location:
        return Location(self.source, self.offset)

    def fail(self, message: str) -> NoReturn:
        found = f", found '{self.source.text[self.offset]}'" if not self.at_end() else ""
        raise UserError(message + found, location=self.place(), exit_status=EXIT_USAGE)
