"""Codes for all gates under one budget, by what each is measured to lose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lstmir.ir.encodings import Encoding
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.ir.types import shape_of
from lstmir.numeric.allotment import allot, frontier, total
from lstmir.numeric.arrays import to_real
from lstmir.passes.exchanged import run_exchanged
from lstmir.passes.formats.constants import Constants
from lstmir.passes.formats.items import encodings, items_of
from lstmir.passes.refining.samples import calibration_samples
from lstmir.passes.sensitivity import Sensitivity
from lstmir.passes.weight_rounding import WeightRounding
from lstmir.pipeline.passes import Context, Pass, cannot

Encodings = Mapping[Value, Encoding]


@dataclass(frozen=True)
class Budget:
    """One of these may be given, the others are 0.

    They are bits of a weight on average, bits of all that is stored, and a mean squared error of
    the outputs. `compensated` says how weights will be rounded.
    """

    bits: float
    total_bits: int
    max_error: float
    compensated: bool

    @property
    def is_limited(self) -> bool:
        """Whether there is a limit at all."""
        return any((self.bits, self.total_bits, self.max_error))

    def complaint(self) -> str | None:
        """What is wrong with the budget itself, or None."""
        given = {"bits": self.bits, "total-bits": self.total_bits, "max-error": self.max_error}
        for name, value in given.items():
            if not 0 <= value < float("inf"):
                return f"{name} must be positive, not {value:g}"
        names = [name for name, value in given.items() if value]
        return f"{' and '.join(names)} are budgets; give one" if len(names) > 1 else None


def spend(pass_: Pass, budget: Budget, constants: Constants, context: Context) -> None:
    """Give every gate of the matrices without codes the code that makes most of the budget.

    The module's `allotted` says how many bits the matrices then have, and what the rounding of
    weights changes of the outputs. Raises `UserError` where not even the least codes fit.
    """
    module = constants.module
    if budget.compensated:
        WeightRounding(pass_, module, compensated=True, correct_bias=False).check()
    outputs = _Outputs(pass_, module, context)

    def error(chosen: Encodings) -> float:
        constants.encode(chosen)
        constants.assign()
        rounding = WeightRounding(pass_, module, budget.compensated, correct_bias=False)
        return outputs.error(
            {op.attributes["resource"]: to_real(ints, op.attributes["format"])
             for op, ints in rounding.integers().items()}
        )  # fmt: skip

    fixed = constants.other_bits()
    allotment = _Allotment(pass_, constants, context, budget.compensated)
    found = allotment.choose(pass_, budget, fixed, error)
    lost = error(found)
    module.attributes["allotted"] = {"bits": _bits(found), "error": lost}


def _bits(chosen: Encodings) -> int:
    return sum(encoding.stored_bits(_shape(matrix), 0) for matrix, encoding in chosen.items())


def _shape(matrix: Value) -> tuple[int, int]:
    rows, columns = shape_of(matrix.type)
    return rows or 0, columns or 0


class _Allotment:
    """Measures once what each code of each gate loses; answers for any budget."""

    def __init__(
        self, pass_: Pass, constants: Constants, context: Context, compensated: bool
    ) -> None:
        module = constants.module
        try:
            self.items = items_of(module, constants.asked.scale)
        except ValueError as error:
            raise cannot(pass_, str(error)) from None
        sensitivity = Sensitivity(pass_, module, context)
        self.costs = [item.costs for item in self.items]
        self.losses: list[np.ndarray] = []
        for index, item in enumerate(self.items):
            context.progress(f"{pass_.name}: gate {index + 1} of {len(self.items)}")
            self.losses.append(item.losses(module, sensitivity, compensated))

    def choose(
        self, pass_: Pass, budget: Budget, fixed: int, error: Callable[[Encodings], float]
    ) -> Encodings:
        """The encodings for a budget; `fixed` bits are spent already."""
        if budget.max_error:
            return self.cheapest(pass_, budget.max_error, error)
        matrices = {item.matrix for item in self.items}
        weights = sum(rows * columns for rows, columns in map(_shape, matrices))
        bits = budget.bits * weights if budget.bits else budget.total_bits - fixed
        try:
            return encodings(self.items, allot(self.costs, self.losses, bits))
        except ValueError:
            least = total(self.costs, [int(np.argmin(cost)) for cost in self.costs])
        reached = (
            f"bits={budget.bits:g} cannot be kept: the least that was reached is "
            f"{least / weights:.3g} bits a weight"
            if budget.bits
            else f"total-bits={budget.total_bits} cannot be kept: the least that was reached is "
            f"{int(least) + fixed} bits, {fixed} of them for what has no choice"
        )
        raise cannot(pass_, reached)

    def cheapest(self, pass_: Pass, bound: float, error: Callable[[Encodings], float]) -> Encodings:
        """The cheapest encodings of the frontier that are found to keep an error within a bound.

        Errors are taken to fall along the frontier, so that few points of it are measured.
        """
        line = [encodings(self.items, choice) for choice in frontier(self.costs, self.losses)]
        least = error(line[-1])
        if least > bound:
            why = f"max-error={bound:g} cannot be kept: the least that was reached is {least:.3g}"
            raise cannot(pass_, why)
        low, high = 0, len(line) - 1  # the error at `high` is within the bound
        while low < high:
            middle = (low + high) // 2
            if error(line[middle]) <= bound:
                high = middle
            else:
                low = middle + 1
        return line[high]


class _Outputs:
    """The first output of a float module on the calibration data, and how it changes."""

    def __init__(self, pass_: Pass, module: Module, context: Context) -> None:
        samples = calibration_samples(module, context)
        if samples is None:
            raise cannot(pass_, "a budget needs calibration data: give --data FILE.npz")
        self.module, self.samples = module, samples
        self.before = self._of({})

    def error(self, arrays: Mapping[str, np.ndarray]) -> float:
        """The mean squared change with these resources in place of others."""
        return float(np.square(self._of(arrays) - self.before).mean())

    def _of(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        return run_exchanged(self.module, self.samples, arrays)[0].astype(np.float64)
