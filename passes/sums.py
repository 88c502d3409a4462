"""Sums of products of constant matrices: what is observed, pruned and rounded together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lstmir.ir.module import Module
from lstmir.ir.operands import captured_value
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import is_float, shape_of
from lstmir.passes.uses import users_of

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, eq=False)
class Sum:
    """The products that meet in one sum, or a product alone.

    `matrices` are float constants, `vectors` what they multiply, and `bias` is the one constant
    that is added, if there is one, it has an element for each row, and nobody else reads it.
    """

    total: Operation
    matrices: tuple[Value, ...]
    vectors: tuple[Value, ...]
    bias: Value | None

    @property
    def in_loop(self) -> bool:
        """Whether it is made anew at each step of a recurrence."""
        return self.total.parent.owner is not None

    def gram(self, module: Module) -> np.ndarray | None:
        """The recorded Gram matrix of [vectors, 1], or None where there is none that fits.

        It is the sum of the outer products over all samples and steps of the calibration data.
        """
        record = self.total.attributes.get("gram")
        array = None if record is None else module.resources[record["resource"]]
        size = 1 + sum(
            module.resources[m.op.attributes["resource"]].shape[1] for m in self.matrices
        )
        return array if array is not None and array.shape == (size, size) else None


def sums_of_products(module: Module) -> list[Sum]:
    """All of them, in the order of their first products; the products in the order of the sum."""
    totals: dict[Operation, None] = {}
    for op in module.walk():
        if is_product(op):
            totals[_total(op)] = None
    return [_sum(total) for total in totals]


def is_product(op: Operation) -> bool:
    """Whether the operation multiplies a constant matrix of floats with a vector."""
    if op.name != "linalg.matvec":
        return False
    matrix = outermost(op.operands[0])
    return matrix.op.name == "tensor.constant" and is_float(matrix.type)


def outermost(value: Value) -> Value:
    """The value itself, seen through captures."""
    outer = captured_value(value)
    return value if outer is None else outermost(outer)


def _total(product: Operation) -> Operation:
    """The sum that is the only user of a product, or the product."""
    users = [user for user, _ in product.parent.uses(product.result)]
    return users[0] if len(users) == 1 and users[0].name == "arith.add" else product


def _sum(total: Operation) -> Sum:
    if total.name != "arith.add":
        return _of([total], total, None)
    terms = [value.op for value in total.operands if value.op.region is total.region]
    products = [op for op in terms if is_product(op) and _total(op) is total]
    constants = [v for v in map(outermost, total.operands) if v.op.name == "tensor.constant"]
    own = len(constants) == 1 and len(users_of(constants[0])) == 1
    own = own and shape_of(constants[0].type) == shape_of(total.result.type)
    return _of(products, total, constants[0] if own else None)


def _of(products: list[Operation], total: Operation, bias: Value | None) -> Sum:
    matrices = tuple(outermost(op.operands[0]) for op in products)
    return Sum(total, matrices, tuple(op.operands[1] for op in products), bias)
