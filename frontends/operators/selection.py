"""Operators that select from values, or join them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmir.frontends.axes import Axis, Length, fresh
from lstmir.frontends.folding import Folder, fold
from lstmir.frontends.operators.table import Call, operator, position
from lstmir.frontends.values import Imported, Known
from lstmir.ir.diagnostics import UserError

_FAR = 2**31 - 1
"""Exporters write the largest integer of 32 or 64 bits for "to the end"."""


@operator("Slice", "data starts? ends? axes? steps?", "starts ends axes")
def slice_(call: Call) -> Sequence[Imported]:
    """Neighbours along some axes; steps other than 1 are refused."""
    value = call.input("data")
    starts, ends = _bounds(call, "starts"), _bounds(call, "ends")
    axes = call.integers("axes")
    axes = list(range(len(starts))) if axes is None else axes
    steps = call.integers("steps") or [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise UserError("'starts', 'ends', 'axes' and 'steps' must be of one length")
    if any(step != 1 for step in steps):
        raise UserError("input 'steps' must be 1 everywhere")
    for start, end, axis in zip(starts, ends, axes, strict=True):
        value = _cut(call.folder, value, position(axis, value.axes), start, end)
    return [value]


def _bounds(call: Call, name: str) -> list[Length]:
    if name in call.inputs:
        return call.known(name).lengths()
    numbers = call.node.integers(name)
    if numbers is None:
        raise UserError(f"input '{name}' is missing")
    return list(numbers)


def _cut(folder: Folder, value: Imported, k: int, start: Length, end: Length) -> Imported:
    axis = value.axes[k]
    to_end = end >= _FAR if isinstance(end, int) else folder.roles.same(end, axis)
    if start == 0 and to_end:
        return value
    if axis.size is None and start == -1 and to_end:
        return folder.cut(value, k, -1, 1)
    if axis.size is None or isinstance(start, Axis) or isinstance(end, Axis):
        raise UserError(
            f"axis {k} cannot be cut there: its length is known only at run time;"
            " all of it or its last element can be taken"
        )
    first, last, _ = slice(start, end).indices(axis.size)
    if first >= last:
        raise UserError(f"no element of axis {k} is left: it has {axis.size}")
    return folder.cut(value, k, first, last - first)


@operator("Gather", "data indices", "axis")
def gather(call: Call) -> Sequence[Imported]:
    """Any elements of a known value; of a computed one, one element along an axis."""
    source, indices = call.input("data"), call.known("indices")
    k = position(call.node.integer("axis", 0), source.axes)
    size = source.axes[k].size
    for index in indices.integers():
        if size is not None and not -size <= index < size:
            raise UserError(f"there is no element {index} along axis {k}: it has {size}")
    if isinstance(source, Known) and size is not None:
        return [_take(source, indices, k)]
    if indices.array.size != 1:
        raise UserError("only one element along an axis can be taken")
    index = indices.integers()[0]
    if size is None and index != -1:
        raise UserError(f"axis {k} has unknown length: only its last element (-1) can be taken")
    one = call.folder.cut(source, k, index if size is None else index % size, 1)
    if indices.axes:
        return [one]
    return [call.folder.reshape(one, (*one.axes[:k], *one.axes[k + 1 :]))]


def _take(source: Known, indices: Known, k: int) -> Known:
    axes = (*source.axes[:k], *fresh(indices.array.shape), *source.axes[k + 1 :])
    chosen = indices.array.astype(np.int64)
    # Of an array of objects, numpy hands out the object itself.
    return fold(axes, lambda: np.asarray(source.array.take(chosen, k), source.array.dtype))


@operator("Concat", "inputs*", "axis")
def concat(call: Call) -> Sequence[Imported]:
    """Values one after the other along an axis."""
    if not call.parts:
        raise UserError("input 'inputs' is missing")
    axis = position(call.node.integer("axis", 0), call.parts[0].axes)
    if len(call.parts) == 1:
        return list(call.parts)
    return [call.folder.concat(call.parts, axis)]
