"""The rule of recurrent layers: one sample is a batch of one."""

from __future__ import annotations

from lstmir.dialects.layers import LAYERS
from lstmir.ir.builder import Builder
from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation
from lstmir.ir.types import shape_of
from lstmir.passes.sampling.sampled import Mixed, Sampled, reshaped, restored, type_without

# Where a layer has samples: along these axes of these parts, and nowhere else.
_BATCH = {"": 1, "lengths": 0, "initial_h": 1, "initial_c": 1}


def layer(op: Operation, operands: list[Sampled], build: Builder) -> list[Sampled]:
    """The layer on a batch of length 1, which is dropped behind it."""
    parts = [part for part in LAYERS[op.name].parts for _ in segment(op, part)]
    if operands[0].batch != 1 or not all(map(_is_of_one_sample, parts, operands)):
        raise Mixed
    values = [restored(operand, build) for operand in operands]
    whole = build.op(op.name, values, names=op.result_names, **op.attributes)
    axes = [len(shape_of(value.type)) - 2 for value in whole.results]
    return [
        Sampled(reshaped(build, value, type_without(value.type, axis)), axis)
        for value, axis in zip(whole.results, axes, strict=True)
    ]


def _is_of_one_sample(part: str, operand: Sampled) -> bool:
    """Whether a part of a layer belongs to one sample, or is the same for all."""
    axis = _BATCH.get(part)
    if operand.batch is not None or axis is None:
        return operand.batch == axis
    return shape_of(operand.value.type)[axis] == 1
