"""Comparisons, and what is done with truth values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmir.frontends.operators.table import Call, Handler, operator
from lstmir.frontends.values.axes import Axis, Length, Roles
from lstmir.frontends.values.values import Imported, Known

_PREDICATES = {"Greater": "gt", "GreaterOrEqual": "ge", "Less": "lt", "LessOrEqual": "le"}


def _compare(predicate: str) -> Handler:
    def handler(call: Call) -> Sequence[Imported]:
        left, right = call.input("A"), call.input("B")
        return [call.folder.elementwise("arith.compare", left, right, predicate=predicate)]

    return handler


def _logic(name: str) -> Handler:
    def handler(call: Call) -> Sequence[Imported]:
        return [call.folder.elementwise(name, call.input("A"), call.input("B"))]

    return handler


for _op_type, _predicate in _PREDICATES.items():
    operator(_op_type, "A B")(_compare(_predicate))
for _op_type in ("And", "Or"):
    operator(_op_type, "A B")(_logic(f"arith.{_op_type.lower()}"))


@operator("Not", "X")
def not_(call: Call) -> Sequence[Imported]:
    """Whether it is false."""
    return [call.folder.elementwise("arith.not", call.input("X"))]


@operator("Equal", "A B")
def equal(call: Call) -> Sequence[Imported]:
    """Exporters also compare shapes, with -1 where a length is to stay: no length is negative."""
    left, right = call.input("A"), call.input("B")
    if isinstance(left, Known) and isinstance(right, Known):
        axes = call.folder.broadcast([left, right])
        truths = _equal_lengths(left.array, right.array, call.folder.roles)
        if truths is not None:
            return [Known(truths, axes)]
    return [call.folder.elementwise("arith.compare", left, right, predicate="eq")]


def _equal_lengths(left: np.ndarray, right: np.ndarray, roles: Roles) -> np.ndarray | None:
    """Which lengths are the same; None where that is not known, or where there are none."""
    if object not in (left.dtype, right.dtype):
        return None
    pairs = np.broadcast(left, right)
    truths = [_is_equal(a, b, roles) for a, b in pairs]
    return None if None in truths else np.array(truths, bool).reshape(pairs.shape)


def _is_equal(left: Length, right: Length, roles: Roles) -> bool | None:
    if isinstance(left, Axis) and isinstance(right, Axis):
        return True if roles.same(left, right) else None
    if isinstance(left, Axis):
        return _is_equal(right, left, roles)
    if isinstance(right, Axis):
        return False if left < 0 else None
    return bool(left == right)


@operator("Where", "condition X Y")
def where(call: Call) -> Sequence[Imported]:
    """x where the condition is true, else y. Lengths are chosen among now."""
    operands = [call.input(name) for name in ("condition", "X", "Y")]
    arrays = [operand.array for operand in operands if isinstance(operand, Known)]
    if len(arrays) == 3 and any(array.dtype == object for array in arrays):
        axes = call.folder.broadcast(operands)
        return [Known(np.where(*arrays), axes)]
    return [call.folder.elementwise("arith.select", *operands)]
