"""The shapes of values inside a model: what it says of them, and what its operators imply."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from typing import TypeAlias

import msgspec
from msgspec import UNSET

from lstmir.frontends.model.messages import Choice, Model, Node, ValueInfo, integer_of
from lstmir.frontends.ports import said_of
from lstmir.ir.diagnostics import UserError

Lengths: TypeAlias = list[int | str | None]
"""For each axis its length, or its name, or None."""

RECURRENT = ("LSTM", "GRU", "RNN")
_GENERATED = "unk__"
"""How ONNX's shape inference begins the names of axes that it makes up."""


class Shapes:
    """What is known of a model's values."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.graph = model.graph
        self.weights = {tensor.name: tensor for tensor in self.graph.initializer}

    def info(self, name: str) -> ValueInfo:
        """A value as an input of a cut. Raises `UserError` if nothing tells its shape."""
        said = [each for each in (self._stated(name), self._read_as(name)) if each]
        if not any(_is_full(lengths) for _, lengths in said):
            said += [each for each in (self._inferred.get(name),) if each]
        if not said:
            raise UserError(f"the model does not tell the shape of '{name}'{_advice()}")
        elements = [element for element, _ in said]
        lengths = [_best(column) for column in zip(*(each for _, each in said), strict=False)]
        return ValueInfo(name, shape=lengths, elem_type=elements[0])

    def _stated(self, name: str) -> tuple[Choice, Lengths] | None:
        outputs = (each for each in self.graph.output if not isinstance(each, str))
        found = (_said(info) for info in (*self.graph.value_info, *outputs) if info.name == name)
        return next(filter(None, found), None)

    def _read_as(self, name: str) -> tuple[Choice, Lengths] | None:
        """As the sequence that a recurrent node reads: its weights and states imply the shape."""
        for node in self.graph.node:
            if node.op_type in RECURRENT and node.input[:1] == [name]:
                return self._sequence(node)
        return None

    def _sequence(self, node: Node) -> tuple[Choice, Lengths] | None:
        weights = self.weights.get(node.input[1]) if len(node.input) > 1 else None
        if weights is None or len(weights.dims) != 3 or weights.data_type is UNSET:
            return None
        from lstmir.frontends.model.attributes import Attributes

        features = integer_of(weights.dims[2])
        turned = Attributes(node.attribute).integer("layout", 0) == 1
        batch = self._batch(node, 0 if turned else 1)
        first: Lengths = [batch, None] if turned else [None, batch]
        return weights.data_type, [*first, features]

    def _batch(self, node: Node, axis: int) -> int | None:
        """The number of samples, where an initial state fixes it."""
        for state in node.input[5:7]:
            for info in self.graph.input:
                found = _said(info) if info.name == state else None
                if found and len(found[1]) == 3 and isinstance(found[1][axis], int):
                    length = found[1][axis]
                    assert isinstance(length, int)
                    return length
        return None

    @cached_property
    def _inferred(self) -> dict[str, tuple[Choice, Lengths]]:
        """What ONNX's own shape inference finds, if the onnx package is installed."""
        try:
            from google.protobuf.json_format import ParseDict, ParseError
            from onnx import ModelProto
            from onnx.shape_inference import InferenceError, infer_shapes
        except ImportError:
            return {}
        from google.protobuf.json_format import MessageToDict

        try:
            proto = ParseDict(msgspec.to_builtins(self.model), ModelProto())
            found = infer_shapes(proto, data_prop=True)
        except (ParseError, InferenceError, RuntimeError, ValueError):
            return {}  # a model in a shorter form, or one with a mistake that the importer will name
        every = (*found.graph.value_info, *found.graph.output)
        infos = (msgspec.convert(MessageToDict(info), ValueInfo) for info in every)
        said = {info.name: _said(info) for info in infos}
        return {name: each for name, each in said.items() if each}


def _advice() -> str:
    if find_spec("onnx") is not None:
        return ", nor does ONNX's shape inference find it: add it to the model's value_info, or cut elsewhere"
    return (
        ": add it to the model's value_info (onnx.shape_inference.infer_shapes does), or install onnx:"
        " pip install 'lstmir[onnx]'"
    )


def _said(info: ValueInfo) -> tuple[Choice, Lengths] | None:
    try:
        element, lengths = said_of(info, "")
    except UserError:
        return None
    return element, list(lengths)


def _is_full(lengths: Sequence[int | str | None]) -> bool:
    return all(isinstance(length, int) for length in lengths)


def _best(column: Sequence[int | str | None]) -> int | str | None:
    """A number before a name before nothing."""
    for length in column:
        if isinstance(length, int):
            return length
    return next((each for each in column if each and not str(each).startswith(_GENERATED)), None)
