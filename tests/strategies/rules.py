"""What the rules of the operation table say of an operation that is yet to be made."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.ir.context import OpContext
from lstmir.ir.definition import OpDefinition
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import Type, holds


def inferred(definition: OpDefinition, context: OpContext) -> Sequence[Type] | None:
    """The narrowest types of the results; None where operands or attributes do not fit."""
    assert definition.infer is not None
    # Formats and shapes refuse what they cannot be with a ValueError.
    try:
        return definition.infer(context)
    except (Invalid, ValueError):
        return None


def accepts(definition: OpDefinition, context: OpContext, types: Sequence[Type]) -> bool:
    """Whether the results may have these types."""
    try:
        if definition.infer is not None and not all(map(holds, types, definition.infer(context))):
            return False
        if definition.verify is not None:
            definition.verify(context, types)
    except (Invalid, ValueError):
        return False
    return True


def stand_in(type_: Type) -> Value:
    """A value that the rules can look at, in no region."""
    return Value(Operation("stand-in", [type_]), 0)
