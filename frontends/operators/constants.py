"""Constants, shapes, and what passes its input on. Shape arithmetic leaves no trace in the IR."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from lstmir.frontends.model.node import Node
from lstmir.frontends.model.rank import check_rank
from lstmir.frontends.model.tensors import element_dtype
from lstmir.frontends.operators.composer import Composer, dtype_of
from lstmir.frontends.operators.table import Call, operator
from lstmir.frontends.values.axes import Axis, Length, Roles, describe, fresh, length_of, sizes_of
from lstmir.frontends.values.evaluate import numbers
from lstmir.frontends.values.folding import Folder, known
from lstmir.frontends.values.values import Imported, Known
from lstmir.ir.diagnostics import UserError
from lstmir.ir.types import TensorType, element_of

MAX_REPEATED = 2**28
"""No constant is longer than this, even one that repeats a single element: 1 GiB of float32."""


@operator("Constant", attributes="value value_float value_floats value_int value_ints")
def constant(call: Call) -> Sequence[Imported]:
    """The tensor, number or numbers of the one attribute."""
    node = call.node
    if len(node.attributes) != 1:
        raise UserError(
            f"expected one attribute, which holds the value, got {len(node.attributes)}"
        )
    name = node.outputs[0]
    array = node.array("value", name)
    if array is not None:
        call.folder.budget.grant(array)
        return [known(array, name)]
    attribute = next(iter(node.attributes))
    value = _NUMBERS[attribute](node)
    dtype = np.float32 if "float" in attribute else np.int64
    return [known(np.array(value, dtype))]


_NUMBERS: dict[str, Callable[[Node], Any]] = {
    "value_float": lambda node: node.number("value_float", 0.0),
    "value_floats": lambda node: node.numbers("value_floats"),
    "value_int": lambda node: node.integer("value_int", 0),
    "value_ints": lambda node: node.integers("value_ints"),
}


@operator("Shape", "data", "start end")
def shape(call: Call) -> Sequence[Imported]:
    """The lengths of the axes: numbers where they are known, else the axes themselves."""
    axes = call.input("data").axes
    start, end = call.node.integer("start", 0), call.node.integer("end", len(axes))
    return [known(_shape_vector([length_of(axis) for axis in axes][start:end]))]


def _shape_vector(lengths: Sequence[Length]) -> np.ndarray:
    symbolic = any(isinstance(length, Axis) for length in lengths)
    vector = np.empty(len(lengths), object if symbolic else np.int64)
    vector[:] = lengths
    return vector


@operator("ConstantOfShape", "input", "value")
def constant_of_shape(call: Call) -> Sequence[Imported]:
    """One element everywhere; zero of float32 if none is given."""
    array = call.node.array("value", "value")
    array = np.zeros(1, np.float32) if array is None else array
    if array.size != 1:
        raise UserError(f"attribute 'value' must hold one element, not {array.size}")
    return [_repeated(call.folder, known(array.reshape(())), call.known("input").lengths())]


@operator("Expand", "input shape")
def expand(call: Call) -> Sequence[Imported]:
    """Repeats along axes of length 1, and along new ones in front."""
    return [expanded(call.folder, call.input("input"), call.known("shape").lengths())]


def expanded(folder: Folder, source: Imported, lengths: Sequence[Length]) -> Imported:
    """A value broadcast against a shape."""
    if isinstance(source, Known):
        return _repeated(folder, source, lengths)
    rank = max(len(source.axes), len(lengths))
    have = [*fresh([1] * (rank - len(source.axes))), *source.axes]
    pairs = zip(have, _padded(lengths, rank), strict=True)
    axes = tuple(_grown(axis, length, folder.roles) for axis, length in pairs)
    if sizes_of(axes) == sizes_of(source.axes):
        return source
    type_ = TensorType(sizes_of(axes), element_of(source.value.type))
    return folder.emit("tensor.broadcast", [source], axes, type_)


def _grown(axis: Axis, length: Length, roles: Roles) -> Axis:
    """An axis of a computed value, which is to have a length."""
    if length in (1, axis.size):
        return axis
    if axis.size is None and isinstance(length, Axis) and roles.same(axis, length):
        return axis
    if axis.size == 1 and isinstance(length, int) and length > 1:
        return Axis(length)
    wanted = "a length that is known only at run time" if isinstance(length, Axis) else length
    have = "unknown length" if axis.size is None else f"length {axis.size}"
    raise UserError(f"an axis of {have} cannot be repeated to {wanted}")


def _repeated(folder: Folder, source: Known, lengths: Sequence[Length]) -> Known:
    """The constant, broadcast against a shape."""
    if any(isinstance(length, int) and length < 0 for length in lengths):
        raise UserError("the shape has a negative length")
    old = [length_of(axis) for axis in source.axes]
    rank = max(len(old), len(lengths))
    axes: list[Axis] = []
    for have, want in zip(_padded(old, rank), _padded(lengths, rank), strict=True):
        if 1 not in (have, want) and have != want:
            raise UserError(f"a constant of shape {describe(source.axes)} cannot fill that shape")
        length = have if want == 1 else want
        axes.append(length if isinstance(length, Axis) else Axis(length))
    stored = tuple(1 if axis.size is None else axis.size for axis in axes)
    check_rank(len(axes), "the result")
    if prod(stored) > MAX_REPEATED:
        raise UserError(f"a constant of shape {describe(axes)} is too large")
    return Known(np.broadcast_to(source.array, stored), tuple(axes))


def _padded(lengths: Sequence[Length], rank: int) -> list[Length]:
    return [*[1] * (rank - len(lengths)), *lengths]


@operator("Cast", "input", "to saturate")
def cast(call: Call) -> Sequence[Imported]:
    """To the type that the attribute says."""
    return [_cast(call, element_dtype(call.node.integer("to", 0), "the result"))]


@operator("CastLike", "input target_type", "saturate")
def cast_like(call: Call) -> Sequence[Imported]:
    """To the type of another value."""
    return [_cast(call, dtype_of(call.input("target_type")))]


def _cast(call: Call, target: np.dtype) -> Imported:
    """Constants are converted now. Of computed values, truth becomes 0 or 1, and what is not 0 true.

    Integers are lengths, which have the same meaning in every integer type.
    """
    source, have = call.input("input"), dtype_of(call.input("input"))
    if have.kind == target.kind == "i" and _is_computed(source):
        return source
    if isinstance(source, Known):
        array = numbers(source)
        return call.folder.fold(source.axes, lambda: array.astype(target))
    if have == target:
        return source
    compose = Composer(call, source if have.kind == "f" else known(np.zeros((), target)))
    if have.kind == "b" and target.kind == "f":
        branches = compose.number(1.0), compose.number(0.0)
        return call.folder.elementwise("arith.select", source, *branches, hint=compose.name)
    if have.kind == "f" and target.kind == "b":
        zero = compose.number(0.0)
        return call.folder.elementwise("arith.compare", source, zero, predicate="ne")
    note = "; export the model in one of them" if have.kind == target.kind else ""
    raise UserError(f"a computed value of {have.name} cannot be cast to {target.name}{note}")


def _is_computed(source: Imported) -> bool:
    """Also of a shape that is computed at run time."""
    return not isinstance(source, Known) or source.array.dtype == object


@operator("Identity", "input")
def identity(call: Call) -> Sequence[Imported]:
    """The input."""
    return [call.input("input")]


@operator("Dropout", "data ratio? training_mode?", "ratio seed")
def dropout(call: Call) -> Sequence[Imported]:
    """The input: nothing is dropped in inference. There is no mask."""
    training = call.optional("training_mode")
    if training is None or (isinstance(training, Known) and not training.array.any()):
        return [call.input("data")]
    raise UserError("input 'training_mode' must be false; export the model for inference")
