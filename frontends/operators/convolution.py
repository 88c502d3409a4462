"""Convolutions with a kernel of one element: a product with a matrix at each place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmir.frontends.operators.linear import multiplied
from lstmir.frontends.operators.table import Call, operator
from lstmir.frontends.values.axes import describe, sizes_of
from lstmir.frontends.values.folding import known
from lstmir.frontends.values.values import Imported
from lstmir.ir.diagnostics import UserError


@operator("Conv", "X W B?", "auto_pad dilations group kernel_shape pads strides")
def conv(call: Call) -> Sequence[Imported]:
    """The channels of each place by the matrix, plus the bias."""
    source, folder = call.input("X"), call.folder
    rank = len(source.axes)
    if rank < 3:
        raise UserError(f"input 'X' must have 3 axes or more, not {rank}")
    weights = _weights(call, rank)
    matrix = _block_diagonal(call, weights, source.axes[1].size)
    # The channels go to the end, where a matrix takes them.
    channels_last = folder.transpose(source, [0, *range(2, rank), 1])
    product = multiplied(folder, known(matrix, call.known("W").name), channels_last)
    if call.optional("B") is not None:
        bias = call.known("B")
        if sizes_of(bias.axes) != (len(matrix),):
            raise UserError(f"input 'B' must be [{len(matrix)}], not {describe(bias.axes)}")
        product = folder.binary("arith.add", product, bias)
    return [folder.transpose(product, [0, rank - 1, *range(1, rank - 1)])]


def _weights(call: Call, rank: int) -> np.ndarray:
    """W, whose kernel has one element and looks at each place once."""
    array = call.known("W").array
    known_now = all(axis.size is not None for axis in call.known("W").axes)
    if array.ndim != rank or array.dtype.kind != "f" or not known_now:
        raise UserError(f"input 'W' must have {rank} axes, as X has, and hold floats")
    kernel = call.node.integers("kernel_shape")
    if kernel is not None and tuple(kernel) != array.shape[2:]:
        raise UserError(f"attribute 'kernel_shape' is {kernel}, but W is {list(array.shape)}")
    _expect(call, "kernel_shape", list(array.shape[2:]), 1)
    _expect(call, "strides", call.node.integers("strides") or [], 1)
    _expect(call, "pads", call.node.integers("pads") or [], 0)
    padding = call.node.text("auto_pad", "NOTSET")
    if padding not in ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"):
        raise UserError(f"attribute 'auto_pad' is none of ONNX's: '{padding}'")
    return array


def _expect(call: Call, name: str, found: Sequence[int], only: int) -> None:
    """Raise `UserError`, with the cut to make, unless an attribute is what a matrix can do."""
    if any(value != only for value in found):
        before, behind = call.node.inputs[0], call.node.outputs[0]
        raise UserError(
            f"attribute '{name}' is {list(found)}, where only {only} is imported: of convolutions,"
            " lstmir takes those that look at one place at a time; cut the model behind it"
            f" (--inputs {behind}) or before it (--outputs {before}), and leave it to the host"
        )


def _block_diagonal(call: Call, weights: np.ndarray, channels: int | None) -> np.ndarray:
    """The matrix [outputs, channels]: each group of outputs sees its own group of channels."""
    groups, (rows, columns) = call.node.integer("group", 1), weights.shape[:2]
    if groups < 1 or rows % groups:
        raise UserError(f"attribute 'group' is {groups}, which does not divide {rows} outputs")
    if channels != columns * groups:
        raise UserError(
            f"input 'X' must have {columns * groups} channels along axis 1,"
            f" as W and the attribute 'group' say; it is {describe(call.input('X').axes)}"
        )
    matrix = np.zeros((rows, columns * groups), weights.dtype)
    for group, block in enumerate(np.split(weights.reshape(rows, columns), groups)):
        height = rows // groups
        matrix[group * height : (group + 1) * height, group * columns : (group + 1) * columns] = (
            block
        )
    return matrix
