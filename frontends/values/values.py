"""What the importer knows of a value of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from lstmir.frontends.values.axes import Axis, Length
from lstmir.ir.diagnostics import UserError
from lstmir.ir.operation import Value

MAX_LENGTHS = 4096
"""More integers than any shape, list of axes or list of indices of a real model has."""


@dataclass(eq=False)
class Known:
    """A value known now.

    Along an axis whose size is None the array has length 1 and repeats. An array of objects holds
    lengths: numbers, and axes whose lengths are known only at run time. `name` is the model's.
    """

    array: np.ndarray
    axes: tuple[Axis, ...]
    name: str = ""

    def lengths(self) -> list[Length]:
        """The elements of a shape. Raises `UserError` if they are no integers."""
        if self.array.dtype.kind not in "iO" or self.array.ndim > 1:
            raise UserError(f"'{self.name}' is no list of integers")
        if self.array.size > MAX_LENGTHS:
            raise UserError(f"'{self.name}' has {self.array.size} elements, too many for a shape")
        entries = self.array.reshape(-1).tolist()
        return [entry if isinstance(entry, Axis) else int(entry) for entry in entries]

    def integers(self) -> list[int]:
        """Its elements. Raises `UserError` unless all are integers known now."""
        found = self.lengths()
        numbers = [length for length in found if isinstance(length, int)]
        if len(numbers) < len(found):
            raise UserError(f"'{self.name}' depends on a length that is known only at run time")
        return numbers


@dataclass(frozen=True, eq=False)
class Computed:
    """A value that the IR computes."""

    value: Value
    axes: tuple[Axis, ...]


Imported: TypeAlias = Known | Computed
