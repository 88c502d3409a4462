"""What tokens mean, and which make no sense although the grammar accepts them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from math import isinf
from typing import Any

from lstmir.ir.types import Type
from lstmir.syntax.type_syntax import parse_type

MAX_DEPTH = 64
"""How deep lists and dictionaries of attributes may be nested."""

MAX_DIGITS = 1000
"""The most characters of an integer."""


class MalformedToken(Exception):
    """A token that the grammar accepts but that means nothing."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def offset_of(name: str) -> int:
    """Where a token starts; 0 for a string that does not know."""
    return getattr(name, "start_pos", 0)


def type_of(token: str) -> Type:
    """A type."""
    try:
        return parse_type(str(token))
    except ValueError as error:
        raise MalformedToken(str(error), offset_of(token)) from error


def integer(token: str) -> int:
    """An integer of up to a thousand digits."""
    if len(token) > MAX_DIGITS:
        raise MalformedToken(f"an integer has at most {MAX_DIGITS} digits", offset_of(token))
    return int(token)


def number(token: str) -> float:
    """A finite number."""
    value = float(token)
    if isinf(value):
        raise MalformedToken(f"{token[:40]} is too large for a number", offset_of(token))
    return value


def text_of(token: str) -> str:
    """A string, which is written as in JSON."""
    try:
        return str(json.loads(token))
    except json.JSONDecodeError as error:
        message = f"strings are written as in JSON: {error.msg.lower()}"
        raise MalformedToken(message, offset_of(token) + error.pos) from error


def distinct(entries: Iterable[tuple[str, Any] | None]) -> dict[str, Any]:
    """Entries by name; a name that is there already is malformed, as is one nested too deep."""
    found: dict[str, Any] = {}
    for name, value in filter(None, entries):
        if name in found:
            raise MalformedToken(f"'{name}' is given twice", offset_of(name))
        if _depth(value) >= MAX_DEPTH:
            raise MalformedToken("attributes are nested too deep", offset_of(name))
        found[str(name)] = value
    return found


def _depth(value: Any) -> int:
    """How deep lists and dictionaries are nested, counted no further than `MAX_DEPTH`."""
    level, depth = [value], 0
    while level and depth < MAX_DEPTH:
        inner = [x for x in level if type(x) in (tuple, dict)]
        level = [x for each in inner for x in (each.values() if isinstance(each, dict) else each)]
        depth += bool(inner)
    return depth
