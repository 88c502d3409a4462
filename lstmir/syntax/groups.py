"""Reads the groups of an operation's pretty form: `keyword (…)`."""

from __future__ import annotations

from lstmir.ir.definition import Group, OpDefinition
from lstmir.ir.diagnostics import Invalid
from lstmir.syntax.tree import GroupSyntax, OperationSyntax


def operand_names(definition: OpDefinition, syntax: OperationSyntax) -> list[str]:
    """The names of all operands, in the order of the operation."""
    names = list(syntax.operands)
    kinds = {group.keyword: group.kind for group in definition.groups}
    for group in syntax.groups:
        names += _operands_of(kinds.get(group.keyword, "list"), group)
    return names


def bound_names(definition: OpDefinition, syntax: OperationSyntax) -> list[str]:
    """The names of the region's arguments."""
    binding = {group.keyword for group in definition.groups if group.kind in ("binds", "defines")}
    return [
        item.left for group in syntax.groups if group.keyword in binding for item in group.items
    ]


def segments(definition: OpDefinition, syntax: OperationSyntax) -> tuple[int, ...]:
    """How many operands are in each group. Raises `Invalid` unless all stand in known groups."""
    known = [group.keyword for group in definition.groups]
    written = {group.keyword: group for group in syntax.groups}
    order = [known.index(keyword) if keyword in known else -1 for keyword in written]
    if order != sorted(set(order)) or -1 in order or len(written) != len(syntax.groups):
        parts = ", ".join(f"'{keyword}'" for keyword in known)
        raise Invalid(f"the parts of '{definition.name}' are {parts}, in this order")
    if syntax.operands:
        raise Invalid(f"the operands of '{definition.name}' stand in parentheses")
    for group in definition.groups:
        _check_items(definition.name, group, written.get(group.keyword))
    return tuple(
        len(_operands_of(group.kind, written[group.keyword])) if group.keyword in written else 0
        for group in definition.operand_groups
    )


def _operands_of(kind: str, group: GroupSyntax) -> list[str]:
    if kind == "defines":
        return []
    lefts, rights = kind != "binds", kind != "list"
    return [
        name
        for item in group.items
        for name, wanted in ((item.left, lefts), (item.right, rights))
        if wanted and name is not None
    ]


def _check_items(op: str, group: Group, written: GroupSyntax | None) -> None:
    equations = group.kind in ("binds", "pairs")
    items = written.items if written else ()
    if all((item.right is not None) == equations for item in items):
        return
    form = "(%a = %b, …)" if equations else "(%a, …)"
    raise Invalid(f"'{group.keyword}' of '{op}' is written {form}")
