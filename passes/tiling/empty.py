"""Takes out of a recurrence the gates that multiply nothing: their sums are their biases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lstmir.ir.builder import Builder
from lstmir.ir.captures import add_capture, drop_unused_captures
from lstmir.ir.encodings import Encoding
from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import TensorType, element_of, storage_dtype
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType
from lstmir.passes.tiling.cell import Accumulation, Cell, outermost


def leave_out_empty_gates(module: Module, cell: Cell) -> bool:
    """Rewrite the recurrence with the rows of the other gates alone. False if nothing is to be done.

    Every bit stays: what was a sum without products becomes the constant that it is.
    """
    return _Rewrite(module, cell).run()


class _Rewrite:
    def __init__(self, module: Module, cell: Cell) -> None:
        self.module, self.cell, self.sums = module, cell, cell.accumulation
        self.body = cell.scan.regions[0]
        self.live = _live_gates(module, cell)
        rows = np.arange(cell.gates * cell.hidden).reshape(cell.gates, cell.hidden)
        self.rows = rows[self.live].ravel()

    def run(self) -> bool:
        if len(self.live) in (0, self.cell.gates) or not self.is_possible():
            return False
        slices = [user for user, _ in self.body.uses(self.sums.value)]
        self.replace_slices(slices, self.smaller_sum())
        total = self.sums.value.op
        for op in (total, *(value.op for value in total.operands)):
            if op is not self.body.entry:
                self.body.erase(op)
        drop_unused_captures(self.cell.scan)
        return True

    def is_possible(self) -> bool:
        """Whether the sums are only taken apart gate by gate, and the matrices' encodings too."""
        element = element_of(self.sums.value.type)
        assert isinstance(element, FixedType)
        users = [user for user, _ in self.body.uses(self.sums.value)]
        return (
            element.width <= MAX_STORED_WIDTH
            and self.sums.value.op.name == "arith.add"
            and all(_is_gate(user, self.cell.hidden) for user in users)
            and all(self.encoding(p.matrix) is not False for p in self.sums.products)
        )

    def encoding(self, matrix: Value) -> Encoding | bool | None:
        """The encoding of the rows that remain; False where it does not describe them."""
        assert isinstance(matrix.type, TensorType)
        encoding = matrix.type.encoding
        if encoding is None:
            return None
        if len(encoding.gates) == self.cell.gates:
            return Encoding(tuple(encoding.gates[gate] for gate in self.live))
        array = constant_of(matrix, self.module.resources)
        assert array is not None
        fits = len(encoding.gates) == 1 and encoding.violation(array[self.rows]) is None
        return encoding if fits else False

    def smaller_sum(self) -> Value:
        """The sum of the gates that remain, in front of the one of all gates."""
        total = self.sums.value.op
        build = Builder(self.module, self.body, before=total, location=total.location)
        terms = []
        for term in total.operands:
            if term.op.name == "linalg.matvec":
                matrix, vector = term.op.operands
                rows = self.inside(self.of_rows(outermost(matrix)))
                type_ = TensorType((len(self.rows),), element_of(term.type))
                terms.append(build.value("linalg.matvec", rows, vector, type=type_))
            else:
                terms.append(self.inside(self.of_rows(outermost(term))))
        type_ = TensorType((len(self.rows),), element_of(total.result.type))
        return build.value("arith.add", *terms, type=type_, hint=total.result.name)

    def of_rows(self, constant: Value) -> Value:
        """The rows that remain of a constant matrix or vector."""
        assert isinstance(constant.type, TensorType)
        array = constant_of(constant, self.module.resources)
        assert array is not None
        kept = array[self.rows]
        type_ = replace(constant.type, shape=kept.shape)
        if len(kept.shape) == 2:
            encoding = self.encoding(constant)
            assert not isinstance(encoding, bool)
            type_ = replace(type_, encoding=encoding)
        return self.outside(kept, type_, constant.name)

    def outside(self, array: np.ndarray, type_: TensorType, name: str | None) -> Value:
        scan = self.cell.scan
        return Builder(self.module, scan.parent, before=scan).constant(
            array, type_, name or "gates"
        )

    def inside(self, constant: Value) -> Value:
        return add_capture(self.cell.scan, constant)

    def replace_slices(self, slices: list[Operation], total: Value) -> None:
        """Each gate from the smaller sum, or as the constant that it is."""
        hidden = self.cell.hidden
        biases = bias_of(self.module, self.sums)
        for op in slices:
            gate = op.attributes["start"] // hidden
            if gate in self.live:
                build = Builder(self.module, self.body, before=op, location=op.location)
                start = self.live.index(gate) * hidden
                part = build.value(
                    "tensor.slice", total, hint=op.result.name, axis=0, start=start, size=hidden
                )
            else:
                assert isinstance(op.result.type, TensorType)
                array = biases[gate * hidden : (gate + 1) * hidden]
                array = array.astype(storage_dtype(op.result.type.element))
                part = self.inside(self.outside(array, op.result.type, op.result.name))
            self.body.replace(op, [part])


def bias_of(module: Module, sums: Accumulation) -> np.ndarray:
    """The integers of a sum's constants, one a row, in the unit of the sum; of any size."""
    frac = _frac(sums.value)
    (rows,) = sums.value.type.static_shape  # type: ignore[union-attr]
    bias = np.zeros(rows, object)
    for addend in sums.addends:
        array = constant_of(addend, module.resources)
        assert array is not None
        bias = bias + (array.astype(object) << (frac - _frac(addend)))
    return bias


def _live_gates(module: Module, cell: Cell) -> list[int]:
    """The gates in whose rows some matrix has an element."""
    live = np.zeros(cell.gates, bool)
    for product in cell.accumulation.products:
        array = constant_of(product.matrix, module.resources)
        assert array is not None
        live |= array.reshape(cell.gates, -1).any(axis=1)
    return np.flatnonzero(live).tolist()


def _is_gate(op: Operation, hidden: int) -> bool:
    attributes = op.attributes
    return (
        op.name == "tensor.slice"
        and attributes["size"] == hidden
        and attributes["start"] % hidden == 0
    )


def _frac(value: Value) -> int:
    element = element_of(value.type)
    assert isinstance(element, FixedType)
    return element.frac
