"""`arith`: exact elementwise arithmetic with numpy's broadcasting, on floats and fixed point.

On fixed point the result holds every possible result, so nothing is lost; a quotient has no such
result, and is one of floats. Here are also the comparisons and selections that data paths and
controllers need.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lstmir.dialects.shapes import (
    broadcast,
    fixed_elements,
    require_floats,
    require_numbers,
    same_elements,
    shaped,
)
from lstmir.ir.attributes import Attribute
from lstmir.ir.context import OpContext
from lstmir.ir.definition import Infer, OpDefinition, define
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.types import I1, ElementType, Type, element_of
from lstmir.numeric import fixed
from lstmir.numeric.fixed import FixedType

PREDICATES = ("eq", "ne", "lt", "le", "gt", "ge")


def _exact(rule: Callable[[Sequence[FixedType]], FixedType]) -> Infer:
    def infer(context: OpContext) -> list[Type]:
        require_numbers(context.types)
        elements = fixed_elements(context.types)
        try:
            element: ElementType = rule(elements) if elements else same_elements(context.types)
        except ValueError as error:
            raise Invalid(str(error)) from error
        return shaped(broadcast(context.types), element)

    return infer


define(
    OpDefinition(
        "arith.add",
        "The sum of two or more values.",
        operands=("first", "rest*"),
        results=("sum",),
        infer=_exact(lambda types: fixed.sum_type(types)),
        example="%z = arith.add %x, %y : (!fx.s<8,4>, !fx.s<8,4>) -> !fx.s<9,4>",
    )
)
define(
    OpDefinition(
        "arith.sub",
        "The difference of two values.",
        operands=("minuend", "subtrahend"),
        results=("difference",),
        infer=_exact(lambda types: fixed.difference_type(types[0], types[1])),
        example="%z = arith.sub %x, %y : (!fx.u<8,4>, !fx.u<8,4>) -> !fx.s<9,4>",
    )
)
define(
    OpDefinition(
        "arith.mul",
        "The product of two values.",
        operands=("left", "right"),
        results=("product",),
        infer=_exact(lambda types: fixed.product_type(types[0], types[1])),
        example="%z = arith.mul %x, %y : (!fx.s<8,4>, !fx.s<8,4>) -> !fx.s<16,8>",
    )
)
define(
    OpDefinition(
        "arith.neg",
        "The value with the other sign.",
        operands=("source",),
        results=("value",),
        infer=_exact(lambda types: fixed.negation_type(types[0])),
        example="%z = arith.neg %x : (!fx.u<8,4>) -> !fx.s<9,4>",
    )
)


def infer_floats(context: OpContext) -> list[Type]:
    """A float for every element; there is no fixed-point format for it."""
    require_floats(context.types)
    return shaped(broadcast(context.types), same_elements(context.types))


define(
    OpDefinition(
        "arith.div",
        "The quotient of two floats.",
        operands=("dividend", "divisor"),
        results=("quotient",),
        infer=infer_floats,
        example="%z = arith.div %x, %y : f32",
    )
)


def _infer_compare(context: OpContext) -> list[Type]:
    require_numbers(context.types)
    if not fixed_elements(context.types):
        same_elements(context.types)
    return shaped(broadcast(context.types), I1)


define(
    OpDefinition(
        "arith.compare",
        "Whether a relation holds between two values, as i1.",
        operands=("left", "right"),
        results=("truth",),
        attributes=(Attribute("predicate", "str", "the relation", choices=PREDICATES),),
        infer=_infer_compare,
        example='%t = arith.compare %x, %y {predicate = "lt"} : (f32, f32) -> i1',
    )
)


def _infer_select(context: OpContext) -> list[Type]:
    if element_of(context.types[0]) != I1:
        raise Invalid(f"the condition must be i1, not {context.types[0]}")
    branches = context.types[1:]
    elements = fixed_elements(branches)
    element = fixed.union_type(elements) if elements else same_elements(branches)
    return shaped(broadcast(context.types), element)


define(
    OpDefinition(
        "arith.select",
        "The second operand where the first is true, else the third.",
        operands=("condition", "if_true", "if_false"),
        results=("value",),
        infer=_infer_select,
        example="%z = arith.select %t, %x, %y : (i1, f32, f32) -> f32",
    )
)


def _infer_logic(context: OpContext) -> list[Type]:
    if same_elements(context.types) != I1:
        raise Invalid(f"expected truth values (i1), not {context.types[0]}")
    return shaped(broadcast(context.types), I1)


for _name, _operands, _summary in (
    ("and", ("first", "rest*"), "Whether all operands are true."),
    ("or", ("first", "rest*"), "Whether any operand is true."),
    ("not", ("source",), "Whether the operand is false."),
):
    define(
        OpDefinition(
            f"arith.{_name}",
            _summary,
            operands=_operands,
            results=("truth",),
            infer=_infer_logic,
            example=f"%t = arith.{_name} %a{', %b' if len(_operands) > 1 else ''} : i1",
        )
    )
