"""A design as a tree of units, and the signals that go into and out of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lstmir.backends.verilog.units import CONSTANT, TOP, Homes, Path, is_signal, shared
from lstmir.interpreter.rtl_design import Design
from lstmir.ir.operation import Operation, Value


@dataclass(eq=False)
class Unit:
    """One unit: its own operations in topological order, and the units in it.

    `inputs` maps each signal from outside to the value that it is inside: itself, or the cast that
    is all that reads it. `outputs` are the signals made in the unit, or deeper, that others read.
    """

    path: Path
    operations: list[Operation] = field(default_factory=list)
    children: dict[str, Unit] = field(default_factory=dict)
    inputs: dict[Value, Value] = field(default_factory=dict)
    outputs: dict[Value, None] = field(default_factory=dict)

    def of_kind(self, name: str) -> list[Value]:
        """The results of the unit's own operations of that name, in order."""
        return [op.result for op in self.operations if op.name == name]

    def walk(self) -> Iterator[Unit]:
        """The units in this one, the innermost first, and this one at last."""
        for child in self.children.values():
            yield from child.walk()
        yield self


class Tree:
    """The units of a design under its top."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.homes = Homes(design)
        self.top = Unit(TOP)
        self._units = {TOP: self.top}
        for op in design.operations:
            if op.name != CONSTANT:
                self.unit(self.homes[op])
        self._connect()
        self._order_outputs()
        adopted = {op for unit in self.top.walk() for op in self._adopted(unit)}
        for op in design.operations:
            if op not in adopted:
                for path in self._places(op):
                    self._units[path].operations.append(op)

    def unit(self, path: Path) -> Unit:
        """The unit of a path; it and the units around it are made at their first use."""
        if path not in self._units:
            self._units[path] = self.unit(path[:-1]).children[path[-1]] = Unit(path)
        return self._units[path]

    def _places(self, op: Operation) -> list[Path]:
        """Where an operation is printed: in its home, and a constant wherever it is read."""
        if op.name != CONSTANT:
            return [self.homes[op]]
        return list(dict.fromkeys(self.homes[user] for user in self.homes.users[op.result]))

    def _connect(self) -> None:
        """Find all ports: inputs in the order in which a unit first reads them."""
        for value, user in self.homes.uses():
            if not is_signal(value):
                continue
            home, reader = self.homes[value.op], self.homes[user]
            common = shared(home, reader)
            for depth in range(common + 1, len(home) + 1):
                self._units[home[:depth]].outputs[value] = None
            for depth in range(common + 1, len(reader) + 1):
                self._units[reader[:depth]].inputs[value] = value

    def _order_outputs(self) -> None:
        """Outputs in the order of the operations that make them."""
        order = {op: index for index, op in enumerate(self.design.operations)}
        for unit in self._units.values():
            unit.outputs = dict.fromkeys(sorted(unit.outputs, key=lambda value: order[value.op]))

    def _adopted(self, unit: Unit) -> Iterator[Operation]:
        """The casts that are all that a unit does with an input: the input itself is their result."""
        for outer in unit.inputs:
            while (cast := self._only_cast(unit, unit.inputs[outer])) is not None:
                unit.inputs[outer] = cast.result
                yield cast

    def _only_cast(self, unit: Unit, value: Value) -> Operation | None:
        readers = self.homes.readers_within(value, unit.path)
        if len(readers) != 1 or readers[0].name != "rtl.cast":
            return None
        cast = readers[0]
        is_here = self.homes[cast] == unit.path and cast.result not in unit.outputs
        return cast if is_here else None
