"""The intervals of what each operation gives, from those of its operands."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, prod, sqrt
from typing import Protocol

import numpy as np

from lstmir.dialects.math import FUNCTIONS
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import shape_of
from lstmir.numeric.boxes import Box, FloatArray, Matrix, anything, exactly, filled, total
from lstmir.numeric.images import image


class Known(Protocol):
    """What is known of the operands."""

    def box(self, value: Value) -> Box:
        """The interval of each element of a value."""

    def matrix(self, value: Value) -> Matrix | None:
        """A constant matrix, prepared for products; None for a computed one."""

    def constant(self, value: Value) -> np.ndarray | None:
        """The finite numbers behind a value; None for a computed one."""


Rule = Callable[[Operation, Known], Box]
"""The interval of each element of the one result; it may have to be broadcast to its shape."""

Move = Callable[[FloatArray], FloatArray]
"""Puts the elements of an array elsewhere."""

RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Enter a rule for operations."""

    def enter(made: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, made))
        return made

    return enter


def sizes(value: Value) -> tuple[int, ...]:
    """The shape of a value's box: a dynamic axis has length 1, for all of its elements."""
    return tuple(1 if size is None else size for size in shape_of(value.type))


@rule("arith.sub")
def sub(op: Operation, known: Known) -> Box:
    """A difference; that of a value to itself is zero."""
    left, right = op.operands
    found = known.box(left) - known.box(right)
    return filled(found.shape, 0, 0) if left == right else found


@rule("arith.mul")
def mul(op: Operation, known: Known) -> Box:
    """A product; a square is not negative."""
    left, right = op.operands
    if left == right:
        size = image("abs", known.box(left))
        return size * size
    return known.box(left) * known.box(right)


@rule("arith.neg")
def neg(op: Operation, known: Known) -> Box:
    """The other sign."""
    return -known.box(op.operands[0])


@rule(*(f"math.{name}" for name in FUNCTIONS))
def function(op: Operation, known: Known) -> Box:
    """A real function."""
    return image(op.name.removeprefix("math."), known.box(op.operands[0]))


@rule("linalg.matvec", "linalg.linear")
def product(op: Operation, known: Known) -> Box:
    """A known matrix by vectors along the last axis."""
    matrix, vectors = known.matrix(op.operands[0]), known.box(op.operands[1])
    return anything(sizes(op.result)) if matrix is None else matrix.times(vectors)


@rule("linalg.reduce")
def reduce(op: Operation, known: Known) -> Box:
    """A mean lies between the smallest and the largest element; as many as a run has are not known."""
    source, kind = known.box(op.operands[0]), op.attributes["kind"]
    axes, keepdims = tuple(op.attributes["axes"]), op.attributes["keepdims"]
    if kind == "mean":
        return source.over(axes, keepdims=keepdims)
    if kind in ("max", "min"):
        taken = getattr(np, kind)
        return source.map(lambda end: taken(end, axis=axes, keepdims=keepdims))
    lengths = shape_of(op.operands[0].type)
    if any(lengths[axis] is None for axis in axes):
        return anything(sizes(op.result))
    return total(source, axes, keepdims=keepdims)


@rule("linalg.softmax")
def softmax(op: Operation, known: Known) -> Box:
    """Shares of 1."""
    return filled(sizes(op.result), 0, 1)


@rule("linalg.log_softmax")
def log_softmax(op: Operation, known: Known) -> Box:
    """Logarithms of shares of 1."""
    return filled(sizes(op.result), -inf, 0)


@rule("linalg.normalize")
def normalize(op: Operation, known: Known) -> Box:
    """No one of n numbers is farther from their mean than sqrt(n) standard deviations."""
    lengths = shape_of(op.operands[0].type)[op.attributes["axis"] :]
    count = prod(inf if length is None else length for length in lengths)
    largest = float(np.nextafter(sqrt(count), inf))
    return filled(sizes(op.result), -largest, largest)


@rule("tensor.constant")
def constant(op: Operation, known: Known) -> Box:
    """Itself."""
    array = known.constant(op.result)
    return anything(sizes(op.result)) if array is None else exactly(array)


@rule("tensor.concat")
def concat(op: Operation, known: Known) -> Box:
    """One part behind the other."""
    parts, axis = [known.box(value) for value in op.operands], op.attributes["axis"]
    return Box(
        np.concatenate([part.lo for part in parts], axis),
        np.concatenate([part.hi for part in parts], axis),
    )


def _reshape(op: Operation) -> Move | None:
    """Elements keep their places where at most one axis is dynamic, and as many stand before it."""
    source, target = shape_of(op.operands[0].type), shape_of(op.result.type)
    if _before_dynamic(source) != _before_dynamic(target) or source.count(None) > 1:
        return None
    shape = sizes(op.result)
    return lambda array: array.reshape(shape)


def _before_dynamic(shape: tuple[int | None, ...]) -> int | None:
    """How many elements the axes in front of the dynamic one have, if there is one."""
    if None not in shape:
        return None
    return prod(size for size in shape[: shape.index(None)] if size is not None)


def _slice(op: Operation) -> Move:
    """Neighbours; all elements along a dynamic axis have the same interval."""
    axis, start, size = (op.attributes[name] for name in ("axis", "start", "size"))
    if shape_of(op.operands[0].type)[axis] is None:
        return lambda array: array
    return lambda array: array.take(list(range(start, start + size)), axis)


def _gather(op: Operation) -> Move:
    """Chosen elements."""
    axis, indices = op.attributes["axis"], list(op.attributes["indices"])
    return lambda array: array.take(indices, axis)


def _transpose(op: Operation) -> Move:
    """The axes in another order."""
    return lambda array: array.transpose(op.attributes["order"])


def _broadcast(op: Operation) -> Move:
    """The same elements, repeated."""
    shape = sizes(op.result)
    return lambda array: np.broadcast_to(array, shape)


MOVES: dict[str, Callable[[Operation], Move | None]] = {
    "tensor.broadcast": _broadcast,
    "tensor.gather": _gather,
    "tensor.repeat": _broadcast,
    "tensor.reshape": _reshape,
    "tensor.slice": _slice,
    "tensor.transpose": _transpose,
}
"""Operations of which each element is one of the first operand's. None: it is not known which."""


@rule(*MOVES)
def move(op: Operation, known: Known) -> Box:
    """Elements elsewhere."""
    box, moved = known.box(op.operands[0]), MOVES[op.name](op)
    return filled(sizes(op.result), *box.ends) if moved is None else box.map(moved)
