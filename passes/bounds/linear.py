"""Affine forms of what linear operations give, and which of them can narrow anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Protocol

import numpy as np

from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import is_float, shape_of
from lstmir.numeric.affine import Affine, joined
from lstmir.numeric.boxes import FloatArray
from lstmir.passes.bounds.rules import MOVES, Known, sizes


class Forms(Known, Protocol):
    """What is known of the operands, and what they have in common."""

    def form(self, value: Value) -> Affine:
        """The affine form of a value."""


def affine(op: Operation, known: Forms) -> Affine:
    """The form of the result of an operation that has `terms`."""
    if op.name in MOVES:
        moved = MOVES[op.name](op)
        assert moved is not None, "only what is known to be somewhere is a term"
        return known.form(op.operands[0]).map(moved)
    return _RULES[op.name](op, known)


def terms(op: Operation, known: Known) -> tuple[Value, ...]:
    """The operands of which the one result is a known linear function; none if it is no such.

    A form of a value with a dynamic axis speaks of any one element along it, the same one in all
    values: so the axis must be the first, and stay.
    """
    found = _terms(op, known)
    if not found or not is_float(op.result.type):
        return ()
    first, *rest = zip(*(_lengths(value) for value in (op.result, *found)), strict=True)
    is_kept = first[0] is None or None not in first
    return found if is_kept and not any(rest[0]) else ()


def _lengths(value: Value) -> tuple[int | None, bool]:
    """The length along the first axis, and whether another one is dynamic."""
    shape = shape_of(value.type)
    return (shape[0] if shape else 1), None in shape[1:]


def _terms(op: Operation, known: Known) -> tuple[Value, ...]:
    if op.name in ("arith.add", "arith.sub", "arith.neg", "tensor.concat"):
        return op.operands
    if op.name in MOVES:
        return () if MOVES[op.name](op) is None else op.operands[:1]
    if op.name in _PRODUCTS:
        return () if known.matrix(op.operands[0]) is None else op.operands[1:]
    if op.name == "arith.mul":
        _, value = _factor(op, known)
        return () if value is None else (value,)
    is_sum = op.name == "linalg.reduce" and op.attributes["kind"] in ("sum", "mean")
    return op.operands if is_sum else ()


def _factor(op: Operation, known: Known) -> tuple[np.ndarray | None, Value | None]:
    """A product of two as a constant and a value."""
    left, right = op.operands
    for one, other in ((left, right), (right, left)):
        factor = known.constant(one)
        if factor is not None:
            return factor, other
    return None, None


def _spread(form: Affine, shape: tuple[int, ...]) -> Affine:
    return form.map(lambda array: np.broadcast_to(array, shape))


def _sum(op: Operation, known: Forms) -> Affine:
    forms = [_spread(known.form(value), sizes(op.result)) for value in op.operands]
    return reduce(lambda a, b: a - b if op.name == "arith.sub" else a + b, forms)


def _negative(op: Operation, known: Forms) -> Affine:
    return -known.form(op.operands[0])


def _product(op: Operation, known: Forms) -> Affine:
    matrix = known.matrix(op.operands[0])
    assert matrix is not None, "only constant matrices make terms"
    return known.form(op.operands[1]).times(matrix)


def _scaled(op: Operation, known: Forms) -> Affine:
    factor, value = _factor(op, known)
    assert factor is not None and value is not None, "only constant factors make terms"
    shape = sizes(op.result)
    known_factor: FloatArray = np.broadcast_to(np.asarray(factor, np.float64), shape)
    return _spread(known.form(value), shape).scaled(known_factor)


def _reduced(op: Operation, known: Forms) -> Affine:
    form, axes = known.form(op.operands[0]), tuple(op.attributes["axes"])
    found = form.summed(axes, keepdims=op.attributes["keepdims"])
    if op.attributes["kind"] == "sum":
        return found
    return found.divided(int(np.prod([form.rest.shape[axis] for axis in axes])))


def _joined(op: Operation, known: Forms) -> Affine:
    return joined(map(known.form, op.operands), op.attributes["axis"])


_PRODUCTS = ("linalg.matvec", "linalg.linear")
_MIXES = (*_PRODUCTS, "linalg.reduce")
_REPEATS = ("tensor.broadcast", "tensor.gather", "tensor.repeat")
_RULES: dict[str, Callable[[Operation, Forms], Affine]] = {
    "arith.add": _sum,
    "arith.mul": _scaled,
    "arith.neg": _negative,
    "arith.sub": _sum,
    "linalg.reduce": _reduced,
    **dict.fromkeys(_PRODUCTS, _product),
    "tensor.concat": _joined,
}


class Correlations:
    """The operations of a region whose boxes forms may narrow, and those whose forms that takes.

    Boxes are as narrow as forms until the same number comes in twice: by two operands, or by two
    elements of a vector that are summed. A recurrent cell has no such place; so its forms, which
    would cost far more than its boxes, are not even made.
    """

    def __init__(self, region: Region, known: Known) -> None:
        self.gain: set[Operation] = set()
        self.made: set[Operation] = set()
        self._sources: dict[Value, frozenset[Value]] = {}
        self._tied: set[Value] = set()
        operations = [op for op in region.operations() if op is not region.end]
        found = {op: linear for op in operations if (linear := terms(op, known))}
        for op, values in found.items():
            self._follow(op, values, known)
        wanted = set[Value]()
        for op, values in reversed(found.items()):
            if op in self.gain or op.result in wanted:
                self.made.add(op)
                wanted.update(values)

    def _follow(self, op: Operation, values: tuple[Value, ...], known: Known) -> None:
        parts = [self._sources_of(value, known) for value in values]
        found = frozenset[Value]().union(*parts)
        is_shared = sum(map(len, parts)) > len(found)
        is_tied = any(value in self._tied for value in values)
        if is_shared or (is_tied and op.name in _MIXES):
            self.gain.add(op)
        # By the rules of broadcasting, one element may stand in several places of the result.
        is_spread = any(sizes(value) != sizes(op.result) for value in values)
        repeats = op.name in _REPEATS or (is_spread and op.name.startswith("arith."))
        if is_shared or is_tied or repeats or op.name in _MIXES:
            self._tied.add(op.result)
        self._sources[op.result] = found

    def _sources_of(self, value: Value, known: Known) -> frozenset[Value]:
        """The values whose elements are symbols in the form of this one."""
        if known.constant(value) is not None:
            return frozenset()
        return self._sources.get(value, frozenset([value]))
