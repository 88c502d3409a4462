"""Regions: graphs of operations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from lstmir.ir.operation import END, Operation, Value
from lstmir.ir.types import Type

if TYPE_CHECKING:
    import networkx as nx

ENTRY = "region.entry"

# The uses of one operation by another, as networkx stores parallel edges: data by operand index.
_Edges = dict[int, dict[str, int]]


class CycleError(Exception):
    """The operations of a region wait for each other."""


class Region:
    """A graph of operations with arguments at its entry and one terminator at its end.

    Nodes are operations. An edge is a use: its key is the operand's index, its datum `result` the
    index of the producer's result. All edits go through the methods of this class.

    The nodes and edges are kept in the dictionaries of a networkx graph, and `graph` is that
    graph. It is made when first asked for: to read, check and print a module takes no networkx.
    """

    __slots__ = ("_counter", "_graph", "_nodes", "_predecessors", "_successors", "entry", "owner",
                 "terminator")  # fmt: skip

    def __init__(
        self, types: Iterable[Type] = (), names: Iterable[str | None] | None = None
    ) -> None:
        self._nodes: dict[Operation, dict[str, object]] = {}
        self._successors: dict[Operation, dict[Operation, _Edges]] = {}
        self._predecessors: dict[Operation, dict[Operation, _Edges]] = {}
        self._graph: nx.MultiDiGraph | None = None
        self._counter = 0
        self.owner: Operation | None = None
        self.terminator: Operation | None = None
        self.entry = Operation(ENTRY, types, result_names=names)
        self._add(self.entry, (-1,))

    @property
    def graph(self) -> nx.MultiDiGraph:
        """The region as networkx knows it, for reading: the same dictionaries, not a copy."""
        if self._graph is None:
            import networkx as nx

            self._graph = nx.MultiDiGraph()
            self._graph._node = self._nodes
            self._graph._adj = self._successors
            self._graph._pred = self._predecessors
        return self._graph

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
        outgoing = self._successors[self.entry]
        if any(
            datum["result"] in dropped for edges in outgoing.values() for datum in edges.values()
        ):
            raise ValueError("an argument still has users")
        for consumer, edges in list(outgoing.items()):
            renumbered = {key: {"result": moved[datum["result"]]} for key, datum in edges.items()}
            self._set_edges(self.entry, consumer, renumbered)
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
        found = {
            index: Value(producer, datum["result"])
            for producer, edges in self._predecessors[op].items()
            for index, datum in edges.items()
        }
        return tuple([found[index] for index in range(len(found))])

    def uses(self, value: Value) -> list[tuple[Operation, int]]:
        """Every (operation, operand index) that reads `value`, in text order."""
        found = [
            (consumer, key)
            for consumer, edges in self._successors[value.op].items()
            for key, datum in edges.items()
            if datum["result"] == value.index
        ]
        return sorted(found, key=lambda use: (use[0].position, use[1]))

    def use_count(self, op: Operation) -> int:
        """How often results of an operation are read."""
        return sum(map(len, self._successors[op].values()))

    def is_used(self, op: Operation) -> bool:
        """Whether any result of an operation is read."""
        return bool(self._successors[op])

    def set_operands(self, op: Operation, operands: Iterable[Value]) -> None:
        """Replace all operands of an operation."""
        self._unlink(op)
        self._link(op, operands)

    def replace_uses(self, old: Value, new: Value, *, but: Operation | None = None) -> None:
        """Let every user of `old` (except the operation `but`) read `new` instead."""
        for consumer, edges in list(self._successors[old.op].items()):
            if consumer is but:
                continue
            moved = [key for key, datum in edges.items() if datum["result"] == old.index]
            if moved:
                stay = {key: datum for key, datum in edges.items() if key not in moved}
                self._set_edges(old.op, consumer, stay)
            for key in moved:
                self._connect(new, consumer, key)

    def replace(self, op: Operation, values: Sequence[Value]) -> None:
        """Let the users of each result of `op` read the given values, and erase `op`."""
        for old, new in zip(op.results, values, strict=True):
            self.replace_uses(old, new)
        self.erase(op)

    def erase(self, op: Operation) -> None:
        """Remove an operation. Raises ValueError if a result is still used."""
        if self._successors[op]:
            raise ValueError(f"'{op.name}' still has users")
        self._unlink(op)
        del self._nodes[op], self._successors[op], self._predecessors[op]
        op.region = None
        if op is self.terminator:
            self.terminator = None

    def operations(self) -> list[Operation]:
        """All operations but the entry, in a stable topological order; the terminator is last.

        Raises `CycleError` if operations wait for each other.
        """
        order = sorted(self._nodes, key=_position)
        if not self._is_topological(order):
            order = self._sorted()
        order.remove(self.entry)
        return order

    def _sorted(self) -> list[Operation]:
        """The topological order that is nearest to the text's."""
        import networkx as nx

        try:
            return list(nx.lexicographical_topological_sort(self.graph, key=_position))
        except nx.NetworkXUnfeasible as error:
            raise CycleError from error

    def walk(self) -> Iterator[Operation]:
        """All operations, with those of nested regions after their owner."""
        for op in self.operations():
            yield op
            for region in op.regions:
                yield from region.walk()

    def _is_topological(self, order: Iterable[Operation]) -> bool:
        """Whether the text's order has every operation behind those that it reads."""
        for op in order:
            position = op.position
            for producer in self._predecessors[op]:
                if producer.position >= position:
                    return False
        return True

    def _add(self, op: Operation, position: tuple[float, ...]) -> None:
        op.region = self
        op.position = position
        self._nodes[op] = _NO_DATA
        self._successors[op] = {}
        self._predecessors[op] = {}

    def _link(self, op: Operation, operands: Iterable[Value]) -> None:
        for index, value in enumerate(operands):
            if value.op.region is not self:
                raise ValueError(f"'{op.name}' uses a value from outside its region")
            self._connect(value, op, index)

    def _connect(self, value: Value, consumer: Operation, index: int) -> None:
        """Let `value` be an operand of an operation that has none of this index."""
        producer, result = value
        edges = _ONE_USE[index, result]
        incoming = self._predecessors[consumer]
        if producer in incoming:
            edges = {**incoming[producer], **edges}
        incoming[producer] = self._successors[producer][consumer] = edges

    def _set_edges(self, producer: Operation, consumer: Operation, edges: _Edges) -> None:
        """Replace all edges between two operations."""
        if edges:
            self._successors[producer][consumer] = edges
            self._predecessors[consumer][producer] = edges
        else:
            del self._successors[producer][consumer], self._predecessors[consumer][producer]

    def _unlink(self, op: Operation) -> None:
        for producer in self._predecessors[op]:
            del self._successors[producer][op]
        self._predecessors[op].clear()


# Nodes have no data; they share one dictionary.
_NO_DATA: dict[str, object] = {}


class _SharedEdges(dict[tuple[int, int], _Edges]):
    """The one edge of an operand index from a result index.

    Dictionaries of edges are never changed, only replaced: most of them are one of few.
    """

    def __missing__(self, use: tuple[int, int]) -> _Edges:
        index, result = use
        self[use] = {index: {"result": result}}
        return self[use]


_ONE_USE = _SharedEdges()


def _position(op: Operation) -> tuple[float, ...]:
    return op.position
