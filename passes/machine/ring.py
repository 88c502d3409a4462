"""Pointers to one of a few buffers, which are used in turns."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.ir.operation import Value
from lstmir.ir.types import I1, Type
from lstmir.passes.machine.logic import Logic, natural


def pointer_type(buffers: int) -> Type:
    """The type of a pointer: one of two needs no number. `buffers` is a power of two."""
    return I1 if buffers == 2 else natural(buffers)


def next_buffer(logic: Logic, pointer: Value) -> Value:
    """The pointer to the next buffer, the first one behind the last."""
    return logic.no(pointer) if pointer.type == I1 else logic.plus_one(pointer)


def is_at(logic: Logic, pointer: Value, buffer: int) -> Value:
    """Whether a pointer is that of a buffer."""
    if pointer.type != I1:
        return logic.equals(pointer, buffer)
    return pointer if buffer else logic.no(pointer)


def of_buffer(logic: Logic, values: Sequence[Value], pointer: Value) -> Value:
    """What is known of the buffer that a pointer is of."""
    if pointer.type == I1:
        return logic.select(pointer, values[1], values[0])
    return logic.pick(values, pointer)
