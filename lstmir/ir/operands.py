"""The operands of an operation: how they are cut into its groups, and what stands behind them."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, TypeAlias

from lstmir.ir.definition import OpDefinition, definition_of
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.operation import Attributes, Operation, Value

if TYPE_CHECKING:
    import numpy as np

Resources: TypeAlias = "dict[str, np.ndarray]"


def constant_of(value: Value, resources: Resources) -> np.ndarray | None:
    """The array behind a value, seen through captures, if it is a constant."""
    if value.op.name == "tensor.constant":
        return resources.get(value.op.attributes["resource"])
    outer = captured_value(value)
    return constant_of(outer, resources) if outer is not None else None


def captured_value(value: Value) -> Value | None:
    """The value outside that an argument of a region stands for, if it is a capture."""
    region = value.op.region
    if region is None or value.op is not region.entry or region.owner is None:
        return None
    owner = region.owner
    operand = argument_operand(owner, value.index)
    if operand is None:
        return None
    groups = definition_of(owner.name).operand_groups
    for group, segment in zip(groups, segments_of(owner), strict=True):
        if group.keyword == "capture" and operand in segment:
            return owner.operands[operand]
    return None


def argument_operand(owner: Operation, argument: int) -> int | None:
    """The index of the operand that gives an argument of the owner's region, or None."""
    groups = definition_of(owner.name).operand_groups
    bound = [
        index
        for group, segment in zip(groups, segments_of(owner), strict=True)
        if group.kind == "binds"
        for index in segment
    ]
    leading = len(owner.regions[0].arguments) - len(bound)
    return bound[argument - leading] if argument >= leading else None


def segments_of(op: Operation) -> list[range]:
    """The operand indices of each group."""
    ends = list(accumulate(op.attributes["segments"]))
    return [range(start, end) for start, end in zip([0, *ends], ends, strict=False)]


def segment_range(op: Operation, keyword: str) -> range:
    """The operand indices of the group with this keyword."""
    groups = definition_of(op.name).operand_groups
    return segments_of(op)[[group.keyword for group in groups].index(keyword)]


def segment(op: Operation, keyword: str) -> tuple[Value, ...]:
    """The operands in the group with this keyword."""
    operands = op.operands
    return tuple(operands[i] for i in segment_range(op, keyword))


def check_segments(definition: OpDefinition, attributes: Attributes, operands: int) -> None:
    """Raise `Invalid` unless the attribute `segments` has a fitting size for each group."""
    groups, name = definition.operand_groups, definition.name
    if not groups:
        return
    segments = attributes.get("segments")
    if not isinstance(segments, tuple | list) or len(segments) != len(groups):
        raise Invalid(f"'{name}' needs 'segments' with {len(groups)} sizes")
    if any(type(size) is not int or size < 0 for size in segments) or sum(segments) != operands:
        raise Invalid(f"the 'segments' of '{name}' do not add up to its operands")
    sizes = zip(groups, segments, strict=True)
    if any(group.kind == "pairs" and size % 2 for group, size in sizes):
        raise Invalid(f"the 'segments' of '{name}' cut a pair in two")
