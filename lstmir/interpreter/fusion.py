"""Sums of matrix-vector products that are run as one product, which then adds as well."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.interpreter.constants import constant_array
from lstmir.ir.operands import Resources
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import element_of, shape_of
from lstmir.numeric.arrays import IntArray, add
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.kernels import Kernel
from lstmir.numeric.products import Factor, sum_of_products


@dataclass(frozen=True)
class FusedSum:
    """An addition as one kernel on the vectors that are multiplied, and its products, which need
    not be run.
    """

    products: list[Operation]
    vectors: list[Value]
    kernel: Kernel


def fused_sums(region: Region, resources: Resources) -> dict[Operation, FusedSum]:
    """The additions of a region whose terms are products with constants, or constants.

    Only products that nothing else reads, and only where floats give every exact sum.
    """
    additions = [op for op in region.operations() if op.name == "arith.add"]
    fused = {op: _fused(op, resources) for op in additions}
    return {op: sum_ for op, sum_ in fused.items() if sum_ is not None}


def _fused(op: Operation, resources: Resources) -> FusedSum | None:
    result, shape = element_of(op.result_types[0]), shape_of(op.result_types[0])
    if not isinstance(result, FixedType) or any(shape_of(v.type) != shape for v in op.operands):
        return None
    products, factors, constants = list[Operation](), list[Factor](), []
    for value in op.operands:
        if (constant := _constant(value, resources)) is not None:
            constants.append(constant)
        elif (factor := _factor(value, op, resources)) is not None:
            factors.append(factor)
            products.append(value.op)
        else:
            return None
    offset = add(constants, result) if constants else None
    kernel = sum_of_products(factors, offset, result) if factors else None
    if kernel is None:
        return None
    return FusedSum(products, [product.operands[1] for product in products], kernel)


def _constant(value: Value, resources: Resources) -> tuple[IntArray, FixedType] | None:
    array, element = constant_array(value, resources), element_of(value.type)
    return (array, element) if array is not None and isinstance(element, FixedType) else None


def _factor(value: Value, user: Operation, resources: Resources) -> Factor | None:
    """The product with a constant that a value is, if only one operation reads it."""
    if value.op.name != "linalg.matvec" or user.parent.use_count(value.op) > 1:
        return None
    weights, vector = value.op.operands
    constant, vector_type = _constant(weights, resources), element_of(vector.type)
    if constant is None or not isinstance(vector_type, FixedType):
        return None
    return Factor(*constant, vector_type)
