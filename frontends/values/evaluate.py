"""Elementwise operations on arrays that are known at import: what the IR's would give.

Integers, which the IR does not compute with, are those of shapes; they follow ONNX.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from lstmir.frontends.values.values import Known
from lstmir.ir.diagnostics import UserError
from lstmir.numeric.functions import FUNCTIONS, real

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq, "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
    "ne": operator.ne,
}  # fmt: skip


def evaluate(name: str, operands: Sequence[Known], **attributes: Any) -> np.ndarray:
    """What an operation of `arith` or `math` makes of known values, with numpy's broadcasting.

    Raises `UserError` for a length that is known only at run time, and where there is no result.
    """
    arrays = [numbers(operand) for operand in operands]
    _check_types(name, arrays)
    with np.errstate(all="ignore"):
        if name.removeprefix("math.") in FUNCTIONS:
            return _function(name.removeprefix("math."), arrays[0])
        return np.asarray(_RULES[name](*arrays, **attributes))


def _check_types(name: str, arrays: Sequence[np.ndarray]) -> None:
    """Raise `UserError` for what ONNX does not allow, though numpy does."""
    logical = arrays if name in _LOGICAL else arrays[:1] if name == "arith.select" else ()
    for array in logical:
        if array.dtype.kind != "b":
            raise UserError(f"expected truth values, not {array.dtype.name}")
    others = arrays[len(logical) :]
    if name not in ("arith.compare", "arith.select"):
        for array in others:
            if array.dtype.kind == "b":
                raise UserError("expected numbers, not truth values")
    types = {array.dtype.name: None for array in others}
    if len(types) > 1 and name != "math.pow":
        raise UserError(f"element types differ: {', '.join(types)}")


_LOGICAL = ("arith.and", "arith.or", "arith.not")


def numbers(operand: Known) -> np.ndarray:
    """The elements. Raises `UserError` for a length that is known only at run time."""
    if operand.array.dtype != object:
        return operand.array
    return np.array(operand.integers(), np.int64).reshape(operand.array.shape)


def _function(name: str, array: np.ndarray) -> np.ndarray:
    if name == "abs":
        return np.asarray(np.abs(array))
    if array.dtype.kind != "f":
        raise UserError(f"expected floating point, not {array.dtype.name}")
    return real(name, array).astype(array.dtype)


def _compare(left: np.ndarray, right: np.ndarray, predicate: str) -> Any:
    return _COMPARE[predicate](left, right)


def _quotient(left: np.ndarray, right: np.ndarray) -> Any:
    """Integers are cut towards zero."""
    if left.dtype.kind == "f":
        return left / right
    if not right.all():
        raise UserError("an integer is divided by zero")
    floor = left // right
    return floor + ((floor < 0) & (floor * right != left))


def _power(base: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    """In the type of the base."""
    whole = base.dtype.kind == exponent.dtype.kind == "i"
    if whole and (exponent < 0).any():
        raise UserError("an integer is raised to the power of a negative one")
    found = np.power(base, exponent, dtype=np.int64 if whole else np.float64)
    return np.asarray(found, base.dtype)


_RULES: dict[str, Callable[..., Any]] = {
    "arith.add": np.add,
    "arith.sub": np.subtract,
    "arith.mul": np.multiply,
    "arith.div": _quotient,
    "arith.neg": np.negative,
    "arith.compare": _compare,
    "arith.select": np.where,
    "arith.and": lambda *terms: reduce(np.logical_and, terms),
    "arith.or": lambda *terms: reduce(np.logical_or, terms),
    "arith.not": np.logical_not,
    "math.pow": _power,
}
