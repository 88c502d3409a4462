"""Which values of a design become signals, and under which names."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from lstmir.backends.verilog.names import Names
from lstmir.interpreter.rtl_design import Design
from lstmir.ir.operands import segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import ENTRY

CLOCK, RESET, UNUSED = "clk", "rst", "unused"

_SOURCES = (ENTRY, "tensor.constant", "rtl.literal")


class Plan:
    """Names and uses of the values of one design."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.names = Names()
        self.module = self.names.take(design.name)
        for name in (CLOCK, RESET, UNUSED):
            self.names.take(name)
        self.inputs = {name: self.names.take(name) for name in design.inputs}
        self.outputs = {name: self.names.take(name) for name in design.outputs}
        self._named = {design.inputs[name]: port for name, port in self.inputs.items()}
        self.drivers = self._drivers()
        self._named |= {value: port for port, value in self.drivers.items()}
        for op in design.operations:
            if op.result not in self._named and op.result.name is not None:
                self._named[op.result] = self.names.take(op.result.name)

    def _drivers(self) -> dict[str, Value]:
        """The outputs that are the name of a value: of one that is no port or constant already."""
        drivers: dict[str, Value] = {}
        for name, value in self.design.outputs.items():
            if value.op.name not in _SOURCES and value not in drivers.values():
                drivers[self.outputs[name]] = value
        return drivers

    def name(self, value: Value, hint: str = "value") -> str:
        """The signal or memory that holds a value; one without a name gets the hint's."""
        if value not in self._named:
            self._named[value] = self.names.take(hint)
        return self._named[value]

    def is_named(self, value: Value) -> bool:
        """Whether a value is a signal because it has a name: the IR's, or an output's."""
        return value.name is not None or value in self._named

    def only_use(self, value: Value) -> tuple[Operation, int] | None:
        """The operation that reads a value, and as which operand; None if several do."""
        uses = value.op.parent.uses(value)
        return uses[0] if len(uses) == 1 else None

    def becomes_state(self, value: Value) -> bool:
        """Whether a value is nothing but what a register takes, always or in some case."""
        return self._becomes_state(value, self.branches)

    def _becomes_state(self, value: Value, branches: Collection[Value]) -> bool:
        use = self.only_use(value)
        if use is None or value in self.drivers.values():
            return False
        user, index = use
        if user is value.op.parent.end:
            return index in segments_of(user)[1]
        return index > 0 and user.name == "arith.select" and user.result in branches

    @cached_property
    def branches(self) -> frozenset[Value]:
        """Selections between such values: they print as `if`."""
        found: set[Value] = set()
        for op in reversed(self.design.operations):
            if op.name == "arith.select" and self._becomes_state(op.result, found):
                found.add(op.result)
        return frozenset(found)

    @cached_property
    def _units(self) -> dict[Operation, str]:
        units: dict[Operation, str] = {}
        for op in reversed(self.design.operations):
            own = op.attributes.get("unit")
            units[op] = str(own) if own is not None else self._unit_of_user(op, units)
        return units

    def _unit_of_user(self, op: Operation, units: dict[Operation, str]) -> str:
        for user, _ in op.parent.uses(op.result):
            if user in units:
                return units[user]
        for state, value in self.design.updates.items():
            if value.op is op:
                return str(state.op.attributes.get("unit", ""))
        return ""

    def unit(self, op: Operation) -> str:
        """The part of the machine that an operation belongs to, or that of its first user.

        Empty if neither says one.
        """
        return self._units[op]

    @property
    def units(self) -> list[str]:
        """All parts of the machine, in the order of their first operation."""
        return [unit for unit in dict.fromkeys(map(self.unit, self.design.operations)) if unit]
