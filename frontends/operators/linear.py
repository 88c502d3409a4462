"""Matrix products with constant weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmir.frontends.axes import Axis
from lstmir.frontends.folding import Folder, known
from lstmir.frontends.operators.table import Call, operator
from lstmir.frontends.values import Imported, Known
from lstmir.ir.diagnostics import UserError


@operator("Gemm", "A B C?", "alpha beta transA transB")
def gemm(call: Call) -> Sequence[Imported]:
    """alpha A B + beta C. Constants are scaled and turned now, so that only A's rows are left."""
    node, folder, source = call.node, call.folder, call.input("A")
    if node.integer("transA", 0):
        raise UserError("attribute 'transA' is not supported; put a Transpose before the node")
    if len(source.axes) != 2:
        raise UserError(f"input 'A' must have 2 axes, not {len(source.axes)}")
    matrix = _matrix(call)
    if not node.integer("transB", 0):
        matrix = known(matrix.array.T, matrix.name)
    product = _linear(folder, _scaled(matrix, node.number("alpha", 1.0)), source)
    addend, beta = call.optional("C"), node.number("beta", 1.0)
    if addend is None or beta == 0:
        return [product]
    if isinstance(addend, Known):
        rows = matrix.array.shape[0]
        return [folder.binary("arith.add", product, _bias(_scaled(addend, beta), rows))]
    if beta != 1:
        factor = known(np.array([beta], matrix.array.dtype), f"{node.label}_beta")
        addend = folder.binary("arith.mul", addend, factor)
    return [folder.binary("arith.add", product, addend)]


@operator("MatMul", "A B")
def matmul(call: Call) -> Sequence[Imported]:
    """Each vector along the last axis of A, by the matrix B."""
    matrix = _matrix(call)
    return [_linear(call.folder, known(matrix.array.T, matrix.name), call.input("A"))]


def _matrix(call: Call) -> Known:
    matrix = call.known("B")
    if matrix.array.ndim != 2 or matrix.array.dtype.kind != "f":
        raise UserError("input 'B' must be a matrix of floating-point numbers")
    return matrix


def _scaled(source: Known, factor: float) -> Known:
    if factor == 1:
        return source
    return known(source.array * source.array.dtype.type(factor), source.name)


def _linear(folder: Folder, weights: Known, source: Imported) -> Imported:
    """`weights` is [rows, columns]."""
    axes = (*source.axes[:-1], Axis(weights.array.shape[0]))
    return folder.emit("linalg.linear", [weights, source], axes)


def _bias(source: Known, rows: int) -> Known:
    """As a vector of all rows, where it is the same for every sample."""
    array = source.array
    if array.ndim == 2 and array.shape[0] == 1:
        array = array[0]
    if array.ndim < 2 and array.size == 1:
        array = np.broadcast_to(array.reshape(-1), (rows,))
    return known(array, source.name)
