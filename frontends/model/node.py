"""A node of the model's graph, and what its attributes say."""

from __future__ import annotations

import numpy as np
from msgspec import UNSET

from lstmir.frontends.model.attributes import Attributes
from lstmir.frontends.model.messages import AttributeValue, Graph
from lstmir.frontends.model.messages import Node as NodeMessage
from lstmir.frontends.model.names import identifier
from lstmir.frontends.model.tensors import TensorReader
from lstmir.ir.diagnostics import UserError

ONNX_DOMAINS = ("", "ai.onnx")


class Node(Attributes):
    """One NodeProto. An input or output that is left out is the empty name."""

    def __init__(self, message: NodeMessage, tensors: TensorReader) -> None:
        """Raises `UserError`, naming the node, if attributes contradict each other."""
        self.op_type, self.name, self.domain = message.op_type, message.name, message.domain
        self.inputs, self.outputs = tuple(message.input), tuple(message.output)
        self.tensors = tensors
        self.reads = reads_of(message)
        if message.overload:
            raise UserError(
                f"{self}: the model has no function of the overload '{message.overload}'"
            )
        try:
            super().__init__(message.attribute)
        except UserError as error:
            raise UserError(f"{self}: {error.diagnostics[0].message}") from error

    def __str__(self) -> str:
        if self.name:
            return f"node '{self.name}' ({self.operator})"
        return f"the node that makes '{self._first_output}' ({self.operator})"

    @property
    def is_onnx(self) -> bool:
        """Whether the operator is one of ONNX's own."""
        return self.domain in ONNX_DOMAINS

    @property
    def operator(self) -> str:
        """The operator's name, with its domain where that is not ONNX's own."""
        return self.op_type if self.is_onnx else f"{self.domain}.{self.op_type}"

    @property
    def label(self) -> str:
        """A name for what belongs to this node, such as `lstm_LSTM`."""
        return identifier(self.name or self._first_output)

    @property
    def _first_output(self) -> str:
        return next(filter(None, self.outputs), "nothing")

    def array(self, name: str, label: str) -> np.ndarray | None:
        """The elements of an attribute that is a tensor; `label` is what errors call it."""
        tensor = self.tensor(name)
        return None if tensor is None else self.tensors.read(tensor, label)


def reads_of(message: NodeMessage) -> tuple[str, ...]:
    """The names that a node needs, those that the bodies in its attributes take from outside too."""
    found = dict.fromkeys(filter(None, message.input))
    listed = message.attribute if isinstance(message.attribute, list) else ()
    values = [*listed, *(message.attribute.values() if isinstance(message.attribute, dict) else ())]
    for value in values:
        if isinstance(value, AttributeValue) and value.g is not UNSET:
            found.update(dict.fromkeys(_free_names(value.g)))
    return tuple(found)


def _free_names(graph: Graph) -> list[str]:
    """What a body reads, and does not define."""
    defined = {entry.name for entry in (*graph.input, *graph.initializer)}
    defined |= {name for node in graph.node for name in node.output}
    outputs = [output if isinstance(output, str) else output.name for output in graph.output]
    read = [name for node in graph.node for name in reads_of(node)]
    return [name for name in dict.fromkeys([*read, *outputs]) if name not in defined]
