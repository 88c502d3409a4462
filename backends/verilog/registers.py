"""What becomes of each register at the clock, as nested decisions."""

from __future__ import annotations

from lstmir.backends.verilog.expressions import Expr, chosen, opposite
from lstmir.backends.verilog.logic import Logic
from lstmir.backends.verilog.sheet import Assign, If, Register, Statement
from lstmir.interpreter.rtl_design import signal_type
from lstmir.ir.operation import Value
from lstmir.numeric.fixed import FixedType

_LONGEST_CHOICE = 70


def add_registers(logic: Logic) -> None:
    """Enter every register of the unit."""
    for register in logic.plan.unit.of_kind("rtl.reg"):
        name, type_ = logic.plan.name(register), signal_type(register.type)
        entry = Register(
            name,
            type_,
            register.op.attributes.get("init"),
            _Decisions(logic, register, type_).about(logic.plan.design.updates[register]),
            register in logic.plan.outputs,
        )
        logic.sheet.registers.append(entry)


class _Decisions:
    """The statements that give one register its next value; none where it keeps its own."""

    def __init__(self, logic: Logic, register: Value, type_: FixedType) -> None:
        self.logic = logic
        self.register = register
        self.type = type_

    def about(self, value: Value) -> list[Statement]:
        if value == self.register:
            return []
        if value not in self.logic.plan.branches:
            return [Assign(self.logic.plan.name(self.register), self.leaf(value))]
        condition, if_true, if_false = value.op.operands
        return decide(self.logic.low(condition, 1), self.about(if_true), self.about(if_false))

    def leaf(self, value: Value) -> Expr:
        if signal_type(value.type) == self.type:
            return self.logic.assigned(value)
        return self.logic.aligned(value, self.type.frac, self.type.width)


def decide(condition: Expr, then: list[Statement], otherwise: list[Statement]) -> list[Statement]:
    """One decision in its plainest form."""
    if not then and not otherwise:
        return []
    if not then:
        return [If(opposite(condition), otherwise, [])]
    short = _choice(condition, then, otherwise)
    return [short] if short else [If(condition, then, otherwise)]


def _choice(condition: Expr, then: list[Statement], otherwise: list[Statement]) -> Assign | None:
    """`q <= c ? x : y;` where that is short, and x and y are no choices themselves."""
    if len(then) != 1 or len(otherwise) != 1:
        return None
    a, b = then[0], otherwise[0]
    if not isinstance(a, Assign) or not isinstance(b, Assign) or a.expr.loose or b.expr.loose:
        return None
    expr = chosen(condition, a.expr, b.expr)
    nested = " ? " in a.expr.text or " ? " in b.expr.text
    return None if nested or len(expr.text) > _LONGEST_CHOICE else Assign(a.target, expr)


def merged(statements: list[Statement]) -> list[Statement]:
    """The same statements with one `if` for each condition. All take effect at once: any order is
    the same order, unless two write the same target, which the caller must not have.
    """
    decisions: dict[str, If] = {}
    result: list[Statement | str] = []
    for statement in statements:
        if isinstance(statement, Assign):
            result.append(statement)
            continue
        key = statement.condition.text
        before = decisions.get(key)
        if before is None:
            result.append(key)
            decisions[key] = statement
            continue
        decisions[key] = If(
            before.condition,
            [*before.then, *statement.then],
            [*before.otherwise, *statement.otherwise],
        )
    return [_deeper(decisions[entry]) if isinstance(entry, str) else entry for entry in result]


def _deeper(decision: If) -> If:
    return If(decision.condition, merged(decision.then), merged(decision.otherwise))
