"""Reads modules from text."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources as package_files
from typing import Any

from lark import Lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from lstmir import dialects
from lstmir.ir.diagnostics import Location, Source, UserError
from lstmir.ir.module import Module
from lstmir.ir.verify import verify
from lstmir.syntax.resolve import resolve_module
from lstmir.syntax.tokens import MalformedToken
from lstmir.syntax.tree import ModuleSyntax, TreeBuilder

# How a reader would call the terminals of the grammar.
_TERMINALS = {
    "VALUE": "a value (%name)",
    "SYMBOL": "a symbol (@name)",
    "OPNAME": "an operation",
    "TYPE": "a type",
    "NAME": "a name",
    "STRING": "a string",
    "INT": "an integer",
    "FLOAT": "a number",
    "$END": "the end of the file",
}


def parse_module(text: str, name: str = "<text>", *, check: bool = True) -> Module:
    """The module that a text describes; `name` is cited in errors.

    Raises `UserError` with every located error that was found. `check=False` leaves out the
    verifier, for those who want to look at a module that breaks its rules.
    """
    source = Source(name, text)
    dialects.load()
    module = resolve_module(parse_syntax(source), source)
    if check:
        verify(module)
    return module


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = package_files.files("lstmir.syntax").joinpath("lstmir.lark").read_text("utf-8")
    return Lark(
        grammar, parser="lalr", start="module", maybe_placeholders=True, transformer=TreeBuilder()
    )


def parse_syntax(source: Source) -> ModuleSyntax:
    """What a text says, before any name is looked up. Raises `UserError` at the first error."""
    try:
        result: Any = _parser().parse(source.text)
    except UnexpectedInput as error:
        raise _syntax_error(error, source) from error
    except MalformedToken as error:
        raise UserError(str(error), location=Location(source, error.offset)) from error
    assert isinstance(result, ModuleSyntax)
    return result


def _syntax_error(error: UnexpectedInput, source: Source) -> UserError:
    offset = error.pos_in_stream
    if offset is None or offset < 0:
        offset = len(source.text)
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        offset = max(len(source.text.rstrip()) - 1, 0)
    found = _found(error, source, offset)
    expected = _expected(error)
    return UserError(f"unexpected {found}; expected {expected}", location=Location(source, offset))


def _found(error: UnexpectedInput, source: Source, offset: int) -> str:
    if isinstance(error, UnexpectedToken):
        if error.token.type == "$END":
            return "end of the file"
        return f"'{str(error.token)[:40]}'"
    char = source.text[offset : offset + 1]
    return f"'{char}'" if char.isprintable() else f"the character U+{ord(char):04X}"


def _expected(error: UnexpectedInput) -> str:
    names: set[str] = set()
    if isinstance(error, UnexpectedToken):
        names = set(error.accepts or error.expected)
    elif isinstance(error, UnexpectedCharacters):
        names = set(error.allowed or ())
    readable = {_TERMINALS.get(name) or _literal(name) for name in names - {"WS", "COMMENT"}}
    return " or ".join(sorted(readable)) or "something else"


def _literal(terminal: str) -> str:
    for definition in _parser().terminals:
        if definition.name == terminal:
            return f"'{definition.pattern.value}'"
    return terminal
