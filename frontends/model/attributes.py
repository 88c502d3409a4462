"""The attributes of a node, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from msgspec import UNSET

from lstmir.frontends.model.messages import (
    Attribute,
    AttributeValue,
    Graph,
    Plain,
    Tensor,
    integer_of,
    json_name,
)
from lstmir.ir.diagnostics import UserError

# The field that holds an attribute: its kind in words, and what is meant where JSON leaves it out.
_READ: dict[str, tuple[str, Any]] = {
    "f": ("a number", 0.0),
    "i": ("an integer", 0),
    "s": ("a string", b""),
    "t": ("a tensor", Tensor()),
    "g": ("a graph", Graph()),
    "floats": ("a list of numbers", []),
    "ints": ("a list of integers", []),
    "strings": ("a list of strings", []),
}

# ONNX's names of the kinds, in the order of their numbers from 1 on, and their fields.
_KINDS = {
    "FLOAT": "f",
    "INT": "i",
    "STRING": "s",
    "TENSOR": "t",
    "GRAPH": "g",
    "FLOATS": "floats",
    "INTS": "ints",
    "STRINGS": "strings",
    "TENSORS": "tensors",
    "GRAPHS": "graphs",
    "SPARSE_TENSOR": "sparse_tensor",
    "SPARSE_TENSORS": "sparse_tensors",
    "TYPE_PROTO": "tp",
    "TYPE_PROTOS": "type_protos",
}


class Attributes:
    """Reads each attribute as what its operator says it is. Raises `UserError`, naming it, if it is not."""

    def __init__(self, given: Sequence[Attribute] | dict[str, Plain]) -> None:
        """`given` are those of a message: a list, or what stands for each by its name."""
        entries = entries_of(given)
        self.attributes = {name: _spelled_out(name, entry) for name, entry in entries.items()}

    def integer(self, name: str, default: int) -> int:
        """An attribute that is an integer."""
        return integer_of(self._value(name, "i", default))

    def number(self, name: str, default: float) -> float:
        """An attribute that is a number."""
        return float(self._value(name, "f", default))

    def finite(self, name: str, default: float) -> float:
        """An attribute that is a number, neither NaN nor infinity."""
        return check_finite(name, self.number(name, default))

    def text(self, name: str, default: str) -> str:
        """An attribute that is a string."""
        value = self._value(name, "s", None)
        return default if value is None else _decode(value, name)

    def tensor(self, name: str) -> Tensor | None:
        """An attribute that is a tensor."""
        value: Tensor | None = self._value(name, "t", None)
        return value

    def graph(self, name: str) -> Graph | None:
        """An attribute that is a graph."""
        value: Graph | None = self._value(name, "g", None)
        return value

    def integers(self, name: str) -> list[int] | None:
        """An attribute that is a list of integers."""
        values: Sequence[Any] | None = self._value(name, "ints", None)
        return None if values is None else [integer_of(value) for value in values]

    def numbers(self, name: str) -> list[float] | None:
        """An attribute that is a list of numbers."""
        values: Sequence[Any] | None = self._value(name, "floats", None)
        return None if values is None else [float(value) for value in values]

    def texts(self, name: str) -> list[str] | None:
        """An attribute that is a list of strings."""
        values: Sequence[bytes] | None = self._value(name, "strings", None)
        return None if values is None else [_decode(value, name) for value in values]

    def _value(self, name: str, field: str, default: Any) -> Any:
        attribute = self.attributes.get(name)
        if attribute is None:
            return default
        found = getattr(attribute, field)
        if _is_held(found):
            return found
        words, empty = _READ[field]
        if not _held(attribute) and (found == [] or _said(attribute, name) == field):
            return empty
        raise UserError(f"attribute '{name}' must be {words}")


def entries_of(given: Sequence[Attribute] | dict[str, Plain]) -> Mapping[str, Plain]:
    """Attributes by their names, each in the form in which it stands. Raises `UserError` for a second."""
    if isinstance(given, dict):
        return given
    found: dict[str, Plain] = {}
    for attribute in given:
        if attribute.name in found:
            raise UserError(f"attribute '{attribute.name}' is given twice")
        found[attribute.name] = attribute
    return found


def check_finite(name: str, number: float) -> float:
    """The number. Raises `UserError` if it is NaN or infinity, which the IR cannot say."""
    if not isfinite(number):
        raise UserError(f"attribute '{name}' must be a finite number, not {number}")
    return number


def _spelled_out(name: str, plain: Plain) -> AttributeValue:
    """The message that a plain value stands for; integers are numbers too."""
    if isinstance(plain, AttributeValue):
        return _checked(name, plain)
    if isinstance(plain, str):
        return AttributeValue(s=plain.encode())
    if isinstance(plain, float):
        return AttributeValue(f=plain)
    if isinstance(plain, int):
        return AttributeValue(i=plain, f=float(plain))
    texts = [each.encode() for each in plain if isinstance(each, str)]
    numbers = [each for each in plain if not isinstance(each, str)]
    if texts and numbers:
        raise UserError(f"attribute '{name}' mixes numbers and texts")
    whole = [each for each in numbers if isinstance(each, int)]
    return AttributeValue(
        strings=texts if not numbers else UNSET,
        floats=[float(each) for each in numbers] if not texts else UNSET,
        ints=[*whole] if len(whole) == len(plain) else UNSET,
    )


def _checked(name: str, attribute: AttributeValue) -> AttributeValue:
    """A message as it stands. Raises `UserError` unless it says one thing."""
    if attribute.ref_attr_name:
        raise UserError(
            f"attribute '{name}' stands for '{attribute.ref_attr_name}' of a function, but is in none"
        )
    held, said = _held(attribute), _said(attribute, name)
    if len(held) > 1:
        raise UserError(
            f"attribute '{name}' holds both {json_name(held[0])} and {json_name(held[1])}"
        )
    if held and said and held[0] != said:
        raise UserError(
            f"attribute '{name}' has the type {attribute.type}, but holds {json_name(held[0])}"
        )
    return attribute


def _held(attribute: AttributeValue) -> list[str]:
    """The fields that hold something: an empty list says no more than one that is left out."""
    return [field for field in _KINDS.values() if _is_held(getattr(attribute, field))]


def _is_held(value: Any) -> bool:
    return value is not UNSET and value is not None and value != []


def _said(attribute: AttributeValue, name: str) -> str | None:
    """The field for the kind that an attribute says to be of, or None if it says none."""
    kind = str(attribute.type)
    if kind in ("0", "", "UNDEFINED"):
        return None
    numbers = {str(number): field for number, field in enumerate(_KINDS.values(), 1)}
    field = _KINDS.get(kind) or numbers.get(kind)
    if field is None:
        raise UserError(f"attribute '{name}' is of no kind that ONNX has: {kind}")
    return field


def _decode(value: bytes, name: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise UserError(f"attribute '{name}' is no text in UTF-8") from error
