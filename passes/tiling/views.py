"""Sees through rearrangements: where each element of a value comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lstmir.ir.operands import captured_value
from lstmir.ir.operation import Attributes, Value
from lstmir.ir.types import shape_of

Indices = np.ndarray
Shape = tuple[int | None, ...]


class Piece(NamedTuple):
    """Neighbours of a value, counted as if its elements stood in one row."""

    base: Value
    start: int
    size: int


class Ref(NamedTuple):
    """For each unit u the element `start + stride * u` of a value; the stride is 0 or 1."""

    base: Value
    start: int
    stride: int = 1


class Views:
    """The elements of values without the rearrangements that they went through.

    A base is what no rearrangement made: a result of arithmetic, a constant, an argument that is
    no capture, and whatever is cut out of one of the `sequences`.
    """

    def __init__(self, sequences: set[Value]) -> None:
        self._sequences = sequences
        self._known: dict[Value, tuple[list[Value], Indices, Indices]] = {}

    def pieces(self, value: Value) -> list[Piece]:
        """A value as pieces of bases, one behind the other."""
        bases, which, index = self._elements(value)
        if len(which) == 0:
            return []
        breaks = np.flatnonzero((np.diff(which) != 0) | (np.diff(index) != 1)) + 1
        starts = [0, *breaks.tolist()]
        ends = [*breaks.tolist(), len(which)]
        return [
            Piece(bases[which[start]], int(index[start]), end - start)
            for start, end in zip(starts, ends, strict=True)
        ]

    def ref(self, value: Value, units: Indices) -> Ref | None:
        """The elements of a value that belong to units; None if they are not at even distances."""
        bases, which, index = self._elements(value)
        chosen = index[units]
        if len(set(which[units].tolist())) > 1:
            return None
        base = bases[which[units[0]]]
        steps = set(np.diff(chosen).tolist())
        if len(steps) > 1 or not steps <= {0, 1}:
            return None
        return Ref(base, int(chosen[0]), steps.pop() if steps else 1)

    def _elements(self, value: Value) -> tuple[list[Value], Indices, Indices]:
        if value not in self._known:
            self._known[value] = self._find(value)
        return self._known[value]

    def _find(self, value: Value) -> tuple[list[Value], Indices, Indices]:
        outer = captured_value(value)
        if outer is not None:
            return self._elements(outer)
        op, shape = value.op, shape_of(value.type)
        sources = op.operands if op.name in _MOVES else ()
        if not sources or self._sequences & {value, *sources}:
            return [value], *_all(value)
        found = [self._elements(source) for source in sources]
        bases = list(dict.fromkeys(base for each, _, _ in found for base in each))
        which = [np.array([bases.index(base) for base in each])[part] for each, part, _ in found]

        def moved(parts: list[Indices]) -> Indices:
            shaped = [p.reshape(shape_of(v.type)) for p, v in zip(parts, sources, strict=True)]  # type: ignore[arg-type]
            return _MOVES[op.name](shaped, op.attributes, shape).reshape(-1)

        return bases, moved(which), moved([index for _, _, index in found])


def _all(value: Value) -> tuple[Indices, Indices]:
    size = size_of(value)
    return np.zeros(size, int), np.arange(size)


def _slice(parts: list[Indices], attributes: Attributes, shape: Shape) -> Indices:
    axis, start, size = (attributes[name] for name in ("axis", "start", "size"))
    return np.take(parts[0], np.arange(start, start + size), axis)


_MOVES: dict[str, Callable[[list[Indices], Attributes, Shape], Indices]] = {
    "tensor.reshape": lambda parts, _, shape: parts[0],
    "tensor.slice": _slice,
    "tensor.transpose": lambda parts, attributes, _: parts[0].transpose(attributes["order"]),
    "tensor.concat": lambda parts, attributes, _: np.concatenate(parts, attributes["axis"]),
    "tensor.gather": lambda parts, attributes, _: np.take(
        parts[0], attributes["indices"], attributes["axis"]
    ),
    "tensor.broadcast": lambda parts, _, shape: np.broadcast_to(parts[0], shape),  # type: ignore[arg-type]
}

MOVES = frozenset(_MOVES)
"""The operations that compute nothing."""


def size_of(value: Value) -> int:
    """How many elements a value has."""
    size = 1
    for length in shape_of(value.type):
        size *= length or 0
    return size
