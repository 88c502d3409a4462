"""What the rules of an operation may look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lstmir.ir.operands import Resources, constant_of
from lstmir.ir.operation import Attributes, Operation, Value
from lstmir.ir.types import Type

if TYPE_CHECKING:
    import numpy as np


class OpContext:
    """What inference and verification may look at: types, attributes, and known constants.

    `is_local` tells whether they have kept to types and attributes so far: then what they found
    holds for every operation of the same types and attributes.
    """

    __slots__ = ("_op", "_operands", "_resources", "attributes", "is_local", "types")

    def __init__(
        self,
        operands: Sequence[Value],
        attributes: Attributes,
        resources: Resources,
        op: Operation | None = None,
    ) -> None:
        self.types: tuple[Type, ...] = tuple(
            [value.op.result_types[value[1]] for value in operands]
        )
        self.attributes = attributes
        self.is_local = True
        self._operands = operands
        self._resources = resources
        self._op = op

    @property
    def op(self) -> Operation | None:
        """The operation itself, unless it is yet to be made."""
        self.is_local = False
        return self._op

    def constant(self, index: int) -> np.ndarray | None:
        """The array of operand `index` if it is a constant (integers for fixed point)."""
        self.is_local = False
        return constant_of(self._operands[index], self._resources)
