"""Zeroes the weights that matter least, in a pattern that hardware can use."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from lstmir.dialects.layers import LAYERS
from lstmir.interpreter.run import run_samples
from lstmir.ir.captures import retype
from lstmir.ir.encodings import BankSparse, split_banks
from lstmir.ir.interface import ports
from lstmir.ir.module import Module
from lstmir.ir.operands import captured_value
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import TensorType, is_float
from lstmir.numeric.surgeon import remove_weights
from lstmir.passes.calibrate import drop_ranges
from lstmir.pipeline.passes import Context, Promise, cannot, register

SHAPES = ("bank",)
CHOICES = ("magnitude", "obs")


@register
@dataclass(frozen=True)
class Prune:
    """Keeps few elements in every bank of every row of the recurrent matrices.

    Bank-balanced sparsity (Cao et al., "Efficient and Effective Sparse LSTM on FPGA with
    Bank-Balanced Sparsity", FPGA 2019): each row is cut into banks of neighbours and as many
    survive in each, so that no multiplier waits for another. `by=magnitude` keeps the largest;
    `by=obs` removes what changes the sums least on the calibration data and refits the others,
    the bias included (optimal brain surgeon). Sets the encoding `#sparse.bank` on the constants
    and records the sparsity that it made.
    """

    name: ClassVar[str] = "prune"
    summary: ClassVar[str] = "zero weights in a balanced pattern"
    promise: ClassVar[Promise] = Promise.MEASURED

    ratio: float = field(default=0.5, metadata={"help": "share of elements that is zeroed"})
    shape: str = field(default="bank", metadata={"help": f"one of {', '.join(SHAPES)}"})
    size: int = field(default=8, metadata={"help": "neighbours in a bank, at least"})
    by: str = field(default="magnitude", metadata={"help": f"one of {', '.join(CHOICES)}"})

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` for options that make no pattern, or without data where it needs some."""
        self.check(context)
        self.check_level(module)
        cells = _cells(module)
        grams = _gram_matrices(module, context, cells) if self.by == "obs" else {}
        zeroed = total = 0
        for cell in cells:
            pruned = self.pruned(module, cell, grams.get(cell.total))
            for matrix, array in zip(cell.matrices, pruned, strict=False):
                if not array.any():
                    context.warn(f"the weights '{matrix.op.attributes['resource']}' are all zero")
                _replace(module, matrix, array, self.pattern(array.shape[1]))
                zeroed += int(np.count_nonzero(array == 0))
                total += array.size
            if cell.bias is not None:
                _replace(module, cell.bias, pruned[-1][:, 0], None)
        drop_ranges(module)
        module.drop_unused_resources()
        sparsity = zeroed / total if total else 0.0
        module.attributes["pruned"] = {"shape": self.shape, "by": self.by, "sparsity": sparsity}

    def check(self, context: Context) -> None:
        """Raise `UserError` for an option out of its range."""
        if self.shape not in SHAPES:
            raise cannot(self, f"shape must be one of {', '.join(SHAPES)}, not '{self.shape}'")
        if self.by not in CHOICES:
            raise cannot(self, f"by must be one of {', '.join(CHOICES)}, not '{self.by}'")
        if not 0 <= self.ratio < 1:
            raise cannot(self, f"ratio must be at least 0 and below 1, not {self.ratio}")
        if self.size < 1:
            raise cannot(self, f"size must be positive, not {self.size}")
        if self.by == "obs" and context.data is None:
            raise cannot(
                self, "by=obs needs calibration data: give --data FILE.npz, or by=magnitude"
            )

    def check_level(self, module: Module) -> None:
        """Raise `UserError` for a module whose cells are not dataflow graphs of floats."""
        for op in module.walk():
            if op.name in LAYERS:
                why = f"'{op.name}' is a whole network: run expand-cells first"
                raise cannot(self, why, op.location)
        if not all(is_float(value.type) for value in module.main.parameters):
            raise cannot(self, "the network is in fixed point: run prune before quantize")

    def pattern(self, columns: int) -> BankSparse:
        """The encoding of a matrix: the smallest banks of at least `size` that divide its rows."""
        size = next((n for n in range(self.size, columns) if columns % n == 0), columns)
        return BankSparse(size, max(1, int(np.ceil(size * (1 - self.ratio) - 1e-9))))

    def pruned(self, module: Module, cell: _Cell, gram: np.ndarray | None) -> list[np.ndarray]:
        """The matrices of a cell with few survivors, and behind them the bias, if it was refitted."""
        arrays = [module.resources[m.op.attributes["resource"]] for m in cell.matrices]
        patterns = [self.pattern(array.shape[1]) for array in arrays]
        if gram is None:
            cell.bias = None
            return [keep_largest(a, p) for a, p in zip(arrays, patterns, strict=True)]
        if cell.bias is not None:
            arrays.append(module.resources[cell.bias.op.attributes["resource"]][:, np.newaxis])
        together = np.concatenate(arrays, axis=1).astype(np.float64)
        columns = together.shape[1]
        fitted = remove_weights(together, gram[:columns, :columns], *_banks(patterns, arrays))
        cuts = np.cumsum([array.shape[1] for array in arrays])[:-1]
        return [part.astype(arrays[0].dtype) for part in np.split(fitted, cuts, axis=1)]


@dataclass(eq=False)
class _Cell:
    """The matrices whose products meet in one sum, the vectors they multiply, and the bias."""

    total: Operation
    matrices: list[Value]
    vectors: list[Value]
    bias: Value | None


def _cells(module: Module) -> list[_Cell]:
    """The cells of all scans, in order; their matrices are float constants outside."""
    cells: dict[Operation, _Cell] = {}
    for op in module.walk():
        if op.name != "linalg.matvec" or op.parent.owner is None:
            continue
        matrix = _outermost(op.operands[0])
        if matrix.op.name != "tensor.constant" or not is_float(matrix.type):
            continue
        users = [user for user, _ in op.parent.uses(op.result) if user.name == "arith.add"]
        total = users[0] if len(users) == 1 else op
        cell = cells.setdefault(total, _Cell(total, [], [], _bias_of(total)))
        cell.matrices.append(matrix)
        cell.vectors.append(op.operands[1])
    return list(cells.values())


def _bias_of(total: Operation) -> Value | None:
    """The one constant vector that a sum adds, or None."""
    if total.name != "arith.add":
        return None
    constants = [v for v in map(_outermost, total.operands) if v.op.name == "tensor.constant"]
    return constants[0] if len(constants) == 1 else None


def _outermost(value: Value) -> Value:
    outer = captured_value(value)
    return value if outer is None else _outermost(outer)


class _GramMatrices:
    """A listener that sums the outer products of [vectors of a cell, 1] over samples and steps."""

    def __init__(self, cells: list[_Cell]) -> None:
        self.cells = {cell.total.results[0]: cell for cell in cells}
        self.vectors = {vector for cell in cells for vector in cell.vectors}
        self.latest: dict[Value, np.ndarray] = {}
        self.found: dict[Operation, np.ndarray] = {}

    def see(self, value: Value, array: np.ndarray) -> None:
        if value in self.vectors:
            self.latest[value] = array
        cell = self.cells.get(value)
        if cell is None:
            return
        samples = len(array)
        parts = [self.latest[vector] for vector in cell.vectors]
        parts = [np.broadcast_to(part, (samples, part.shape[1])) for part in parts]
        together = np.concatenate([*parts, np.ones((samples, 1))], axis=1).astype(np.float64)
        old = self.found.get(cell.total, 0.0)
        self.found[cell.total] = old + together.T @ together


def _gram_matrices(
    module: Module, context: Context, cells: list[_Cell]
) -> dict[Operation, np.ndarray]:
    assert context.data is not None
    listener = _GramMatrices(cells)
    run_samples(module, [context.data[port.name] for port in ports(module, "input")], listener)
    return listener.found


def _banks(patterns: list[BankSparse], arrays: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
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


def keep_largest(matrix: np.ndarray, pattern: BankSparse) -> np.ndarray:
    """The [rows, columns] matrix with all but the largest elements of each bank zeroed."""
    banks = split_banks(np.abs(matrix), pattern.size)
    rank = np.argsort(np.argsort(-banks, axis=2, kind="stable"), axis=2, kind="stable")
    mask = (rank < pattern.keep).reshape(len(matrix), -1)[:, : matrix.shape[1]]
    return np.where(mask, matrix, 0).astype(matrix.dtype)


def _replace(
    module: Module, constant: Value, array: np.ndarray, pattern: BankSparse | None
) -> None:
    """Give a constant other elements, and an encoding."""
    assert isinstance(constant.type, TensorType)
    name = constant.op.attributes["resource"]
    constant.op.attributes["resource"] = module.add_resource(f"{name}_pruned", array)
    if pattern is not None:
        retype(constant, replace(constant.type, encoding=pattern))
