"""Matrix products with one constant matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmir.frontends.operators.table import Call, operator
from lstmir.frontends.values.axes import Axis, describe, fresh, sizes_of
from lstmir.frontends.values.folding import Folder, known
from lstmir.frontends.values.reshaping import check_parted
from lstmir.frontends.values.values import Imported, Known
from lstmir.ir.diagnostics import UserError

_TWO_COMPUTED = (
    "one of the inputs 'A' and 'B' must be a constant: a product of two computed values has no form"
    " in lstmir; cut the model around it (--inputs, --outputs)"
)


@operator("Gemm", "A B C?", "alpha beta transA transB")
def gemm(call: Call) -> Sequence[Imported]:
    """alpha A B + beta C. Constants are scaled and turned now."""
    node, folder = call.node, call.folder
    alpha, beta = node.finite("alpha", 1.0), node.finite("beta", 1.0)
    left, right = (_factor(call, name) for name in "AB")
    rows = None
    if isinstance(right, Known):
        weights = _scaled(known(_matrix(right, "B").T, right.name), alpha)
        product, rows = multiplied(folder, weights, left), weights.array.shape[0]
    elif isinstance(left, Known):
        weights = _scaled(known(_matrix(left, "A"), left.name), alpha)
        product = _turned(folder, multiplied(folder, weights, _turned(folder, right)))
    else:
        raise UserError(_TWO_COMPUTED)
    addend = call.optional("C")
    if addend is None or beta == 0:
        return [product]
    if isinstance(addend, Known):
        addend = _bias(_scaled(addend, beta), rows)
    elif beta != 1:
        factor = known(np.array([beta], weights.array.dtype), f"{node.label}_beta")
        addend = folder.binary("arith.mul", addend, factor)
    total = folder.binary("arith.add", product, addend)
    if sizes_of(total.axes) != sizes_of(product.axes):
        raise UserError(f"input 'C' {describe(addend.axes)} does not fit {describe(product.axes)}")
    return [total]


def _factor(call: Call, name: str) -> Imported:
    source = call.input(name)
    if len(source.axes) != 2:
        raise UserError(f"input '{name}' must have 2 axes, not {len(source.axes)}")
    return _turned(call.folder, source) if call.node.integer(f"trans{name}", 0) else source


@operator("MatMul", "A B")
def matmul(call: Call) -> Sequence[Imported]:
    """As numpy's: a vector is a matrix of one row (A) or of one column (B), whose axis goes again."""
    folder, left, right = call.folder, call.input("A"), call.input("B")
    if isinstance(left, Known) and isinstance(right, Known):
        return [_folded(left, right)]
    if isinstance(right, Known):
        weights = known(_matrix(right, "B", column=True).T, right.name)
        product = multiplied(folder, weights, left)
        axes = product.axes[:-1] if len(right.axes) == 1 else product.axes
        return [folder.reshape(product, (*_missing(right, left), *axes))]
    if not isinstance(left, Known):
        raise UserError(_TWO_COMPUTED)
    weights = known(_matrix(left, "A"), left.name)
    if len(right.axes) == 1:
        product = multiplied(folder, weights, right)
        axes = product.axes[:-1] if len(left.axes) == 1 else product.axes
    else:
        product = _turned(folder, multiplied(folder, weights, _turned(folder, right)))
        *lead, rows, columns = product.axes
        axes = (*lead, columns) if len(left.axes) == 1 else (*lead, rows, columns)
    return [folder.reshape(product, (*_missing(left, right), *axes))]


def _missing(constant: Known, other: Imported) -> tuple[Axis, ...]:
    """The axes of length 1 that a constant has in front, and the other operand has not."""
    return fresh([1] * (max(len(constant.axes), 2) - max(len(other.axes), 2)))


def _folded(left: Known, right: Known) -> Known:
    _check_lengths(left, left.axes[-1:])
    _check_lengths(right)
    try:
        product = np.matmul(left.array, right.array)
    except ValueError as error:
        shapes = f"{describe(left.axes)} and {describe(right.axes)}"
        raise UserError(f"the shapes {shapes} do not fit together") from error
    if len(right.axes) > 2:
        return known(product)
    kept = left.axes[:-1]
    return Known(product, (*kept, *fresh(product.shape[len(kept) :])))


def _matrix(source: Known, name: str, *, column: bool = False) -> np.ndarray:
    """A constant as one matrix; a vector is a row of it, or its column."""
    _check_lengths(source)
    array = source.array
    if array.ndim == 1:
        array = array[:, np.newaxis] if column else array[np.newaxis]
    *lead, _, _ = array.shape if array.ndim > 1 else (0, 0, 0)
    if array.dtype.kind != "f" or any(size != 1 for size in lead):
        raise UserError(f"input '{name}' must be a matrix of floating-point numbers")
    return array.reshape(array.shape[-2:])


def _check_lengths(source: Known, axes: Sequence[Axis] | None = None) -> None:
    """Raise `UserError` if some axes, or lengths that are the elements, are not known now."""
    if source.array.dtype == object:
        source.integers()
    if any(axis.size is None for axis in (source.axes if axes is None else axes)):
        raise UserError(f"'{source.name}' depends on a length that is known only at run time")


def multiplied(folder: Folder, weights: Known, source: Imported) -> Imported:
    """Each vector along the last axis of the source, by a matrix [rows, columns]."""
    axes = (*source.axes[:-1], Axis(weights.array.shape[0]))
    if not isinstance(source, Known):
        check_parted(source.axes[-1:])
        return folder.by_rows("linalg.linear", [weights, source], axes)
    if source.axes[-1].size != weights.array.shape[1]:
        shapes = f"{describe(source.axes)} and {describe(weights.axes)}"
        raise UserError(f"the shapes {shapes} do not fit together")
    return folder.fold(axes, lambda: source.array @ weights.array.T)


def _turned(folder: Folder, source: Imported) -> Imported:
    """With its last two axes exchanged."""
    rank = len(source.axes)
    turned = folder.transpose(source, [*range(rank - 2), rank - 1, rank - 2])
    if isinstance(source, Known) and isinstance(turned, Known):
        turned.name = source.name
    return turned


def _scaled(source: Known, factor: float) -> Known:
    if factor == 1:
        return source
    return known(source.array * source.array.dtype.type(factor), source.name)


def _bias(source: Known, rows: int | None) -> Known:
    """As a vector of all rows, where it is the same for every sample."""
    array = source.array
    if rows is None:
        return source
    if array.ndim == 2 and array.shape[0] == 1:
        array = array[0]
    if array.ndim < 2 and array.size == 1:
        array = np.broadcast_to(array.reshape(-1), (rows,))
    return known(array, source.name)
