"""Axes of several values that meet in one operation."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.frontends.values.axes import Axis, Roles, describe
from lstmir.frontends.values.values import Computed, Imported, Known
from lstmir.ir.diagnostics import UserError


def broadcast(operands: Sequence[Imported], roles: Roles) -> tuple[Axis, ...]:
    """The axes that operands have together, by numpy's rules; those that meet are one axis."""
    # A computed value's axes come first: a constant's say nothing of roles.
    ordered = sorted(operands, key=lambda operand: isinstance(operand, Known))
    rank = max(len(operand.axes) for operand in operands)
    axes: list[Axis] = []
    for place in range(-rank, 0):
        column = [x for x in ordered if len(x.axes) >= -place]
        wide = [x for x in column if x.axes[place].size != 1] or column
        if len({x.axes[place].size for x in wide}) > 1:
            shapes = " and ".join(describe(operand.axes) for operand in operands)
            raise UserError(f"the shapes {shapes} do not fit together")
        axes.append(wide[0].axes[place])
        for other in wide[1:]:
            if isinstance(other, Computed):
                roles.unite(wide[0].axes[place], other.axes[place])
    _check_merged(axes, operands, roles)
    return tuple(axes)


def _check_merged(axes: Sequence[Axis], operands: Sequence[Imported], roles: Roles) -> None:
    """Where axes are taken as one, operands that reach as far must have all axes up to there."""
    end = max((k + 1 for k, axis in enumerate(axes) if axis.parts), default=0)
    for operand in operands:
        own = operand.axes[: max(0, len(operand.axes) - len(axes) + end)]
        reaches = any(axis.size != 1 for axis in own)
        if reaches and not (len(own) == end and all(map(roles.alike, own, axes))):
            shapes = " and ".join(describe(each.axes) for each in operands)
            raise UserError(f"the shapes {shapes} do not fit together")


def unite_all(first: Sequence[Axis], second: Sequence[Axis], but: int, roles: Roles) -> None:
    """The axes of two values that are joined along one. Raises `UserError` if others differ."""
    pairs = list(zip(first, second, strict=False))
    fits = len(first) == len(second) and all(
        a.size == b.size for k, (a, b) in enumerate(pairs) if k != but
    )
    if not fits or first[but].size is None or second[but].size is None:
        raise UserError(
            f"{describe(first)} and {describe(second)} cannot be joined along axis {but}"
        )
    for k, (a, b) in enumerate(pairs):
        if k != but:
            roles.unite(a, b)
