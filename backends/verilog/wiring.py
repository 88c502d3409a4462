"""Wires, truth values and reads of memories, in Verilog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmir.backends.verilog.expressions import (
    Expr,
    Wires,
    all_of,
    any_of,
    chosen,
    compared,
    concat,
    literal,
    opposite,
    zero_extended,
)
from lstmir.interpreter.rtl_design import memory_type, signal_type
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.fixed import FixedType

if TYPE_CHECKING:
    from lstmir.backends.verilog.logic import Logic


def alias_bits(logic: Logic, op: Operation) -> Wires | int | None:
    """A part of wires or of a constant. The low bits of what is no wire yet can wait."""
    low, width = int(op.attributes["low"]), int(op.attributes["width"])
    found = logic.known.get(op.operands[0])
    if isinstance(found, int):
        return found >> low & (1 << width) - 1
    if found is None and not low and logic.plan.only_use(op.result):
        return None
    return (found or logic.signal(op.operands[0])).slice(low, width)


def bits(logic: Logic, op: Operation, width: int) -> Expr | None:
    """The low bits of an expression."""
    if op.attributes["low"]:
        return None
    own = op.attributes["width"]
    return zero_extended(logic.low(op.operands[0], min(width, own)), width)


def alias_cast(logic: Logic, op: Operation) -> Wires | int | None:
    """The same wires. A constant gets the integer that they mean now."""
    found = logic.known.get(op.operands[0])
    return as_integer(found, signal_type(op.result_types[0])) if isinstance(found, int) else found


def as_integer(integer: int, type_: FixedType) -> int:
    """The low bits of an integer as a number of a type."""
    natural = integer & (1 << type_.width) - 1
    return natural - (1 << type_.width) if natural > type_.max_int else natural


def cast(logic: Logic, op: Operation, width: int) -> Expr | None:
    """The same bits, if no others are asked for."""
    own = signal_type(op.result_types[0])
    return logic.low(op.operands[0], width) if width <= own.width else None


def alias_concat(logic: Logic, op: Operation) -> Wires | int | None:
    """The wires of a lone part."""
    if len(op.operands) > 1:
        return None
    found = logic.known.get(op.operands[0])
    return as_integer(found, signal_type(op.result_types[0])) if isinstance(found, int) else found


def side_by_side(logic: Logic, op: Operation) -> Expr:
    """`{a, b}`."""
    return concat(logic.low(value, signal_type(value.type).width) for value in op.operands)


def conjunction(logic: Logic, op: Operation) -> Expr:
    """`a && b`."""
    return all_of(logic.low(value, 1) for value in op.operands)


def disjunction(logic: Logic, op: Operation) -> Expr:
    """`a || b`."""
    return any_of(logic.low(value, 1) for value in op.operands)


def negation(logic: Logic, op: Operation) -> Expr:
    """`!a`."""
    return opposite(logic.low(op.operands[0], 1))


def address_width(words: int) -> int:
    """Address bits of a memory: it is filled up with zeros to a power of two, two words at least."""
    return max(1, (words - 1).bit_length())


def alias_read(logic: Logic, op: Operation) -> Wires | None:
    """`m[a]`, if the address cannot leave the memory."""
    memory, address = op.operands
    words, type_ = memory_type(memory)
    bits = address_width(words)
    if memory.op.name == "rtl.write" or signal_type(address.type).width > bits:
        return None
    return _word(logic, memory, logic.low(address, bits), type_)


def _word(logic: Logic, memory: Value, address: Expr, type_: FixedType) -> Wires:
    base = f"{logic.plan.name(memory)}[{address.text}]"
    reads = address.reads | logic.memory_read(memory)
    return Wires(base, 0, type_.width, type_.width, type_.signed, reads)


def read(logic: Logic, op: Operation) -> Expr:
    """A word; zero beyond the last one, and what is written in this very cycle."""
    content, address = op.operands
    words, type_ = memory_type(content)
    wires = logic.signal(address)
    writes = []
    while content.op.name == "rtl.write":
        writes.append(content.op)
        content = content.op.operands[0]
    word = _word(logic, content, wires.extended(address_width(words), False), type_).expr
    for write in reversed(writes):
        word = chosen(_hits(logic, write, address), logic.low(write.operands[2], type_.width), word)
    if signal_type(address.type).max_int < (words if writes else 1 << address_width(words)):
        return word
    return chosen(in_range(logic, address, words), word, literal(0, type_.width))


def _hits(logic: Logic, write: Operation, address: Value) -> Expr:
    """Whether a write is to this address."""
    _, target, _, enable = write.operands
    width = max(signal_type(value.type).width for value in (target, address))
    same = compared("==", logic.low(target, width), logic.low(address, width))
    return all_of([logic.low(enable, 1), same])


def in_range(logic: Logic, address: Value, words: int) -> Expr:
    """`a < words`."""
    width = signal_type(address.type).width
    return compared("<", logic.low(address, width), literal(words, width))
