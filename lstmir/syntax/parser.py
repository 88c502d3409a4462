"""Reads modules from text."""

from __future__ import annotations

from typing import Any

from lark.exceptions import UnexpectedInput

from lstmir import dialects
from lstmir.ir.diagnostics import Diagnostics, Source, UserError
from lstmir.ir.garbage import collection_paused
from lstmir.ir.module import Module
from lstmir.ir.verify import verify
from lstmir.syntax.fast import fast_parser
from lstmir.syntax.resolve import resolve_module
from lstmir.syntax.tokens import MalformedToken


def parse_module(text: str, name: str = "<text>", *, check: bool = True) -> Module:
    """The module that a text describes; `name` is cited in errors.

    Resources in an archive are looked for beside the file `name`. Raises `UserError` with every
    located error that was found. `check=False` leaves out the verifier, for those who want to look
    at a module that breaks its rules.
    """
    source = Source(name, text)
    dialects.load()
    with collection_paused():
        module = _read(source)
        if module is None:
            module = _read_with_care(source)
        if check:
            verify(module)
    return module


def _read(source: Source) -> Module | None:
    """The module, or None if the text has any mistake."""
    diagnostics = Diagnostics()
    try:
        syntax: Any = fast_parser().parse(source.text, start="module")
        module = resolve_module(syntax, source, diagnostics)
    except (UnexpectedInput, MalformedToken):
        return None
    return None if diagnostics.errors else module


def _read_with_care(source: Source) -> Module:
    """Read again what has a mistake, to tell all that is wrong and where."""
    from lstmir.syntax.recovery import parse_with_recovery

    diagnostics = Diagnostics()
    syntax = parse_with_recovery(source, diagnostics)
    if syntax is None:
        raise UserError(diagnostics.errors)
    module = resolve_module(syntax, source, diagnostics)
    diagnostics.errors.sort(key=lambda error: error.location.offset if error.location else 0)
    diagnostics.raise_if_any()
    return module
