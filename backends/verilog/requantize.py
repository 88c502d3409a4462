"""`fx.requantize` in Verilog: rounding adds one bit to a slice, saturation looks at the top bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lstmir.backends.verilog.expressions import (
    ADD,
    Expr,
    Wires,
    all_of,
    any_of,
    chosen,
    compared,
    concat,
    joined,
    literal,
    replicated,
    unary,
    zero_extended,
)
from lstmir.interpreter.rtl_design import rounded_range, signal_type
from lstmir.ir.operation import Operation
from lstmir.numeric.fixed import FixedType, narrowest
from lstmir.numeric.modes import Overflow, Rounding
from lstmir.numeric.rounding import requantize

if TYPE_CHECKING:
    from lstmir.backends.verilog.logic import Logic


def _requantized(op: Operation, integer: int) -> int:
    rounding, overflow = Rounding(op.attributes["rounding"]), Overflow(op.attributes["overflow"])
    source, target = signal_type(op.operands[0].type), signal_type(op.result_types[0])
    return int(requantize(np.array([integer], object), source, target, rounding, overflow)[0])


def _shift(op: Operation) -> int:
    source, target = signal_type(op.operands[0].type), signal_type(op.result_types[0])
    return source.frac - target.frac


def _rounded_type(op: Operation) -> FixedType:
    return narrowest(*rounded_range(op), 0)


def _fits(op: Operation) -> bool:
    return signal_type(op.result_types[0]).contains_int(*rounded_range(op))


def alias(logic: Logic, op: Operation) -> Wires | int | None:
    """A constant where every input gives the same; a slice where nothing else is to be done."""
    value = op.operands[0]
    source, target, shift = signal_type(value.type), signal_type(op.result_types[0]), _shift(op)
    saturates = op.attributes["overflow"] == Overflow.SATURATE and not _fits(op)
    found = logic.known.get(value)
    if isinstance(found, int):
        return _requantized(op, found)
    ends = {_requantized(op, end) for end in (source.min_int, source.max_int)}
    if len(ends) == 1 and (saturates or _fits(op)):
        return ends.pop()
    plain = shift == 0 or (shift > 0 and op.attributes["rounding"] == Rounding.FLOOR)
    if not plain or saturates or shift + target.width > source.width:
        return None
    if found is None and not shift and logic.plan.only_use(op.result):
        return None
    return (found or logic.signal(value)).slice(shift, target.width)


def takes_low_bits(op: Operation) -> bool:
    """Whether nothing is rounded or saturated."""
    return _shift(op) <= 0 and (_fits(op) or op.attributes["overflow"] == Overflow.WRAP)


def modular(logic: Logic, op: Operation, width: int) -> Expr | None:
    """The low bits of the rounded value, if overflow never changes those that are asked for."""
    wraps = op.attributes["overflow"] == Overflow.WRAP
    if _fits(op) or (wraps and width <= signal_type(op.result_types[0]).width):
        return _rounded(logic, op, width)
    return None


def exact(logic: Logic, op: Operation) -> Expr:
    """The value with its overflow dealt with."""
    rounded, target = _rounded_type(op), signal_type(op.result_types[0])
    if (found := modular(logic, op, target.width)) is not None:
        return found
    wires = _rounded_wires(logic, op)
    kept = wires.slice(0, min(target.width, rounded.width)).extended(target.width, False)
    if target.signed and rounded.signed:
        return _clipped(wires, target.width)
    if target.signed or not rounded.signed:
        top = wires.slice(target.width - target.signed, wires.width - target.width + target.signed)
        return chosen(_nonzero(top), literal(target.max_int, target.width, target.signed), kept)
    if rounded.width - 1 > target.width:
        top = wires.slice(target.width, rounded.width - 1 - target.width)
        kept = chosen(_nonzero(top), literal(target.max_int, target.width), kept)
    else:
        kept = wires.slice(0, rounded.width - 1).extended(target.width, False)
    return chosen(wires.bit(rounded.width - 1), literal(0, target.width), kept)


def _clipped(wires: Wires, width: int) -> Expr:
    """Signed to fewer bits: where the top bits are not all the sign, the end on that side."""
    copies = wires.width - width
    sign = wires.bit(wires.width - 1)
    top = wires.slice(width - 1, copies).expr
    same = compared("==", top, sign if copies == 1 else replicated(sign, copies))
    end = concat([sign, replicated(unary("~", sign), width - 1)]) if width > 1 else sign
    return chosen(same, wires.slice(0, width).expr, end)


def _nonzero(wires: Wires) -> Expr:
    return wires.expr if wires.width == 1 else compared("!=", wires.expr, literal(0, wires.width))


def _rounded_wires(logic: Logic, op: Operation) -> Wires:
    """The rounded value with all its bits: a slice, or wires of its own."""
    source, shift, type_ = op.operands[0], _shift(op), _rounded_type(op)
    if shift >= 0 and _increment(logic, op) is None:
        return logic.signal(source).slice(shift, type_.width)
    name = f"{op.result.name or logic.signal(source).base}_{'rounded' if shift > 0 else 'scaled'}"
    return logic.helper(op, name, _rounded(logic, op, type_.width), type_.signed)


def _rounded(logic: Logic, op: Operation, width: int) -> Expr:
    """The low bits of the rounded value."""
    source, shift = op.operands[0], _shift(op)
    if shift <= 0:
        return logic.aligned(source, signal_type(source.type).frac - shift, width)
    wires, signed = logic.signal(source), signal_type(source.type).signed
    if shift < wires.width:
        floor = wires.slice(shift, wires.width - shift).extended(width, signed)
    elif signed:
        floor = wires.slice(wires.width - 1, 1).extended(width, signed)
    else:
        floor = literal(0, width)
    increment = _increment(logic, op)
    if increment is None:
        return floor
    return joined("+", ADD, [floor, zero_extended(increment, width)])


def _increment(logic: Logic, op: Operation) -> Expr | None:
    """Whether the value is rounded to the integer above; None if it never is.

    Of signed numbers at least one bit stays: rounding away all makes a constant of any but `floor`.
    """
    shift, rounding = _shift(op), op.attributes["rounding"]
    if shift <= 0 or rounding == Rounding.FLOOR:
        return None
    wires = logic.signal(op.operands[0])
    if rounding == Rounding.TOWARD_ZERO:
        if not signal_type(op.operands[0].type).signed:
            return None
        return all_of([wires.bit(wires.width - 1), _nonzero(wires.slice(0, shift))])
    half = wires.bit(shift - 1)
    if rounding == Rounding.HALF_UP:
        return half
    upward = [wires.bit(shift)] if shift < wires.width else []
    upward += [_nonzero(wires.slice(0, shift - 1))] if shift > 1 else []
    return all_of([half, any_of(upward)])
