"""Weights that are rounded again when it is seen what the network with rounded weights does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lstmir.ir.operation import Operation
from lstmir.numeric.arrays import quantize_real, to_real
from lstmir.passes.formats.coded import encoding_of, rows_of
from lstmir.passes.refining.columns import Columns
from lstmir.passes.refining.samples import Samples
from lstmir.passes.refining.trials import Learner, Trials, divergence_of, refine
from lstmir.passes.sums import sums_of_products
from lstmir.passes.uses import users_of
from lstmir.passes.weight_rounding import WeightRounding

Integers = dict[Operation, np.ndarray]
"""What constants are rounded to."""


def rounded_again(
    rounding: WeightRounding, samples: Samples, fits: int, progress: Callable[[int], None]
) -> Integers:
    """The integers of the constants of all sums, after so many `fits` to runs of the rounded network.

    In each, all sums are fitted to what those of the float network are, from the states that the
    network with rounded weights comes to, and rounded again. That of the least divergence stays;
    what `rounding` gives by the records alone is among them. Constants of sums need resources of
    their own.
    """
    module = rounding.module
    found = rounding.integers()
    learners = [
        _Learner.of(rounding, columns, found)
        for columns in (Columns.of(module, each) for each in sums_of_products(module))
        if all(len(users_of(constant)) == 1 for constant in columns.constants)
    ]
    refine(Trials(module, samples, divergence_of(module)), learners, fits, progress)
    for each in learners:
        found |= each.integers
    return found


@dataclass(eq=False)
class _Learner(Learner):
    """Weights that are rounded whenever they are fitted."""

    rounding: WeightRounding

    @classmethod
    def of(cls, rounding: WeightRounding, columns: Columns, integers: Integers) -> _Learner:
        """As `integers` has them."""
        sum_ = columns.sum
        gram = rounding.gram(sum_)
        weights = columns.weights
        live = np.ones(weights.shape, bool)
        for place, matrix, array in zip(
            columns.places, sum_.matrices, columns.arrays, strict=False
        ):
            ones = np.ones(array.shape[1])
            rows = rows_of(array, encoding_of(matrix), rounding.format(matrix), ones)
            live[:, place] = rows.live
        size = weights.shape[1]
        made = cls(columns, live, weights, gram[:size, :size], rounding)
        made.take(integers)
        return made

    def fit(self) -> None:
        """Best weights for the sums, then best integers for these."""
        super().fit()
        self.take(self._rounded())

    def take(self, integers: Integers) -> None:
        """Make integers the weights; a constant that is not among them is rounded to the nearest."""
        reals = []
        for constant, array in zip(
            self.columns.constants, self.columns.split(self.weights), strict=True
        ):
            format_ = self.rounding.format(constant)
            ints = integers.get(constant.op)
            if ints is None:
                ints = quantize_real(array.astype(np.float64), format_)
            reals.append(to_real(ints, format_).reshape(len(array), -1))
        self.weights = np.concatenate(reals, axis=1)

    @property
    def integers(self) -> Integers:
        """The weights, which are values of their formats."""
        parts = self.columns.split(self.weights)
        return {
            constant.op: quantize_real(part.astype(np.float64), self.rounding.format(constant))
            for constant, part in zip(self.columns.constants, parts, strict=True)
        }

    def _rounded(self) -> Integers:
        """The integers for the weights as they are, by the Gram matrix as it is."""
        module, sum_ = self.rounding.module, self.columns.sum
        record = sum_.total.attributes["gram"]["resource"]
        gram = np.zeros_like(module.resources[record])
        gram[: len(self.gram), : len(self.gram)] = self.gram
        resources = {**module.resources, **self.columns.named(self.weights), record: gram}
        found: Integers = {}
        replace(self.rounding, module=replace(module, resources=resources)).sum(sum_, found)
        return found
