"""Cuts a part out of a model: from some of its tensors to others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import UNSET, structs

from lstmir.frontends.model.calls import attributes_of
from lstmir.frontends.model.graph import ordered_nodes
from lstmir.frontends.model.messages import AttributeValue, Graph, Model
from lstmir.frontends.model.messages import Node as NodeMessage
from lstmir.frontends.model.names import identifier
from lstmir.frontends.model.node import Node, reads_of
from lstmir.frontends.model.tensors import TensorReader
from lstmir.frontends.operators.scope import output_names
from lstmir.frontends.parts.shapes import Shapes
from lstmir.ir.diagnostics import UserError, suggestion


@dataclass(frozen=True)
class Cut:
    """Tensors, by their names in the model or in the IR. Where none are given, the model's own ends stay.

    `inputs` come instead of what makes them; other inputs of the model stay where they are still
    read. `outputs` come instead of the model's outputs.
    """

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.inputs or self.outputs)


WHOLE = Cut()


def cut_model(model: Model, cut: Cut) -> Model:
    """The part of a model that a cut says. Raises `UserError` for names that it does not have."""
    if not cut:
        return model
    graph = model.graph
    names = _Names(graph)
    inputs = [names.resolve(name) for name in cut.inputs]
    outputs = [names.resolve(name) for name in cut.outputs] or output_names(graph)
    _refuse_weights(graph, inputs)
    nodes = _needed(graph, inputs, outputs)
    read = {name for node in nodes for name in reads_of(node)} | {*outputs}
    for name in inputs:
        if name not in read:
            raise UserError(f"the outputs {', '.join(outputs)} do not depend on the input '{name}'")
    shapes = Shapes(model)
    own = {info.name: info for info in graph.input}
    infos = [own.get(name) or shapes.info(name) for name in inputs]
    infos += [info for info in graph.input if info.name in read and info.name not in inputs]
    part = structs.replace(graph, node=nodes, input=infos, output=list(outputs))
    return structs.replace(model, graph=part)


def _refuse_weights(graph: Graph, inputs: Sequence[str]) -> None:
    weights = {tensor.name for tensor in graph.initializer}
    given = {info.name for info in graph.input}
    for name in inputs:
        if name in weights and name not in given:
            raise UserError(f"'{name}' is a weight of the model: it cannot be an input of a cut")


def _without(node: NodeMessage, inputs: Sequence[str]) -> NodeMessage:
    """The node without the outputs that are inputs now."""
    outputs = ["" if name in inputs else name for name in node.output]
    return structs.replace(node, output=outputs)


def _needed(graph: Graph, inputs: Sequence[str], outputs: Sequence[str]) -> list[NodeMessage]:
    """The nodes behind the outputs, and not behind the inputs."""
    given = {entry.name for entry in (*graph.initializer, *graph.input)} | {*inputs}
    messages = [_without(message, inputs) for message in graph.node]
    nodes = [Node(message, TensorReader()) for message in messages]
    needed = set(ordered_nodes(nodes, given, outputs))
    return [message for message, node in zip(messages, nodes, strict=True) if node in needed]


class _Names:
    """The tensors of a graph, by their own names and by those that they have in the IR."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        given = [entry.name for entry in (*graph.input, *graph.initializer)]
        made = [name for node in graph.node for name in node.output if name]
        self.names = dict.fromkeys([*given, *made])
        self.identifiers: dict[str, list[str]] = defaultdict(list)
        for name in self.names:
            self.identifiers[identifier(name)].append(name)

    def resolve(self, name: str) -> str:
        if name in self.names:
            return name
        found = self.identifiers.get(name.removeprefix("%"), [])
        if len(found) == 1:
            return found[0]
        if found:
            raise UserError(f"'{name}' may be any of {', '.join(found)}: name it as the model does")
        around = _around(self.graph, name)
        if around is not None:
            raise UserError(
                f"'{name}' is in the body of {Node(around, TensorReader())}: a cut goes through the graph"
                " around it"
            )
        near = suggestion(name, [*self.names, *self.identifiers])
        raise UserError(
            f"the model has no tensor '{name}'{near}; 'lstmir import --list' shows where to cut"
        )


def _around(graph: Graph, name: str) -> NodeMessage | None:
    """The node in whose body, or in one within it, a name is defined."""
    for node in graph.node:
        for entry in attributes_of(node).values():
            if not isinstance(entry, AttributeValue) or entry.g is UNSET:
                continue
            entries = (*entry.g.input, *entry.g.initializer)
            made = (output for inner in entry.g.node for output in inner.output)
            if name in {*(each.name for each in entries), *made} or _around(entry.g, name):
                return node
    return None
