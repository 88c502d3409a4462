"""Writes what is composed of elementwise operations: see `lstmir.dialects.compositions`."""

from __future__ import annotations

import numpy as np

from lstmir.dialects.compositions import number_name
from lstmir.frontends.model.names import identifier
from lstmir.frontends.operators.table import Call
from lstmir.frontends.values.values import Computed, Imported, Known
from lstmir.ir.diagnostics import UserError
from lstmir.ir.types import element_of, storage_dtype


class Composer:
    """Elementwise operations for a node, on values of the type of `like`; what is known is computed.

    `name` is that of the node's result.
    """

    def __init__(self, call: Call, like: Imported) -> None:
        self.folder, self.dtype = call.folder, dtype_of(like)
        self.name = identifier(call.node.outputs[0])
        self._numbers: dict[float, Known] = {}

    def number(self, number: float) -> Known:
        """A number that stands for every element."""
        if self.dtype.kind != "f" and number % 1:
            raise UserError(f"{number:g} is no {self.dtype.name}")
        if number not in self._numbers:
            array = np.array(number, self.dtype)
            self._numbers[number] = Known(array, (), number_name(number))
        return self._numbers[number]

    def math(self, function: str, source: Imported, hint: str) -> Imported:
        """A function of `math`."""
        return self.folder.elementwise(f"math.{function}", source, hint=hint)

    def add(self, *terms: Imported, hint: str) -> Imported:
        """A sum."""
        return self.folder.elementwise("arith.add", *terms, hint=hint)

    def mul(self, left: Imported, right: Imported, hint: str) -> Imported:
        """A product."""
        return self.folder.elementwise("arith.mul", left, right, hint=hint)

    def div(self, left: Imported, right: Imported, hint: str) -> Imported:
        """A quotient."""
        return self.folder.elementwise("arith.div", left, right, hint=hint)

    def choose(
        self, predicate: str, left: Imported, right: Imported,
        branches: tuple[Imported, Imported], hint: str,
    ) -> Imported:  # fmt: skip
        """The first branch where a relation holds between two values, else the second."""
        truth = self.folder.elementwise("arith.compare", left, right, predicate=predicate)
        return self.folder.elementwise("arith.select", truth, *branches, hint=hint)


def floats(value: Imported) -> Imported:
    """The value. Raises `UserError` unless it is of floats."""
    dtype = dtype_of(value)
    if dtype.kind != "f":
        raise UserError(f"expected floating point, not {dtype.name}")
    return value


def dtype_of(value: Imported) -> np.dtype:
    """The type of the elements; lengths are integers."""
    if isinstance(value, Computed):
        return storage_dtype(element_of(value.value.type))
    return np.dtype(np.int64) if value.array.dtype == object else value.array.dtype
