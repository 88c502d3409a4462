"""Arrays that passes attach to operations and functions, as records of what was observed.

Such a record is a dictionary: `resource` names an array of the module, `type` says how to read it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lstmir.ir.operation import Attributes
from lstmir.ir.types import F64, I64, TensorType

if TYPE_CHECKING:
    import numpy as np

    from lstmir.ir.module import Module

ATTACHED = ("histogram", "gram", "sensitivity")
"""The records of operations that are arrays."""

OF_PARAMETERS = "histograms"
"""The attribute of a function that has one such record for each parameter."""


def attach(module: Module, name: str, array: np.ndarray) -> dict[str, Any]:
    """Store an array of doubles or of 64-bit integers; gives the record that names it."""
    element = F64 if array.dtype.kind == "f" else I64
    return {
        "resource": module.add_resource(name, array),
        "type": TensorType(array.shape, element),
    }


def is_attached(value: Any) -> bool:
    """Whether an attribute's value is such a record."""
    return (
        isinstance(value, dict)
        and value.keys() == {"resource", "type"}
        and isinstance(value["resource"], str)
        and isinstance(value["type"], TensorType)
    )


def attached(attributes: Attributes) -> list[tuple[str, TensorType]]:
    """The resources that records name, each with the type of its array."""
    records = [attributes[name] for name in ATTACHED if name in attributes]
    of_parameters = attributes.get(OF_PARAMETERS)
    if isinstance(of_parameters, tuple):
        records += of_parameters
    return [(each["resource"], each["type"]) for each in records if is_attached(each)]
