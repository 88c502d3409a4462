"""Which elements of a function's values stand or fall together.

An element of an axis is one index along it. Where an operation maps elements of its operands to those
of its result, as a sum does, they are one: to remove a hidden unit is to remove all elements that are
one with its element of the state. What enters and leaves the function, and what an operation mixes,
is fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lstmir.ir.module import Module
from lstmir.ir.operands import segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import shape_of

Axis = tuple[Value, int]
"""An axis of a value."""


class Elements:
    """The classes of elements of a module's main function, of levels 2 and 3."""

    def __init__(self, module: Module) -> None:
        self._first: dict[Axis, int] = {}
        self._parents: list[int] = [0]  # element 0 is fixed: all that may not go is one with it
        region = module.main.region
        for value in (*region.arguments, *region.end.operands):
            self._fix(value)
        self._region(region)

    def of(self, value: Value, axis: int) -> np.ndarray:
        """The class of each element along an axis; 0 for what is fixed."""
        size = shape_of(value.type)[axis]
        if size is None:
            return np.zeros(1, np.int64)
        first = self._start(value, axis)
        fixed = self._find(0)
        found = [self._find(first + k) for k in range(size)]
        return np.array([0 if each == fixed else each + 1 for each in found], np.int64)

    def _start(self, value: Value, axis: int) -> int:
        if (value, axis) not in self._first:
            size = shape_of(value.type)[axis] or 0
            self._first[value, axis] = len(self._parents)
            self._parents += range(len(self._parents), len(self._parents) + size)
        return self._first[value, axis]

    def _find(self, element: int) -> int:
        parents = self._parents
        while parents[element] != element:
            parents[element] = parents[parents[element]]
            element = parents[element]
        return element

    def _unite(
        self, left: Axis, right: Axis, pairs: Sequence[tuple[int, int]] | None = None
    ) -> None:
        """The elements of two axes of one length are one; or those of some pairs are."""
        if shape_of(left[0].type)[left[1]] is None:
            return
        first, second = self._start(*left), self._start(*right)
        if pairs is None:
            size = shape_of(left[0].type)[left[1]] or 0
            pairs = [(k, k) for k in range(size)]
        for a, b in pairs:
            self._parents[self._find(first + a)] = self._find(second + b)

    def _fix(self, value: Value) -> None:
        for axis, size in enumerate(shape_of(value.type)):
            first = self._start(value, axis)
            for k in range(size or 0):
                self._parents[self._find(first + k)] = self._find(0)

    def _alike(self, left: Value, right: Value, skip: int = 0) -> None:
        """Values of one shape, but for `skip` axes that the first has in front."""
        for axis in range(len(shape_of(right.type))):
            self._unite((left, axis + skip), (right, axis))

    def _region(self, region: Region) -> None:
        for op in region.operations():
            rule = _RULES.get(op.name)
            if op.name.startswith(("arith.", "math.")):
                rule = Elements._elementwise
            if rule is not None:
                rule(self, op)
            elif op is not region.end:
                for value in (*op.operands, *op.results):
                    self._fix(value)

    def _elementwise(self, op: Operation) -> None:
        """Axes are counted from the end; one of length 1 stands for all elements."""
        (result,) = op.results
        rank = len(shape_of(result.type))
        for operand in op.operands:
            shape = shape_of(operand.type)
            for axis, size in enumerate(shape):
                place = axis + rank - len(shape)
                if size == shape_of(result.type)[place]:
                    self._unite((operand, axis), (result, place))

    def _matvec(self, op: Operation) -> None:
        matrix, vector = op.operands
        self._unite((matrix, 0), (op.result, 0))
        self._unite((matrix, 1), (vector, 0))

    def _slice(self, op: Operation) -> None:
        (source,) = op.operands
        cut, start = op.attributes["axis"], op.attributes["start"]
        for axis, size in enumerate(shape_of(op.result.type)):
            if axis != cut:
                self._unite((source, axis), (op.result, axis))
            elif shape_of(source.type)[axis] is not None:
                pairs = [(start + k, k) for k in range(size or 0)]
                self._unite((source, axis), (op.result, axis), pairs)

    def _transpose(self, op: Operation) -> None:
        for axis, source in enumerate(op.attributes["order"]):
            self._unite((op.operands[0], source), (op.result, axis))

    def _concat(self, op: Operation) -> None:
        joined, start = op.attributes["axis"], 0
        for part in op.operands:
            for axis, size in enumerate(shape_of(part.type)):
                shift = start if axis == joined else 0
                pairs = [(k, k + shift) for k in range(size or 0)]
                self._unite((part, axis), (op.result, axis), pairs)
            start += shape_of(part.type)[joined] or 0

    def _gather(self, op: Operation) -> None:
        (source,) = op.operands
        for axis in range(len(shape_of(source.type))):
            pairs = None
            if axis == op.attributes["axis"]:
                pairs = [(index, k) for k, index in enumerate(op.attributes["indices"])]
            self._unite((source, axis), (op.result, axis), pairs)

    def _reshape(self, op: Operation) -> None:
        """Only axes of length 1 may come and go."""
        sides = [
            [(value, axis) for axis, size in enumerate(shape_of(value.type)) if size != 1]
            for value in (op.operands[0], op.result)
        ]
        lengths = [[shape_of(value.type)[axis] for value, axis in side] for side in sides]
        if lengths[0] != lengths[1]:
            self._fix(op.operands[0])
            self._fix(op.result)
            return
        for left, right in zip(*sides, strict=True):
            self._unite(left, right)

    def _scan(self, op: Operation) -> None:
        body = op.regions[0]
        inputs, _, states, captures = segments_of(op)
        steps = body.arguments[: len(inputs)]
        held = body.arguments[len(inputs) : len(inputs) + len(states)]
        emitted = len(op.results) - len(states)
        for index, step in zip(inputs, steps, strict=True):
            self._alike(op.operands[index], step, skip=1)
        for index, argument in zip(
            [*states, *captures], body.arguments[len(inputs) :], strict=True
        ):
            self._alike(op.operands[index], argument)
        for k, argument in enumerate(held):
            self._alike(body.end.operands[k], argument)
            self._alike(op.results[emitted + k], argument)
        for result, value in zip(op.results, body.end.operands[len(held) :], strict=False):
            self._alike(result, value, skip=1)
        self._region(body)


_RULES: dict[str, Callable[[Elements, Operation], None]] = {
    "linalg.matvec": Elements._matvec,
    "rnn.scan": Elements._scan,
    "rnn.yield": lambda _, op: None,
    "tensor.concat": Elements._concat,
    "tensor.constant": lambda _, op: None,
    "tensor.gather": Elements._gather,
    "tensor.reshape": Elements._reshape,
    "tensor.slice": Elements._slice,
    "tensor.transpose": Elements._transpose,
}
