"""Which values become signals of a unit's module, and under which names."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property

from lstmir.backends.verilog.hierarchy import Tree, Unit
from lstmir.backends.verilog.names import Names
from lstmir.backends.verilog.naming import Naming
from lstmir.interpreter.rtl_design import Design
from lstmir.ir.operands import segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import ENTRY

CLOCK, RESET, UNUSED = "clk", "rst", "unused"

_SOURCES = (ENTRY, "tensor.constant", "rtl.literal")


class Plan:
    """Names and uses of the values of one unit.

    `inputs` and `outputs` are its ports by the value that goes through each; `results` are the
    ports of a whole design by the names that the design gives them. `path` has the names of the
    instances that lead to the unit, `instances` those of the units in it.
    """

    def __init__(self, tree: Tree, unit: Unit, naming: Naming, path: tuple[str, ...] = ()) -> None:
        self.tree = tree
        self.unit = unit
        self.design = tree.design
        self.names = Names()
        self._naming = naming
        self.path = path
        self._named: dict[Value, str] = {}
        self.results: dict[str, str] = {}
        if not unit.path:
            self.names.take(self.design.name)
        # Linters mind a signal that has the name of an instance around it.
        for name in (CLOCK, RESET, UNUSED, *path):
            self.names.take(name)
        self.outputs: dict[Value, str] = {}
        self.inputs = self._ports_of_design() if not unit.path else self._ports()
        self._named |= self.outputs
        self.instances = {key: self.names.take(key) for key in unit.children}
        self._name_inside()

    def _ports_of_design(self) -> dict[Value, str]:
        inputs = {value: self.names.take(name) for name, value in self.design.inputs.items()}
        self._named |= inputs
        for name, value in self.design.outputs.items():
            port = self.results[name] = self.names.take(name)
            if value.op.name not in _SOURCES and value not in self.outputs:
                self.outputs[value] = port
        return inputs

    def _ports(self) -> dict[Value, str]:
        path = self.unit.path
        for value in self.unit.outputs:
            self.outputs[value] = self.names.take(self._naming.seen_from(value, path))
        inputs: dict[Value, str] = {}
        for outer, inner in self.unit.inputs.items():
            named = inner if inner.name is not None else outer
            inputs[outer] = self._named[inner] = self.names.take(
                self._naming.seen_from(named, path)
            )
        return inputs

    def _name_inside(self) -> None:
        """Names for what the IR names and for what comes out of the units in this one."""
        path = self.unit.path
        values = [op.result for op in self.unit.operations if op.result.name is not None]
        values += [value for child in self.unit.children.values() for value in child.outputs]
        for value in values:
            if value not in self._named and value.op.name != "rtl.literal":
                self._named[value] = self.names.take(self._naming.seen_from(value, path))

    @cached_property
    def passed(self) -> dict[Value, None]:
        """The values that go into the units in this one."""
        children = self.unit.children.values()
        return dict.fromkeys(value for child in children for value in child.inputs)

    @property
    def arriving(self) -> list[Value]:
        """What comes in from outside, as the values that the unit's own operations read."""
        return [self.unit.inputs.get(outer, outer) for outer in self.inputs]

    @cached_property
    def own_registers(self) -> frozenset[Value]:
        """The registers of the unit itself."""
        return frozenset(self.unit.of_kind("rtl.reg"))

    @property
    def leaving(self) -> dict[str, Value]:
        """What each output is."""
        if self.unit.path:
            return {port: value for value, port in self.outputs.items()}
        return {port: self.design.outputs[name] for name, port in self.results.items()}

    def is_register(self, port: str) -> bool:
        """Whether an output is a register of the unit itself."""
        value = self.leaving[port]
        return value in self.own_registers and self.outputs.get(value) == port

    def ideal(self, value: Value) -> str:
        """What other units take as the name of a value that comes from here."""
        return self._naming.seen_from(value, self.unit.path)

    def target(self, value: Value) -> tuple[str, bool] | None:
        """The signal that a value ends in, and whether it is a register that takes it as it is."""
        return self._naming.target(value)

    def inside(self, child: Unit) -> Plan:
        """The plan of a unit in this one."""
        path = (*self.path, self.instances[child.path[-1]])
        return Plan(self.tree, child, self._naming, path)

    def name(self, value: Value, hint: str = "value") -> str:
        """The signal or memory that holds a value; one without a name gets the hint's."""
        if value not in self._named:
            self._named[value] = self.names.take(hint)
        return self._named[value]

    def is_named(self, value: Value) -> bool:
        """Whether a value is a signal because it has a name: the IR's, or a port's."""
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
        if use is None or value in self.outputs or value in self.passed:
            return False
        user, index = use
        if user is value.op.parent.end:
            return index in segments_of(user)[1]
        return index > 0 and user.name == "arith.select" and user.result in branches

    @cached_property
    def branches(self) -> frozenset[Value]:
        """Selections between such values: they print as `if`."""
        found: set[Value] = set()
        for op in reversed(self.unit.operations):
            if op.name == "arith.select" and self._becomes_state(op.result, found):
                found.add(op.result)
        return frozenset(found)


def plans_of(design: Design) -> dict[Unit, Plan]:
    """The plan of each unit of a design, the innermost first; the top is the last."""
    tree = Tree(design)
    top = Plan(tree, tree.top, Naming(tree.homes))
    return dict(reversed([(plan.unit, plan) for plan in _with_all_within(top)]))


def _with_all_within(plan: Plan) -> Iterator[Plan]:
    yield plan
    for child in reversed(plan.unit.children.values()):
        yield from _with_all_within(plan.inside(child))
