"""Operators that arrange the same elements under other axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from lstmir.frontends.operators.table import Call, operator, position
from lstmir.frontends.values.axes import Axis, Length, describe, length_of
from lstmir.frontends.values.reshaping import reshaped
from lstmir.frontends.values.values import Imported
from lstmir.ir.diagnostics import UserError


@operator("Transpose", "data", "perm")
def transpose(call: Call) -> Sequence[Imported]:
    """Without `perm` the axes are reversed."""
    source = call.input("data")
    rank = len(source.axes)
    order = call.node.integers("perm")
    order = list(reversed(range(rank))) if order is None else order
    if sorted(order) != list(range(rank)):
        raise UserError(f"{order} is no order of {rank} axes")
    return [call.folder.transpose(source, order)]


@operator("Squeeze", "data axes?", "axes")
def squeeze(call: Call) -> Sequence[Imported]:
    """Without `axes`, or with none in them, every axis of length 1 goes."""
    source, wanted = call.input("data"), call.integers("axes")
    axes = source.axes
    gone = {position(axis, axes) for axis in wanted} if wanted else _single(axes)
    for k in sorted(gone):
        if axes[k].size != 1:
            length = "unknown length" if axes[k].size is None else f"length {axes[k].size}"
            raise UserError(f"axis {k} cannot go: it has {length}, not 1")
    kept = tuple(axis for k, axis in enumerate(axes) if k not in gone)
    return [call.folder.reshape(source, kept)]


def _single(axes: Sequence[Axis]) -> set[int]:
    """Those of length 1."""
    for k, axis in enumerate(axes):
        if axis.size is None:
            raise UserError(
                f"'axes' names none: of a value of shape {describe(axes)}, axis {k} would go where its"
                " length is 1 at run time, and else stay; say which axes go"
            )
    return {k for k, axis in enumerate(axes) if axis.size == 1}


@operator("Unsqueeze", "data axes?", "axes")
def unsqueeze(call: Call) -> Sequence[Imported]:
    """`axes` are places in the result."""
    source, wanted = call.input("data"), call.integers("axes")
    if wanted is None:
        raise UserError("input 'axes' is missing")
    rank = len(source.axes) + len(wanted)
    new = {axis + rank if axis < 0 else axis for axis in wanted}
    if len(new) < len(wanted) or not new <= set(range(rank)):
        raise UserError(f"{wanted} are not {len(wanted)} places among {rank} axes")
    old = iter(source.axes)
    axes = tuple(Axis(1) if k in new else next(old) for k in range(rank))
    return [call.folder.reshape(source, axes)]


@operator("Reshape", "data shape", "allowzero")
def reshape(call: Call) -> Sequence[Imported]:
    """In the shape, 0 keeps the axis at the same place and -1 takes what is left."""
    source, target = call.input("data"), call.known("shape").lengths()
    if 0 in target and call.node.integer("allowzero", 0):
        raise UserError("attribute 'allowzero' is not supported where the shape has a 0")
    lengths = [_length(source.axes, k, length) for k, length in enumerate(target)]
    return [call.folder.reshape(source, reshaped(source.axes, lengths, call.folder.roles))]


def _length(axes: Sequence[Axis], place: int, length: Length) -> Length:
    if length != 0:
        return length
    if place >= len(axes):
        raise UserError(f"there is no axis {place} to keep in a value of {len(axes)} axes")
    return length_of(axes[place])


@operator("Flatten", "input", "axis")
def flatten(call: Call) -> Sequence[Imported]:
    """Two axes: those before `axis` as one, the others as one."""
    source = call.input("input")
    axis = call.node.integer("axis", 1)
    if axis != len(source.axes):  # behind the last axis is a place too
        axis = position(axis, source.axes)
    target = [_merged(source.axes[:axis]), _merged(source.axes[axis:])]
    return [call.folder.reshape(source, reshaped(source.axes, target, call.folder.roles))]


def _merged(axes: Sequence[Axis]) -> Length:
    """The length of axes taken as one."""
    sizes = [axis.size for axis in axes if axis.size is not None]
    unknown = [axis for axis in axes if axis.size is None]
    if not unknown:
        return prod(sizes)
    if len(unknown) > 1 or prod(sizes) != 1:
        raise UserError(
            f"axes of unknown length (?) in {describe(axes)} cannot be merged with others"
        )
    return unknown[0]
