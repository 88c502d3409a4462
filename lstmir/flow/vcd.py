"""The signals of a value change dump, under the names that they have in the Verilog."""

from __future__ import annotations

from lstmir.backends.verilog.plan import CLOCK, RESET, Plan
from lstmir.interpreter.rtl_design import read_design, signal_type
from lstmir.interpreter.vcd import Scope, Signal
from lstmir.ir.module import Module
from lstmir.ir.operation import Value


def scope_of(module: Module) -> Scope:
    """Clock, reset, ports and named registers of a level-5 module.

    A register that drives an output is that port, as in the Verilog.
    """
    design = read_design(module.main)
    plan = Plan(design)
    inputs = [_signal(plan.inputs[name], "wire", value) for name, value in design.inputs.items()]
    outputs = []
    for name, value in design.outputs.items():
        port = plan.outputs[name]
        driver = plan.drivers.get(port)
        kind = "reg" if driver is not None and driver.op.name == "rtl.reg" else "wire"
        outputs.append(_signal(port, kind, value))
    shown = set(plan.drivers.values())
    registers = [
        _signal(plan.name(value), "reg", value)
        if plan.is_named(value) and value not in shown
        else None
        for value in design.registers
    ]
    return Scope(plan.module, CLOCK, RESET, registers, inputs, outputs)


def _signal(name: str, kind: str, value: Value) -> Signal:
    return Signal(name, kind, signal_type(value.type).width)
