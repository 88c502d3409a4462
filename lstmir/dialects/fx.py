"""`fx`: what only fixed point has. `fx.requantize` is the one operation that loses information."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.dialects.shapes import require_fixed, shaped, tensor
from lstmir.ir.attributes import Attribute
from lstmir.ir.context import OpContext
from lstmir.ir.definition import OpDefinition, define
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.types import Type, element_of, shape_of
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType
from lstmir.numeric.modes import Overflow, Rounding

ROUNDINGS = tuple(rounding.value for rounding in Rounding)
OVERFLOWS = tuple(overflow.value for overflow in Overflow)


def _verify_requantize(context: OpContext, results: Sequence[Type]) -> None:
    require_fixed(context, 0, "the source")
    target = element_of(results[0])
    if shape_of(results[0]) != shape_of(context.types[0]) or not isinstance(target, FixedType):
        raise Invalid(f"requantize keeps the shape and gives fixed point, not {results[0]}")
    if target.width > MAX_STORED_WIDTH:
        raise Invalid(f"requantize gives at most {MAX_STORED_WIDTH} bits, not {target}")


define(
    OpDefinition(
        "fx.requantize",
        "The value in another format: rounded, then saturated or wrapped.",
        operands=("source",),
        results=("value",),
        attributes=(
            Attribute(
                "rounding", "str", "which neighbour a value between two becomes", choices=ROUNDINGS
            ),
            Attribute("overflow", "str", "what a value out of range becomes", choices=OVERFLOWS),
        ),
        verify=_verify_requantize,
        example=(
            '%y = fx.requantize %x {rounding = "half_even", overflow = "saturate"} : '
            "(!fx.s<16,8>) -> !fx.s<8,4>"
        ),
    )
)


def _infer_lookup(context: OpContext) -> list[Type]:
    table = tensor(context, 0, "the table", 1)
    index = require_fixed(context, 1, "the index")
    if table.shape != (1 << index.width,):
        raise Invalid(f"a table for {index} has {1 << index.width} entries, not {table}")
    return shaped(shape_of(context.types[1]), table.element)


define(
    OpDefinition(
        "fx.lookup",
        "The entry of a table at the bits of the index, read as an unsigned number.",
        operands=("table", "index"),
        results=("value",),
        infer=_infer_lookup,
        example="%y = fx.lookup %t, %x : (tensor<256x!fx.u<8,8>>, !fx.s<8,4>) -> !fx.u<8,8>",
    )
)
