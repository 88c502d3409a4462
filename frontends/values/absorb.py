"""A scale and a shift of each channel, taken into the matrix product before them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lstmir.ir.builder import Builder
from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import TensorType, element_of, shape_of


@dataclass(frozen=True)
class Affine:
    """What becomes of a channel: x * factor + offset."""

    factor: np.ndarray
    offset: np.ndarray


@dataclass(frozen=True)
class _Chain:
    """A matrix product, the bias that is added to it, and how its axes were turned then."""

    weights: np.ndarray
    bias: np.ndarray
    source: Value
    name: str
    orders: list[tuple[int, ...]]


def absorb(module: Module, product: Operation, total: Operation, line: Affine) -> None:
    """Write `total`, the sum behind the product of axis 1 with factors, as one linear operation.

    x W + b, scaled and shifted, is x (W f) + (b f + o). Nothing is done unless the product reads
    a linear operation with constant weights whose last axis are the channels, by way of a bias and
    transposes, and nobody else reads any of these.
    """
    chain = _chain(module, product)
    if chain is None:
        return
    region = total.parent
    build = Builder(module, region, before=product, location=total.location)
    weights = chain.weights * line.factor[:, np.newaxis]
    bias = chain.bias * line.factor + line.offset
    element = element_of(total.result.type)
    w, b = (
        build.constant(array, TensorType(array.shape, element), f"{chain.name}_{name}")
        for array, name in ((weights, "scaled"), (bias, "bias"))
    )
    value = build.value("linalg.linear", w, chain.source)
    value = build.value("arith.add", value, b)
    for order in reversed(chain.orders):
        value = build.value("tensor.transpose", value, order=order)
    value.op.result_names[0] = total.result_names[0]
    read = [operand.op for operand in total.operands]
    region.replace(total, [value])
    for op in read:
        _erase_unused(op)
    module.drop_unused_resources()


def _chain(module: Module, product: Operation) -> _Chain | None:
    value, axis, orders = product.operands[0], 1, list[tuple[int, ...]]()
    while value.op.name == "tensor.transpose" and _has_one_use(value):
        orders.append(value.op.attributes["order"])
        axis = orders[-1][axis]
        value = value.op.operands[0]
    rows = shape_of(value.type)[-1]
    bias: np.ndarray | None = np.zeros(rows or 0)
    if value.op.name == "arith.add" and len(value.op.operands) == 2 and _has_one_use(value):
        value, bias = _without_bias(module, value.op)
    if value.op.name != "linalg.linear" or not _has_one_use(value):
        return None
    matrix, source = value.op.operands
    weights = constant_of(matrix, module.resources)
    if weights is None or bias is None or axis != len(shape_of(value.type)) - 1:
        return None
    name = str(matrix.op.attributes.get("resource", "weights"))
    return _Chain(weights, bias, source, name, orders)


def _without_bias(module: Module, total: Operation) -> tuple[Value, np.ndarray | None]:
    """The other term, and a constant that has a number for each element of the last axis."""
    for term, other in (total.operands, total.operands[::-1]):
        bias = constant_of(other, module.resources)
        if bias is not None:
            fits = bias.size == bias.shape[-1] == shape_of(total.result.type)[-1]
            return term, bias.reshape(-1) if fits else None
    return total.result, None


def _has_one_use(value: Value) -> bool:
    return value.op.parent.use_count(value.op) == 1


def _erase_unused(op: Operation) -> None:
    """Erase an operation that nothing reads, and what only it has read."""
    region = op.region
    if region is None or op is region.entry or region.is_used(op):
        return
    makers = dict.fromkeys(value.op for value in op.operands)
    region.erase(op)
    for maker in makers:
        _erase_unused(maker)
