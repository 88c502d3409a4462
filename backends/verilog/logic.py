"""Values of a design as Verilog: each a signal of its own, or part of its user's expression."""

from __future__ import annotations

import re

from lstmir.backends.verilog import rules
from lstmir.backends.verilog.expressions import (
    Expr,
    Read,
    Reads,
    Wires,
    concat,
    literal,
    zero_extended,
)
from lstmir.backends.verilog.hints import hint
from lstmir.backends.verilog.plan import Plan
from lstmir.backends.verilog.sheet import Inlet, Sheet, Wire
from lstmir.interpreter.rtl_design import signal_type
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.fixed import FixedType

_LONGEST_INLINE = 60
_LONGEST_ALONE = 160
# What is as short as its name would be.
_OPPOSITE = re.compile(r"!\w+(\[\d+\])?")
_STATE = ("rtl.reg", "rtl.ram", "tensor.constant", "rtl.write")


class Logic:
    """The combinational part of a unit, written to a sheet.

    `known` has the values that are wires already, and constants as integers. Every other value
    waits in its operation until its user says how many of its bits it needs; it becomes a wire of
    its own where it has a name or several users, or cannot be said in the user's expression.
    """

    def __init__(self, plan: Plan, sheet: Sheet) -> None:
        self.plan = plan
        self.sheet = sheet
        self.known: dict[Value, Wires | int] = {}
        self._helpers: dict[Operation, Wires] = {}
        for value in (*plan.arriving, *plan.unit.of_kind("rtl.reg")):
            self.known[value] = self._own_wires(value)
        for child in plan.unit.children.values():
            for value in child.outputs:
                self.known[value] = self._inlet(value)
        for op in plan.unit.operations:
            self._visit(op)

    def _inlet(self, value: Value) -> Wires:
        """The wires that a unit in this one drives."""
        wires = self._own_wires(value)
        port = value in self.plan.outputs
        self.sheet.inlets.append(Inlet(wires.base, signal_type(value.type), port))
        return wires

    def _own_wires(self, value: Value) -> Wires:
        type_ = signal_type(value.type)
        return Wires(self.plan.name(value), 0, type_.width, type_.width, type_.signed)

    def _visit(self, op: Operation) -> None:
        if op.name in _STATE or op.result in self.plan.branches:
            return
        rule = rules.ALIASES.get(op.name)
        alias = rule(self, op) if rule else None
        if alias is not None:
            self.known[op.result] = alias
        if op.name != "rtl.literal" and self._deserves_wires(op.result, alias):
            self._emit(op.result)

    def _deserves_wires(self, value: Value, alias: Wires | int | None) -> bool:
        """Whether a value has a name, or is better not said in its users' expressions."""
        if self.plan.is_named(value):
            return True
        if value in self.plan.passed:
            return alias is None or (isinstance(alias, Wires) and alias.index is not None)
        use = self.plan.only_use(value)
        if alias is not None:
            return use is None and isinstance(alias, Wires) and alias.index is not None
        if use is not None and rules.takes_low_bits(use[0]):
            return False
        text = self.assigned(value).text
        if use is None:
            return not _OPPOSITE.fullmatch(text)
        longest = _LONGEST_ALONE if self.plan.becomes_state(value) else _LONGEST_INLINE
        return len(text) > longest

    def signal(self, value: Value) -> Wires:
        """The value as wires that have a name; it gets one where it has none."""
        found = self.known.get(value)
        if isinstance(found, Wires) and found.index is None:
            return found
        return self._emit(value)

    def _emit(self, value: Value) -> Wires:
        """Give a value wires of its own."""
        expr, type_ = self.assigned(value), signal_type(value.type)
        name = self.plan.name(value, "" if self.plan.is_named(value) else self._hint(value))
        self.sheet.wires.append(Wire(name, type_, expr, value in self.plan.outputs))
        wires = self._own_wires(value)
        self.known[value] = wires
        return wires

    def _hint(self, value: Value) -> str:
        if value in self.plan.passed:
            return self.plan.ideal(value)
        operands = [self.known.get(operand) for operand in value.op.operands]
        return hint(value.op, operands, self.plan.target(value))

    def helper(self, op: Operation, name: str, expr: Expr, signed: bool) -> Wires:
        """Wires for a part of what an operation does, the same ones however often it is said."""
        if op not in self._helpers:
            wire = Wire(self.plan.names.take(name), FixedType(signed, expr.width, 0), expr)
            self.sheet.wires.append(wire)
            self._helpers[op] = Wires(wire.name, 0, expr.width, expr.width, signed)
        return self._helpers[op]

    def connection(self, value: Value) -> Expr:
        """What goes into a unit in this one: wires or a constant."""
        return self.low(value, signal_type(value.type).width)

    def memory_read(self, memory: Value) -> Reads:
        """What an expression reads that looks into a memory."""
        return frozenset({Read(self.plan.name(memory), 0, 0)})

    def low(self, value: Value, width: int) -> Expr:
        """The low `width` bits of a value's integer, extended by its sign where it has fewer."""
        found = self.known.get(value)
        type_ = signal_type(value.type)
        if isinstance(found, int):
            return literal(found, width, type_.signed)
        if found is None:
            return self._computed(value, width)
        if width > type_.width and found.index is not None:
            found = self.signal(value)
        return found.extended(width, type_.signed)

    def aligned(self, value: Value, frac: int, width: int) -> Expr:
        """The low `width` bits of a value's integer in a format with `frac` fraction bits."""
        shift = frac - signal_type(value.type).frac
        found = self.known.get(value)
        if isinstance(found, int):
            return literal(found << shift, width, signal_type(value.type).signed)
        if shift >= width:
            return literal(0, width)
        if not shift:
            return self.low(value, width)
        return concat([self.low(value, width - shift), literal(0, shift)])

    def assigned(self, value: Value) -> Expr:
        """The value as the whole right-hand side of an assignment to a signal of its type."""
        width = signal_type(value.type).width
        rule = rules.WHOLE.get(value.op.name)
        found = rule(self, value.op) if rule and value not in self.known else None
        return found or self.low(value, width)

    def _computed(self, value: Value, width: int) -> Expr:
        op, type_ = value.op, signal_type(value.type)
        modular, exact = rules.MODULAR.get(op.name), rules.EXACT.get(op.name)
        if modular is not None and (found := modular(self, op, width)) is not None:
            return found
        if exact is not None and width == type_.width:
            return exact(self, op)
        if exact is not None and width > type_.width and not type_.signed:
            return zero_extended(exact(self, op), width)
        return self.signal(value).extended(width, type_.signed)
