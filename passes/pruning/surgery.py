"""Removes the hidden units that cost least, and lets the others make up for them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of
from lstmir.ir.operation import Value
from lstmir.numeric.column_removal import removal_costs, remove_columns
from lstmir.passes.pruning.elements import Elements
from lstmir.passes.pruning.units import (
    Units,
    least_important,
    outgoing,
    part_constants,
    remove_units,
    units_of,
)
from lstmir.passes.sums import Sum, sums_of_products


def shrink(
    module: Module, ratio: float, refit: bool, gram_of: Callable[[Sum], np.ndarray]
) -> list[Units]:
    """Remove this share of the units of every recurrence; gives what could go.

    Without `refit` those whose weights are smallest go, and nothing else changes. With it, those
    whose removal costs least by the Gram matrices, which `gram_of` gives or raises for.
    """
    part_constants(module)
    elements = Elements(module)
    recurrences = units_of(module, elements)
    products = [
        Products.of(module, elements, each, gram_of(each))
        for each in sums_of_products(module)
        if refit
    ]
    weights = total_costs(products) if refit else outgoing(module, elements)
    gone = [each for units in recurrences for each in least_important(units, weights, ratio)]
    for each in products:
        each.refit(module, gone)
    remove_units(module, elements, gone)
    return recurrences


@dataclass(frozen=True)
class Products:
    """The matrices of a sum side by side, and behind them its bias: what a Gram matrix is of."""

    sum: Sum
    weights: np.ndarray
    classes: np.ndarray
    gram: np.ndarray

    @classmethod
    def of(cls, module: Module, elements: Elements, sum_: Sum, gram: np.ndarray) -> Products:
        """`gram` is of [vectors, 1]. The class of the 1 is 0: it always stays."""
        arrays = [_array(module, matrix) for matrix in sum_.matrices]
        classes = [elements.of(matrix, 1) for matrix in sum_.matrices]
        if sum_.bias is not None:
            arrays.append(_array(module, sum_.bias).reshape(-1, 1))
            classes.append(np.zeros(1, np.int64))
        weights = np.concatenate(arrays, axis=1).astype(np.float64)
        size = weights.shape[1]
        return cls(sum_, weights, np.concatenate(classes), gram[:size, :size])

    def costs(self) -> dict[int, float]:
        """The least error by which each class can be removed from this sum, by itself."""
        found: dict[int, float] = {}
        for each, cost in zip(
            self.classes.tolist(), removal_costs(self.weights, self.gram).tolist(), strict=True
        ):
            found[each] = found.get(each, 0.0) + cost
        return found

    def refit(self, module: Module, gone: Collection[int]) -> None:
        """Rewrite the constants for what is left when classes go."""
        removed = np.isin(self.classes, list(gone))
        if not removed.any():
            return
        fitted = remove_columns(self.weights, self.gram, removed)
        constants: Sequence[Value] = self.sum.matrices
        if self.sum.bias is not None:
            constants = [*constants, self.sum.bias]
        start = 0
        for constant in constants:
            old = _array(module, constant)
            width = old.shape[1] if old.ndim == 2 else 1
            part = fitted[:, start : start + width].reshape(old.shape).astype(old.dtype)
            name = constant.op.attributes["resource"]
            constant.op.attributes["resource"] = module.add_resource(f"{name}_refitted", part)
            start += width


def total_costs(products: Sequence[Products]) -> dict[int, float]:
    """The errors that all sums make of it, added up."""
    found: dict[int, float] = {}
    for each in products:
        for class_, cost in each.costs().items():
            found[class_] = found.get(class_, 0.0) + cost
    return found


def _array(module: Module, constant: Value) -> np.ndarray:
    array = constant_of(constant, module.resources)
    assert array is not None
    return array
