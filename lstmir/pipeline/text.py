"""Pipeline text, such as `prune{ratio=0.5 shape=bank},tile{macs=64}`, to passes and back.

A name is that of a pass or of an entry in the caller's table of named pipelines, which expands to
pipeline text. Options stand in braces, separated by blanks; a value with blanks, commas, braces
or `=` in it is written as a JSON string.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from lstmir.ir.diagnostics import UserError, suggestion
from lstmir.pipeline.options import BadOption, make_pass, option_texts
from lstmir.pipeline.passes import Pass, pass_named
from lstmir.pipeline.stages import Stage, flag_stage, parse_stages

MAX_EXPANSIONS = 16


class NamedPipeline(Protocol):
    """A pipeline with a name and, perhaps, options of its own."""

    def pipeline(self, options: dict[str, str]) -> str:
        """Its pipeline text. Raises `UserError` or ValueError for options that it does not take."""


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


def parse_flag(name: str, options: str, *, find: FindPass = pass_named) -> Pass:
    """The pass of a flag `--NAME=OPTIONS`. Raises `UserError` with exit status 2, at its place."""
    return _pass(flag_stage(name, options), find, {})


def print_pipeline(passes: Iterable[Pass]) -> str:
    """The text that `parse_pipeline` reads back as the same passes."""
    return ",".join(_print_stage(pass_.name, option_texts(pass_)) for pass_ in passes)


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
