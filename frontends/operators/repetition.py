"""Values one after the other, several times."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.frontends.operators.constants import expanded
from lstmir.frontends.operators.table import Call, operator
from lstmir.frontends.values.axes import Axis, describe
from lstmir.frontends.values.values import MAX_LENGTHS, Imported
from lstmir.ir.diagnostics import UserError


@operator("Tile", "input repeats")
def tile(call: Call) -> Sequence[Imported]:
    """The value so many times along each axis."""
    value, repeats = call.input("input"), call.known("repeats").lengths()
    axes = value.axes
    if len(repeats) != len(axes):
        raise UserError(
            f"input 'repeats' must have a number for each axis of {describe(axes)}, not {len(repeats)}"
        )
    single = [axis.size == 1 for axis in axes]
    value = expanded(
        call.folder, value, [n if one else 1 for n, one in zip(repeats, single, strict=True)]
    )
    for k, count in enumerate(repeats):
        if single[k] or count == 1:
            continue
        if isinstance(count, Axis) or axes[k].size is None:
            raise UserError(f"axis {k} cannot be repeated: a length is known only at run time")
        if not 1 < count <= MAX_LENGTHS:
            raise UserError(f"axis {k} cannot be repeated {count} times")
        value = call.folder.concat([value] * count, k)
    return [value]
