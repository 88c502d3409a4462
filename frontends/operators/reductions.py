"""Operators that make one element of many, or weigh many against each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from lstmir.frontends.operators.table import Call, Handler, operator, position
from lstmir.frontends.values.axes import Axis, describe, fresh
from lstmir.frontends.values.interpreted import interpret
from lstmir.frontends.values.values import Computed, Imported, Known
from lstmir.ir.diagnostics import UserError
from lstmir.ir.types import I64, TensorType

_INTEGERS: dict[str, Callable[..., np.ndarray]] = {"sum": np.sum, "max": np.max, "min": np.min}


def _reduction(kind: str) -> Handler:
    def handler(call: Call) -> Sequence[Imported]:
        source = call.input("data")
        given = call.integers("axes") or []
        if not given and call.node.integer("noop_with_empty_axes", 0):
            return [source]
        axes = sorted({position(axis, source.axes) for axis in given or range(len(source.axes))})
        if not axes:
            return [source]
        keep = bool(call.node.integer("keepdims", 1))
        return [_reduced(call, kind, source, axes, keep)]

    return handler


for _kind in ("sum", "mean", "max", "min"):
    operator(f"Reduce{_kind.title()}", "data axes?", "axes keepdims noop_with_empty_axes")(
        _reduction(_kind)
    )


def _reduced(call: Call, kind: str, source: Imported, axes: Sequence[int], keep: bool) -> Imported:
    name = "linalg.reduce"
    attributes: dict[str, Any] = {"kind": kind, "axes": tuple(axes), "keepdims": keep}
    kept = (1,) if keep else ()
    left = [fresh(kept) if k in axes else (axis,) for k, axis in enumerate(source.axes)]
    result = tuple(axis for each in left for axis in each)
    if isinstance(source, Computed):
        return call.folder.emit(name, [source], result, **attributes)
    _check_known(source, kind, axes)
    if source.array.dtype.kind in "iO":
        integers = np.array(source.integers(), np.int64).reshape(source.array.shape)
        if kind not in _INTEGERS:
            raise UserError("a mean of integers is not supported; cast them to floats before it")
        made = _INTEGERS[kind](integers, axis=tuple(axes), keepdims=keep)
        dtype = np.int64 if source.array.dtype == object else source.array.dtype
        return Known(np.asarray(made, dtype), result)
    return call.folder.fold(result, lambda: interpret(name, source, **attributes))


def _check_known(source: Known, kind: str, axes: Sequence[int]) -> None:
    """Raise `UserError` for a number of elements that is none, or that is not known."""
    sizes = [source.axes[k].size for k in axes]
    if 0 in sizes:
        raise UserError(f"there are no elements along axes {list(axes)} of {describe(source.axes)}")
    if kind == "sum" and None in sizes:
        raise UserError(f"'{source.name}' depends on a length that is known only at run time")


def _softmax(name: str) -> Handler:
    def handler(call: Call) -> Sequence[Imported]:
        source, flattens = call.input("input"), call.opset < 13
        axis = position(call.node.integer("axis", 1 if flattens else -1), source.axes)
        if not flattens or axis == len(source.axes) - 1:
            return [_along(call, name, source, axis)]
        # Before version 13, the axes from this one on are one.
        flat = call.folder.reshape(source, (*source.axes[:axis], _merged(source.axes[axis:])))
        return [call.folder.reshape(_along(call, name, flat, axis), source.axes)]

    return handler


operator("Softmax", "input", "axis")(_softmax("linalg.softmax"))
operator("LogSoftmax", "input", "axis")(_softmax("linalg.log_softmax"))


def _along(call: Call, name: str, source: Imported, axis: int) -> Imported:
    if isinstance(source, Known):
        return call.folder.fold(source.axes, lambda: interpret(name, source, axis=axis))
    return call.folder.emit(name, [source], source.axes, axis=axis)


def _merged(axes: Sequence[Axis]) -> Axis:
    """One axis for several. Of those that do not have length 1, none may be of unknown length."""
    long = [axis for axis in axes if axis.size != 1]
    if len(long) == 1:
        return long[0]
    sizes = [axis.size for axis in long if axis.size is not None]
    if len(sizes) < len(long):
        raise UserError(
            f"the axes {describe(axes)}, which this version of ONNX takes as one, have an unknown"
            " length (?): export the model for version 13 or later, where the softmax has one axis"
        )
    return Axis(prod(sizes))


@operator("ArgMax", "data", "axis keepdims select_last_index")
def argmax(call: Call) -> Sequence[Imported]:
    """64-bit integers. An axis that stays has length 1."""
    source, folder = call.input("data"), call.folder
    axis = position(call.node.integer("axis", 0), source.axes)
    last = bool(call.node.integer("select_last_index", 0))
    kept = fresh([1] if call.node.integer("keepdims", 1) else [])
    axes = (*source.axes[:axis], *kept, *source.axes[axis + 1 :])
    attributes: dict[str, Any] = {"axis": axis, **({"last": True} if last else {})}
    if isinstance(source, Known):
        found = interpret("linalg.argmax", source, **attributes)
        return [folder.fold(axes, lambda: np.expand_dims(found, axis) if kept else found)]
    value = folder.builder.value("linalg.argmax", folder.value(source), **attributes)
    sizes = tuple(each.size for each in axes)
    if not sizes:
        raise UserError("the result has no axes; set the attribute 'keepdims' to 1")
    if kept:
        value = folder.builder.value("tensor.reshape", value, type=TensorType(sizes, I64))
    return [Computed(value, axes)]
