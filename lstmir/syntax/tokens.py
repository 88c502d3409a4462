"""What tokens mean, and which make no sense although the grammar accepts them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from math import isinf
from typing import Any, NamedTuple

from lark import Token

MAX_DEPTH = 64
"""How deep lists and dictionaries of attributes may be nested."""

MAX_DIGITS = 1000
"""The most characters of an integer."""


class Name(NamedTuple):
    """A name as written, without its sigil."""

    text: str
    offset: int


class MalformedToken(Exception):
    """A token that the grammar accepts but that means nothing."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def offset_of(token: Token) -> int:
    """Where a token starts."""
    return token.start_pos or 0


def name_of(token: Token) -> Name:
    """A `%value` or an `@symbol`."""
    return Name(str(token[1:]), offset_of(token))


def integer(token: Token) -> int:
    """An integer of up to a thousand digits."""
    if len(token) > MAX_DIGITS:
        raise MalformedToken(f"an integer has at most {MAX_DIGITS} digits", offset_of(token))
    return int(token)


def number(token: Token) -> float:
    """A finite number."""
    value = float(token)
    if isinf(value):
        raise MalformedToken(f"{token[:40]} is too large for a number", offset_of(token))
    return value


def text_of(token: Token) -> str:
    """A string, which is written as in JSON."""
    try:
        return str(json.loads(token))
    except ValueError as error:
        raise MalformedToken(f"not a string: {error}", offset_of(token)) from error


def distinct(entries: Iterable[tuple[Name, Any] | None]) -> dict[str, Any]:
    """Entries by name; a name that is there already is malformed, as is one nested too deep."""
    found: dict[str, Any] = {}
    for name, value in filter(None, entries):
        if name.text in found:
            raise MalformedToken(f"'{name.text}' is given twice", name.offset)
        if _depth(value) >= MAX_DEPTH:
            raise MalformedToken("attributes are nested too deep", name.offset)
        found[name.text] = value
    return found


def _depth(value: Any) -> int:
    """How deep lists and dictionaries are nested, counted no further than `MAX_DEPTH`."""
    level, depth = [value], 0
    while level and depth < MAX_DEPTH:
        inner = [x for x in level if type(x) in (tuple, dict)]
        level = [x for each in inner for x in (each.values() if isinstance(each, dict) else each)]
        depth += bool(inner)
    return depth
