"""What the validation of JSON finds, in words of JSON, with its place."""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import UNSET, Struct, ValidationError
from msgspec.structs import fields

from lstmir.frontends.model.messages import Model, Plain
from lstmir.frontends.model.patterns import AXIS_NAME, INTEGER
from lstmir.ir.diagnostics import suggestion

_KINDS = {
    "array": "a list",
    "bool": "true or false",
    "bytes": "base64",
    "float": "a number",
    "int": "an integer",
    "null": "null",
    "object": "an object",
    "str": "a text",
}
_SHAPES = {INTEGER: "an integer of 64 bits", AXIS_NAME: "the name of an axis, or a number"}
_INTEGER = "an integer of 64 bits"


def in_words(error: ValidationError | RecursionError, given: Any = UNSET, words: str = "") -> str:
    """A mistake in a model, such as `graph.node[3].opType: expected a text, got 5`.

    `given` is the model as JSON's values; without it the value is not shown. If it is only a part
    of the model, `words` are what that is called.
    """
    if isinstance(error, RecursionError):
        return "lists or objects are nested too deeply"
    finding, _, path = str(error).partition(" - at `$")
    place = _Place(given, words)
    for step in _STEP.finditer(path):
        place.enter(step)
    return f"{place.words or 'the model'}: {_explained(finding, place)}"


_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\[\.\.\.\]")


class _Place:
    """A place in a model: how it is reached, the value there, and the fields that it may have."""

    def __init__(self, value: Any, words: str) -> None:
        self.words, self.value = words, value
        self.structs: list[type[Struct]] = [Model]

    def enter(self, step: re.Match[str]) -> None:
        name, index = step.groups()
        if name:
            self._enter_field(name)
        elif index:
            self.words += f"[{index}]"
            self._look(int(index))
        else:
            self._enter_entry()

    def _enter_field(self, name: str) -> None:
        self.words += f".{name}" if self.words else name
        found = [field for each in self.structs for field in fields(each)]
        self.structs = [
            each for field in found if field.encode_name == name for each in _structs_in(field.type)
        ]
        self._look(name)

    def _enter_entry(self) -> None:
        """Where any key may stand, msgspec does not say which it was: the first that does not fit."""
        entries = {} if self.value is UNSET else self.value
        key = next((key for key, value in entries.items() if not _is_plain(value)), "…")
        self.words += f".{key}" if re.fullmatch(r"\w+", key) else f"[{_shown(key)}]"
        self._look(key)

    def _look(self, key: Any) -> None:
        self.value = UNSET if self.value is UNSET else self.value[key]


def _structs_in(annotation: Any) -> Iterator[type[Struct]]:
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _structs_in(inner)


def _is_plain(value: Any) -> bool:
    try:
        msgspec.convert(value, Plain)
    except ValidationError:
        return False
    return True


def _explained(finding: str, place: _Place) -> str:
    for pattern, say in _FINDINGS:
        match = re.fullmatch(pattern, finding)
        if match:
            return say(match, place)
    return finding


def _expected(what: str, place: _Place) -> str:
    return f"expected {what}" + ("" if place.value is UNSET else f", got {_shown(place.value)}")


def _kinds(names: str) -> str:
    """`int | float | array` as `a number or a list`: every integer is a number."""
    found = names.split(" | ")
    words = [_KINDS.get(name, name) for name in found if name != "int" or "float" not in found]
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _shown(value: Any) -> str:
    """A value as JSON, cut if it is long."""
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _unknown_field(match: re.Match[str], place: _Place) -> str:
    known = dict.fromkeys(field.encode_name for each in place.structs for field in fields(each))
    return f"there is no field '{match[1]}' here{suggestion(match[1], known)}"


_FINDINGS: tuple[tuple[str, Callable[[re.Match[str], _Place], str]], ...] = (
    (
        r"Expected `str` matching regex '(.+)'",
        lambda match, place: _expected(_SHAPES.get(match[1], "another text"), place),
    ),
    (r"Expected `int` [<>]= -?\d{10}", lambda _, place: _expected("an integer of 32 bits", place)),
    (r"Expected `int` [<>]= -?\d{19}", lambda _, place: _expected(_INTEGER, place)),
    (r"Expected `(.+)`, got `.+`", lambda match, place: _expected(_kinds(match[1]), place)),
    (r"Object missing required field `(.+)`", lambda match, _: f"'{match[1]}' is missing"),
    (r"Object contains unknown field `(.+)`", _unknown_field),
    (r"Invalid enum value .+", lambda _, place: _expected("a number", place)),
    (r"Invalid base64 encoded string", lambda _, place: _expected("base64", place)),
    (r"(?:Integer value|Number) out of range", lambda _, place: "the number is too large"),
)
