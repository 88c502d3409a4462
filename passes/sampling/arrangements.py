"""Rules of what arranges elements: the batch axis goes where its elements go."""

from __future__ import annotations

from math import prod

from lstmir.ir.builder import Builder
from lstmir.ir.operation import Operation
from lstmir.ir.types import shape_of
from lstmir.passes.sampling.sampled import (
    Mixed,
    Sampled,
    Shape,
    batch_of,
    for_one,
    is_for_all,
    moved,
    reshaped,
    type_without,
)


def along_axis(op: Operation, operands: list[Sampled], build: Builder) -> list[Sampled]:
    """What takes elements along an axis, which must not be that of samples."""
    batch, axis = batch_of(operands), op.attributes["axis"]
    if axis == batch:
        raise Mixed
    attributes = {**op.attributes, "axis": moved(axis, batch)}
    (source,) = operands
    result = build.value(op.name, source.value, hint=op.result_names[0], **attributes)
    return [Sampled(result, batch)]


def transpose(op: Operation, operands: list[Sampled], build: Builder) -> list[Sampled]:
    """The other axes keep their order."""
    (source,) = operands
    batch, order = batch_of(operands), op.attributes["order"]
    kept = tuple(moved(axis, batch) for axis in order if axis != batch)
    hint = op.result_names[0]
    if not kept:
        return [Sampled(source.value, order.index(batch))]
    result = build.value("tensor.transpose", source.value, hint=hint, order=kept)
    return [Sampled(result, order.index(batch))]


def concat(op: Operation, operands: list[Sampled], build: Builder) -> list[Sampled]:
    """Samples are along one axis, and the parts are joined along another."""
    batches, axis = {operand.batch for operand in operands} - {None}, op.attributes["axis"]
    (batch, *others) = batches
    if others or axis == batch or batch is None:
        raise Mixed
    if not all(each.batch is not None or is_for_all(each.value, batch, build) for each in operands):
        raise Mixed
    values = [
        for_one(each.value, batch, build) if each.batch is None else each.value for each in operands
    ]
    result = build.value("tensor.concat", *values, hint=op.result_names[0], axis=moved(axis, batch))
    return [Sampled(result, batch)]


def reshape(op: Operation, operands: list[Sampled], build: Builder) -> list[Sampled]:
    """The batch axis must stay an axis of its own."""
    (source,) = operands
    before, after = shape_of(op.operands[0].type), shape_of(op.result_types[0])
    batch = _same_place(before, batch_of(operands), after)
    if batch is None:
        raise Mixed
    type_ = type_without(op.result_types[0], batch)
    return [Sampled(reshaped(build, source.value, type_, op.result_names[0]), batch)]


def _same_place(before: Shape, batch: int, after: Shape) -> int | None:
    """The axis of `after` that holds exactly what the batch axis of `before` holds, if any."""

    def lead(shape: Shape) -> tuple[int, int]:
        return prod(size for size in shape if size is not None), shape.count(None)

    places = [
        axis
        for axis, size in enumerate(after)
        if size == before[batch] and lead(after[:axis]) == lead(before[:batch])
    ]
    # Among neighbours of length 1 any would do; the one that did not move is the one meant.
    return batch if batch in places else next(iter(places), None)


def broadcast(op: Operation, operands: list[Sampled], build: Builder) -> list[Sampled]:
    """New axes are in front; one sample may not become several."""
    (source,) = operands
    before, after = shape_of(op.operands[0].type), shape_of(op.result_types[0])
    batch = batch_of(operands)
    place = batch + len(after) - len(before)
    if after[place] != before[batch]:
        raise Mixed
    type_ = type_without(op.result_types[0], place)
    if type_ == source.value.type:
        return [Sampled(source.value, place)]
    result = build.value("tensor.broadcast", source.value, type=type_, hint=op.result_names[0])
    return [Sampled(result, place)]


def repeat(op: Operation, operands: list[Sampled], build: Builder) -> list[Sampled]:
    """What repeats as often as there are samples is the same for each."""
    source, like = operands
    axis, along = op.attributes["axis"], op.attributes["along"]
    if like.batch == along:
        if source.batch is not None:
            raise Mixed
        return [Sampled(for_one(source.value, axis, build), axis)]
    if axis == source.batch:
        raise Mixed
    if source.batch is not None:
        axis = moved(axis, source.batch)
    if like.batch is not None:
        along = moved(along, like.batch)
    hint = op.result_names[0]
    result = build.value(
        "tensor.repeat", source.value, like.value, hint=hint, axis=axis, along=along
    )
    return [Sampled(result, source.batch)]
