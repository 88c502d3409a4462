"""Zeroes the weights that matter least, in a pattern that hardware can use."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from lstmir.dialects.layers import LAYERS
from lstmir.ir.captures import retype
from lstmir.ir.encodings import Bank, patterned
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.ir.types import TensorType, is_float
from lstmir.numeric.surgeon import remove_weights
from lstmir.passes.pruning.surgery import shrink
from lstmir.passes.records import drop_records
from lstmir.passes.sums import Sum, sums_of_products
from lstmir.pipeline.passes import Context, Promise, cannot, register

SHAPES = ("bank", "unit")
CHOICES = ("magnitude", "obs")


@register
@dataclass(frozen=True)
class Prune:
    """Removes weights in a pattern that hardware can use.

    `shape=bank` keeps few elements in every bank of every row of the recurrent matrices:
    bank-balanced sparsity (Cao et al., "Efficient and Effective Sparse LSTM on FPGA with
    Bank-Balanced Sparsity", FPGA 2019): each row is cut into banks of neighbours and as many
    survive in each, so that no multiplier waits for another. `by=magnitude` keeps the largest;
    `by=obs` removes what changes the sums least on the calibration data and refits the others,
    the bias included (optimal brain surgeon), as the Gram matrices tell that `calibrate` recorded.
    Sets the encoding `#sparse.bank` on the constants and records the sparsity that it made. What
    `calibrate` recorded of values that depend on the pruned matrices is forgotten.

    `shape=unit` removes the hidden units that whatever reads them misses least: their rows of all
    matrices, their columns of those that multiply them, their elements of biases and states. The
    network is a smaller one then; `by=obs` lets the weights that remain make up for them.
    """

    name: ClassVar[str] = "prune"
    summary: ClassVar[str] = "remove weights in a balanced pattern, or whole hidden units"
    promise: ClassVar[Promise] = Promise.MEASURED

    ratio: float = field(
        default=0.5, metadata={"help": "share of elements, or of units, that goes"}
    )
    shape: str = field(default="bank", metadata={"help": f"one of {', '.join(SHAPES)}"})
    size: int = field(default=8, metadata={"help": "neighbours in a bank, at least"})
    by: str = field(default="magnitude", metadata={"help": f"one of {', '.join(CHOICES)}"})

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` for options that make no pattern, or without records that it needs."""
        self.check()
        self.check_level(module)
        if self.shape == "unit":
            self.remove_units(module, context)
            return
        sums = [each for each in sums_of_products(module) if each.in_loop]
        grams = [self.gram(module, each) if self.by == "obs" else None for each in sums]
        changed: list[Value] = []
        zeroed = total = 0
        for each, gram in zip(sums, grams, strict=True):
            pruned, bias = self.pruned(module, each, gram)
            for matrix, array in zip(each.matrices, pruned, strict=True):
                if not array.any():
                    context.warn(f"the weights '{matrix.op.attributes['resource']}' are all zero")
                _replace(module, matrix, array, self.pattern(array.shape[1]))
                zeroed += int(np.count_nonzero(array == 0))
                total += array.size
            changed += each.matrices
            if each.bias is not None and bias is not None:
                _replace(module, each.bias, bias, None)
                changed.append(each.bias)
        drop_records(module, changed)
        module.drop_unused_resources()
        sparsity = zeroed / total if total else 0.0
        module.attributes["pruned"] = {"shape": self.shape, "by": self.by, "sparsity": sparsity}

    def remove_units(self, module: Module, context: Context) -> None:
        """Shrink every recurrence whose units may go."""
        for op in module.main.region.operations():
            if any(isinstance(t, TensorType) and t.encoding for t in op.result_types):
                why = (
                    "the weights have a pattern already: run prune{shape=unit} before other shapes"
                )
                raise cannot(self, why, op.location)
        before = _elements(module)
        counts = shrink(module, self.ratio, self.by == "obs", lambda each: self.gram(module, each))
        for units in counts:
            if not units.classes:
                names = ", ".join(f"%{name}" for name in units.scan.result_names if name)
                context.warn(
                    f"no unit of {names} can be removed: its states are outputs, or are mixed"
                )
        drop_records(module)
        sparsity = 1 - _elements(module) / before if before else 0.0
        module.attributes["pruned"] = {"shape": self.shape, "by": self.by, "sparsity": sparsity}

    def check(self) -> None:
        """Raise `UserError` for an option out of its range."""
        if self.shape not in SHAPES:
            raise cannot(self, f"shape must be one of {', '.join(SHAPES)}, not '{self.shape}'")
        if self.by not in CHOICES:
            raise cannot(self, f"by must be one of {', '.join(CHOICES)}, not '{self.by}'")
        if not 0 <= self.ratio < 1:
            raise cannot(self, f"ratio must be at least 0 and below 1, not {self.ratio}")
        if self.size < 1:
            raise cannot(self, f"size must be positive, not {self.size}")

    def gram(self, module: Module, sum_: Sum) -> np.ndarray:
        """What was recorded. Raises `UserError` where nothing was."""
        gram = sum_.gram(module)
        if gram is None:
            why = "by=obs needs Gram matrices: run calibrate{gram=true} first, or give by=magnitude"
            raise cannot(self, why, sum_.total.location)
        return gram

    def check_level(self, module: Module) -> None:
        """Raise `UserError` for a module whose cells are not dataflow graphs of floats."""
        for op in module.walk():
            if op.name in LAYERS:
                why = f"'{op.name}' is a whole network: run expand-cells first"
                raise cannot(self, why, op.location)
        if not all(is_float(value.type) for value in module.main.parameters):
            raise cannot(self, "the network is in fixed point: run prune before quantize")

    def pattern(self, columns: int) -> Bank:
        """The encoding of a matrix: the smallest banks of at least `size` that divide its rows."""
        size = next((n for n in range(self.size, columns) if columns % n == 0), columns)
        return Bank(size, max(1, int(np.ceil(size * (1 - self.ratio) - 1e-9))))

    def pruned(
        self, module: Module, sum_: Sum, gram: np.ndarray | None
    ) -> tuple[list[np.ndarray], np.ndarray | None]:
        """The matrices of a sum with few survivors, and its bias, if it was refitted."""
        arrays = [module.resources[m.op.attributes["resource"]] for m in sum_.matrices]
        patterns = [self.pattern(array.shape[1]) for array in arrays]
        if gram is None:
            return [keep_largest(a, p) for a, p in zip(arrays, patterns, strict=True)], None
        if sum_.bias is not None:
            arrays.append(module.resources[sum_.bias.op.attributes["resource"]][:, np.newaxis])
        together = np.concatenate(arrays, axis=1).astype(np.float64)
        columns = together.shape[1]
        fitted = remove_weights(together, gram[:columns, :columns], *_banks(patterns, arrays))
        cuts = np.cumsum([array.shape[1] for array in arrays])[:-1]
        parts = [part.astype(arrays[0].dtype) for part in np.split(fitted, cuts, axis=1)]
        return (parts, None) if sum_.bias is None else (parts[:-1], parts[-1][:, 0])


def _elements(module: Module) -> int:
    """How many elements all matrices have."""
    return sum(module.resources[m.op.attributes["resource"]].size
               for each in sums_of_products(module) for m in each.matrices)  # fmt: skip


def _banks(patterns: list[Bank], arrays: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The bank of every column of the arrays side by side, and survivors of each bank."""
    banks: list[np.ndarray] = []
    keep: list[int] = []
    for pattern, array in zip(patterns, arrays, strict=False):
        numbers = np.arange(array.shape[1]) // pattern.size
        banks.append(numbers + len(keep))
        keep += [pattern.keep] * (int(numbers[-1]) + 1)
    if len(arrays) > len(patterns):
        banks.append(np.array([-1]))
    return np.concatenate(banks), np.array(keep)


def keep_largest(matrix: np.ndarray, pattern: Bank) -> np.ndarray:
    """The [rows, columns] matrix with all but the largest elements of each bank zeroed."""
    mask = pattern.cut(matrix.shape).largest(np.abs(matrix))
    return np.where(mask, matrix, 0).astype(matrix.dtype)


def _replace(module: Module, constant: Value, array: np.ndarray, pattern: Bank | None) -> None:
    """Give a constant other elements, and an encoding."""
    assert isinstance(constant.type, TensorType)
    name = constant.op.attributes["resource"]
    constant.op.attributes["resource"] = module.add_resource(f"{name}_pruned", array)
    if pattern is not None:
        retype(constant, replace(constant.type, encoding=patterned(pattern)))
