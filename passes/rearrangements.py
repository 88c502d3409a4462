"""Joins of what arranges elements: two in a row are one, or none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate, pairwise
from math import prod

from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import TensorType, is_static, shape_of
from lstmir.passes.records import is_decided


def join_rearrangements(op: Operation) -> Operation:
    """Let a rearrangement read what the one before it reads, if one can do the work of both.

    Gives the operation, or the reshape that came in its place.
    """
    join = _JOINS.get(op.name)
    # A slice of a part may be a slice of a slice again.
    while join is not None and join(op, op.operands[0].op):
        pass
    other = _as_reshape(op) or _as_concat(op)
    return op if other is None else join_rearrangements(other)


def _as_reshape(op: Operation) -> Operation | None:
    """A transpose that only moves axes of length 1 is a reshape: the elements keep their order."""
    if op.name != "tensor.transpose":
        return None
    sizes = shape_of(op.operands[0].type)
    order = [axis for axis in op.attributes["order"] if sizes[axis] != 1]
    if order != sorted(order):
        return None
    reshape = Operation("tensor.reshape", op.result_types, {}, (), op.result_names, op.location)
    op.parent.insert(reshape, op.operands, before=op)
    op.parent.replace(op, reshape.results)
    return reshape


def _as_concat(op: Operation) -> Operation | None:
    """Parts in a row that become one vector, as both directions of a state do, are joined as vectors."""
    inner = op.operands[0].op if op.name == "tensor.reshape" else op
    if inner.name != "tensor.concat" or inner is op or is_decided(inner):
        return None
    long = [axis for axis, size in enumerate(shape_of(op.result.type)) if size != 1]
    if len(long) != 1 or op.parent.use_count(inner) > 1 or not _are_in_a_row(inner):
        return None
    (along,) = long
    region = op.parent
    parts = []
    for part in inner.operands:
        assert isinstance(part.type, TensorType)
        shape = list(shape_of(op.result.type))
        shape[along] = prod(part.type.static_shape)
        type_ = replace(part.type, shape=tuple(shape))
        flat = Operation("tensor.reshape", [type_], {}, (), None, op.location)
        parts.append(region.insert(flat, [part], before=op).result)
    joined = Operation(
        inner.name, op.result_types, {"axis": along}, (), op.result_names, op.location
    )
    region.insert(joined, parts, before=op)
    region.replace(op, joined.results)
    region.erase(inner)
    return joined


def _are_in_a_row(concat: Operation) -> bool:
    """Whether the elements of each part stay neighbours, in their order."""
    shapes = [shape_of(part.type) for part in concat.operands]
    lead = shapes[0][: concat.attributes["axis"]]
    return all(size == 1 for size in lead) and all(is_static(shape) for shape in shapes)


def erase_unused(op: Operation) -> None:
    """Remove an operation that nothing reads any more."""
    if not op.parent.is_used(op):
        op.parent.erase(op)


def _read(op: Operation, inner: Operation, source: Value) -> bool:
    """Let `op` read a source of `inner`."""
    op.parent.set_operands(op, [source])
    erase_unused(inner)
    return True


def _join_reshape(op: Operation, inner: Operation) -> bool:
    if inner.name != op.name or is_decided(inner):
        return False
    return _read(op, inner, inner.operands[0])


def _join_transpose(op: Operation, inner: Operation) -> bool:
    if inner.name != op.name or is_decided(inner):
        return False
    order = inner.attributes["order"]
    op.attributes["order"] = tuple(order[axis] for axis in op.attributes["order"])
    return _read(op, inner, inner.operands[0])


def _join_slice(op: Operation, inner: Operation) -> bool:
    if inner.name not in ("tensor.slice", "tensor.concat") or is_decided(inner):
        return False
    axis, start, size = (op.attributes[name] for name in ("axis", "start", "size"))
    if inner.attributes["axis"] != axis or start < 0:
        return False
    if inner.name == "tensor.slice":
        # Of the last element of a dynamic axis, the only slice is itself.
        if inner.attributes["start"] < 0:
            return False
        op.attributes["start"] += inner.attributes["start"]
        return _read(op, inner, inner.operands[0])
    ends = accumulate((shape_of(part.type)[axis] or 0 for part in inner.operands), initial=0)
    for part, (first, end) in zip(inner.operands, pairwise(ends), strict=True):
        if first <= start and start + size <= end:
            op.attributes["start"] = start - first
            return _read(op, inner, part)
    return False


_JOINS: dict[str, Callable[[Operation, Operation], bool]] = {
    "tensor.reshape": _join_reshape,
    "tensor.transpose": _join_transpose,
    "tensor.slice": _join_slice,
}
