"""Evaluation rules of `tensor`. Every array has the samples as its first axis."""

from __future__ import annotations

import numpy as np

from lstmir.interpreter.constants import constant_array
from lstmir.interpreter.plan import Array, Compiler, Evaluate, rule
from lstmir.ir.operation import Operation
from lstmir.ir.types import TensorType, shape_of


@rule("tensor.constant")
def constant(op: Operation, compiler: Compiler) -> Evaluate:
    """The resource, for all samples."""
    array = constant_array(op.result, compiler.resources)
    assert array is not None, "verified modules have all resources"
    held = (array[np.newaxis],)
    return lambda: held


@rule("tensor.reshape")
def reshape(op: Operation, compiler: Compiler) -> Evaluate:
    """Dynamic axes keep the lengths that the source has, in order."""
    source, target = shape_of(op.operands[0].type), shape_of(op.result_types[0])
    dynamic = [axis for axis, size in enumerate(source) if size is None]

    def evaluate(array: Array) -> tuple[Array, ...]:
        lengths = iter(array.shape[axis + 1] for axis in dynamic)
        shape = [next(lengths) if size is None else size for size in target]
        return (array.reshape(array.shape[0], *shape),)

    return evaluate


@rule("tensor.slice")
def slice_(op: Operation, compiler: Compiler) -> Evaluate:
    """A view; start -1 is the last element."""
    axis, start, size = (op.attributes[name] for name in ("axis", "start", "size"))
    piece = slice(-1, None) if start == -1 else slice(start, start + size)
    index = (slice(None),) * (axis + 1) + (piece,)
    return lambda array: (array[index],)


@rule("tensor.transpose")
def transpose(op: Operation, compiler: Compiler) -> Evaluate:
    """The samples stay first."""
    order = (0, *(axis + 1 for axis in op.attributes["order"]))
    return lambda array: (array.transpose(order),)


@rule("tensor.concat")
def concat(op: Operation, compiler: Compiler) -> Evaluate:
    """Parts that are the same for all samples are repeated for each."""
    axis = op.attributes["axis"] + 1

    def evaluate(*parts: Array) -> tuple[Array, ...]:
        samples = max(len(part) for part in parts)
        return (np.concatenate([spread(part, samples) for part in parts], axis=axis),)

    return evaluate


@rule("tensor.gather")
def gather(op: Operation, compiler: Compiler) -> Evaluate:
    """A copy."""
    axis, indices = op.attributes["axis"] + 1, list(op.attributes["indices"])
    return lambda array: (array.take(indices, axis),)


@rule("tensor.broadcast")
def broadcast(op: Operation, compiler: Compiler) -> Evaluate:
    """A view. Dynamic axes stay as long as they are."""
    target = shape_of(op.result_types[0])
    more = len(target) - len(shape_of(op.operands[0].type))

    def evaluate(array: Array) -> tuple[Array, ...]:
        samples, *old = array.shape
        lengths = [*[1] * more, *old]
        shape = [have if size is None else size for have, size in zip(lengths, target, strict=True)]
        return (np.broadcast_to(array.reshape(samples, *lengths), (samples, *shape)),)

    return evaluate


@rule("tensor.repeat")
def repeat(op: Operation, compiler: Compiler) -> Evaluate:
    """A view."""
    axis, along = op.attributes["axis"] + 1, op.attributes["along"] + 1

    def evaluate(source: Array, like: Array) -> tuple[Array, ...]:
        shape = (*source.shape[:axis], like.shape[along], *source.shape[axis + 1 :])
        return (np.broadcast_to(source, shape),)

    return evaluate


def spread(array: Array, samples: int) -> Array:
    """The array with as many samples; one stands for all."""
    if len(array) == samples:
        return array
    return np.broadcast_to(array, (samples, *array.shape[1:]))


def rank_of(op: Operation) -> int:
    """Axes of the result, without the samples."""
    type_ = op.result_types[0]
    return len(type_.shape) if isinstance(type_, TensorType) else 0
