"""The signals of a value change dump, in the scopes and under the names that the Verilog has."""

from __future__ import annotations

from collections.abc import Iterator

from lstmir.backends.verilog.names import identifier
from lstmir.backends.verilog.plan import CLOCK, RESET, Plan, plans_of
from lstmir.interpreter.rtl_design import read_design, signal_type
from lstmir.interpreter.vcd import Scope, Signal
from lstmir.ir.module import Module
from lstmir.ir.operation import Value


def scope_of(module: Module) -> Scope:
    """Clock, reset, ports and named registers of a level-5 module.

    A register of the top that drives an output is that port, as in the Verilog.
    """
    design = read_design(module.main)
    plans = plans_of(design)
    top = list(plans.values())[-1]
    registers = {value: each for plan in plans.values() for value, each in _registers(plan)}
    inputs = [_signal(top.inputs[value], "wire", value) for value in design.inputs.values()]
    outputs = [
        _signal(port, "reg" if top.is_register(port) else "wire", value)
        for port, value in top.leaving.items()
    ]
    shown = [registers.get(value) for value in design.registers]
    return Scope(identifier(design.name), CLOCK, RESET, shown, inputs, outputs)


def _registers(plan: Plan) -> Iterator[tuple[Value, Signal]]:
    """The named registers of a unit; without those that are ports of the top."""
    for value in plan.unit.of_kind("rtl.reg"):
        if plan.is_named(value) and (plan.path or value not in plan.outputs):
            yield value, _signal(plan.name(value), "reg", value, plan.path)


def _signal(name: str, kind: str, value: Value, path: tuple[str, ...] = ()) -> Signal:
    return Signal(name, kind, signal_type(value.type).width, path)
