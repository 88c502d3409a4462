"""How `quantize` rounds matrices, and what it then does to the biases beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.arrays import quantize_real, to_real
from lstmir.numeric.compensation import centered, round_nearest
from lstmir.numeric.fitting import Rows, round_fitted
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.grids import MAX_WIDTH
from lstmir.passes.formats.coded import encoding_of, importance_of, is_coded, rows_of
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
        for each in sums_of_products(self.module):
            if self.compensated or self.correct_bias:
                self.sum(each, found)
                continue
            coded = [matrix for matrix in each.matrices if is_coded(encoding_of(matrix))]
            found.update({matrix.op: self.nearest(matrix) for matrix in coded})
        return found

    def check(self) -> None:
        """Raise `UserError` where no Gram matrix was recorded."""
        for each in sums_of_products(self.module):
            self.gram(each)

    def sum(self, sum_: Sum, found: dict[Operation, np.ndarray]) -> None:
        matrices = [self.array(matrix) for matrix in sum_.matrices]
        formats = [self.format(matrix) for matrix in sum_.matrices]
        gram = self.gram(sum_)
        around, mean = centered(gram) if self.corrects(sum_) else (gram[:-1, :-1], None)
        if self.compensates(sum_):
            rounded = self.fitted(sum_, around)
        else:
            rounded = [self.nearest(matrix) for matrix in sum_.matrices]
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

    def compensates(self, sum_: Sum) -> bool:
        """Whether the errors are pushed on. A matrix that others read as well has no single Gram matrix."""
        return self.compensated and all(
            len(users_of(matrix)) == 1
            and (self.format(matrix).width <= MAX_WIDTH or is_coded(encoding_of(matrix)))
            for matrix in sum_.matrices
        )

    def nearest(self, matrix: Value) -> np.ndarray:
        """The integers nearest to a matrix."""
        format_ = self.format(matrix)
        if not is_coded(encoding_of(matrix)):
            return quantize_real(self.array(matrix), format_)
        rows = self.rows(matrix, self.importance.get(matrix.op))
        reals = round_nearest(rows.weights, [rows.grid(rows.nearest)], rows.live)
        return quantize_real(reals, format_)

    def fitted(self, sum_: Sum, gram: np.ndarray) -> list[np.ndarray]:
        """The integers of the matrices of a sum, compensated."""
        ends = np.cumsum([self.array(matrix).shape[1] for matrix in sum_.matrices])[:-1]
        shares = np.split(np.diag(gram), ends)
        rows = [self.rows(m, share) for m, share in zip(sum_.matrices, shares, strict=True)]
        parts = np.split(round_fitted(rows, gram), ends, axis=1)
        # They are values of their formats: this does not round again.
        return [quantize_real(p, each.format) for p, each in zip(parts, rows, strict=True)]

    def rows(self, matrix: Value, importance: np.ndarray | None) -> Rows:
        array = self.array(matrix)
        if importance is None:
            importance = np.ones(array.shape[1])
        rows = rows_of(array, encoding_of(matrix), self.format(matrix), importance)
        if not rows.fits:
            name = matrix.op.attributes["resource"]
            why = f"the codes of @{name} do not fit {rows.format}: run assign-bitwidths after them"
            raise cannot(self.pass_, why, matrix.op.location)
        return rows

    @cached_property
    def importance(self) -> dict[Operation, np.ndarray]:
        return importance_of(self.module)

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
