"""What a network is measured by: where it gives the index of its largest score, by the scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmir.interpreter.feeds import to_carrier
from lstmir.interpreter.plan import Compiler, Evaluate, Listener
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value


def behind_scores(result: Value) -> list[Operation]:
    """The operations that make a result of a function the index of the largest score, the last first.

    None where it is no such index, or where more is made of it.
    """
    found, value = [], result
    while value.op.name == "tensor.reshape" and _is_for_one(value):
        found.append(value.op)
        value = value.op.operands[0]
    return [*found, value.op] if value.op.name == "linalg.argmax" and _is_for_one(value) else []


def _is_for_one(value: Value) -> bool:
    return len(value.op.parent.uses(value)) == 1


def scores_of(result: Value) -> Value:
    """The scores among which a result is the index of the largest; any other result itself."""
    operations = behind_scores(result)
    return operations[-1].operands[0] if operations else result


class ScoreCompiler(Compiler):
    """Compiles a function so that it gives scores where it gives the index of the largest."""

    def __init__(self, module: Module, listener: Listener | None = None) -> None:
        super().__init__(module.resources, listener)
        self._skipped = {op for value in module.main.results for op in behind_scores(value)}

    def rule(self, op: Operation) -> Evaluate:
        """The function that evaluates an operation."""
        return (lambda scores: (scores,)) if op in self._skipped else super().rule(op)


def run_scores(
    module: Module, samples: Sequence[np.ndarray], listener: Listener | None = None
) -> list[np.ndarray]:
    """As `run_samples`, but with the scores in the place of the index of the largest."""
    plan = ScoreCompiler(module, listener).plan(module.main.region)
    pairs = zip(samples, module.main.parameters, strict=True)
    arguments = [to_carrier(array, value.type) for array, value in pairs]
    count = max(map(len, arguments), default=1)
    return [np.broadcast_to(each, (count, *each.shape[1:])) for each in plan.run(arguments)]
