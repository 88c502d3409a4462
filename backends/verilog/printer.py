"""Prints a level-5 module as Verilog-2001."""

from __future__ import annotations

from lstmir.backends.verilog.layout import body
from lstmir.backends.verilog.lines import table
from lstmir.backends.verilog.logic import Logic
from lstmir.backends.verilog.memories import add_memories
from lstmir.backends.verilog.plan import CLOCK, RESET, Plan
from lstmir.backends.verilog.registers import add_registers
from lstmir.backends.verilog.sheet import Section, Sheet, Wire
from lstmir.interpreter.rtl_design import read_design, signal_type
from lstmir.ir.module import Module
from lstmir.numeric.fixed import FixedType

_ONE_WIRE = FixedType(False, 1, 0)
_HEADER = """\
// {name}: printed by lstmir from the IR's register-transfer level.
// One clock; reset is synchronous and active high. A remark s<W,F> or u<W,F> is a number format:
// W bits, signed or unsigned, which are worth their integer times 2**-F."""


def print_design(module: Module) -> dict[str, str]:
    """The files of the main function of a verified level-5 module, by name.

    `<function>.v` holds one Verilog module; each constant memory has an image beside it. Every
    operation means exactly what the interpreter computes. Raises `UserError` if the function is no
    clocked design.
    """
    plan = Plan(read_design(module.main))
    sheet = Sheet({unit: Section() for unit in plan.units})
    logic = Logic(plan, sheet)
    add_registers(logic)
    images = add_memories(logic, module.resources)
    _assign_outputs(logic)
    lines = body(sheet, _inputs(plan, sheet))
    header = _HEADER.format(name=plan.module)
    text = "\n".join([header, *_head(plan), *lines, "", "endmodule", ""])
    return {f"{plan.module}.v": text, **images}


def _inputs(plan: Plan, sheet: Sheet) -> dict[str, FixedType]:
    """The ports into the design; clock and reset only where nothing uses them."""
    design, sections = plan.design, sheet.sections.values()
    inputs = {plan.inputs[name]: signal_type(value.type) for name, value in design.inputs.items()}
    if not any(section.is_clocked for section in sections):
        inputs[CLOCK] = _ONE_WIRE
    if not any(register.is_reset for section in sections for register in section.registers):
        inputs[RESET] = _ONE_WIRE
    return inputs


def _assign_outputs(logic: Logic) -> None:
    """Drive the outputs that are no signal of the design itself."""
    plan = logic.plan
    for name, value in plan.design.outputs.items():
        port, type_ = plan.outputs[name], signal_type(value.type)
        if port not in plan.drivers:
            wire = Wire(port, type_, logic.low(value, type_.width), port=True)
            logic.sheet.section("").wires.append(wire)


def _head(plan: Plan) -> list[str]:
    rows = [("input", _ONE_WIRE, CLOCK), ("input", _ONE_WIRE, RESET)]
    for name, value in plan.design.inputs.items():
        rows.append(("input", signal_type(value.type), plan.inputs[name]))
    for name, value in plan.design.outputs.items():
        port = plan.outputs[name]
        driver = plan.drivers.get(port)
        is_register = driver is not None and driver.op.name == "rtl.reg"
        rows.append(("output reg" if is_register else "output", signal_type(value.type), port))
    lines = table(rows, ",")
    return [f"module {plan.module} (", *lines[:-1], lines[-1].replace(",", "", 1), ");"]
