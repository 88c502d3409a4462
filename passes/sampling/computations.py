"""Rules of what computes with elements: samples must not meet."""

from __future__ import annotations

from lstmir.ir.builder import Builder
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import shape_of
from lstmir.passes.sampling.sampled import (
    Mixed,
    Sampled,
    batch_of,
    for_one,
    is_for_all,
    mixes,
    moved,
    type_without,
)


def elementwise(op: Operation, operands: list[Sampled], build: Builder) -> list[Sampled]:
    """The batch is one axis of the result, and as long there."""
    shape = shape_of(op.result_types[0])
    old = [shape_of(value.type) for value in op.operands]
    places = {
        (new.batch - len(sizes), sizes[new.batch])
        for sizes, new in zip(old, operands, strict=True)
        if new.batch is not None
    }
    if len(places) != 1:
        raise Mixed
    ((from_end, length),) = places
    alike = [
        new.batch is not None
        or len(sizes) < -from_end
        or is_for_all(new.value, len(sizes) + from_end, build)
        for sizes, new in zip(old, operands, strict=True)
    ]
    if shape[from_end] != length or not all(alike):
        raise Mixed
    batch = len(shape) + from_end
    values = [_one(new, from_end, build) for new in operands]
    type_ = type_without(op.result_types[0], batch)
    result = build.value(op.name, *values, type=type_, hint=op.result_names[0], **op.attributes)
    return [Sampled(result, batch)]


def _one(operand: Sampled, from_end: int, build: Builder) -> Value:
    """The operand without the axis that meets the batch."""
    rank = len(shape_of(operand.value.type))
    if operand.batch is not None or rank < -from_end:
        return operand.value
    return for_one(operand.value, rank + from_end, build)


def linear(op: Operation, operands: list[Sampled], build: Builder) -> list[Sampled]:
    """The vectors stand along the last axis; the matrix is the same for all."""
    weights, source = operands
    if weights.batch is not None:
        raise mixes(op)
    if source.batch in (None, len(shape_of(op.operands[1].type)) - 1):
        raise Mixed
    result = build.value("linalg.linear", weights.value, source.value, hint=op.result_names[0])
    return [Sampled(result, source.batch)]


def reduce(op: Operation, operands: list[Sampled], build: Builder) -> list[Sampled]:
    """Over any axes but that of samples."""
    (source,) = operands
    batch, axes = batch_of(operands), op.attributes["axes"]
    if batch in axes:
        raise Mixed
    kept = op.attributes["keepdims"]
    attributes = {**op.attributes, "axes": tuple(moved(axis, batch) for axis in axes)}
    result = build.value(op.name, source.value, hint=op.result_names[0], **attributes)
    gone = 0 if kept else sum(axis < batch for axis in axes)
    return [Sampled(result, batch - gone)]


def argmax(op: Operation, operands: list[Sampled], build: Builder) -> list[Sampled]:
    """Along any axis but that of samples; the result does not have it."""
    (source,) = operands
    batch, axis = batch_of(operands), op.attributes["axis"]
    if axis == batch:
        raise Mixed
    attributes = {**op.attributes, "axis": moved(axis, batch)}
    result = build.value(op.name, source.value, hint=op.result_names[0], **attributes)
    return [Sampled(result, batch - (axis < batch))]


def normalize(op: Operation, operands: list[Sampled], build: Builder) -> list[Sampled]:
    """The samples come before the axes that are normalized."""
    (source,) = operands
    batch, axis = batch_of(operands), op.attributes["axis"]
    if batch >= axis:
        raise Mixed
    attributes = {**op.attributes, "axis": axis - 1}
    result = build.value(op.name, source.value, hint=op.result_names[0], **attributes)
    return [Sampled(result, batch)]
