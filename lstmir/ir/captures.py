"""Captures: how values from outside enter a region."""

from __future__ import annotations

from lstmir.ir.definition import definition_of
from lstmir.ir.operands import segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import Type


def add_capture(owner: Operation, value: Value, name: str | None = None) -> Value:
    """Let a region operation capture one more value; gives the argument inside.

    A value that is captured already is not captured twice.
    """
    operands = list(owner.operands)
    captures = segments_of(owner)[_capture_group(owner)]
    region = owner.regions[0]
    first = len(region.arguments) - len(captures)
    for offset, index in enumerate(captures):
        if operands[index] == value:
            return region.arguments[first + offset]
    owner.parent.set_operands(owner, [*operands, value])
    sizes = list(owner.attributes["segments"])
    sizes[_capture_group(owner)] += 1
    owner.attributes["segments"] = tuple(sizes)
    return region.add_argument(value.type, name or value.name)


def _capture_group(owner: Operation) -> int:
    groups = definition_of(owner.name).operand_groups
    return next(i for i, group in enumerate(groups) if group.keyword == "capture")


def captures_of(owner: Operation) -> list[tuple[Value, Value]]:
    """Each capture of a region operation: the argument inside, and the value outside."""
    operands, arguments = owner.operands, owner.regions[0].arguments
    segment = segments_of(owner)[_capture_group(owner)]
    first = len(arguments) - len(segment)
    return [(arguments[first + k], operands[index]) for k, index in enumerate(segment)]


def retype(value: Value, type_: Type) -> None:
    """Change the type of a value and of every argument that captures it."""
    value.op.result_types[value.index] = type_
    region = value.op.parent
    for user, index in region.uses(value):
        if not user.regions:
            continue
        group = _capture_group(user)
        segment = segments_of(user)[group]
        if index in segment:
            inner = user.regions[0]
            first = len(inner.arguments) - len(segment)
            retype(inner.arguments[first + index - segment.start], type_)


def drop_unused_captures(owner: Operation) -> None:
    """Remove the captures that the body of a region operation does not read."""
    region = owner.regions[0]
    group = _capture_group(owner)
    segment = segments_of(owner)[group]
    first = len(region.arguments) - len(segment)
    arguments = region.arguments
    unused = [k for k in range(len(segment)) if not region.uses(arguments[first + k])]
    if not unused:
        return
    region.drop_arguments([first + k for k in unused])
    operands = owner.operands
    gone = {segment.start + k for k in unused}
    owner.parent.set_operands(owner, [v for i, v in enumerate(operands) if i not in gone])
    sizes = list(owner.attributes["segments"])
    sizes[group] -= len(unused)
    owner.attributes["segments"] = tuple(sizes)
