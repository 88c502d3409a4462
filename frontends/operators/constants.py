"""Constants, shapes, and what passes its input on. Shape arithmetic leaves no trace in the IR."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lstmir.frontends.axes import Axis, Length, describe, length_of
from lstmir.frontends.folding import fold, known
from lstmir.frontends.node import Node
from lstmir.frontends.operators.table import Call, operator
from lstmir.frontends.tensors import element_dtype, read_tensor
from lstmir.frontends.values import Imported, Known
from lstmir.ir.diagnostics import UserError
from lstmir.ir.types import element_of, storage_dtype


@operator("Constant", attributes="value value_float value_floats value_int value_ints")
def constant(call: Call) -> Sequence[Imported]:
    """The tensor, number or numbers of the one attribute."""
    node = call.node
    if len(node.attributes) != 1:
        raise UserError(
            f"expected one attribute, which holds the value, got {len(node.attributes)}"
        )
    tensor = node.tensor("value")
    if tensor is not None:
        name = node.outputs[0]
        return [known(read_tensor(tensor, name), name)]
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
    tensor = call.node.tensor("value")
    array = np.zeros(1, np.float32) if tensor is None else read_tensor(tensor, "value")
    if array.size != 1:
        raise UserError(f"attribute 'value' must hold one element, not {array.size}")
    return [_repeated(known(array.reshape(())), call.known("input").lengths())]


@operator("Expand", "input shape")
def expand(call: Call) -> Sequence[Imported]:
    """Repeats along axes of length 1. A computed value may only stay as it is."""
    source, lengths = call.input("input"), call.known("shape").lengths()
    if isinstance(source, Known):
        return [_repeated(source, lengths)]
    kept = [length_of(axis) for axis in source.axes][len(source.axes) - len(lengths) :]
    same = len(lengths) <= len(source.axes) and all(
        length == 1 or length == old for length, old in zip(lengths, kept, strict=True)
    )
    if not same:
        raise UserError("only a constant can be repeated")
    return [source]


def _repeated(source: Known, lengths: Sequence[Length]) -> Known:
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
    return fold(tuple(axes), lambda: np.broadcast_to(source.array, stored))


def _padded(lengths: Sequence[Length], rank: int) -> list[Length]:
    return [*[1] * (rank - len(lengths)), *lengths]


@operator("Cast", "input", "to saturate")
def cast(call: Call) -> Sequence[Imported]:
    """Constants are converted now; a computed value may only be cast to the type it has.

    Integers are lengths, which have the same meaning in every integer type.
    """
    source = call.input("input")
    target = element_dtype(call.node.integer("to", 0), "the result")
    if isinstance(source, Known) and source.array.dtype == object and target.kind == "i":
        return [source]
    if isinstance(source, Known) and source.array.dtype != object:
        return [fold(source.axes, lambda: source.array.astype(target))]
    have = storage_dtype(element_of(call.folder.value(source).type))
    if have != target and not have.kind == target.kind == "i":
        raise UserError(f"a computed value of {have.name} cannot be cast to {target.name}")
    return [source]


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
