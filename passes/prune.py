"""Zeroes the weights that matter least, in a pattern that hardware can use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from lstmir.ir.captures import retype
from lstmir.ir.definition import captured_value
from lstmir.ir.encodings import BankSparse, split_banks
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.ir.types import TensorType, is_float
from lstmir.passes.calibrate import drop_ranges
from lstmir.pipeline.passes import Context, Promise, cannot, register

SHAPES = ("bank",)


@register
@dataclass(frozen=True)
class Prune:
    """Keeps the largest elements of every bank of every row of the recurrent matrices.

    Bank-balanced sparsity (Cao et al., "Efficient and Effective Sparse LSTM on FPGA with
    Bank-Balanced Sparsity", FPGA 2019): each row is cut into banks of `size` neighbours and as
    many survive in each, so that no multiplier waits for another. Sets the encoding
    `#sparse.bank` on the constants; records the sparsity that it made.
    """

    name: ClassVar[str] = "prune"
    summary: ClassVar[str] = "zero the smallest weights in a balanced pattern"
    promise: ClassVar[Promise] = Promise.MEASURED

    ratio: float = field(default=0.5, metadata={"help": "share of elements that is zeroed"})
    shape: str = field(default="bank", metadata={"help": f"one of {', '.join(SHAPES)}"})
    size: int = field(default=16, metadata={"help": "neighbours in a bank"})

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` for options that make no pattern."""
        self.check()
        zeroed = total = 0
        for matrix in recurrent_matrices(module):
            array = module.resources[matrix.op.attributes["resource"]]
            pattern = self.pattern(array.shape[1])
            pruned = keep_largest(array, pattern)
            if not array.any():
                context.warn(f"the weights '{matrix.op.attributes['resource']}' are all zero")
            _set(module, matrix, pruned, pattern)
            zeroed += int(np.count_nonzero(pruned == 0))
            total += pruned.size
        drop_ranges(module)
        module.drop_unused_resources()
        module.attributes["pruned"] = {
            "shape": self.shape,
            "sparsity": zeroed / total if total else 0.0,
        }

    def check(self) -> None:
        """Raise `UserError` for an option out of its range."""
        if self.shape not in SHAPES:
            raise cannot(self, f"shape must be one of {', '.join(SHAPES)}, not '{self.shape}'")
        if not 0 <= self.ratio < 1:
            raise cannot(self, f"ratio must be at least 0 and below 1, not {self.ratio}")
        if self.size < 1:
            raise cannot(self, f"size must be positive, not {self.size}")

    def pattern(self, columns: int) -> BankSparse:
        """The encoding for a matrix; one that is narrower than a bank is one bank."""
        size = min(self.size, columns)
        keep = size * (1 - self.ratio)
        if keep < 1 or not keep.is_integer():
            why = f"a ratio of {self.ratio} keeps {keep:g} of {size} neighbours: no whole number"
            raise cannot(self, why, None, "choose size so that size * (1 - ratio) is whole")
        return BankSparse(size, int(keep))


def recurrent_matrices(module: Module) -> Iterator[Value]:
    """The float constants that a scan's body uses as matrices, each once."""
    seen: set[Value] = set()
    for op in module.walk():
        if op.name != "linalg.matvec" or op.parent.owner is None:
            continue
        source: Value | None = op.operands[0]
        while source is not None and source.op.name != "tensor.constant":
            source = captured_value(source)
        if source is not None and is_float(source.type) and source not in seen:
            seen.add(source)
            yield source


def keep_largest(matrix: np.ndarray, pattern: BankSparse) -> np.ndarray:
    """The [rows, columns] matrix with all but the largest elements of each bank zeroed."""
    banks = split_banks(np.abs(matrix), pattern.size)
    rank = np.argsort(np.argsort(-banks, axis=2, kind="stable"), axis=2, kind="stable")
    mask = (rank < pattern.keep).reshape(len(matrix), -1)[:, : matrix.shape[1]]
    return np.where(mask, matrix, 0).astype(matrix.dtype)


def _set(module: Module, matrix: Value, array: np.ndarray, pattern: BankSparse) -> None:
    assert isinstance(matrix.type, TensorType)
    name = matrix.op.attributes["resource"]
    del module.resources[name]
    matrix.op.attributes["resource"] = module.add_resource(name, array)
    retype(matrix, replace(matrix.type, encoding=pattern))
