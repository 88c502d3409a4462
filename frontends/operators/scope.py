"""The values of a graph by their names, and the import of the nodes that make them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from lstmir.frontends.model.graph import ordered_nodes
from lstmir.frontends.model.messages import Graph, Tensor
from lstmir.frontends.model.names import identifier
from lstmir.frontends.model.node import Node
from lstmir.frontends.model.tensors import TensorReader
from lstmir.frontends.operators.refused import refuse_unknown
from lstmir.frontends.operators.table import OPERATORS
from lstmir.frontends.values.folding import Folder, known
from lstmir.frontends.values.values import Imported, Known
from lstmir.ir.diagnostics import UserError


class NodeRefused(UserError):
    """What lstmir cannot express, and the node that asks for it."""

    def __init__(self, node: Node, error: UserError) -> None:
        super().__init__(f"{node}: {error.diagnostics[0].message}")
        self.node = node


class Scope:
    """A graph under import. The body of a `Scan` sees the values of the graph around it as well."""

    def __init__(
        self,
        graph: Graph,
        folder: Folder,
        tensors: TensorReader,
        opset: int,
        outer: Scope | None = None,
    ) -> None:
        """`opset` is the version of ONNX's operators: some mean something else in another."""
        if graph.sparse_initializer:
            raise UserError("sparse weights (sparseInitializer) are not supported; save them dense")
        self.folder, self.tensors, self.opset, self.outer = folder, tensors, opset, outer
        self.initializers: dict[str, Tensor] = by_name(graph.initializer, "weight")
        self.nodes = [Node(message, tensors) for message in graph.node]
        self.values: dict[str, Imported] = {}

    def names(self) -> set[str]:
        """What nodes may read without another node that makes it."""
        return {*self.values, *self.initializers, *(self.outer.names() if self.outer else ())}

    def import_nodes(self, outputs: Sequence[str]) -> None:
        """Import what the outputs depend on. Raises `NodeRefused`."""
        nodes = ordered_nodes(self.nodes, self.names(), outputs)
        unknown = [node for node in nodes if not node.is_onnx or node.op_type not in OPERATORS]
        if unknown:
            raise NodeRefused(unknown[0], refuse_unknown(unknown))
        for node in nodes:
            self._import(node)

    def _import(self, node: Node) -> None:
        values = [self.value(name, str(node)) if name else None for name in node.inputs]
        try:
            self.folder.budget.spend(sum(v.array.size for v in values if isinstance(v, Known)))
            operator = OPERATORS[node.op_type]
            results = operator.handler(operator.bind(node, values, self))
        except UserError as error:
            raise NodeRefused(node, error) from error
        for name, result in zip(node.outputs, results, strict=False):
            if name:
                self.values[name] = _named(result, name)

    def value(self, name: str, reader: str) -> Imported:
        """The value of a name; one of an outer graph is captured. Raises `UserError` if there is none."""
        if name in self.initializers:
            array = self.tensors.read(self.initializers.pop(name), name)
            self.folder.budget.grant(array)
            self.values[name] = known(array, name)
        if name not in self.values and self.outer is not None:
            found = self.outer.value(name, reader)
            self.values[name] = found if isinstance(found, Known) else self.folder.captured(found)
        if name not in self.values:  # a further output of a node, such as the mask of a Dropout
            raise UserError(f"{reader} reads '{name}', an output that lstmir does not compute")
        return self.values[name]


def _named(value: Imported, name: str) -> Imported:
    """The value, which bears the model's name from now on if it had none."""
    if isinstance(value, Known):
        value.name = value.name or name
        return value
    names = value.value.op.result_names
    names[value.value.index] = names[value.value.index] or identifier(name)
    return value


class _HasName(Protocol):
    @property
    def name(self) -> str: ...


_Entry = TypeVar("_Entry", bound=_HasName)


def by_name(entries: Iterable[_Entry], what: str) -> dict[str, _Entry]:
    """Messages by their names. Raises `UserError` for one that is missing or defined twice."""
    found: dict[str, _Entry] = {}
    for entry in entries:
        if not entry.name:
            raise UserError(f"the {what} number {len(found) + 1} of the graph has no name")
        if entry.name in found:
            raise UserError(f"the {what} '{entry.name}' is defined twice")
        found[entry.name] = entry
    return found


def output_names(graph: Graph) -> list[str]:
    """The names of a graph's outputs."""
    return [output if isinstance(output, str) else output.name for output in graph.output]
