"""Reads encodings: `#sparse.bank<8, 4> #code<midrise, 1>`, `#by_gate<…, …>`."""

from __future__ import annotations

import re
from dataclasses import fields

from lstmir.ir.encodings.encoding import Encoding
from lstmir.ir.encodings.patterns import PATTERNS, Pattern
from lstmir.ir.encodings.storage import AXES, Scale, Storage
from lstmir.numeric.codes import Code, Integer, Midrise, Ternary

_BY_GATE = re.compile(r"#by_gate<(.*)>")
_PART = re.compile(r"\s*(#[\w.]+)\s*(?:<([^<>]*)>)?\s*")
_KNOWN = "#sparse.…, #code<…>, #scale<…>, #dense or #by_gate<…>"
_MAX_BITS = 64
_MAX_SCALE = 6


def parse_encoding(text: str) -> Encoding:
    """The encoding that a text names. Raises ValueError with a message for the user."""
    match = _BY_GATE.fullmatch(text.strip())
    if not match:
        storage = _storage(text)
        if storage == Storage():
            raise ValueError("a dense matrix has no encoding: #dense stands in #by_gate<…> only")
        return Encoding((storage,))
    gates = tuple(_storage(part) for part in re.split(r",(?![^<]*>)", match[1]))
    if len(gates) < 2:
        raise ValueError(f"{text} must describe at least two gates")
    return Encoding(gates)


def _storage(text: str) -> Storage:
    found: dict[str, Pattern | Code | Scale | None] = {}
    position = 0
    while position < len(text) or not position:
        match = _PART.match(text, position)
        if not match:
            raise _unknown(text.strip())
        kind, value = _part(match[0].strip(), match[1], match[2])
        if kind in found:
            raise ValueError(f"{text.strip()} says twice what its {kind} is")
        found[kind] = value
        position = match.end()
    if "scale" in found and "code" not in found:
        raise ValueError(f"{text.strip()} has a scale, but no code for it to scale")
    return Storage(found.get("pattern"), found.get("code"), found.get("scale"))  # type: ignore[arg-type]


def _part(text: str, name: str, arguments: str | None) -> tuple[str, Pattern | Code | Scale | None]:
    words = [word.strip() for word in arguments.split(",")] if arguments else []
    if name == "#dense" and not words:
        return "pattern", None
    if name.startswith("#sparse."):
        return "pattern", _pattern(text, name.removeprefix("#sparse."), words)
    if name == "#code":
        return "code", _code(text, words)
    if name == "#scale":
        return "scale", _scale(text, words)
    raise _unknown(text)


def _pattern(text: str, name: str, words: list[str]) -> Pattern:
    kind = PATTERNS.get(name)
    if kind is None:
        known = ", ".join(f"#sparse.{each}" for each in PATTERNS)
        raise ValueError(f"'{text}' is not a pattern; there are {known}")
    names = [field.name for field in fields(kind)]
    if len(words) != len(names):
        wanted = f"<{', '.join(names)}>" if names else " without numbers"
        raise ValueError(f"'{text}' is not a pattern; expected #sparse.{name}{wanted}")
    pattern = kind(*[_number(text, word) for word in words])
    complaint = pattern.complaint()
    if complaint:
        raise ValueError(f"{text} {complaint}")
    return pattern


def _code(text: str, words: list[str]) -> Code:
    match words:
        case ["ternary"]:
            return Ternary()
        case ["integer", bits]:
            return Integer(_bits(text, bits, 2, _MAX_BITS))
        case ["midrise", bits]:
            return Midrise(_bits(text, bits, 1, _MAX_BITS - 1))
    raise ValueError(
        f"'{text}' is not a code; expected #code<integer, bits>, #code<midrise, bits> "
        "or #code<ternary>"
    )


def _scale(text: str, words: list[str]) -> Scale:
    if len(words) != 2 or words[0] not in AXES:
        raise ValueError(
            f"'{text}' is not a scale; expected #scale<row, bits> or #scale<gate, bits>"
        )
    return Scale(words[0], _bits(text, words[1], 1, _MAX_SCALE))


def _bits(text: str, word: str, least: int, most: int) -> int:
    bits = _number(text, word)
    if not least <= bits <= most:
        raise ValueError(f"{text} must have {least} to {most} bits")
    return bits


def _number(text: str, word: str) -> int:
    if not word.isascii() or not word.isdigit() or len(word) > 12:
        raise ValueError(f"'{word}' in {text} is not a number that an encoding can have")
    return int(word)


def _unknown(text: str) -> ValueError:
    return ValueError(f"'{text}' is not an encoding; expected {_KNOWN}")
