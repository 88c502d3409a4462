"""Evaluation rules of the part of `linalg` that makes one element of many.

Sums are taken in float64 and rounded once, whatever the elements are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lstmir.interpreter.plan import Array, Compiler, Evaluate, rule
from lstmir.ir.diagnostics import UserError
from lstmir.ir.operation import Operation
from lstmir.ir.types import element_of, shape_of
from lstmir.numeric.carriers import as_carrier
from lstmir.numeric.fixed import FixedType

_REDUCE: dict[str, Callable[..., Array]] = {
    "sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min,
}  # fmt: skip


@rule("linalg.reduce")
def reduce(op: Operation, compiler: Compiler) -> Evaluate:
    """The samples stay apart."""
    axes, keep = [axis + 1 for axis in op.attributes["axes"]], op.attributes["keepdims"]
    made = _REDUCE[op.attributes["kind"]]
    return _in_float64(op, axes, lambda x: made(x, axis=tuple(axes), keepdims=keep))


@rule("linalg.softmax")
def softmax(op: Operation, compiler: Compiler) -> Evaluate:
    """Of differences to the largest, so that nothing overflows."""
    axis = op.attributes["axis"] + 1

    def evaluate(x: Array) -> Array:
        weights = np.exp(x - x.max(axis, keepdims=True))
        return weights / weights.sum(axis, keepdims=True)

    return _in_float64(op, [axis], evaluate)


@rule("linalg.log_softmax")
def log_softmax(op: Operation, compiler: Compiler) -> Evaluate:
    """The difference to the logarithm of the sum."""
    axis = op.attributes["axis"] + 1

    def evaluate(x: Array) -> Array:
        below = x - x.max(axis, keepdims=True)
        return below - np.log(np.exp(below).sum(axis, keepdims=True))

    return _in_float64(op, [axis], evaluate)


@rule("linalg.normalize")
def normalize(op: Operation, compiler: Compiler) -> Evaluate:
    """The variance is the mean of the squares of the differences to the mean."""
    rank = len(shape_of(op.operands[0].type))
    axes = tuple(range(op.attributes["axis"] + 1, rank + 1))
    epsilon = op.attributes["epsilon"]

    def evaluate(x: Array) -> Array:
        centred = x - x.mean(axes, keepdims=True)
        variance = np.square(centred).mean(axes, keepdims=True)
        return centred / np.sqrt(variance + epsilon)

    return _in_float64(op, axes, evaluate)


@rule("linalg.argmax")
def argmax(op: Operation, compiler: Compiler) -> Evaluate:
    """The last of several is the first from behind."""
    axis, last = op.attributes["axis"] + 1, op.attributes.get("last", False)
    element = element_of(op.result_types[0])

    def evaluate(x: Array) -> tuple[Array, ...]:
        _check_filled(op, x, [axis])
        index = x.shape[axis] - 1 - np.flip(x, axis).argmax(axis) if last else x.argmax(axis)
        return (as_carrier(index, element) if isinstance(element, FixedType) else index,)

    return evaluate


def _in_float64(op: Operation, axes: Sequence[int], evaluate: Callable[[Array], Array]) -> Evaluate:
    """What leaves float64's range, or is no number, stays what it is, as in all arithmetic."""

    def run(x: Array) -> tuple[Array, ...]:
        _check_filled(op, x, axes)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return (evaluate(x.astype(np.float64)).astype(x.dtype),)

    return run


def _check_filled(op: Operation, x: Array, axes: Sequence[int]) -> None:
    """Raise `UserError` where an axis of unknown length turns out to be empty."""
    for axis in axes:
        if not x.shape[axis]:
            why = f"'{op.name}' needs at least one element along axis {axis - 1}"
            raise UserError(why, location=op.location)
