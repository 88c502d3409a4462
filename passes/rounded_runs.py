"""Runs of a float module in which one value is rounded to a format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from lstmir.interpreter.plan import Evaluate
from lstmir.interpreter.run import DIALECT_RULES
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import shape_of
from lstmir.numeric.arrays import quantize_real, to_real
from lstmir.numeric.fixed import FixedType
from lstmir.passes.scores import ScoreCompiler

assert DIALECT_RULES  # the evaluation rules


@dataclass(frozen=True)
class Place:
    """Where a value is rounded: wherever it goes, or, with a `user`, where that takes it alone."""

    value: Value
    user: Operation | None = None

    @property
    def elements(self) -> int:
        """How many numbers that is; of a sequence, in a step."""
        return prod(size or 1 for size in shape_of(self.value.type))


def run_rounded(
    module: Module, samples: Sequence[np.ndarray], place: Place, format_: FixedType
) -> list[np.ndarray]:
    """The results for stacks [samples, …], all in floats but for that one value.

    Where the network gives the index of the largest score, they are the scores.
    """
    arguments = [
        _rounded(array, format_) if parameter == place.value and place.user is None else array
        for array, parameter in zip(samples, module.main.parameters, strict=True)
    ]
    plan = _Compiler(module, place, format_).plan(module.main.region)
    count = max(map(len, arguments), default=1)
    return [np.broadcast_to(each, (count, *each.shape[1:])) for each in plan.run(arguments)]


class _Compiler(ScoreCompiler):
    def __init__(self, module: Module, place: Place, format_: FixedType) -> None:
        super().__init__(module)
        self.place, self.format = place, format_
        if place.value.op.name == "arith.add":
            self.listener = _Nobody()  # sums of products are one step where nobody looks into them

    def rule(self, op: Operation) -> Evaluate:
        evaluate, format_ = super().rule(op), self.format
        if op is self.place.user:
            return lambda first, *rest: evaluate(_rounded(first, format_), *rest)
        if op is self.place.value.op and self.place.user is None:
            return lambda *operands: tuple(_rounded(each, format_) for each in evaluate(*operands))
        return evaluate


class _Nobody:
    def see(self, value: Value, array: Any) -> None:
        """Nothing is to be told."""


def _rounded(array: np.ndarray, format_: FixedType) -> np.ndarray:
    return to_real(quantize_real(array, format_), format_).astype(array.dtype)
