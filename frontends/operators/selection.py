"""Operators that select from values, or join them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from lstmir.frontends.operators.table import Call, operator, position
from lstmir.frontends.values.axes import Axis, Length, fresh
from lstmir.frontends.values.folding import Folder, known
from lstmir.frontends.values.values import Computed, Imported, Known
from lstmir.ir.diagnostics import UserError

_FAR = 2**31 - 1
"""Exporters write the largest integer of 32 or 64 bits for "to the end"."""

MAX_CHOSEN = 2**16
"""Elements that are named one by one: a model may say that an axis is longer than any memory."""


@operator("Slice", "data starts? ends? axes? steps?", "starts ends axes")
def slice_(call: Call) -> Sequence[Imported]:
    """Every so many elements along some axes, forwards or backwards."""
    value = call.input("data")
    starts, ends = _bounds(call, "starts"), _bounds(call, "ends")
    given = call.integers("axes")
    axes = [position(axis, value.axes) for axis in given or range(len(starts))]
    steps = call.integers("steps") or [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise UserError("'starts', 'ends', 'axes' and 'steps' must be of one length")
    if len(set(axes)) < len(axes):
        raise UserError(f"input 'axes' names an axis twice: {given}")
    if 0 in steps:
        raise UserError("input 'steps' must not be 0")
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        value = _cut(call.folder, value, axis, start, end, step)
    return [value]


def _bounds(call: Call, name: str) -> list[Length]:
    if name in call.inputs:
        return call.known(name).lengths()
    numbers = call.node.integers(name)
    if numbers is None:
        raise UserError(f"input '{name}' is missing")
    return list(numbers)


def _cut(
    folder: Folder, value: Imported, k: int, start: Length, end: Length, step: int
) -> Imported:
    axis = value.axes[k]
    to_end = end >= _FAR if isinstance(end, int) else folder.roles.same(end, axis)
    if start == 0 and to_end and step == 1:
        return value
    if axis.size is None and start == -1 and to_end and step > 0:
        return folder.cut(value, k, -1, 1)
    if axis.size is None and (start, end) == (0, 1) and step > 0:
        return folder.cut(value, k, 0, 1)
    if axis.size is None or isinstance(start, Axis) or isinstance(end, Axis):
        raise UserError(
            f"axis {k} cannot be cut there: its length is known only at run time;"
            " all of it, or its first or last element can be taken"
        )
    indices = _places(start, end, step, axis.size)
    if not indices:
        raise UserError(f"no element of axis {k} is left: it has {axis.size}")
    return _chosen(folder, value, k, indices)


def _places(start: int, end: int, step: int, size: int) -> range:
    """What ONNX takes: both ends count from behind if negative, and stop at the ends of the axis.

    Where Python's slices differ is a start in front of a slice that runs backwards.
    """
    start, end = (place + size if place < 0 else place for place in (start, end))
    if step > 0:
        return range(min(max(start, 0), size), min(max(end, 0), size), step)
    return range(min(max(start, 0), size - 1), min(max(end, -1), size - 1), step)


def _chosen(folder: Folder, source: Imported, k: int, indices: Sequence[int]) -> Imported:
    """Elements along an axis of known length, counted from its start."""
    neighbours = range(indices[0], indices[0] + len(indices))
    if indices == neighbours or (len(indices) <= MAX_CHOSEN and list(indices) == [*neighbours]):
        return folder.cut(source, k, indices[0], len(indices))
    if isinstance(source, Computed) and len(indices) > MAX_CHOSEN:
        raise UserError(f"takes {len(indices)} single elements; lstmir takes at most {MAX_CHOSEN}")
    axis = Axis(len(indices))
    folder.roles.relate(axis, source.axes[k])
    axes = (*source.axes[:k], axis, *source.axes[k + 1 :])
    if isinstance(source, Known):
        return folder.fold(axes, lambda: source.array.take(list(indices), k))
    return folder.emit("tensor.gather", [source], axes, axis=k, indices=tuple(indices))


@operator("Gather", "data indices", "axis")
def gather(call: Call) -> Sequence[Imported]:
    """Elements along an axis by constant indices, whose axes take the place of that axis."""
    source, indices = call.input("data"), call.known("indices")
    k = position(call.node.integer("axis", 0), source.axes)
    size = source.axes[k].size
    wanted = known(indices.array.reshape(-1), indices.name).integers()
    for index in wanted:
        if size is not None and not -size <= index < size:
            raise UserError(f"there is no element {index} along axis {k}: it has {size}")
    if isinstance(source, Known) and size is not None:
        return [_take(call.folder, source, indices, k)]
    if size is None and wanted not in ([0], [-1]):
        raise UserError(
            f"axis {k} has unknown length: only its first element (0) or its last (-1) can be taken"
        )
    if not wanted:
        raise UserError("input 'indices' is empty")
    if size is None:
        found = call.folder.cut(source, k, wanted[0], 1)
    else:
        found = _chosen(call.folder, source, k, [index % size for index in wanted])
    if len(indices.axes) == 1:
        return [found]
    axes = (*found.axes[:k], *fresh(indices.array.shape), *found.axes[k + 1 :])
    return [call.folder.reshape(found, axes)]


def _take(folder: Folder, source: Known, indices: Known, k: int) -> Known:
    axes = (*source.axes[:k], *fresh(indices.array.shape), *source.axes[k + 1 :])
    chosen = indices.array.astype(np.int64)
    # Of an array of objects, numpy hands out the object itself.
    return folder.fold(axes, lambda: np.asarray(source.array.take(chosen, k), source.array.dtype))


@operator("Split", "input split?", "axis split num_outputs")
def split(call: Call) -> Sequence[Imported]:
    """Pieces one after the other, as many as there are outputs."""
    source = call.input("input")
    k = position(call.node.integer("axis", 0), source.axes)
    size = source.axes[k].size
    if size is None:
        raise UserError(f"axis {k} cannot be split: its length is known only at run time")
    pieces = _pieces(call, size)
    if sum(pieces) != size or min(pieces) < 1:
        raise UserError(f"pieces of {pieces} do not make up axis {k}, which has {size}")
    starts = accumulate(pieces, initial=0)
    return [
        call.folder.cut(source, k, start, piece)
        for start, piece in zip(starts, pieces, strict=False)
    ]


def _pieces(call: Call, size: int) -> list[int]:
    """How long each output is."""
    given, count = call.integers("split"), len(call.node.outputs)
    wanted = call.node.integer("num_outputs", count)
    if wanted != count:
        raise UserError(f"attribute 'num_outputs' is {wanted}, but there are {count} outputs")
    if given is not None:
        if len(given) != count:
            raise UserError(f"'split' has {len(given)} entries for {count} outputs")
        return given
    if "num_outputs" not in call.node.attributes and size % count:
        raise UserError(
            f"{size} elements cannot be split evenly into {count}: 'split' must say how many each has"
        )
    # Only the last piece may be shorter.
    each = -(-size // count)
    return [each] * (count - 1) + [size - each * (count - 1)]


@operator("Concat", "inputs*", "axis")
def concat(call: Call) -> Sequence[Imported]:
    """Values one after the other along an axis."""
    if not call.parts:
        raise UserError("input 'inputs' is missing")
    axis = position(call.node.integer("axis", 0), call.parts[0].axes)
    if len(call.parts) == 1:
        return list(call.parts)
    return [call.folder.concat(call.parts, axis)]
