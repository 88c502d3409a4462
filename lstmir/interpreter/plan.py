"""A region compiled once to a flat list of steps over numbered slots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from lstmir.interpreter.fusion import fused_sums
from lstmir.ir.diagnostics import UserError
from lstmir.ir.operands import Resources
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.numeric.kernels import Kernel

Array = Any
"""A value at run time: an array [samples, …] (one sample stands for all), or a loop index."""

Evaluate = Callable[..., tuple[Array, ...]]


class Listener(Protocol):
    """Sees every value as it is computed."""

    def see(self, value: Value, array: Array) -> None:
        """`array` is the content of `value`, with the samples first."""


def only(kernel: Kernel) -> Evaluate:
    """The evaluation of an operation with one result."""
    return lambda *operands: (kernel(*operands),)


@dataclass
class Compiler:
    """Compiles regions for one run of one module."""

    resources: Resources
    listener: Listener | None = None

    def plan(self, region: Region) -> Plan:
        """The plan of a region, nested ones included."""
        slots = {value: index for index, value in enumerate(region.arguments)}
        # A listener is to see every value.
        sums = fused_sums(region, self.resources) if self.listener is None else {}
        fused = {product for sum_ in sums.values() for product in sum_.products}
        steps: list[Step] = []
        for op in region.operations():
            if op in fused:
                continue
            operands = sums[op].vectors if op in sums else op.operands
            inputs = tuple(slots[value] for value in operands)
            if op is region.end:
                return Plan(region.arguments, steps, _dead(steps, inputs), inputs, self.listener)
            values = op.results
            for value in values:
                slots[value] = len(slots)
            outputs = tuple(slots[value] for value in values)
            evaluate = only(sums[op].kernel) if op in sums else self.rule(op)
            steps.append(Step(inputs, outputs, evaluate, values))
        raise ValueError("the region has no terminator")

    def rule(self, op: Operation) -> Evaluate:
        """The function that evaluates an operation."""
        make = RULES.get(op.name)
        if make is None:
            raise UserError(f"'{op.name}' cannot be run", location=op.location)
        return make(op, self)


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: where its operands are, where its results go, and what it does."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    evaluate: Evaluate
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a region in order; running it gives the terminator's operands.

    `dead` are the slots that are not read again after each step.
    """

    arguments: Sequence[Value]
    steps: list[Step]
    dead: list[set[int]]
    outputs: tuple[int, ...]
    listener: Listener | None = field(default=None)

    def run(self, arguments: Sequence[Array]) -> tuple[Array, ...]:
        """The values that leave the region."""
        slots = list(arguments)
        if self.listener is not None:
            self._tell(self.arguments, arguments)
        for step, dead in zip(self.steps, self.dead, strict=True):
            results = step.evaluate(*[slots[index] for index in step.inputs])
            slots.extend(results)
            if self.listener is not None:
                self._tell(step.values, results)
            # Memory that is given back early is used again while it is in the processor's cache.
            for index in dead:
                slots[index] = None
        return tuple(slots[index] for index in self.outputs)

    def _tell(self, values: Sequence[Value], arrays: Sequence[Array]) -> None:
        assert self.listener is not None
        for value, array in zip(values, arrays, strict=True):
            if isinstance(array, np.ndarray):
                self.listener.see(value, array)


def _dead(steps: Sequence[Step], outputs: tuple[int, ...]) -> list[set[int]]:
    """The slots that neither a later step nor the end reads, by step."""
    needed, found = set(outputs), list[set[int]]()
    for step in reversed(steps):
        found.append({*step.inputs, *step.outputs} - needed)
        needed |= found[-1]
    return found[::-1]


Rule = Callable[[Operation, Compiler], Evaluate]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Enter an evaluation rule for operations. Raises ValueError if one has a rule already."""

    def enter(make: Rule) -> Rule:
        for name in names:
            if name in RULES:
                raise ValueError(f"'{name}' has two evaluation rules")
            RULES[name] = make
        return make

    return enter
