"""Which operation reads which value: the edges of a region's graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from lstmir.ir.operation import Operation, Value

if TYPE_CHECKING:
    import networkx as nx

# The uses of one operation by another, as networkx stores parallel edges: data by operand index.
_Edges = dict[int, dict[str, int]]


class CycleError(Exception):
    """The operations of a region wait for each other."""


class Uses:
    """A directed multigraph: nodes are operations, and an edge is a use.

    The key of an edge is the operand's index, its datum `result` the index of the producer's
    result. All stands in the dictionaries of a networkx graph, and `graph` is that graph. It is
    made when first asked for: to read, check and print a module takes no networkx.
    """

    __slots__ = ("_graph", "nodes", "predecessors", "successors")

    def __init__(self) -> None:
        self.nodes: dict[Operation, dict[str, object]] = {}
        self.successors: dict[Operation, dict[Operation, _Edges]] = {}
        self.predecessors: dict[Operation, dict[Operation, _Edges]] = {}
        self._graph: nx.MultiDiGraph | None = None

    @property
    def graph(self) -> nx.MultiDiGraph:
        """The same dictionaries as networkx knows them, for reading."""
        if self._graph is None:
            import networkx as nx

            self._graph = nx.MultiDiGraph()
            self._graph._node = self.nodes
            self._graph._adj = self.successors
            self._graph._pred = self.predecessors
        return self._graph

    def add(self, op: Operation) -> None:
        """Add an operation without uses."""
        self.nodes[op] = _NO_DATA
        self.successors[op] = {}
        self.predecessors[op] = {}

    def remove(self, op: Operation) -> None:
        """Remove an operation that nothing reads."""
        self.disconnect(op)
        del self.nodes[op], self.successors[op], self.predecessors[op]

    def connect(self, value: Value, consumer: Operation, index: int) -> None:
        """Let `value` be an operand of an operation that has none of this index."""
        producer, result = value
        edges = _ONE_USE[index, result]
        incoming = self.predecessors[consumer]
        if producer in incoming:
            edges = {**incoming[producer], **edges}
        incoming[producer] = self.successors[producer][consumer] = edges

    def disconnect(self, op: Operation) -> None:
        """Let an operation have no operands."""
        for producer in self.predecessors[op]:
            del self.successors[producer][op]
        self.predecessors[op].clear()

    def move(self, old: Value, new: Value, but: Operation | None) -> None:
        """Let whoever reads `old`, except the operation `but`, read `new`."""
        for consumer, edges in list(self.successors[old.op].items()):
            if consumer is but:
                continue
            moved = [key for key, datum in edges.items() if datum["result"] == old.index]
            if moved:
                stay = {key: datum for key, datum in edges.items() if key not in moved}
                self._set_edges(old.op, consumer, stay)
            for key in moved:
                self.connect(new, consumer, key)

    def renumber(self, producer: Operation, results: Mapping[int, int]) -> None:
        """Give the results of an operation other indices. Raises ValueError if one that is read has none."""
        outgoing = self.successors[producer]
        if any(d["result"] not in results for edges in outgoing.values() for d in edges.values()):
            raise ValueError("an argument still has users")
        for consumer, edges in list(outgoing.items()):
            renumbered = {key: {"result": results[d["result"]]} for key, d in edges.items()}
            self._set_edges(producer, consumer, renumbered)

    def operands(self, op: Operation) -> tuple[Value, ...]:
        """The values that an operation reads, in order."""
        found = {
            index: Value(producer, datum["result"])
            for producer, edges in self.predecessors[op].items()
            for index, datum in edges.items()
        }
        return tuple([found[index] for index in range(len(found))])

    def of(self, value: Value) -> list[tuple[Operation, int]]:
        """Every (operation, operand index) that reads a value."""
        return [
            (consumer, key)
            for consumer, edges in self.successors[value.op].items()
            for key, datum in edges.items()
            if datum["result"] == value.index
        ]

    def count(self, op: Operation) -> int:
        """How often results of an operation are read."""
        return sum(map(len, self.successors[op].values()))

    def in_order(self) -> list[Operation]:
        """All operations by position, as far as each stands behind those that it reads.

        Raises `CycleError` if operations wait for each other.
        """
        order = sorted(self.nodes, key=_position)
        if self._is_topological(order):
            return order
        import networkx as nx

        try:
            return list(nx.lexicographical_topological_sort(self.graph, key=_position))
        except nx.NetworkXUnfeasible as error:
            raise CycleError from error

    def _is_topological(self, order: Iterable[Operation]) -> bool:
        for op in order:
            position = op.position
            for producer in self.predecessors[op]:
                if producer.position >= position:
                    return False
        return True

    def _set_edges(self, producer: Operation, consumer: Operation, edges: _Edges) -> None:
        if edges:
            self.successors[producer][consumer] = edges
            self.predecessors[consumer][producer] = edges
        else:
            del self.successors[producer][consumer], self.predecessors[consumer][producer]


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
