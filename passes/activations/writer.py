"""Writes the operations of a form into a region."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lstmir.ir.builder import Builder
from lstmir.ir.operation import Value
from lstmir.ir.types import element_of, with_element
from lstmir.numeric.carriers import IntArray
from lstmir.numeric.fixed import FixedType

Place = Callable[[IntArray, FixedType, str], Value]
"""Makes a table, its entries in the order of their addresses, a value of the region."""


class Writer:
    """Operations in a row; what a form does not say of them is the same everywhere."""

    def __init__(self, build: Builder, place: Place, hint: str | None = None) -> None:
        self.build, self.place, self.hint = build, place, hint

    def format(self, value: Value) -> FixedType:
        """The format of a value's elements."""
        element = element_of(value.type)
        assert isinstance(element, FixedType)
        return element

    def op(self, name: str, *operands: Value, **attributes: Any) -> Value:
        """An operation with the narrowest exact result."""
        return self.build.value(name, *operands, hint=self._named(name), **attributes)

    def requantize(
        self, value: Value, element: FixedType, *, rounding: str = "floor",
        overflow: str = "saturate",
    ) -> Value:  # fmt: skip
        """The value in another format, or itself where it has that format."""
        if self.format(value) == element:
            return value
        return self.build.value(
            "fx.requantize", value, type=with_element(value.type, element),
            hint=self._named("fx.narrow"), rounding=rounding, overflow=overflow,
        )  # fmt: skip

    def lookup(self, rising: IntArray, element: FixedType, index: Value, role: str) -> Value:
        """The entry at an index; `rising` has those of the least integer first."""
        # Addresses are bit patterns: those of negative integers come last.
        entries = np.roll(rising, self.format(index).min_int)
        table = self.place(entries, element, role)
        return self.build.value(
            "fx.lookup", table, index, hint=self._named(f"fx.{role or 'entry'}")
        )

    def _named(self, op: str) -> str | None:
        return f"{self.hint}_{op.partition('.')[2]}" if self.hint else None
