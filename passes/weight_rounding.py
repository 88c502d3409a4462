"""How `quantize` rounds the matrices of a sum, and what it then does to the bias."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import TensorType
from lstmir.numeric.arrays import quantize_real, to_real
from lstmir.numeric.compensation import MAX_WIDTH, centered, round_compensated
from lstmir.numeric.fixed import FixedType
from lstmir.passes.sums import Sum, sums_of_products
from lstmir.passes.uses import users_of
from lstmir.pipeline.passes import Pass, cannot


@dataclass(frozen=True)
class WeightRounding:
    """Which integers constants become where rounding to the nearest is not all that is asked for."""

    pass_: Pass
    module: Module
    compensated: bool
    correct_bias: bool

    def integers(self) -> dict[Operation, np.ndarray]:
        """For the constants of all sums. Raises `UserError` where no Gram matrix was recorded."""
        found: dict[Operation, np.ndarray] = {}
        if self.compensated or self.correct_bias:
            for each in sums_of_products(self.module):
                self.sum(each, found)
        return found

    def sum(self, sum_: Sum, found: dict[Operation, np.ndarray]) -> None:
        matrices = [self.array(matrix) for matrix in sum_.matrices]
        formats = [self.format(matrix) for matrix in sum_.matrices]
        gram = self.gram(sum_)
        around, mean = centered(gram) if self.corrects(sum_) else (gram[:-1, :-1], None)
        if self.compensates(sum_, formats):
            rounded = self.rounded(sum_, matrices, formats, around)
        else:
            rounded = [quantize_real(a, f) for a, f in zip(matrices, formats, strict=True)]
        found.update({m.op: ints for m, ints in zip(sum_.matrices, rounded, strict=True)})
        if sum_.bias is None or mean is None:
            return
        reals = [to_real(ints, f) for ints, f in zip(rounded, formats, strict=True)]
        lost = np.concatenate(matrices, axis=1) - np.concatenate(reals, axis=1)
        bias = self.array(sum_.bias) + lost @ mean
        found[sum_.bias.op] = quantize_real(bias, self.format(sum_.bias))

    def corrects(self, sum_: Sum) -> bool:
        """Whether the bias takes the mean change. One that has no row for each sum cannot."""
        return self.correct_bias and sum_.bias is not None and self.array(sum_.bias).ndim == 1

    def compensates(self, sum_: Sum, formats: list[FixedType]) -> bool:
        """Whether the errors are pushed on. A matrix that others read as well has no single Gram matrix."""
        alone = all(len(users_of(matrix)) == 1 for matrix in sum_.matrices)
        return self.compensated and alone and all(f.width <= MAX_WIDTH for f in formats)

    def rounded(
        self, sum_: Sum, matrices: list[np.ndarray], formats: list[FixedType], gram: np.ndarray
    ) -> list[np.ndarray]:
        together = np.concatenate(matrices, axis=1)
        live = [
            array != 0 if has_pattern(matrix) else np.ones(array.shape, bool)
            for array, matrix in zip(matrices, sum_.matrices, strict=True)
        ]
        widths = [array.shape[1] for array in matrices]
        of_columns = [f for f, width in zip(formats, widths, strict=True) for _ in range(width)]
        values = round_compensated(together, gram, of_columns, np.concatenate(live, axis=1))
        parts = np.split(values, np.cumsum(widths)[:-1], axis=1)
        # They are values of their formats: this does not round again.
        return [quantize_real(part, f) for part, f in zip(parts, formats, strict=True)]

    def array(self, constant: Value) -> np.ndarray:
        return self.module.resources[constant.op.attributes["resource"]].astype(np.float64)

    def format(self, constant: Value) -> FixedType:
        format_ = constant.op.attributes.get("format")
        if not isinstance(format_, FixedType):
            name = constant.op.attributes["resource"]
            why = f"the constant @{name} has no format: run assign-bitwidths first"
            raise cannot(self.pass_, why)
        return format_

    def gram(self, sum_: Sum) -> np.ndarray:
        gram = sum_.gram(self.module)
        if gram is None:
            why = (
                "rounding=compensated and bias=correct need Gram matrices: "
                "run calibrate{gram=true} first, after whatever changes the weights"
            )
            raise cannot(self.pass_, why, sum_.total.location)
        return gram


def has_pattern(constant: Value) -> bool:
    """Whether an encoding says which elements of a constant may live."""
    return isinstance(constant.type, TensorType) and constant.type.encoding is not None
