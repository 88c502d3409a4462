"""Functions that a model defines for itself: written out where nodes call them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from msgspec import UNSET, structs

from lstmir.frontends.model.calls import Call, attributes_of, with_attributes
from lstmir.frontends.model.messages import (
    AttributeValue,
    Function,
    Graph,
    Model,
    Node,
    OperatorSet,
    integer_of,
)
from lstmir.ir.diagnostics import UserError

MAX_NODES = 100_000
"""Far more than real models have; a few lines of functions that call each other twice make as many."""

MAX_DEPTH = 100
"""Functions within functions."""

Key: TypeAlias = tuple[str, str, str]
"""Domain, name and overload."""


def without_functions(model: Model) -> Model:
    """The model without functions of its own: their nodes stand where they were called.

    Raises `UserError` for functions that call themselves, that grow beyond `MAX_NODES`, or whose
    operators are of another version than the model's.
    """
    if not model.functions:
        return model
    inliner = _Inliner(model)
    return structs.replace(model, graph=inliner.graph(model.graph, ()), functions=[])


class _Inliner:
    def __init__(self, model: Model) -> None:
        self.version = _version(model.opset_import)
        self.taken = set(_names(model.graph))
        self.written = 0
        self.functions: dict[Key, Function] = {}
        for function in model.functions:
            key = _key(function.domain, function.name, function.overload)
            if key in self.functions:
                raise UserError(f"the function '{function.name}' is defined twice")
            self.functions[key] = function

    def graph(self, graph: Graph, path: tuple[Key, ...]) -> Graph:
        return structs.replace(graph, node=list(self.nodes(graph.node, path)))

    def nodes(self, nodes: Iterable[Node], path: tuple[Key, ...]) -> Iterator[Node]:
        """The nodes, with those of functions instead of calls; `path` are the calls around them."""
        for node in nodes:
            self.written += 1
            if self.written > MAX_NODES:
                raise UserError(f"written out, the functions have more than {MAX_NODES} nodes")
            key = _key(node.domain, node.op_type, node.overload)
            if key in self.functions:
                yield from self.called(node, key, path)
            else:
                yield self.with_bodies(node, path)

    def with_bodies(self, node: Node, path: tuple[Key, ...]) -> Node:
        """The node, with functions written out in the graphs that are its attributes."""
        entries = attributes_of(node)
        bodies = {
            name: structs.replace(entry, g=self.graph(entry.g, path))
            for name, entry in entries.items()
            if isinstance(entry, AttributeValue) and entry.g is not UNSET
        }
        return with_attributes(node, {**entries, **bodies}) if bodies else node

    def called(self, call: Node, key: Key, path: tuple[Key, ...]) -> Iterator[Node]:
        function = self.functions[key]
        if key in path:
            names = " -> ".join(name for _, name, _ in (*path[path.index(key) :], key))
            raise UserError(f"functions call themselves: {names}")
        if len(path) == MAX_DEPTH:
            raise UserError(f"functions are nested more than {MAX_DEPTH} deep")
        version = _version(function.opset_import)
        if self.version and version not in (0, self.version):
            raise UserError(
                f"the function '{function.name}' uses version {version} of ONNX's operators, the model"
                f" {self.version}; convert one of them"
            )
        return self.nodes(Call(call, function, self.taken).nodes(), (*path, key))


def _key(domain: str, name: str, overload: str) -> Key:
    return ("" if domain == "ai.onnx" else domain, name, overload)


def _version(sets: Iterable[OperatorSet]) -> int:
    """The version of ONNX's own operators; 0 if it is not said."""
    own = [each for each in sets if each.domain in ("", "ai.onnx")]
    return max((integer_of(each.version) for each in own), default=0)


def _names(graph: Graph) -> Iterator[str]:
    """Every name of a graph, and of the graphs in it."""
    yield from (entry.name for entry in (*graph.input, *graph.initializer))
    for node in graph.node:
        yield from (*node.input, *node.output)
        for entry in attributes_of(node).values():
            if isinstance(entry, AttributeValue) and entry.g is not UNSET:
                yield from _names(entry.g)
