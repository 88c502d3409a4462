"""Which unit of the machine each operation belongs to: a path of instance names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lstmir.interpreter.rtl_design import Design
from lstmir.ir.operation import Operation, Value

Path = tuple[str, ...]
TOP: Path = ()
CONSTANT = "rtl.literal"
OUTSIDE = Operation("rtl.next")
"""Stands for whoever reads the outputs of a design."""
_MEMORIES = ("rtl.ram", "rtl.write", "tensor.constant")


def path_of(unit: str) -> Path:
    """`array.lane_3` as the names of instances, from the outermost to the innermost."""
    return tuple(re.sub(r"[^A-Za-z0-9_]", "_", part) for part in unit.split(".") if part)


def is_signal(value: Value) -> bool:
    """Whether a value is one that wires carry from unit to unit: no constant, and no memory."""
    return value.op.name != CONSTANT and value.op.name not in _MEMORIES


def shared(a: Path, b: Path) -> int:
    """How many instances two paths have in common."""
    for index, (one, other) in enumerate(zip(a, b, strict=False)):
        if one != other:
            return index
    return min(len(a), len(b))


class Homes:
    """The unit of every operation, and the operations that read each value.

    An operation without a unit has that of its first user. What reads or writes a memory is where
    the memory is. Wires that are all that a unit reads of a signal are picked outside of it.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self.users: dict[Value, list[Operation]] = {}
        for value, user in self.uses():
            self.users.setdefault(value, []).append(user)
        marks = self._marks()
        self._homes = {op: marks[memory_of(op) or op] for op in design.operations}
        self._homes |= dict.fromkeys((value.op for value in design.inputs.values()), TOP)
        self._homes[OUTSIDE] = TOP
        for op in design.operations:
            if op.name == "rtl.bits" and is_signal(op.operands[0]):
                self._lift(op)

    def __getitem__(self, op: Operation) -> Path:
        return self._homes[op]

    def uses(self) -> Iterator[tuple[Value, Operation]]:
        """Each value with each that reads it: an operation, the state that it becomes, or whoever
        reads the outputs. Operations are in topological order.
        """
        for op in self.design.operations:
            yield from ((value, op) for value in op.operands)
        yield from ((value, state.op) for state, value in self.design.updates.items())
        yield from ((value, OUTSIDE) for value in self.design.outputs.values())

    def _marks(self) -> dict[Operation, Path]:
        marks: dict[Operation, Path] = {
            op: path_of(op.attributes["unit"])
            for op in self.design.operations
            if op.attributes.get("unit")
        }
        for op in reversed(self.design.operations):
            if op not in marks:
                users = self.users.get(op.result, ())
                marks[op] = next((marks[user] for user in users if user in marks), TOP)
        return marks

    def readers_within(self, value: Value, path: Path) -> list[Operation]:
        """The operations of a unit, and of the units in it, that read a value."""
        users = self.users.get(value, ())
        return [user for user in users if self._homes[user][: len(path)] == path]

    def _lift(self, op: Operation) -> None:
        source = op.operands[0]
        origin, home = self._homes[source.op], self._homes[op]
        while origin[: len(home)] != home and len(self.readers_within(source, home)) == 1:
            home = home[:-1]
        self._homes[op] = home


def memory_of(op: Operation) -> Operation | None:
    """The memory that an operation reads or writes; None if it does neither."""
    if op.name not in ("rtl.read", "rtl.write"):
        return None
    content = op.operands[0]
    while content.op.name == "rtl.write":
        content = content.op.operands[0]
    return content.op
