"""Level-5 operations as Python expressions on integers.

A signal is the integer behind its value; a truth value is 0, 1, False or True. A rule gets the
operation and a text for each operand, and gives a text that may stand anywhere. Within one text,
`t` holds what was evaluated last: nothing else is evaluated between its assignment and its uses.
"""

from __future__ import annotations

from collections.abc import Callable

from lstmir.interpreter.rtl_design import memory_type, rounded_range, signal_type
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.fixed import FixedType, union_type
from lstmir.numeric.modes import Overflow, Rounding

Rule = Callable[..., str]

_RELATIONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def expression(op: Operation, operands: list[str]) -> str:
    """The text of an operation with one signal as its result."""
    return RULES[op.name](op, *operands)


def _aligned(text: str, value: Value, frac: int) -> str:
    shift = frac - signal_type(value.type).frac
    return f"({text} << {shift})" if shift else text


def _sum(symbol: str) -> Rule:
    def rule(op: Operation, *terms: str) -> str:
        frac = signal_type(op.result_types[0]).frac
        pairs = zip(terms, op.operands, strict=True)
        return f"({f' {symbol} '.join(_aligned(text, value, frac) for text, value in pairs)})"

    return rule


def _mul(op: Operation, left: str, right: str) -> str:
    exact = sum(signal_type(value.type).frac for value in op.operands)
    shift = signal_type(op.result_types[0]).frac - exact
    return f"({left} * {right} << {shift})" if shift else f"({left} * {right})"


def _neg(op: Operation, source: str) -> str:
    frac = signal_type(op.result_types[0]).frac
    return f"(-{_aligned(source, op.operands[0], frac)})"


def _compare(op: Operation, left: str, right: str) -> str:
    frac = union_type(signal_type(value.type) for value in op.operands).frac
    relation = _RELATIONS[op.attributes["predicate"]]
    a, b = op.operands
    return f"({_aligned(left, a, frac)} {relation} {_aligned(right, b, frac)})"


def _select(op: Operation, condition: str, if_true: str, if_false: str) -> str:
    frac = signal_type(op.result_types[0]).frac
    _, a, b = op.operands
    return f"({_aligned(if_true, a, frac)} if {condition} else {_aligned(if_false, b, frac)})"


def _logic(word: str) -> Rule:
    return lambda op, *terms: f"({f' {word} '.join(terms)})"


def _requantize(op: Operation, source: str) -> str:
    target = signal_type(op.result_types[0])
    shift = signal_type(op.operands[0].type).frac - target.frac
    rounded = _rounded(source, shift, Rounding(op.attributes["rounding"]))
    lo, hi = rounded_range(op)
    if target.contains_int(lo, hi):
        return rounded
    if op.attributes["overflow"] == Overflow.WRAP:
        return _wires_as(rounded, target)
    above = f"{target.max_int} if t > {target.max_int} else t"
    return f"({target.min_int} if (t := {rounded}) < {target.min_int} else {above})"


def _rounded(source: str, shift: int, rounding: Rounding) -> str:
    if shift <= 0:
        return f"({source} << {-shift})" if shift else source
    if rounding == Rounding.FLOOR:
        return f"({source} >> {shift})"
    if rounding == Rounding.HALF_UP:
        return f"({source} + {1 << shift - 1} >> {shift})"
    if rounding == Rounding.HALF_EVEN:
        return f"((t := {source}) + (t >> {shift} & 1) + {(1 << shift - 1) - 1} >> {shift})"
    return f"((t + {(1 << shift) - 1} if (t := {source}) < 0 else t) >> {shift})"


def _wires_as(text: str, type_: FixedType) -> str:
    """The low wires of an integer, read as a number of a type."""
    wires = f"({text} & {(1 << type_.width) - 1})"
    sign = 1 << type_.width - 1
    return f"(({wires} ^ {sign}) - {sign})" if type_.signed else wires


def _cast(op: Operation, source: str) -> str:
    before, after = signal_type(op.operands[0].type), signal_type(op.result_types[0])
    return source if before.signed == after.signed else _wires_as(source, after)


def _bits(op: Operation, source: str) -> str:
    low, width = op.attributes["low"], op.attributes["width"]
    shifted = f"{source} >> {low}" if low else source
    return f"({shifted} & {(1 << width) - 1})"


def _concat(op: Operation, *parts: str) -> str:
    terms, low = [], 0
    for text, value in zip(reversed(parts), reversed(op.operands), strict=True):
        type_ = signal_type(value.type)
        wires = f"({text} & {(1 << type_.width) - 1})" if type_.signed else text
        terms.append(f"({wires} << {low})" if low else wires)
        low += type_.width
    return f"({' | '.join(reversed(terms))})"


def _read(op: Operation, memory: str, address: str) -> str:
    words = padded(memory_type(op.operands[0])[0])
    if signal_type(op.operands[1].type).max_int < words:
        return f"{memory}[{address}]"
    return f"({memory}[t] if (t := {address}) < {words} else 0)"


def padded(words: int) -> int:
    """The length of the list that holds a memory: with zeros up to a power of two, few addresses
    need to be looked at.
    """
    return 1 << (words - 1).bit_length()


RULES: dict[str, Rule] = {
    "arith.add": _sum("+"),
    "arith.sub": _sum("-"),
    "arith.mul": _mul,
    "arith.neg": _neg,
    "arith.compare": _compare,
    "arith.select": _select,
    "arith.and": _logic("and"),
    "arith.or": _logic("or"),
    "arith.not": lambda op, source: f"(not {source})",
    "fx.requantize": _requantize,
    "rtl.bits": _bits,
    "rtl.cast": _cast,
    "rtl.concat": _concat,
    "rtl.literal": lambda op: f"({op.attributes['integer']})",
    "rtl.read": _read,
}
