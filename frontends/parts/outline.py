"""The recurrent parts of a model, and the cut that lstmir imports."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import networkx as nx

from lstmir.frontends.importer import import_model
from lstmir.frontends.model.messages import Graph, Model, Tensor, integer_of
from lstmir.frontends.model.node import Node
from lstmir.frontends.model.tensors import TensorReader
from lstmir.frontends.operators.scope import NodeRefused, output_names
from lstmir.frontends.parts.cut import WHOLE, Cut, cut_model
from lstmir.frontends.parts.shapes import RECURRENT
from lstmir.ir.diagnostics import UserError


@dataclass(frozen=True)
class Part:
    """A recurrent node: what it reads, and its sizes where its weights tell them."""

    name: str
    operator: str
    source: str
    features: int | None
    hidden: int | None
    direction: str


@dataclass(frozen=True)
class Outline:
    """`refusal` says why the whole model is not imported; None if it is.

    `cut` is what of it is imported; None if nothing is that has a recurrence.
    """

    parts: tuple[Part, ...]
    refusal: str | None
    cut: Cut | None


def outline(model: Model, folder: Path | None = None) -> Outline:
    """Looks for recurrent nodes, and tries which part around them can be imported.

    The part begins with the sequences that they read, and goes as far behind them as lstmir can.
    """
    nodes = [Node(message, TensorReader()) for message in model.graph.node]
    parts = tuple(_part(model.graph, node) for node in nodes if _is_recurrent(node))
    refused = _refusal(model, WHOLE, folder)
    if refused is None:
        return Outline(parts, None, WHOLE)
    cut = _Search(model, nodes, folder).cut() if parts else None
    return Outline(parts, refused.diagnostics[0].message, cut)


def _is_recurrent(node: Node) -> bool:
    return node.is_onnx and node.op_type in (*RECURRENT, "Scan")


def _part(graph: Graph, node: Node) -> Part:
    source = next(iter(_sequences(node)), "")
    shapes = {tensor.name: tensor for tensor in graph.initializer}
    features, hidden = (
        _last(shapes.get(node.inputs[k]) if len(node.inputs) > k else None) for k in (1, 2)
    )
    if node.op_type == "Scan":
        features = hidden = None
    name = node.name or next(filter(None, node.outputs), "")
    return Part(name, node.op_type, source, features, hidden, node.text("direction", "forward"))


def _last(tensor: Tensor | None) -> int | None:
    return integer_of(tensor.dims[-1]) if tensor and tensor.dims else None


def _sequences(node: Node) -> Sequence[str]:
    if node.op_type != "Scan":
        return node.inputs[:1]
    return node.inputs[-max(node.integer("num_scan_inputs", 1), 1) :]


def _refusal(model: Model, cut: Cut, folder: Path | None) -> UserError | None:
    try:
        import_model(cut_model(model, cut), "part", folder)
    except UserError as error:
        return error
    return None


class _Search:
    """Moves the ends of a cut until it is imported."""

    def __init__(self, model: Model, nodes: Sequence[Node], folder: Path | None) -> None:
        self.model, self.nodes, self.folder = model, nodes, folder
        self.weights = {tensor.name for tensor in model.graph.initializer}
        self.makers = {name: node for node in nodes for name in node.outputs if name}
        self.flow = nx.DiGraph()
        self.flow.add_nodes_from(nodes)
        self.flow.add_edges_from(
            (self.makers[name], node)
            for node in nodes
            for name in node.reads
            if name in self.makers
        )
        self.recurrent = [node for node in nodes if _is_recurrent(node)]
        self.behind = {*self.recurrent}.union(
            *(nx.descendants(self.flow, node) for node in self.recurrent)
        )

    def cut(self) -> Cut | None:
        cut = Cut(self._starts(), self._ends())
        for _ in self.nodes:
            refused = _refusal(self.model, cut, self.folder)
            if refused is None:
                return cut
            if not isinstance(refused, NodeRefused):
                return None
            moved = self._moved(cut, refused.node)
            if moved is None or moved == cut:
                return None
            cut = moved
        return None

    def _starts(self) -> tuple[str, ...]:
        """The sequences that the first recurrent nodes read, where a node makes them."""
        first = [node for node in self.recurrent if not self._is_behind(node)]
        names = [name for node in first for name in _sequences(node) if name in self.makers]
        return tuple(dict.fromkeys(names))

    def _is_behind(self, node: Node) -> bool:
        return any(other in self.behind for other in self.flow.predecessors(node))

    def _ends(self) -> tuple[str, ...]:
        """What the model gives of its recurrences: their states only if there is nothing else."""
        ends = [name for name in output_names(self.model.graph) if self._from(name, self.behind)]
        heads = [name for name in ends if not self._from(name, self.recurrent)]
        return tuple(heads or ends)

    def _from(self, name: str, nodes: Collection[Node]) -> bool:
        return name in self.makers and self.makers[name] in nodes

    def _moved(self, cut: Cut, refused: Node) -> Cut | None:
        """The cut without a node that was refused; None if that is a recurrent one."""
        at = next(self.makers[name] for name in refused.outputs if name)
        if _is_recurrent(at):
            return None
        if at not in self.behind:
            made = [name for name in at.outputs if name]
            return Cut((*cut.inputs, *made), cut.outputs)
        lost = nx.descendants(self.flow, at) | {at}
        kept = [name for name in cut.outputs if not self._from(name, lost)]
        return Cut(cut.inputs, _unique([*kept, *self._before(at)]))

    def _before(self, node: Node) -> list[str]:
        return [name for name in node.inputs if self._from(name, self.behind)]


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
