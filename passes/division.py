"""Division by a constant as multiplication, which fixed point and hardware have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmir.ir.builder import Builder
from lstmir.ir.module import Module
from lstmir.ir.operands import captured_value, constant_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import TensorType
from lstmir.passes.outside import constant_outside
from lstmir.passes.records import is_decided

if TYPE_CHECKING:
    import numpy as np


def multiply_by_reciprocals(module: Module) -> bool:
    """Write each quotient by a constant as a product with its reciprocal; whether there was one.

    The real number is the same; as a float, it is rounded once more. A divisor that has no
    reciprocal among the normal floats, such as zero, stays.
    """
    quotients = [op for op in module.walk() if op.name == "arith.div" and not is_decided(op)]
    return bool([op for op in quotients if _multiply(module, op)])


def _multiply(module: Module, op: Operation) -> bool:
    dividend, divisor = op.operands
    source = _source(divisor)
    array = constant_of(source, module.resources)
    if array is None or is_decided(source.op):
        return False
    inverse = _reciprocals(array)
    if inverse is None:
        return False
    assert isinstance(source.type, TensorType)
    type_ = TensorType(source.type.shape, source.type.element)
    name = f"{source.op.attributes['resource']}_inverse"
    factor = constant_outside(module, op, inverse, type_, name)
    build = Builder(module, op.parent, before=op, location=op.location)
    hint = op.result_names[0]
    op.parent.replace(op, [build.value("arith.mul", dividend, factor, hint=hint, **op.attributes)])
    return True


def _source(value: Value) -> Value:
    """The value behind captures."""
    outer = captured_value(value)
    return value if outer is None else _source(outer)


def _reciprocals(array: np.ndarray) -> np.ndarray | None:
    import numpy as np

    with np.errstate(all="ignore"):
        inverse = np.asarray(1 / array)
    normal = np.isfinite(inverse) & (np.abs(inverse) >= np.finfo(array.dtype).tiny)
    return inverse if normal.all() else None
