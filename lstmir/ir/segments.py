"""Checks how the operands of an operation are cut into its groups."""

from __future__ import annotations

from lstmir.ir.definition import Invalid, OpDefinition
from lstmir.ir.operation import Attributes


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
