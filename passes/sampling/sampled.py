"""A value and its axis of samples; how that axis is taken out and put back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lstmir.ir.builder import Builder
from lstmir.ir.diagnostics import UserError
from lstmir.ir.operands import constant_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import Type, element_of, of_shape, shape_of

Shape: TypeAlias = tuple[int | None, ...]


@dataclass(frozen=True)
class Sampled:
    """A value of the new function, and where the batch axis was in the old one.

    Without such an axis it is the same for all samples; or the batch is of one sample only, and
    its axis has been taken for an ordinary one of length 1.
    """

    value: Value
    batch: int | None


Rule: TypeAlias = Callable[[Operation, list[Sampled], Builder], list[Sampled]]
"""Writes an operation for one sample; some operand has a batch axis. Raises `Mixed` before it writes."""


class Mixed(Exception):
    """An operation brings samples together, or its batch axis cannot be told from others."""


def without(shape: Shape, axis: int | None) -> Shape:
    """The other axes."""
    return tuple(size for index, size in enumerate(shape) if index != axis)


def type_without(type_: Type, axis: int | None) -> Type:
    """The type of one sample."""
    return of_shape(without(shape_of(type_), axis), element_of(type_))


def moved(axis: int, batch: int) -> int:
    """Where an axis is when the batch axis is gone."""
    return axis - (axis > batch)


def reshaped(build: Builder, value: Value, type_: Type, hint: str | None = None) -> Value:
    """The value as another type of as many elements."""
    if value.type == type_:
        return value
    return build.value("tensor.reshape", value, type=type_, hint=hint)


def restored(operand: Sampled, build: Builder) -> Value:
    """The value with its batch axis, of length 1."""
    if operand.batch is None:
        return operand.value
    shape = list(shape_of(operand.value.type))
    shape.insert(operand.batch, 1)
    return reshaped(build, operand.value, of_shape(tuple(shape), element_of(operand.value.type)))


def is_for_all(value: Value, axis: int, build: Builder) -> bool:
    """Whether a value without batch axis is the same for each sample along an axis."""
    size = shape_of(value.type)[axis]
    if size == 1:
        return True
    array = constant_of(value, build.module.resources)
    return array is not None and bool(size) and bool((array == array.take([0], axis)).all())


def for_one(value: Value, axis: int, build: Builder) -> Value:
    """What `is_for_all` along an axis, without that axis."""
    if shape_of(value.type)[axis] != 1:
        value = build.value("tensor.slice", value, axis=axis, start=0, size=1)
    return reshaped(build, value, type_without(value.type, axis))


def batch_of(operands: Sequence[Sampled]) -> int:
    """The batch axis of an operation's first operand. Raises `Mixed` if it has none."""
    batch = operands[0].batch
    if batch is None:
        raise Mixed
    return batch


def mixes(op: Operation) -> UserError:
    """The refusal of an operation that mixes samples."""
    names = ", ".join(f"%{value.name}" for value in op.results if value.name)
    what = f"'{op.name}' {names}" if names else f"'{op.name}'"
    note = (
        "cut the model before it (--outputs), or export it with a batch of one sample:"
        " then each has a run of its own"
    )
    return UserError(
        f"isolate-sample: {what} mixes samples of a batch or cannot be followed through it",
        location=op.location,
        notes=[note],
    )
