"""What a reader is told of something that cannot stand where it stands."""

from __future__ import annotations

from typing import Any

from lark import Lark
from lark.exceptions import UnexpectedInput, UnexpectedToken

from lstmir.ir.diagnostics import Source

# How a reader would call the terminals of the grammar; None for those that no text has.
_TERMINALS: dict[str, str | None] = {
    "VALUE": "a value (%name)",
    "SYMBOL": "a symbol (@name)",
    "OPNAME": "an operation",
    "TYPE": "a type",
    "NAME": "a name",
    "KEYWORD": None,  # always beside "("
    "STRING": "a string",
    "INT": "a number",
    "FLOAT": "a number",
    "_MODULE": "'module'",
    "_FUNC": "'func'",
    "_ATTRIBUTES": "'attributes'",
    "_RESOURCES": "'resources'",
    "_TRUE": "'true'",
    "_FALSE": "'false'",
    "$END": "the end of the file",
    "BROKEN": None,
    "WS": None,
    "COMMENT": None,
}


def is_end(error: UnexpectedInput) -> bool:
    """Whether the text has ended too early."""
    return isinstance(error, UnexpectedToken) and error.token.type == "$END"


def offset_of_error(error: UnexpectedInput, source: Source) -> int:
    """Where the reader has to look: at the last character, if the text has ended."""
    if is_end(error) or error.pos_in_stream is None:
        return max(len(source.text.rstrip()) - 1, 0)
    return error.pos_in_stream


def message_of(error: UnexpectedInput, source: Source, offset: int, grammar: Lark) -> str:
    """What was found, and what could stand there."""
    return f"unexpected {_found(error, source, offset)}; expected {_expected(error, grammar)}"


def _found(error: UnexpectedInput, source: Source, offset: int) -> str:
    if is_end(error):
        return "end of the file"
    if isinstance(error, UnexpectedToken):
        return f"'{str(error.token)[:40]}'"
    char = source.text[offset]
    return f"'{char}'" if char.isprintable() else f"the character U+{ord(char):04X}"


def _expected(error: UnexpectedInput, grammar: Lark) -> str:
    parser: Any = error.interactive_parser
    names: set[str] = set(parser.accepts())
    readable = {_TERMINALS[name] for name in names & _TERMINALS.keys()} - {None}
    readable |= {f"'{grammar.get_terminal(n).pattern.value}'" for n in names - _TERMINALS.keys()}
    *others, last = sorted(map(str, readable)) or ["something else"]
    return f"{', '.join(others)} or {last}" if others else last
