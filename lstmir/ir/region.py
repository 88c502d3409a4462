"""Regions: graphs of operations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from lstmir.ir.operation import END, Operation, Value
from lstmir.ir.types import Type
from lstmir.ir.uses import Uses

if TYPE_CHECKING:
    import networkx as nx

ENTRY = "region.entry"


class Region:
    """A graph of operations with arguments at its entry and one terminator at its end.

    Nodes are operations. An edge is a use: its key is the operand's index, its datum `result` the
    index of the producer's result. All edits go through the methods of this class.
    """

    __slots__ = ("_counter", "_uses", "entry", "owner", "terminator")

    def __init__(
        self, types: Iterable[Type] = (), names: Iterable[str | None] | None = None
    ) -> None:
        self._uses = Uses()
        self._counter = 0
        self.owner: Operation | None = None
        self.terminator: Operation | None = None
        self.entry = Operation(ENTRY, types, result_names=names)
        self._add(self.entry, (-1,))

    @property
    def graph(self) -> nx.MultiDiGraph:
        """The region as networkx knows it, for reading: not a copy."""
        return self._uses.graph

    @property
    def arguments(self) -> tuple[Value, ...]:
        """The values that enter the region."""
        return self.entry.results

    @property
    def end(self) -> Operation:
        """The terminator. Raises ValueError while the region is under construction."""
        if self.terminator is None:
            raise ValueError("the region has no terminator yet")
        return self.terminator

    def add_argument(self, type_: Type, name: str | None = None) -> Value:
        """Append an argument."""
        self.entry.result_types.append(type_)
        self.entry.result_names.append(name)
        return self.arguments[-1]

    def drop_arguments(self, indices: Iterable[int]) -> None:
        """Remove arguments; those behind them move up. Raises ValueError if one is still used."""
        dropped = set(indices)
        kept = [i for i in range(len(self.entry.result_types)) if i not in dropped]
        self._uses.renumber(self.entry, {old: new for new, old in enumerate(kept)})
        self.entry.result_types = [self.entry.result_types[i] for i in kept]
        self.entry.result_names = [self.entry.result_names[i] for i in kept]

    def insert(
        self, op: Operation, operands: Iterable[Value] = (), *, before: Operation | None = None
    ) -> Operation:
        """Add an operation, at the end of the text or before another one."""
        self._counter += 1
        # Behind whatever stands before `before`, at any depth, and before `before` itself.
        behind = before.position[:-1] if before is not None else ()
        self._add(op, (*behind, self._counter, END))
        self._link(op, operands)
        return op

    def terminate(self, op: Operation, operands: Iterable[Value] = ()) -> Operation:
        """Add the terminator, which the text shows last."""
        self.insert(op, operands)
        self.end_with(op)
        return op

    def end_with(self, op: Operation) -> None:
        """Let an operation of the region, which nothing uses, be its terminator."""
        op.position = (END,)
        self.terminator = op

    def arrange(self, order: Iterable[Operation]) -> None:
        """Let the text show operations in this order, as far as their operands allow.

        `order` has every operation but the entry and the terminator, each once.
        """
        for op in order:
            self._counter += 1
            op.position = (self._counter, END)

    def operands(self, op: Operation) -> tuple[Value, ...]:
        """The operands of one of this region's operations."""
        return self._uses.operands(op)

    def uses(self, value: Value) -> list[tuple[Operation, int]]:
        """Every (operation, operand index) that reads `value`, in text order."""
        return sorted(self._uses.of(value), key=lambda use: (use[0].position, use[1]))

    def use_count(self, op: Operation) -> int:
        """How often results of an operation are read."""
        return self._uses.count(op)

    def is_used(self, op: Operation) -> bool:
        """Whether any result of an operation is read."""
        return bool(self._uses.successors[op])

    def set_operands(self, op: Operation, operands: Iterable[Value]) -> None:
        """Replace all operands of an operation."""
        self._uses.disconnect(op)
        self._link(op, operands)

    def replace_uses(self, old: Value, new: Value, *, but: Operation | None = None) -> None:
        """Let every user of `old` (except the operation `but`) read `new` instead."""
        self._uses.move(old, new, but)

    def replace(self, op: Operation, values: Sequence[Value]) -> None:
        """Let the users of each result of `op` read the given values, and erase `op`."""
        for old, new in zip(op.results, values, strict=True):
            self.replace_uses(old, new)
        self.erase(op)

    def erase(self, op: Operation) -> None:
        """Remove an operation. Raises ValueError if a result is still used."""
        if self.is_used(op):
            raise ValueError(f"'{op.name}' still has users")
        self._uses.remove(op)
        op.region = None
        if op is self.terminator:
            self.terminator = None

    def operations(self) -> list[Operation]:
        """All operations but the entry, in a stable topological order; the terminator is last.

        Raises `CycleError` if operations wait for each other.
        """
        order = self._uses.in_order()
        order.remove(self.entry)
        return order

    def walk(self) -> Iterator[Operation]:
        """All operations, with those of nested regions after their owner."""
        for op in self.operations():
            yield op
            for region in op.regions:
                yield from region.walk()

    def _add(self, op: Operation, position: tuple[float, ...]) -> None:
        op.region = self
        op.position = position
        self._uses.add(op)

    def _link(self, op: Operation, operands: Iterable[Value]) -> None:
        for index, value in enumerate(operands):
            if value.op.region is not self:
                raise ValueError(f"'{op.name}' uses a value from outside its region")
            self._uses.connect(value, op, index)
