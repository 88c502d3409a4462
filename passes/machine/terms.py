"""Terms of the array's sums, and the ones that products from a shared block still lack."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.ir.operation import Value
from lstmir.numeric.fixed import FixedType, narrowest
from lstmir.passes.machine.logic import Logic
from lstmir.passes.machine.pairs import Range, Shared


@dataclass(frozen=True)
class Term:
    """An integer in a range: `value`, and one more where the bit `carry` is one."""

    value: Value
    range: Range
    carry: Value | None = None

    def delayed(self, logic: Logic, name: str) -> Term:
        """The same a cycle later."""
        carry = self.carry and logic.delayed(self.carry, f"{name}_carry")
        return Term(logic.delayed(self.value, name), self.range, carry)


def whole(value: Value) -> Term:
    """A term that lacks nothing."""
    assert isinstance(value.type, FixedType)
    return Term(value, (value.type.min_int, value.type.max_int))


def factor(logic: Logic, types: Shared, low: Value, high: Value) -> Value:
    """What a shared block is given, of what is stored: wires."""
    extended = logic.wrapped(low, FixedType(False, types.split, 0))
    return logic.as_type(logic.op("rtl.concat", high, extended), types.word)


class Products:
    """The wires of what a shared block gives."""

    def __init__(self, logic: Logic, types: Shared, product: Value) -> None:
        self.logic, self.types = logic, types
        self.borrow = logic.bits(product, types.split - 1, 1) if types.borrows else None
        self.low = logic.bits(product, 0, types.split)
        self.high = logic.bits(product, types.split, types.high_wires.width)

    def low_term(self, name: str) -> Term:
        """The lower product."""
        return whole(self.logic.op("rtl.cast", self.low, type=self.types.low_product, hint=name))

    def high_term(self, name: str) -> Term:
        """The higher product, which lacks what the lower one has borrowed."""
        value = self.logic.op("rtl.cast", self.high, type=self.types.high_wires, hint=name)
        borrow = self.borrow and self.logic.port(self.borrow, f"{name}_borrow")
        return Term(value, self.types.high_range, borrow)


def added(logic: Logic, left: Term, right: Term) -> Term:
    """The sum of two terms: an adder takes the carry of one, the other's waits."""
    carries = [term.carry for term in (left, right) if term.carry is not None]
    if not carries:
        return whole(logic.op("arith.add", left.value, right.value))
    pending = carries[1] if len(carries) > 1 else None
    range_ = left.range[0] + right.range[0], left.range[1] + right.range[1]
    total = with_carry(logic, left.value, right.value, carries[0])
    return Term(logic.wrapped(total, _type_of(range_, pending)), range_, pending)


def with_carry(logic: Logic, left: Value, right: Value, carry: Value) -> Value:
    """The sum of two integers and a carry, and half of one or nothing: one adder, a bit longer.

    Behind the point stand a one and the carry.
    """
    one = logic.literal(1, FixedType(False, 1, 0))
    base, term = (
        _with_half(logic, value, bit, name)
        for value, bit, name in ((left, one, "base"), (right, carry, "term"))
    )
    return logic.op("arith.add", base, term, hint="total")


def _with_half(logic: Logic, value: Value, bit: Value, name: str) -> Value:
    assert isinstance(value.type, FixedType)
    type_ = FixedType(value.type.signed, value.type.width + 1, 1)
    return logic.op("rtl.cast", logic.op("rtl.concat", value, bit), type=type_, hint=name)


def _type_of(range_: Range, carry: Value | None) -> FixedType:
    """The type of a term's value, which is one less where it lacks a carry."""
    return narrowest(range_[0] - (carry is not None), range_[1], 0)
