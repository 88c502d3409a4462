"""Operations and regions: a region is a networkx graph whose nodes are operations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import networkx as nx

from lstmir.ir.diagnostics import Location
from lstmir.ir.types import Type

Attributes = dict[str, Any]
ENTRY = "region.entry"
_END = float("inf")


class Value(NamedTuple):
    """One result of one operation. A region's arguments are the results of its entry."""

    op: Operation
    index: int  # type: ignore[assignment]

    @property
    def type(self) -> Type:
        """The value's type."""
        return self.op.result_types[self.index]

    @property
    def name(self) -> str | None:
        """The name that the user or a pass gave it, without `%`."""
        return self.op.result_names[self.index]

    def __repr__(self) -> str:
        return f"%{self.name or self.index} of {self.op.name}"


class Operation:
    """A node of a region's graph. Its operands are the graph's edges: ask the region."""

    __slots__ = ("attributes", "location", "name", "position", "region", "regions", "result_names",
                 "result_types")  # fmt: skip

    def __init__(
        self,
        name: str,
        result_types: Iterable[Type] = (),
        attributes: Attributes | None = None,
        regions: Sequence[Region] = (),
        result_names: Iterable[str | None] | None = None,
        location: Location | None = None,
    ) -> None:
        self.name = name
        self.result_types = list(result_types)
        self.attributes: Attributes = attributes or {}
        self.regions = list(regions)
        names = list(result_names) if result_names is not None else []
        self.result_names = names + [None] * (len(self.result_types) - len(names))
        self.location = location
        self.region: Region | None = None
        self.position: tuple[float, ...] = (_END,)
        for region in self.regions:
            region.owner = self

    @property
    def results(self) -> tuple[Value, ...]:
        """All result values, in order."""
        return tuple(Value(self, i) for i in range(len(self.result_types)))

    @property
    def result(self) -> Value:
        """The only result. Raises ValueError if there is not exactly one."""
        (value,) = self.results
        return value

    @property
    def operands(self) -> tuple[Value, ...]:
        """The values that this operation uses, in order."""
        return self.parent.operands(self)

    @property
    def parent(self) -> Region:
        """The region that holds this operation."""
        if self.region is None:
            raise ValueError(f"'{self.name}' is in no region")
        return self.region

    def __repr__(self) -> str:
        return f"<{self.name}>"


class Region:
    """A graph of operations with arguments at its entry and one terminator at its end.

    Nodes are operations. An edge is a use: its key is the operand's index, its datum `result` the
    index of the producer's result. All edits go through the methods of this class.
    """

    __slots__ = ("_counter", "entry", "graph", "owner", "terminator")

    def __init__(
        self, types: Iterable[Type] = (), names: Iterable[str | None] | None = None
    ) -> None:
        self.graph = nx.MultiDiGraph()
        self.owner: Operation | None = None
        self.terminator: Operation | None = None
        self._counter = 0
        self.entry = Operation(ENTRY, types, result_names=names)
        self.entry.region = self
        self.entry.position = (-1,)
        self.graph.add_node(self.entry)

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
        moved = {old: new for new, old in enumerate(kept)}
        edges = list(self.graph.out_edges(self.entry, keys=True, data="result"))
        if any(index in dropped for *_, index in edges):
            raise ValueError("an argument still has users")
        for _, consumer, key, index in edges:
            self.graph.edges[self.entry, consumer, key]["result"] = moved[index]
        self.entry.result_types = [self.entry.result_types[i] for i in kept]
        self.entry.result_names = [self.entry.result_names[i] for i in kept]

    def insert(
        self, op: Operation, operands: Iterable[Value] = (), *, before: Operation | None = None
    ) -> Operation:
        """Add an operation, at the end of the text or before another one."""
        self._counter += 1
        op.region = self
        # Behind whatever stands before `before`, at any depth, and before `before` itself.
        behind = before.position[:-1] if before is not None else ()
        op.position = (*behind, self._counter, _END)
        self.graph.add_node(op)
        self._link(op, operands)
        return op

    def terminate(self, op: Operation, operands: Iterable[Value] = ()) -> Operation:
        """Add the terminator, which the text shows last."""
        self.insert(op, operands)
        op.position = (_END,)
        self.terminator = op
        return op

    def arrange(self, order: Iterable[Operation]) -> None:
        """Let the text show operations in this order, as far as their operands allow.

        `order` has every operation but the entry and the terminator, each once.
        """
        for op in order:
            self._counter += 1
            op.position = (self._counter, _END)

    def operands(self, op: Operation) -> tuple[Value, ...]:
        """The operands of one of this region's operations."""
        edges = self.graph.in_edges(op, keys=True, data="result")
        by_index = {key: Value(producer, index) for producer, _, key, index in edges}
        return tuple(by_index[key] for key in range(len(by_index)))

    def uses(self, value: Value) -> list[tuple[Operation, int]]:
        """Every (operation, operand index) that reads `value`, in text order."""
        found = [
            (consumer, key)
            for _, consumer, key, index in self.graph.out_edges(value.op, keys=True, data="result")
            if index == value.index
        ]
        return sorted(found, key=lambda use: (use[0].position, use[1]))

    def set_operands(self, op: Operation, operands: Iterable[Value]) -> None:
        """Replace all operands of an operation."""
        self.graph.remove_edges_from(list(self.graph.in_edges(op, keys=True)))
        self._link(op, operands)

    def replace_uses(self, old: Value, new: Value, *, but: Operation | None = None) -> None:
        """Let every user of `old` (except the operation `but`) read `new` instead."""
        for consumer, key in self.uses(old):
            if consumer is but:
                continue
            self.graph.remove_edge(old.op, consumer, key)
            self.graph.add_edge(new.op, consumer, key=key, result=new.index)

    def replace(self, op: Operation, values: Sequence[Value]) -> None:
        """Let the users of each result of `op` read the given values, and erase `op`."""
        for old, new in zip(op.results, values, strict=True):
            self.replace_uses(old, new)
        self.erase(op)

    def erase(self, op: Operation) -> None:
        """Remove an operation. Raises ValueError if a result is still used."""
        if self.graph.out_degree(op):
            raise ValueError(f"'{op.name}' still has users")
        self.graph.remove_node(op)
        op.region = None
        if op is self.terminator:
            self.terminator = None

    def operations(self) -> list[Operation]:
        """All operations but the entry, in a stable topological order; the terminator is last.

        Raises networkx.NetworkXUnfeasible if the graph has a cycle.
        """
        order = nx.lexicographical_topological_sort(self.graph, key=lambda op: op.position)
        return [op for op in order if op is not self.entry]

    def walk(self) -> Iterator[Operation]:
        """All operations, with those of nested regions after their owner."""
        for op in self.operations():
            yield op
            for region in op.regions:
                yield from region.walk()

    def _link(self, op: Operation, operands: Iterable[Value]) -> None:
        for index, value in enumerate(operands):
            if value.op.region is not self:
                raise ValueError(f"'{op.name}' uses a value from outside its region")
            self.graph.add_edge(value.op, op, key=index, result=value.index)
