"""Sequences of different lengths side by side: what happens behind the end of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmir.interpreter.plan import Array
from lstmir.ir.diagnostics import UserError
from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation


def check_steps(op: Operation, steps: int) -> None:
    """Raise `UserError` for a sequence without a step."""
    if not steps:
        raise UserError("a sequence needs at least one step, got none", location=op.location)


def check_lengths(op: Operation, keyword: str, lengths: Array, steps: int) -> None:
    """Raise `UserError` unless all lengths, which are the operand with this keyword, are 0 to steps."""
    wrong = lengths[(lengths < 0) | (lengths > steps) | (lengths != np.floor(lengths))]
    if wrong.size:
        (value,) = segment(op, keyword)
        name = f"'%{value.name}'" if value.name else "the length"
        raise UserError(
            f"{name} of '{op.name}' is {wrong[0]}; a length is a whole number from 0 to"
            f" {steps}, the number of steps",
            location=op.location,
        )


def frozen(
    runs: Array, before: Sequence[Array], after: Sequence[Array], emitted: Sequence[Array]
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """States and emitted values of a step: where it does not run, the states before it and zeros.

    `runs` [samples] tells where; a state has one sample or as many.
    """
    if runs.all():
        return tuple(after), tuple(emitted)
    states = zip(after, before, strict=True)
    return (
        tuple(np.where(_beside(runs, new), new, old) for new, old in states),
        tuple(np.where(_beside(runs, new), new, np.zeros_like(new)) for new in emitted),
    )


def _beside(runs: Array, array: Array) -> Array:
    return runs.reshape(-1, *[1] * (array.ndim - 1))
