"""`linalg`: products with a matrix, and what makes one element of many.

`matvec` and `argmax` have a form on fixed point; `expand-cells` makes a `matvec` of each `linear`. All others
are for floats: they run on the first two levels, and `quantize` leaves them to the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmir.dialects.reductions import KINDS as KINDS  # defines the reductions as well
from lstmir.dialects.shapes import fixed_elements, require_numbers, same_elements, tensor
from lstmir.ir.context import OpContext
from lstmir.ir.definition import OpDefinition, define
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.types import ElementType, TensorType, Type
from lstmir.numeric import fixed
from lstmir.numeric.fixed import FixedType

if TYPE_CHECKING:
    import numpy as np


def _infer_linear(context: OpContext) -> list[Type]:
    weights, source = tensor(context, 0, "the weights", 2), tensor(context, 1, "the source")
    rows, columns = weights.shape
    if not source.shape or source.shape[-1] != columns:
        raise Invalid(f"{weights} cannot multiply the last axis of {source}")
    require_numbers(context.types)
    if fixed_elements(context.types):
        raise Invalid("'linalg.linear' is for floats; fixed point has 'linalg.matvec'")
    return [TensorType((*source.shape[:-1], rows), same_elements(context.types))]


define(
    OpDefinition(
        "linalg.linear",
        "Each vector along the last axis of `source`, multiplied by the matrix `weights`.",
        operands=("weights", "source"),
        results=("product",),
        infer=_infer_linear,
        example="%y = linalg.linear %w, %x : (tensor<9x32xf32>, tensor<?x32xf32>) -> tensor<?x9xf32>",
    )
)


def _infer_matvec(context: OpContext) -> list[Type]:
    weights, vector = tensor(context, 0, "the matrix", 2), tensor(context, 1, "the vector", 1)
    rows, columns = weights.shape
    if vector.shape != (columns,):
        raise Invalid(f"{weights} cannot multiply {vector}")
    require_numbers(context.types)
    elements = fixed_elements(context.types)
    if elements is None:
        return [TensorType((rows,), same_elements(context.types))]
    return [TensorType((rows,), _accumulator(context, elements, columns))]


def _accumulator(context: OpContext, elements: list[FixedType], columns: int | None) -> ElementType:
    weights, vector = elements
    known = context.constant(0)
    frac = weights.frac + vector.frac
    if known is not None:
        return accumulator_type(known, vector, frac)
    if columns is None:
        raise Invalid("on fixed point a matrix has a known number of columns")
    product = fixed.product_type(weights, vector)
    return fixed.narrowest(columns * product.min_int, columns * product.max_int, frac)


def accumulator_type(weights: np.ndarray, vector: FixedType, frac: int) -> FixedType:
    """The narrowest type of the sums of actual integer weights and any vector of a type."""
    from lstmir.numeric.intervals import matvec_bound

    lows, highs = matvec_bound(weights, vector.min_int, vector.max_int)
    return fixed.narrowest(min(lows, default=0), max(highs, default=0), frac)


define(
    OpDefinition(
        "linalg.matvec",
        "A matrix by a vector. On fixed point exact: a constant matrix gives a narrower result.",
        operands=("matrix", "vector"),
        results=("product",),
        infer=_infer_matvec,
        example="%y = linalg.matvec %w, %x : (tensor<9x32xf32>, tensor<32xf32>) -> tensor<9xf32>",
    )
)
