"""Structural equality: a walk in printed order finds the same everywhere."""

from __future__ import annotations

from collections.abc import Hashable
from numbers import Integral
from typing import TYPE_CHECKING, Any

from lstmir.ir.module import Function, Module, used_resources
from lstmir.ir.naming import names_in
from lstmir.ir.operation import Attributes
from lstmir.ir.region import Region

if TYPE_CHECKING:
    import numpy as np


def modules_equal(a: Module, b: Module, *, hints: bool = True) -> bool:
    """Whether two modules have the same operations, attributes, types, edges and used resources.

    Equal modules print the same text. Without `hints` the names of values do not count.
    """
    return _module_key(a, hints) == _module_key(b, hints)


def region_key(region: Region, *, hints: bool = False) -> Hashable:
    """Equal for two regions exactly if they are structurally equal."""
    order = region.operations()
    names = names_in(region, order, hints=hints)
    arguments = tuple((names[value], value.type) for value in region.arguments)
    return arguments, tuple(
        (
            op.name,
            tuple(names[value] for value in op.operands),
            tuple(names[value] for value in op.results),
            tuple(op.result_types),
            attributes_key(op.attributes),
            tuple(region_key(inner, hints=hints) for inner in op.regions),
        )
        for op in order
    )


def attributes_key(attributes: Attributes) -> Hashable:
    """Equal for the attributes of two operations exactly if they print the same."""
    return tuple((name, _value_key(attributes[name])) for name in sorted(attributes))


def _value_key(value: Any) -> Hashable:
    """Unlike Python, tells 1 from 1.0 and from true, and 0.0 from -0.0."""
    if isinstance(value, tuple | list):
        return "list", tuple(map(_value_key, value))
    if isinstance(value, dict):
        return "dict", tuple((key, _value_key(item)) for key, item in value.items())
    if isinstance(value, float):
        return "float", repr(float(value))
    if isinstance(value, Integral) and not isinstance(value, bool):
        return "int", int(value)
    return type(value).__name__, value


def _module_key(module: Module, hints: bool) -> Hashable:
    functions = tuple(_function_key(f, hints) for f in module.functions.values())
    resources = tuple((name, _array_key(module.resources[name])) for name in used_resources(module))
    return module.name, _value_key(module.attributes), functions, resources


def _function_key(function: Function, hints: bool) -> Hashable:
    return function.name, _value_key(function.attributes), region_key(function.region, hints=hints)


def _array_key(array: np.ndarray) -> Hashable:
    return array.dtype.str, array.shape, array.tobytes()
