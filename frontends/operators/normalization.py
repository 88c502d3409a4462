"""Operators that bring values to a scale of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lstmir.frontends.operators.table import Call, operator, position
from lstmir.frontends.values.absorb import Affine, absorb
from lstmir.frontends.values.axes import describe, sizes_of
from lstmir.frontends.values.folding import known
from lstmir.frontends.values.interpreted import interpret
from lstmir.frontends.values.values import Computed, Imported, Known
from lstmir.ir.diagnostics import UserError

_TRAINING_IS_SAID = 14
"""The version of ONNX from which on an attribute tells training from inference, not the outputs."""


@operator(
    "BatchNormalization",
    "X scale B input_mean input_var",
    "epsilon momentum spatial training_mode",
)
def batch_normalization(call: Call) -> Sequence[Imported]:
    """One product and one sum for each channel; none where the matrix before it can take them."""
    node, folder, source = call.node, call.folder, call.input("X")
    if node.integer("training_mode", 0):
        raise UserError("attribute 'training_mode' must be 0; export the model for inference")
    if call.opset < _TRAINING_IS_SAID and any(node.outputs[1:]):
        raise UserError(
            f"gives statistics ('{next(filter(None, node.outputs[1:]))}'), which means training; export"
            " the model for inference"
        )
    if not node.integer("spatial", 1):
        raise UserError("attribute 'spatial' must be 1: statistics are those of whole channels")
    if len(source.axes) < 2:
        raise UserError("input 'X' must have 2 axes or more: samples, channels, …")
    scale, bias, mean, variance = (
        _of_channels(call, name) for name in ("scale", "B", "input_mean", "input_var")
    )
    spread = variance + node.finite("epsilon", 1e-5)
    if not (spread > 0).all():
        raise UserError(
            f"input 'input_var' plus 'epsilon' must be positive everywhere, as {spread.min():g} is not"
        )
    factor = scale / np.sqrt(spread)
    dtype = call.known("scale").array.dtype
    line = Affine(factor.astype(dtype), (bias - mean * factor).astype(dtype))
    behind = [1] * (len(source.axes) - 2)
    factors = known(line.factor.reshape(-1, *behind), f"{node.label}_factor")
    offsets = known(line.offset.reshape(-1, *behind), f"{node.label}_offset")
    scaled = folder.binary("arith.mul", source, factors)
    shifted = folder.binary("arith.add", scaled, offsets)
    if isinstance(scaled, Computed) and isinstance(shifted, Computed):
        product, total = scaled.value.op, shifted.value.op
        folder.finishers.append(lambda: absorb(folder.builder.module, product, total, line))
    return [shifted]


def _of_channels(call: Call, name: str) -> np.ndarray:
    """A constant with a number for each channel, exact enough to compute with."""
    found, channels = call.known(name), call.input("X").axes[1].size
    if found.array.dtype.kind != "f" or sizes_of(found.axes) != (channels,) or channels is None:
        wanted = describe(call.input("X").axes[1:2])
        raise UserError(
            f"input '{name}' must be floats {wanted} (channels), not {describe(found.axes)}"
        )
    return found.array.astype(np.float64)


@operator("LayerNormalization", "X Scale B?", "axis epsilon stash_type")
def layer_normalization(call: Call) -> Sequence[Imported]:
    """Only the first output. `stash_type` is a precision; all is computed in float64."""
    source, folder = call.input("X"), call.folder
    axis = position(call.node.integer("axis", -1), source.axes)
    attributes: dict[str, Any] = {"axis": axis, "epsilon": call.node.finite("epsilon", 1e-5)}
    name = "linalg.normalize"
    result: Imported
    if isinstance(source, Known):
        array = source
        result = folder.fold(source.axes, lambda: interpret(name, array, **attributes))
    else:
        result = folder.emit(name, [source], source.axes, **attributes)
    for operation, addend in (("arith.mul", "Scale"), ("arith.add", "B")):
        operand = call.optional(addend)
        if operand is None:
            continue
        result = folder.binary(operation, result, operand)
        if sizes_of(result.axes) != sizes_of(source.axes):
            shapes = f"{describe(operand.axes)} does not fit X {describe(source.axes)}"
            raise UserError(f"input '{addend}' {shapes}")
    return [result]
