"""Attributes: what an operation may carry besides its operands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lstmir.ir.attached import is_attached
from lstmir.ir.diagnostics import Invalid, suggestion
from lstmir.ir.operation import Attributes
from lstmir.ir.types import FloatType, IntegerType, TensorType
from lstmir.numeric.fixed import FixedType

if TYPE_CHECKING:
    from lstmir.ir.definition import OpDefinition


@dataclass(frozen=True)
class Attribute:
    """One attribute of an operation: its kind is a key of `ATTRIBUTE_KINDS`.

    Where there are `choices`, its value is one of them.
    """

    name: str
    kind: str
    summary: str
    required: bool = True
    choices: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What its value must be, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        return ATTRIBUTE_KINDS[self.kind][0]

    def check(self, value: Any, op: str) -> None:
        """Raise `Invalid` unless this is a value of the attribute."""
        if not ATTRIBUTE_KINDS[self.kind][1](value):
            raise Invalid(
                f"the attribute '{self.name}' of '{op}' must be {ATTRIBUTE_KINDS[self.kind][0]}"
            )
        if self.choices and value not in self.choices:
            near = suggestion(value, self.choices)
            raise Invalid(f"the {self.name} must be {self.expected}{near}")


def _is_type(value: Any) -> bool:
    return isinstance(value, FloatType | IntegerType | FixedType | TensorType)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or _is_int(value)


def _all(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, tuple) and all(check(item) for item in value)


ATTRIBUTE_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "bool": ("true or false", lambda v: isinstance(v, bool)),
    "int": ("an integer", _is_int),
    "float": ("a number", _is_number),
    "str": ("a string", lambda v: isinstance(v, str)),
    "symbol": ("a resource name", lambda v: isinstance(v, str)),
    "ints": ("a list of integers", _all(_is_int)),
    "floats": ("a list of numbers", _all(_is_number)),
    "strings": ("a list of strings", _all(lambda v: isinstance(v, str))),
    "type": ("a type", _is_type),
    "types": ("a list of types", _all(_is_type)),
    "dict": ("a dictionary", lambda v: isinstance(v, dict)),
    "array": ('the record of an array: {resource = "...", type = tensor<...>}', is_attached),
    "any": ("an attribute", lambda v: True),
}

# What passes may record on any operation, beside the attributes of its own definition.
RECORDS: dict[str, str] = {
    "range": "any",
    "proven": "any",
    "histogram": "array",
    "gram": "array",
    "sensitivity": "array",
    "format": "type",
    "operand_format": "type",
    "basis": "str",
    "clipped": "int",
    "operand_clipped": "int",
    "missed": "float",
    "operand_missed": "float",
    "bound": "int",
    "start": "int",
    "latency": "int",
    "interval": "int",
    "unit": "str",
}


def check_attributes(definition: OpDefinition, attributes: Attributes) -> None:
    """Raise `Invalid` for a missing, unknown or ill-typed attribute."""
    known = {attribute.name: attribute for attribute in definition.attributes}
    for attribute in definition.attributes:
        if attribute.required and attribute.name not in attributes:
            raise Invalid(f"'{definition.name}' needs the attribute '{attribute.name}'")
    for name, value in attributes.items():
        _attribute(definition, name, known).check(value, definition.name)


def _attribute(definition: OpDefinition, name: str, known: dict[str, Attribute]) -> Attribute:
    """An attribute of the definition's own, the sizes of its groups, or a record of a pass."""
    if name in known:
        return known[name]
    if name == "segments" and definition.groups:
        return Attribute(name, "ints", "operands in each group")
    if name in RECORDS:
        return Attribute(name, RECORDS[name], "a record")
    raise Invalid(f"'{definition.name}' has no attribute '{name}'{suggestion(name, known)}")
