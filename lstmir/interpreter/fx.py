"""Evaluation rules of `fx`."""

from __future__ import annotations

import numpy as np

from lstmir.interpreter.plan import Array, Compiler, Evaluate, only, rule
from lstmir.ir.operation import Operation
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.modes import Overflow, Rounding
from lstmir.numeric.rounding import requantizer


@rule("fx.requantize")
def requantize_(op: Operation, compiler: Compiler) -> Evaluate:
    """As ap_fixed does it."""
    source, target = element_of(op.operands[0].type), element_of(op.result_types[0])
    assert isinstance(source, FixedType) and isinstance(target, FixedType)
    rounding, overflow = (Rounding(op.attributes["rounding"]), Overflow(op.attributes["overflow"]))
    return only(requantizer(source, target, rounding, overflow))


@rule("fx.lookup")
def lookup(op: Operation, compiler: Compiler) -> Evaluate:
    """A negative index counts from the table's end, which is what its bits mean."""

    def evaluate(table: Array, index: Array) -> tuple[Array, ...]:
        if len(table) != 1:
            raise ValueError("'fx.lookup' has one table for all samples")
        return (table[0][index.astype(np.int64)],)

    return evaluate
