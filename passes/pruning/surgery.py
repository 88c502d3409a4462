"""Removes the hidden units that cost least, and lets the others make up for them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from lstmir.ir.module import Module
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
from lstmir.passes.refining.columns import Arrays, Columns, part_resources
from lstmir.passes.refining.samples import Samples, with_more
from lstmir.passes.refining.trials import Learner, Trials, changes, refine
from lstmir.passes.sums import Sum, sums_of_products
from lstmir.passes.uses import users_of


@dataclass(frozen=True)
class Refit:
    """What the weights that stay are fitted by: the Gram matrix of each sum, which `gram_of` gives or
    raises for, and runs of the smaller network on `samples`, if there are any.
    """

    gram_of: Callable[[Sum], np.ndarray]
    samples: Samples | None
    seed: int
    rounds: int
    progress: Callable[[int], None]


def shrink(module: Module, ratio: float, refit: Refit | None) -> list[Units]:
    """Remove this share of the units of every recurrence; gives what could go.

    Without `refit` those whose weights are smallest go, and nothing else changes. With it, those
    whose removal costs least by the Gram matrices.
    """
    part_constants(module)
    part_resources(module)
    elements = Elements(module)
    recurrences = units_of(module, elements)
    products = [] if refit is None else _products(module, elements, refit)
    weights = outgoing(module, elements) if refit is None else total_costs(products)
    gone = [each for units in recurrences for each in least_important(units, weights, ratio)]
    if refit is not None and gone:
        for name, array in _fitted(module, products, gone, refit).items():
            module.resources[name] = array
    remove_units(module, elements, gone)
    return recurrences


def _products(module: Module, elements: Elements, refit: Refit) -> list[Products]:
    return [
        Products.of(module, elements, each, refit.gram_of(each))
        for each in sums_of_products(module)
    ]


def _fitted(
    module: Module, products: Sequence[Products], gone: Collection[int], refit: Refit
) -> Arrays:
    """The constants with which the others make up for what goes: by the records, then by runs.

    Columns of zeros stand for the units that are about to go.
    """
    learners = [each.without(gone) for each in products if each.alone]
    if refit.samples is not None:
        trials = Trials(module, with_more(refit.samples, refit.seed))
        refine(trials, learners, refit.rounds, refit.progress)
    return changes(learners)


@dataclass(frozen=True)
class Products:
    """The constants of a sum, the class of the element that each column multiplies, and what a Gram
    matrix says of them. The class of the 1 that multiplies a bias is 0: it always stays.
    """

    columns: Columns
    classes: np.ndarray
    gram: np.ndarray

    @classmethod
    def of(cls, module: Module, elements: Elements, sum_: Sum, gram: np.ndarray) -> Products:
        """`gram` is of [vectors, 1]."""
        columns = Columns.of(module, sum_)
        size = columns.weights.shape[1]
        found = np.zeros(size, np.int64)
        for place, matrix in zip(columns.places, sum_.matrices, strict=True):
            found[place] = elements.of(matrix, 1)
        return cls(columns, found, gram[:size, :size])

    @property
    def alone(self) -> bool:
        """Whether nobody else reads the constants."""
        return all(len(users_of(each)) == 1 for each in self.columns.constants)

    def costs(self) -> dict[int, float]:
        """The least error by which each class can be removed from this sum, by itself."""
        found: dict[int, float] = {}
        every = removal_costs(self.columns.weights, self.gram)
        for each, cost in zip(self.classes.tolist(), every.tolist(), strict=True):
            found[each] = found.get(each, 0.0) + cost
        return found

    def without(self, gone: Collection[int]) -> Learner:
        """The weights that are best, by the Gram matrix, when classes go."""
        removed = np.isin(self.classes, list(gone))
        weights = remove_columns(self.columns.weights, self.gram, removed)
        live = np.broadcast_to(~removed, weights.shape)
        return Learner(self.columns, live, weights, self.gram)


def total_costs(products: Sequence[Products]) -> dict[int, float]:
    """The errors that all sums make of it, added up."""
    found: dict[int, float] = {}
    for each in products:
        for class_, cost in each.costs().items():
            found[class_] = found.get(class_, 0.0) + cost
    return found
