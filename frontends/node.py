"""A node of the model's graph, and what its attributes say."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lstmir.frontends.names import identifier
from lstmir.ir.diagnostics import UserError

# The field that holds an attribute: its kind in words, as a name, as a number, and what is meant where
# JSON leaves an empty field out.
_FIELDS: dict[str, tuple[str, str, int, Any]] = {
    "f": ("a number", "FLOAT", 1, 0.0),
    "i": ("an integer", "INT", 2, 0),
    "s": ("a string", "STRING", 3, ""),
    "t": ("a tensor", "TENSOR", 4, {}),
    "floats": ("a list of numbers", "FLOATS", 6, []),
    "ints": ("a list of integers", "INTS", 7, []),
    "strings": ("a list of strings", "STRINGS", 8, []),
}

ONNX_DOMAINS = ("", "ai.onnx")


@dataclass(frozen=True, eq=False)
class Node:
    """One NodeProto. An input or output that is left out is the empty name."""

    op_type: str
    name: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, dict[str, Any]]

    @classmethod
    def read(cls, node: dict[str, Any]) -> Node:
        """The node behind its dict."""
        return cls(
            node["opType"],
            node.get("name", ""),
            node.get("domain", ""),
            tuple(node.get("input", ())),
            tuple(node.get("output", ())),
            {attribute["name"]: attribute for attribute in node.get("attribute", ())},
        )

    def __str__(self) -> str:
        if self.name:
            return f"node '{self.name}' ({self.operator})"
        return f"the node that makes '{self._first_output}' ({self.operator})"

    @property
    def operator(self) -> str:
        """The operator's name, with its domain where that is not ONNX's own."""
        own = self.domain in ONNX_DOMAINS
        return self.op_type if own else f"{self.domain}.{self.op_type}"

    @property
    def label(self) -> str:
        """A name for what belongs to this node, such as `lstm_LSTM`."""
        return identifier(self.name or self._first_output)

    @property
    def _first_output(self) -> str:
        return next(filter(None, self.outputs), "nothing")

    def integer(self, name: str, default: int) -> int:
        """An attribute that is an integer."""
        return int(self._value(name, "i", default))

    def number(self, name: str, default: float) -> float:
        """An attribute that is a number."""
        return float(self._value(name, "f", default))

    def text(self, name: str, default: str) -> str:
        """An attribute that is a string."""
        value = self._value(name, "s", None)
        return default if value is None else _decode(value, name)

    def tensor(self, name: str) -> dict[str, Any] | None:
        """An attribute that is a TensorProto."""
        value: dict[str, Any] | None = self._value(name, "t", None)
        return value

    def integers(self, name: str) -> list[int] | None:
        """An attribute that is a list of integers."""
        values: Sequence[Any] | None = self._value(name, "ints", None)
        return None if values is None else [int(value) for value in values]

    def numbers(self, name: str) -> list[float] | None:
        """An attribute that is a list of numbers."""
        values: Sequence[Any] | None = self._value(name, "floats", None)
        return None if values is None else [float(value) for value in values]

    def texts(self, name: str) -> list[str] | None:
        """An attribute that is a list of strings."""
        values: Sequence[str] | None = self._value(name, "strings", None)
        return None if values is None else [_decode(value, name) for value in values]

    def _value(self, name: str, field: str, default: Any) -> Any:
        attribute = self.attributes.get(name)
        if attribute is None:
            return default
        words, kind, number, empty = _FIELDS[field]
        if field in attribute:
            return attribute[field]
        if attribute.get("type") in (kind, number):
            return empty
        raise UserError(f"attribute '{name}' must be {words}")


def _decode(value: str, name: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except ValueError as error:
        raise UserError(f"attribute '{name}' is not base64 of a text") from error
