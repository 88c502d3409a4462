"""The constants of a sum side by side: the weights that its Gram matrix is about."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of
from lstmir.ir.operation import Value
from lstmir.passes.sums import Sum, sums_of_products

Arrays = dict[str, np.ndarray]
"""Elements of constants by the names of their resources."""


@dataclass(frozen=True, eq=False)
class Columns:
    """The matrices of a sum side by side, and behind them its bias as a column."""

    sum: Sum
    arrays: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, module: Module, sum_: Sum) -> Columns:
        """As they are in a module."""
        found = [constant_of(value, module.resources) for value in _constants(sum_)]
        return cls(sum_, tuple(array for array in found if array is not None))

    @property
    def constants(self) -> tuple[Value, ...]:
        """The matrices, and the bias if there is one of the sum's own."""
        return _constants(self.sum)

    @property
    def weights(self) -> np.ndarray:
        """All of them, in doubles."""
        columns = [array.reshape(len(array), -1) for array in self.arrays]
        return np.concatenate(columns, axis=1).astype(np.float64)

    @property
    def places(self) -> list[slice]:
        """The columns of each matrix."""
        widths = [array.shape[1] for array in self.arrays if array.ndim == 2]
        ends = list(accumulate(widths))
        return [slice(end - width, end) for end, width in zip(ends, widths, strict=True)]

    def split(self, weights: np.ndarray) -> list[np.ndarray]:
        """The constants that [rows, columns] weights are, in their own types."""
        cuts = [place.stop for place in self.places]
        parts = np.split(weights, cuts, axis=1)
        return [
            part.reshape(array.shape).astype(array.dtype)
            for part, array in zip(parts, self.arrays, strict=False)
        ]

    def named(self, weights: np.ndarray) -> Arrays:
        """The constants that weights are, by the resources that they stand for."""
        names = [value.op.attributes["resource"] for value in self.constants]
        return dict(zip(names, self.split(weights), strict=True))


def _constants(sum_: Sum) -> tuple[Value, ...]:
    return sum_.matrices if sum_.bias is None else (*sum_.matrices, sum_.bias)


def part_resources(module: Module) -> None:
    """Give each constant of a sum a resource of its own."""
    names = [op.attributes["resource"] for op in module.walk() if op.name == "tensor.constant"]
    shared = {name for name, count in Counter(names).items() if count > 1}
    own = dict.fromkeys(each for sum_ in sums_of_products(module) for each in _constants(sum_))
    for constant in own:
        name = constant.op.attributes["resource"]
        if name in shared:
            numbered = (f"{name}_{number}" for number in range(1, len(module.resources) + 2))
            fresh = next(each for each in numbered if each not in module.resources)
            module.resources[fresh] = module.resources[name]
            constant.op.attributes["resource"] = fresh
