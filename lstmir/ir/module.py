"""Modules and functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lstmir.ir.attached import attached
from lstmir.ir.diagnostics import Location
from lstmir.ir.operation import Attributes, Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import Type

if TYPE_CHECKING:
    import numpy as np


@dataclass(eq=False)
class Function:
    """A named region: its arguments are the parameters, its terminator gives the results."""

    name: str
    region: Region
    attributes: Attributes = field(default_factory=dict)
    location: Location | None = None

    @property
    def parameters(self) -> tuple[Value, ...]:
        """The values that enter."""
        return self.region.arguments

    @property
    def results(self) -> tuple[Value, ...]:
        """The values that leave; of a clocked function its outputs, without its next states."""
        end = self.region.end
        outputs = end.attributes["segments"][0] if end.name == "rtl.next" else None
        return end.operands[:outputs]

    @property
    def result_types(self) -> tuple[Type, ...]:
        """The types of the values that leave."""
        return tuple(value.type for value in self.results)


@dataclass(eq=False)
class Module:
    """Functions, the interface that maps arrays to their values, and large constants by name.

    `resources` holds arrays in the storage dtype of the constants that name them (integers for
    fixed-point elements).
    """

    name: str = "main"
    attributes: Attributes = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    resources: dict[str, np.ndarray] = field(default_factory=dict)
    location: Location | None = None

    @property
    def main(self) -> Function:
        """The function that the interface describes: the only one, or `@main`."""
        if len(self.functions) == 1:
            return next(iter(self.functions.values()))
        return self.functions["main"]

    def walk(self) -> Iterator[Operation]:
        """All operations of all functions."""
        for function in self.functions.values():
            yield from function.region.walk()

    def add_resource(self, name: str, array: np.ndarray) -> str:
        """Store an array under `name`, or under `name_1`, … where that is taken by another array."""
        unique, count = name, 0
        while unique in self.resources and not _same(self.resources[unique], array):
            count += 1
            unique = f"{name}_{count}"
        self.resources[unique] = array
        return unique

    def drop_unused_resources(self) -> None:
        """Forget the arrays that no operation and no record names."""
        used = set(used_resources(self))
        self.resources = {name: array for name, array in self.resources.items() if name in used}


def used_resources(module: Module) -> list[str]:
    """Names of resources in the order of first use, those of records included."""
    names: dict[str, None] = {}
    for function in module.functions.values():
        for attributes in (function.attributes, *(op.attributes for op in function.region.walk())):
            if not attributes:
                continue
            if "resource" in attributes:
                names[attributes["resource"]] = None
            names.update(dict.fromkeys(name for name, _ in attached(attributes)))
    return list(names)


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
