"""`arith` on numbers, in Verilog."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lstmir.backends.verilog.expressions import (
    ADD,
    MUL,
    PRIMARY,
    SHIFT,
    Expr,
    Wires,
    as_signed,
    bit_pattern,
    chosen,
    compared,
    joined,
    literal,
    unary,
)
from lstmir.interpreter.rtl_design import signal_type
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.fixed import FixedType, union_type

if TYPE_CHECKING:
    from lstmir.backends.verilog.logic import Logic

_RELATIONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def add(logic: Logic, op: Operation, width: int) -> Expr:
    """`a + b`; a constant that is negative, or as good as negative in these bits, is subtracted."""
    frac = signal_type(op.result_types[0]).frac
    first, *rest = op.operands
    total = logic.aligned(first, frac, width)
    for value in rest:
        known = logic.known.get(value)
        negated = -(known << frac - signal_type(value.type).frac) if isinstance(known, int) else 0
        if 0 < negated % (1 << width) < 1 << max(0, width - 2):
            total = joined("-", ADD, [total, literal(negated % (1 << width), width)])
        else:
            total = joined("+", ADD, [total, logic.aligned(value, frac, width)])
    return total


def sub(logic: Logic, op: Operation, width: int) -> Expr:
    """`a - b`."""
    frac = signal_type(op.result_types[0]).frac
    return joined("-", ADD, [logic.aligned(value, frac, width) for value in op.operands])


def neg(logic: Logic, op: Operation, width: int) -> Expr:
    """`-a`."""
    frac = signal_type(op.result_types[0]).frac
    return unary("-", logic.aligned(op.operands[0], frac, width))


def select(logic: Logic, op: Operation, width: int) -> Expr:
    """`c ? a : b`."""
    frac = signal_type(op.result_types[0]).frac
    condition, *branches = op.operands
    if_true, if_false = (logic.aligned(value, frac, width) for value in branches)
    return chosen(logic.low(condition, 1), if_true, if_false)


def alias_compare(logic: Logic, op: Operation) -> Wires | None:
    """The wire itself, where the question is whether it is one."""
    wire = _asks_one_wire(logic, op)
    return wire[0] if wire is not None and wire[1] else None


def _asks_one_wire(logic: Logic, op: Operation) -> tuple[Wires, bool] | None:
    """The wire that a comparison looks at, and whether the answer is the wire or its opposite."""
    predicate = op.attributes["predicate"]
    types = {signal_type(value.type) for value in op.operands}
    wires, constant = (logic.known.get(value) for value in op.operands)
    if types != {FixedType(False, 1, 0)} or predicate not in ("eq", "ne"):
        return None
    if not isinstance(wires, Wires) or not isinstance(constant, int):
        return None
    return wires, (constant == 1) == (predicate == "eq")


def compare(logic: Logic, op: Operation) -> Expr:
    """`a < b`, on operands brought to one format; a constant where the formats decide."""
    wire = _asks_one_wire(logic, op)
    if wire is not None:
        return wire[0].expr if wire[1] else unary("!", wire[0].expr)
    predicate = op.attributes["predicate"]
    decided = _decided(predicate, *(_range(logic, value) for value in op.operands))
    if decided is not None:
        return literal(decided, 1)
    common = union_type(signal_type(value.type) for value in op.operands)
    left, right = (logic.aligned(value, common.frac, common.width) for value in op.operands)
    if predicate not in ("eq", "ne"):
        left, right = as_signed(left, common.signed), as_signed(right, common.signed)
    return compared(_RELATIONS[predicate], left, right)


def _range(logic: Logic, value: Value) -> tuple[FixedType, int, int]:
    type_, known = signal_type(value.type), logic.known.get(value)
    if isinstance(known, int):
        return type_, known, known
    return type_, type_.min_int, type_.max_int


def _decided(
    predicate: str, left: tuple[FixedType, int, int], right: tuple[FixedType, int, int]
) -> bool | None:
    """What a comparison gives whatever the values are, or None."""
    frac = max(left[0].frac, right[0].frac)
    (a_lo, a_hi), (b_lo, b_hi) = (
        (lo << frac - type_.frac, hi << frac - type_.frac) for type_, lo, hi in (left, right)
    )
    apart = a_hi < b_lo or b_hi < a_lo
    same = a_lo == a_hi == b_lo == b_hi
    if predicate in ("eq", "ne"):
        return (predicate == "eq") == same if apart or same else None
    if predicate in ("gt", "ge"):
        (a_lo, a_hi), (b_lo, b_hi) = (b_lo, b_hi), (a_lo, a_hi)
    strict = predicate in ("lt", "gt")
    if a_hi < b_lo or (not strict and a_hi == b_lo):
        return True
    if b_hi < a_lo or (strict and b_hi == a_lo):
        return False
    return None


def whole_sum(logic: Logic, op: Operation) -> Expr | None:
    """`a + b` where Verilog's own extension by one bit is exactly the carry; else None.

    That holds for two plain operands of the result's width, or one bit less, if both are signed or
    both unsigned.
    """
    result = signal_type(op.result_types[0])
    types = [signal_type(value.type) for value in op.operands]
    if len(types) != 2 or any(type_.frac != result.frac for type_ in types):
        return None
    terms = [_term(logic, value, result.width - 1) for value in op.operands]
    for term, type_ in zip(terms, types, strict=True):
        if term.level != PRIMARY or term.width < result.width - 1:
            return None
        if not term.signed == type_.signed == types[0].signed:
            return None
    total = joined("+" if op.name == "arith.add" else "-", ADD, terms)
    return replace(total, width=result.width, loose=True)


def _term(logic: Logic, value: Value, width: int) -> Expr:
    """A value at its own width; a constant at the width that is wanted, if it can be."""
    type_, known = signal_type(value.type), logic.known.get(value)
    room = FixedType(type_.signed, max(1, width), 0)
    if isinstance(known, int) and room.contains_int(known, known):
        return literal(known, room.width, type_.signed)
    return logic.low(value, type_.width)


def whole_product(logic: Logic, op: Operation) -> Expr:
    """`a * b`. Verilog extends both by their signs, which must therefore be of one kind."""
    result = signal_type(op.result_types[0])
    types = [signal_type(value.type) for value in op.operands]
    signed = any(type_.signed for type_ in types)
    factors = [_factor(logic, value, signed) for value in op.operands]
    if any(factor.width > result.width for factor in factors):
        factors = [logic.low(value, result.width) for value in op.operands]
    product = replace(joined("*", MUL, factors), width=result.width, loose=True)
    shift = result.frac - sum(type_.frac for type_ in types)
    return replace(product, text=f"({product.text}) << {shift}", level=SHIFT) if shift else product


def _factor(logic: Logic, value: Value, signed: bool) -> Expr:
    type_, found = signal_type(value.type), logic.known.get(value)
    if isinstance(found, int) and found < 0:
        return bit_pattern(found, type_.width)
    if isinstance(found, int):
        return literal(found, type_.width + signed, signed)
    if found is None:
        logic.signal(value)
    # A natural number among signed ones needs a zero in front.
    return as_signed(logic.low(value, type_.width + (signed and not type_.signed)), signed)
