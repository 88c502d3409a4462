"""How the printer calls what a design is made of: the one place where proofs ask the printer."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.backends.verilog.names import identifier
from lstmir.backends.verilog.plan import plans_of
from lstmir.interpreter.rtl_design import read_design
from lstmir.ir.module import Module
from lstmir.ir.operation import Value


@dataclass(frozen=True)
class Names:
    """Ports by their names in the IR; registers and memories by their paths below the top module."""

    top: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    states: dict[Value, str]


def printed_names(module: Module) -> Names:
    """The names in the Verilog of a module; a state without a name is given one first."""
    design = read_design(module.main)
    for index, state in enumerate([*design.registers, *design.rams, *design.roms]):
        if state.name is None:
            state.op.result_names[state.index] = f"state_{index}"
    plans = list(plans_of(design).values())
    states = {
        state: ".".join([*plan.path, plan.name(state)])
        for plan in plans
        for kind in ("rtl.reg", "rtl.ram", "tensor.constant")
        for state in plan.unit.of_kind(kind)
    }
    inputs = {name: plans[-1].inputs[value] for name, value in design.inputs.items()}
    return Names(identifier(design.name), inputs, dict(plans[-1].results), states)
