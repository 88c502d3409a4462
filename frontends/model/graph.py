"""The order in which nodes are imported."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import networkx as nx

from lstmir.frontends.model.node import Node
from lstmir.ir.diagnostics import UserError, suggestion


def ordered_nodes(
    nodes: Sequence[Node], given: Collection[str], outputs: Sequence[str]
) -> list[Node]:
    """The nodes that the outputs depend on, each after those it reads, else in the given order.

    `given` are the names that need no node. Raises `UserError` for a name that is defined twice
    or not at all, and for nodes that feed each other.
    """
    makers = _makers(nodes, given)
    uses = nx.DiGraph()
    uses.add_nodes_from(range(len(nodes)))
    for index, node in enumerate(nodes):
        for name in node.reads:
            if name not in given:
                uses.add_edge(_maker(name, makers, given, f"{node} reads"), index)
    needed: set[int] = set()
    for name in outputs:
        if name not in given:
            maker = _maker(name, makers, given, "the model gives")
            needed |= {maker, *nx.ancestors(uses, maker)}
    _refuse_cycle(uses, nodes)
    order = nx.lexicographical_topological_sort(uses.subgraph(needed))
    return [nodes[index] for index in order]


def _makers(nodes: Sequence[Node], given: Collection[str]) -> dict[str, int]:
    makers: dict[str, int] = {}
    for index, node in enumerate(nodes):
        for name in filter(None, node.outputs):
            if name in makers:
                raise UserError(
                    f"'{name}' is defined twice: by {nodes[makers[name]]} and by {node}"
                )
            if name in given:
                raise UserError(
                    f"'{name}' is defined twice: as an input or a weight, and by {node}"
                )
            makers[name] = index
    return makers


def _maker(name: str, makers: Mapping[str, int], given: Collection[str], reader: str) -> int:
    if name not in makers:
        near = suggestion(name, [*makers, *given])
        raise UserError(f"{reader} '{name}', which nothing defines{near}")
    return makers[name]


def _refuse_cycle(uses: nx.DiGraph, nodes: Sequence[Node]) -> None:
    try:
        cycle = nx.find_cycle(uses)
    except nx.NetworkXNoCycle:
        return
    path = [str(nodes[edge[0]]) for edge in cycle]
    raise UserError(f"nodes feed each other in a circle: {', '.join(path)}, and again {path[0]}")
