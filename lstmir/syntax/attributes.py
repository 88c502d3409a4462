"""Prints the values of attributes."""

from __future__ import annotations

import json
from numbers import Integral
from typing import Any

from lstmir.ir.definition import DEFINITIONS
from lstmir.ir.operation import Operation
from lstmir.ir.types import FloatType, IntegerType, TensorType
from lstmir.numeric.fixed import FixedType

_TYPES = (FloatType, IntegerType, FixedType, TensorType)


def print_attribute(value: Any) -> str:
    """The text of an attribute's value. Raises TypeError for a value that has none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(print_attribute, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {print_attribute(v)}' for key, v in value.items())}}}"
    if isinstance(value, _TYPES):
        return str(value)
    raise TypeError(f"{value!r} is no attribute")


def print_attributes(op: Operation, hidden: tuple[str, ...]) -> str:
    """The attributes of an operation but the hidden ones, with a blank before them.

    Those of the definition stand as it lists them, then what passes recorded.
    """
    if not op.attributes:
        return ""
    definition = DEFINITIONS.get(op.name)
    own = [attribute.name for attribute in definition.attributes] if definition else []
    order = [name for name in own if name in op.attributes]
    order += sorted(op.attributes.keys() - set(own))
    shown = {name: op.attributes[name] for name in order if name not in hidden}
    return f" {print_attribute(shown)}" if shown else ""


def _float(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        raise TypeError(f"{value} cannot be written as an attribute")
    return repr(value)
