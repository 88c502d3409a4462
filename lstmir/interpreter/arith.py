"""Evaluation rules of `arith` and `math`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from lstmir.interpreter.plan import RULES, Array, Compiler, Evaluate, only, rule
from lstmir.interpreter.tensor import rank_of
from lstmir.ir.diagnostics import UserError
from lstmir.ir.operation import Operation
from lstmir.ir.types import element_of, shape_of
from lstmir.numeric import functions, kernels
from lstmir.numeric.carriers import carrier
from lstmir.numeric.fixed import FixedType, union_type

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt,
    "le": operator.le, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip


def _ranked(op: Operation, evaluate: Evaluate) -> Evaluate:
    """Gives operands of lower rank the axes that broadcasting counts from the end."""
    rank = rank_of(op)
    ranks = [len(shape_of(value.type)) for value in op.operands]
    if all(r == rank for r in ranks):
        return evaluate

    def aligned(*operands: Array) -> tuple[Array, ...]:
        return evaluate(
            *(
                array.reshape(array.shape[0], *(1,) * (rank - r), *array.shape[1:])
                for array, r in zip(operands, ranks, strict=True)
            )
        )

    return aligned


def _fixed(op: Operation) -> tuple[list[FixedType], FixedType] | None:
    result = element_of(op.result_types[0])
    elements = [element_of(value.type) for value in op.operands]
    fixed = [element for element in elements if isinstance(element, FixedType)]
    return (fixed, result) if isinstance(result, FixedType) else None


@rule("arith.add")
def add(op: Operation, compiler: Compiler) -> Evaluate:
    """The exact sum, or that of floats from left to right."""
    fixed = _fixed(op)
    if fixed is None:
        return _ranked(op, lambda *terms: (reduce(operator.add, terms),))
    types, result = fixed
    return _ranked(op, only(kernels.adder(types, result)))


@rule("arith.sub")
def sub(op: Operation, compiler: Compiler) -> Evaluate:
    """The exact difference, or that of floats."""
    fixed = _fixed(op)
    if fixed is None:
        return _ranked(op, lambda a, b: (a - b,))
    (left, right), result = fixed
    return _ranked(op, only(kernels.subtractor(left, right, result)))


@rule("arith.mul")
def mul(op: Operation, compiler: Compiler) -> Evaluate:
    """The exact product, or that of floats."""
    fixed = _fixed(op)
    if fixed is None:
        return _ranked(op, lambda a, b: (a * b,))
    (left, right), result = fixed
    return _ranked(op, only(kernels.multiplier(left, right, result)))


@rule("arith.div")
def div(op: Operation, compiler: Compiler) -> Evaluate:
    """The quotient; that of a number by zero is infinite."""

    def quotient(a: Array, b: Array) -> tuple[Array]:
        with np.errstate(all="ignore"):
            return (a / b,)

    return _ranked(op, quotient)


@rule("math.pow")
def pow_(op: Operation, compiler: Compiler) -> Evaluate:
    """The power, computed in float64."""

    def power(a: Array, b: Array) -> tuple[Array]:
        with np.errstate(all="ignore"):
            return (np.power(a, b, dtype=np.float64).astype(a.dtype),)

    return _ranked(op, power)


@rule("arith.neg")
def neg(op: Operation, compiler: Compiler) -> Evaluate:
    """The other sign."""
    fixed = _fixed(op)
    if fixed is None:
        return lambda a: (-a,)
    (source,), result = fixed
    return only(kernels.negator(source, result))


@rule("arith.compare")
def compare(op: Operation, compiler: Compiler) -> Evaluate:
    """Fixed-point operands are compared as values, whatever their formats."""
    holds = _COMPARE[op.attributes["predicate"]]
    elements = [element_of(value.type) for value in op.operands]
    fixed = [element for element in elements if isinstance(element, FixedType)]
    if not fixed:
        return _ranked(op, lambda a, b: (holds(a, b),))
    common = union_type(fixed)
    left, right = (kernels.aligner(element, common) for element in fixed)
    return _ranked(op, lambda a, b: (np.asarray(holds(left(a), right(b)), bool),))


@rule("arith.select")
def select(op: Operation, compiler: Compiler) -> Evaluate:
    """Both branches are brought to the result's format."""
    result = element_of(op.result_types[0])
    if not isinstance(result, FixedType):
        return _ranked(op, lambda t, a, b: (np.where(t, a, b),))
    elements = [element_of(value.type) for value in op.operands[1:]]
    left, right = (
        kernels.aligner(element, result) for element in elements if isinstance(element, FixedType)
    )
    held = carrier(result)
    return _ranked(
        op, lambda truth, a, b: (np.where(truth, left(a), right(b)).astype(held, copy=False),)
    )


@rule("arith.and")
def and_(op: Operation, compiler: Compiler) -> Evaluate:
    """Conjunction."""
    return _ranked(op, lambda *terms: (reduce(np.logical_and, terms),))


@rule("arith.or")
def or_(op: Operation, compiler: Compiler) -> Evaluate:
    """Disjunction."""
    return _ranked(op, lambda *terms: (reduce(np.logical_or, terms),))


@rule("arith.not")
def not_(op: Operation, compiler: Compiler) -> Evaluate:
    """Negation."""
    return lambda term: (np.logical_not(term),)


def _evaluated(
    op: Operation, name: str, operand: Array, source: FixedType, result: FixedType
) -> Array:
    try:
        return functions.evaluate(name, operand, source, result)
    except ValueError as error:
        raise UserError(f"'{op.name}': {error}", location=op.location) from error


def _function(name: str) -> Callable[[Operation, Compiler], Evaluate]:
    def make(op: Operation, compiler: Compiler) -> Evaluate:
        source, result = element_of(op.operands[0].type), element_of(op.result_types[0])
        if isinstance(source, FixedType) and isinstance(result, FixedType):
            return lambda a: (_evaluated(op, name, a, source, result),)
        return lambda a: (functions.real(name, a.astype(np.float64)).astype(a.dtype),)

    return make


for _name in functions.FUNCTIONS:
    RULES[f"math.{_name}"] = _function(_name)
