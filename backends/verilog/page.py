"""The text of one unit: everything of its module but its name and the files of its images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lstmir.backends.verilog.expressions import Expr
from lstmir.backends.verilog.hierarchy import Unit
from lstmir.backends.verilog.layout import clocked_part, combinational_part, sink
from lstmir.backends.verilog.lines import table
from lstmir.backends.verilog.logic import Logic
from lstmir.backends.verilog.memories import add_memories
from lstmir.backends.verilog.plan import CLOCK, RESET, Plan
from lstmir.backends.verilog.registers import add_registers
from lstmir.backends.verilog.sheet import Image, Instance, Sheet, Wire
from lstmir.interpreter.rtl_design import signal_type
from lstmir.numeric.fixed import FixedType

ONE_WIRE = FixedType(False, 1, 0)
Port = tuple[str, FixedType, str]
"""How a port is declared, its type and its name."""


@dataclass(frozen=True)
class Page:
    """One unit in Verilog. Images are called by their parameters; instances come in the middle."""

    ports: list[Port]
    head: list[str]
    instances: list[Instance]
    tail: list[str]
    images: list[Image]

    def has(self, port: str) -> bool:
        """Whether there is such a port: clock and reset are where something needs them."""
        return any(name == port for _, _, name in self.ports)

    @property
    def lines(self) -> tuple[str, ...]:
        """All text but the instances."""
        return (*table(self.ports, ","), *self.head, *self.tail)


def page_of(unit: Unit, plans: dict[Unit, Plan], pages: dict[Unit, Page]) -> Page:
    """The page of a unit; those of the units in it are among `pages`."""
    plan, sheet = plans[unit], Sheet()
    logic = Logic(plan, sheet)
    add_registers(logic)
    add_memories(logic)
    _assign_outputs(logic)
    for key, child in unit.children.items():
        connections = list(_connections(logic, plans[child], pages[child]))
        sheet.instances.append(Instance(key, plan.instances[key], connections))
    inside = [pages[child] for child in unit.children.values()]
    used = {
        CLOCK: sheet.is_clocked or any(page.has(CLOCK) for page in inside),
        RESET: sheet.is_reset or any(page.has(RESET) for page in inside),
    }
    is_top = not unit.path
    inputs = {plan.name(value): signal_type(value.type) for value in plan.arriving}
    inputs |= {name: ONE_WIRE for name in used if is_top and not used[name]}
    return Page(
        [("input", ONE_WIRE, name) for name in used if is_top or used[name]] + _signals(plan),
        combinational_part(sheet),
        sheet.instances,
        [*clocked_part(sheet), *sink(sheet, inputs)],
        [memory.image for memory in sheet.memories if memory.image is not None],
    )


def _signals(plan: Plan) -> list[Port]:
    rows: list[Port] = [
        ("input", signal_type(value.type), plan.name(value)) for value in plan.arriving
    ]
    for port, value in plan.leaving.items():
        keyword = "output reg" if plan.is_register(port) else "output"
        rows.append((keyword, signal_type(value.type), port))
    return rows


def _assign_outputs(logic: Logic) -> None:
    """Drive the outputs of the design that are no signal of its own."""
    plan = logic.plan
    for name, port in plan.results.items():
        value = plan.design.outputs[name]
        if plan.outputs.get(value) != port:
            type_ = signal_type(value.type)
            logic.sheet.wires.append(Wire(port, type_, logic.low(value, type_.width), port=True))


def _connections(logic: Logic, inner: Plan, page: Page) -> Iterator[tuple[str, Expr]]:
    """What each port of a unit in this one is connected to."""
    yield from ((name, Expr(name, 1)) for name in (CLOCK, RESET) if page.has(name))
    for outer, port in inner.inputs.items():
        yield port, logic.connection(outer)
    for value, port in inner.outputs.items():
        yield port, Expr(logic.plan.name(value), signal_type(value.type).width)
