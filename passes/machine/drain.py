"""Takes the held sums apart: a hidden unit a cycle for the tail, a row a cycle for the head."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.ir.operation import Value
from lstmir.ir.types import I1
from lstmir.passes.machine.array import Sums
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.program import Program


@dataclass
class Drain:
    """`gate_sums` are the sums of the unit of this cycle, `row_sum` that of the head's row."""

    unit_valid: Value
    row_valid: Value
    gate_sums: list[Value]
    row_sum: Value


def build_drain(logic: Logic, program: Program, sums: Sums) -> Drain:
    """Counters over units and gates, and the selections that they steer."""
    logic.unit = "drain"
    gates, units = program.gates, program.rows // program.gates
    unit_valid, row_valid = logic.reg(I1, "unit_valid", 0), logic.reg(I1, "row_valid", 0)
    unit, gate = logic.reg(natural(units), "unit", 0), logic.reg(natural(gates), "gate", 0)
    last_unit = logic.equals(unit, units - 1, hint="last_unit")
    last_gate = logic.equals(gate, gates - 1, hint="last_gate")
    unit_done = logic.any(unit_valid, logic.all(row_valid, last_gate), hint="unit_done")

    going_on = logic.no(logic.all(unit_done, last_unit), hint="going_on")
    logic.drive(unit_valid, logic.any(sums.for_tail, logic.all(unit_valid, going_on)))
    logic.drive(row_valid, logic.any(sums.for_head, logic.all(row_valid, going_on)))
    load = logic.any(sums.for_tail, sums.for_head)

    def counts(state: Value, enable: Value, last: Value) -> None:
        zero = logic.literal(0, state.type)
        following = logic.select(last, zero, logic.plus_one(state))
        logic.drive(state, logic.select(load, zero, logic.select(enable, following, state)))

    counts(unit, unit_done, last_unit)
    counts(gate, row_valid, last_gate)
    gate_sums = [
        logic.pick([sums.held[u * gates + q] for u in range(units)], unit) for q in range(gates)
    ]
    return Drain(unit_valid, row_valid, gate_sums, logic.pick(gate_sums, gate))
