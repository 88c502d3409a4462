"""Removes hidden units from a network: it really becomes smaller."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of, segment_range
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, shape_of
from lstmir.passes.pruning.elements import Elements


@dataclass(frozen=True)
class Units:
    """The hidden units of a recurrence that can be removed: the class of elements of each.

    `total` are all its units, those included that must stay.
    """

    scan: Operation
    classes: tuple[int, ...]
    total: int


def units_of(module: Module, elements: Elements) -> list[Units]:
    """The units of each scan of a level-2 module: the elements of its first state.

    One that the model gives as an output, or that an operation mixes with others, must stay.
    """
    found = []
    for op in module.main.region.walk():
        if op.name != "rnn.scan" or not segment_range(op, "state"):
            continue
        inputs = len(segment_range(op, ""))
        state = op.regions[0].arguments[inputs]
        if len(shape_of(state.type)) == 1:
            every = elements.of(state, 0)
            classes = dict.fromkeys(int(each) for each in every if each)
            found.append(Units(op, tuple(classes), len(every)))
    return found


def readers(module: Module, elements: Elements) -> Iterator[tuple[Value, np.ndarray]]:
    """The constant matrices, each with the class of the element that each column multiplies."""
    for op in module.main.region.operations():
        if op.name == "tensor.constant" and len(shape_of(op.result.type)) == 2:
            yield op.result, elements.of(op.result, 1)


def least_important(units: Units, weights: dict[int, float], ratio: float) -> list[int]:
    """The classes of the least important units, a share of all of a recurrence; one always stays.

    `weights` has the sum of squares of all weights that a unit is multiplied with.
    """
    count = min(int(units.total * ratio + 1e-9), len(units.classes), units.total - 1)
    order = sorted(units.classes, key=lambda each: weights.get(each, 0.0))
    return order[:count]


def outgoing(module: Module, elements: Elements) -> dict[int, float]:
    """For each class, the sum of squares of the weights that multiply it."""
    found: dict[int, float] = {}
    for matrix, classes in readers(module, elements):
        array = constant_of(matrix, module.resources)
        assert array is not None
        squares = (array.astype(np.float64) ** 2).sum(axis=0)
        for each, square in zip(classes.tolist(), squares.tolist(), strict=True):
            found[each] = found.get(each, 0.0) + square
    return found


def part_constants(module: Module) -> None:
    """Give each user a constant of its own: two recurrences may both begin with the same zeros."""
    region = module.main.region
    for op in region.operations():
        if op.name != "tensor.constant":
            continue
        for user, index in region.uses(op.result)[1:]:
            copy = Operation(
                op.name, op.result_types, dict(op.attributes), (), op.result_names, op.location
            )
            region.insert(copy, before=user)
            operands = list(user.operands)
            operands[index] = copy.result
            region.set_operands(user, operands)


def remove_units(module: Module, elements: Elements, classes: Collection[int]) -> None:
    """Remove classes of elements from every value. The others keep their order.

    What is removed counts as zero to whatever reads it. Raises ValueError for class 0, which is
    fixed.
    """
    if 0 in classes:
        raise ValueError("fixed elements cannot be removed")
    _Removal(module, elements, classes).region(module.main.region)
    module.drop_unused_resources()


class _Removal:
    def __init__(self, module: Module, elements: Elements, classes: Collection[int]) -> None:
        self.module, self.elements = module, elements
        self.gone = np.array(sorted(classes))
        self.kept: dict[tuple[Value, int], np.ndarray] = {}

    def region(self, region: Region) -> None:
        operations = region.operations()
        for op in (region.entry, *operations):
            for value in op.results:
                for axis in range(len(shape_of(value.type))):
                    self.kept[value, axis] = self._kept(value, axis)
        for op in operations:
            self._attributes(op)
            for inner in op.regions:
                self.region(inner)
        for op in (region.entry, *operations):
            self._types(op)

    def _kept(self, value: Value, axis: int) -> np.ndarray:
        return np.flatnonzero(~np.isin(self.elements.of(value, axis), self.gone))

    def _attributes(self, op: Operation) -> None:
        """Those that count elements, and constants themselves, while types are still the old ones."""
        if op.name == "tensor.constant":
            self._constant(op)
        if op.name not in ("tensor.slice", "tensor.gather"):
            return
        axis = op.attributes["axis"]
        source = op.operands[0]
        if shape_of(source.type)[axis] is None:
            return
        kept = self.kept[source, axis]
        if op.name == "tensor.gather":
            chosen = np.asarray(op.attributes["indices"])[self.kept[op.result, axis]]
            op.attributes["indices"] = tuple(int(i) for i in np.searchsorted(kept, chosen))
            return
        op.attributes["start"] = int(np.searchsorted(kept, op.attributes["start"]))
        op.attributes["size"] = len(self.kept[op.result, axis])

    def _constant(self, op: Operation) -> None:
        array = constant_of(op.result, self.module.resources)
        assert array is not None
        smaller = array
        for axis in range(array.ndim):
            smaller = smaller.take(self.kept[op.result, axis], axis)
        if smaller.shape != array.shape:
            name = op.attributes["resource"]
            op.attributes["resource"] = self.module.add_resource(f"{name}_pruned", smaller)

    def _types(self, op: Operation) -> None:
        for index, value in enumerate(op.results):
            if not isinstance(value.type, TensorType):
                continue
            shape = tuple(
                None if size is None else len(self.kept[value, axis])
                for axis, size in enumerate(value.type.shape)
            )
            op.result_types[index] = replace(value.type, shape=shape)
