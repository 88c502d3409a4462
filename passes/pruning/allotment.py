"""One budget for all matrices: which gate of which gives up how much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lstmir.ir.encodings import Pattern
from lstmir.numeric.allotment import allot
from lstmir.numeric.refit import damped, fit
from lstmir.numeric.strips import Part
from lstmir.numeric.surgeon import largest
from lstmir.passes.refining.columns import Columns
from lstmir.passes.refining.trials import Trials

RATIOS = (0.0, 0.25, 0.5, 0.625, 0.75, 0.875, 0.9375)
"""At these each gate's sensitivity is measured."""


@dataclass(frozen=True)
class Item:
    """A gate of a matrix that may be pruned to one ratio or another."""

    columns: Columns
    matrix: int
    gate: int
    gates: int
    patterns: tuple[Pattern, ...]
    gram: np.ndarray | None

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.columns.arrays[self.matrix].shape
        return rows // self.gates, columns

    def costs(self) -> np.ndarray:
        """The elements that stay, for each ratio."""
        return np.array([float(each.cut(self.size).kept(self.size)) for each in self.patterns])

    def losses(self, trials: Trials) -> np.ndarray:
        """The error of the network's outputs when this gate alone is pruned."""
        return np.array([self._loss(trials, pattern) for pattern in self.patterns])

    def _loss(self, trials: Trials, pattern: Pattern) -> float:
        weights = self.columns.weights
        rows = slice(self.gate * self.size[0], (self.gate + 1) * self.size[0])
        part = Part(self.columns.places[self.matrix], (pattern.cut(self.size),))
        own = weights[rows]
        mask = largest(own, [part])
        if mask.all():
            return 0.0
        found = np.where(mask, own, 0.0)
        if self.gram is not None:
            system = damped(self.gram)
            found = fit(own @ system, system, mask, found)
        weights[rows] = found
        return min(trials.error(self.columns.named(weights)), 1e9)


def ratios_for(
    items: Sequence[Item], trials: Trials, ratio: float, progress: Callable[[int], None]
) -> list[float]:
    """The ratio of each item, for the least sum of errors when this share of all elements goes.

    Raises ValueError where so much cannot go.
    """
    costs, losses = [], []
    for number, item in enumerate(items):
        progress(number)
        costs.append(item.costs())
        losses.append(item.losses(trials))
    total = sum(item.size[0] * item.size[1] for item in items)
    try:
        chosen = allot(costs, losses, (1 - ratio) * total)
    except ValueError:
        least = 1 - sum(float(cost.min()) for cost in costs) / total
        raise ValueError(f"at most {least:.4g} of the elements can go in this shape") from None
    return [RATIOS[choice] for choice in chosen]
