"""The operator table: what each ONNX operator takes, and the handler that imports it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from lstmir.frontends.model.node import Node
from lstmir.frontends.values.axes import Axis
from lstmir.frontends.values.values import Imported, Known
from lstmir.ir.diagnostics import UserError

if TYPE_CHECKING:
    from lstmir.frontends.operators.scope import Scope
    from lstmir.frontends.values.folding import Folder


@dataclass(frozen=True)
class Call:
    """A node with its inputs, by the names that ONNX's documentation gives them."""

    node: Node
    scope: Scope
    inputs: Mapping[str, Imported]
    parts: Sequence[Imported]

    @property
    def folder(self) -> Folder:
        """What writes operations into the graph."""
        return self.scope.folder

    @property
    def opset(self) -> int:
        """The version of ONNX's operators: some mean something else in another."""
        return self.scope.opset

    def input(self, name: str) -> Imported:
        """A required input."""
        return self.inputs[name]

    def optional(self, name: str) -> Imported | None:
        """An input that may be left out."""
        return self.inputs.get(name)

    def known(self, name: str) -> Known:
        """A required input whose value must be known now."""
        value = self.inputs[name]
        if not isinstance(value, Known):
            raise UserError(f"input '{name}' must be a constant")
        return value

    def integers(self, name: str) -> list[int] | None:
        """Integers that older versions of ONNX write as an attribute, newer ones as an input."""
        if name in self.inputs:
            return self.known(name).integers()
        return self.node.integers(name)


Handler: TypeAlias = Callable[[Call], Sequence[Imported]]
"""Imports a node: gives its outputs, as many as lstmir computes. Raises `UserError`."""


@dataclass(frozen=True)
class Operator:
    """The inputs that an operator takes (`?`: may be left out, `*`: any number), its attributes."""

    inputs: tuple[str, ...]
    attributes: frozenset[str]
    handler: Handler

    def bind(self, node: Node, values: Sequence[Imported | None], scope: Scope) -> Call:
        """The call of this operator by a node. Raises `UserError` for what does not fit."""
        for name in node.attributes:
            if name not in self.attributes:
                raise UserError(f"attribute '{name}' is not supported")
        if self.inputs[-1:] and self.inputs[-1].endswith("*"):
            if None in values:
                raise UserError(f"input {list(values).index(None)} is missing")
            return Call(node, scope, {}, [value for value in values if value is not None])
        if len(values) > len(self.inputs):
            raise UserError(f"takes at most {len(self.inputs)} input(s), got {len(values)}")
        inputs: dict[str, Imported] = {}
        for index, formal in enumerate(self.inputs):
            value = values[index] if index < len(values) else None
            if value is not None:
                inputs[formal.rstrip("?")] = value
            elif not formal.endswith("?"):
                raise UserError(f"input '{formal}' is missing")
        for name in inputs:
            if name in node.attributes:
                raise UserError(f"'{name}' is given twice: as an input and as an attribute")
        return Call(node, scope, inputs, ())


OPERATORS: dict[str, Operator] = {}


def operator(op_type: str, inputs: str = "", attributes: str = "") -> Callable[[Handler], Handler]:
    """Enter a handler in the table. Raises ValueError if the operator has one already."""

    def enter(handler: Handler) -> Handler:
        if op_type in OPERATORS:
            raise ValueError(f"operator '{op_type}' has two handlers")
        formals = tuple(inputs.split())
        OPERATORS[op_type] = Operator(formals, frozenset(attributes.split()), handler)
        return handler

    return enter


def position(axis: int, axes: Sequence[Axis]) -> int:
    """The axis counted from the start. Raises `UserError` if there is none."""
    rank = len(axes)
    if not -rank <= axis < rank:
        raise UserError(f"there is no axis {axis} in a value of {rank} axes")
    return axis % rank
