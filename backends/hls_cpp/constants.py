"""The header of constants: the integers behind fixed-point numbers, as the resources hold them."""

from __future__ import annotations

import numpy as np

from lstmir.backends.hls_cpp.formats import stored_cpp
from lstmir.backends.hls_cpp.names import Scope
from lstmir.ir.operands import Resources
from lstmir.ir.operation import Value
from lstmir.ir.types import Type, shape_of

_INDENT = "    "
_COLUMNS = 100

Key = tuple[str, Type]


class Constants:
    """The arrays of a program, each once: constants of one resource and type share theirs."""

    def __init__(self, resources: Resources, scope: Scope) -> None:
        self._resources = resources
        self._scope = scope
        self._names: dict[Key, str] = {}

    def name(self, constant: Value) -> str:
        """The name of the array with the stored integers of a constant."""
        key = (constant.op.attributes["resource"], constant.type)
        if key not in self._names:
            # As plain names they could be functions of C's library, of which there are many.
            self._names[key] = self._scope.take(f"{key[0]}_rom")
        return self._names[key]

    def definitions(self) -> str:
        """The C++ that defines the arrays named so far."""
        return "\n\n".join(self._definition(key, name) for key, name in self._names.items())

    def _definition(self, key: Key, name: str) -> str:
        resource, type_ = key
        sizes = "".join(f"[{size}]" for size in shape_of(type_))
        initializer = _initializer(self._resources[resource])
        return f"// {type_}\nconst {stored_cpp(type_)} {name}{sizes} = {initializer};"


def _initializer(array: np.ndarray) -> str:
    """Nested braces, each word of a memory on lines of its own."""
    if array.ndim == 0:
        return _literal(array.item())
    if array.ndim == 1:
        return "\n".join(["{", *_lines(_items(array)), "}"])
    words = [_lines([*_items(word)], "{", "},") for word in array]
    return "\n".join(["{", *(line for word in words for line in word), "}"])


def _items(word: np.ndarray) -> list[str]:
    if word.ndim == 1:
        return [_literal(integer) for integer in word.tolist()]
    return [f"{{{', '.join(_items(part))}}}" for part in word]


def _lines(items: list[str], first: str = "", last: str = "") -> list[str]:
    """Items with commas between them, broken into lines."""
    lines, line = [], _INDENT + first
    for index, item in enumerate(items):
        text = item + ("," if index < len(items) - 1 else last)
        if len(line) + len(text) > _COLUMNS:
            lines.append(line.rstrip())
            line = _INDENT + " " * len(first)
        line += f"{text} "
    return [*lines, line.rstrip()]


def _literal(integer: int | bool) -> str:
    if isinstance(integer, bool):
        return str(integer).lower()
    # Without its sign, the smallest integer is no int64_t; without a u, the large ones are none.
    if integer == -(2**63):
        return "INT64_MIN"
    return f"{integer}u" if integer >= 2**63 else str(integer)
