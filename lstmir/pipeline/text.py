"""Pipeline text, such as `prune{ratio=0.5 shape=bank},tile{macs=64}`, to passes and back.

A name is that of a pass or of an entry in the caller's table of named pipelines, which expands to
pipeline text. Options stand in braces, separated by blanks; a value with blanks, commas, braces
or `=` in it is written as a JSON string.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn, Protocol

from lstmir.ir.diagnostics import EXIT_USAGE, Location, Source, UserError, suggestion
from lstmir.pipeline.options import BadOption, make_pass, option_texts
from lstmir.pipeline.passes import Pass, pass_named

MAX_EXPANSIONS = 16


class NamedPipeline(Protocol):
    """A pipeline with a name and, perhaps, options of its own."""

    def pipeline(self, options: dict[str, str]) -> str:
        """Its pipeline text. Raises `UserError` or ValueError for options that it does not take."""


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


FindPass = Callable[[str], type[Pass]]
Table = Mapping[str, NamedPipeline]


def parse_pipeline(
    text: str,
    *,
    find: FindPass = pass_named,
    named: Table | None = None,
    source: str = "<pipeline>",
) -> list[Pass]:
    """The passes that a text names, named pipelines expanded; `source` is cited in errors.

    Raises `UserError` with exit status 2, at the place in the text. `find` gives the class of a
    pass and raises `UserError` for an unknown name.
    """
    return _passes(text, source, find, named or {}, 0)


def print_pipeline(passes: Iterable[Pass]) -> str:
    """The text that `parse_pipeline` reads back as the same passes."""
    return ",".join(_print_stage(pass_.name, option_texts(pass_)) for pass_ in passes)


def parse_stages(text: str, source: str = "<pipeline>") -> list[Stage]:
    """The stages of a pipeline as written, no name looked up. Raises `UserError`."""
    return _Reader(Source(source, text)).stages()


def _print_stage(name: str, options: Mapping[str, str]) -> str:
    if not options:
        return name
    return f"{name}{{{' '.join(f'{key}={value}' for key, value in options.items())}}}"


def _passes(text: str, source: str, find: FindPass, named: Table, depth: int) -> list[Pass]:
    passes: list[Pass] = []
    for stage in parse_stages(text, source):
        entry = named.get(stage.name)
        if entry is None:
            passes.append(_pass(stage, find, named))
            continue
        if depth == MAX_EXPANSIONS:
            raise stage.error(f"the pipeline '{stage.name}' expands to itself")
        inner = _expand(stage, entry)
        passes += _passes(inner, f"<pipeline {stage.name}>", find, named, depth + 1)
    return passes


def _expand(stage: Stage, entry: NamedPipeline) -> str:
    try:
        return entry.pipeline(dict(stage.options))
    except (UserError, ValueError) as error:
        message = error.diagnostics[0].message if isinstance(error, UserError) else str(error)
        raise stage.error(message) from error


def _pass(stage: Stage, find: FindPass, named: Table) -> Pass:
    try:
        return make_pass(find(stage.name), stage.options)
    except BadOption as error:
        raise stage.error(str(error), error.option) from error
    except UserError as error:
        near = suggestion(stage.name, named)
        message = f"unknown pass '{stage.name}'{near}" if near else error.diagnostics[0].message
        raise stage.error(message) from error


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
                self.option(options, places)
        return Stage(name, options, place, places)

    def option(self, options: dict[str, str], places: dict[str, Location]) -> None:
        place = self.place()
        name = self.take(self.NAME, "an option (name=value) or '}'").replace("_", "-")
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
