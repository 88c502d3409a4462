"""Constants for operations inside of loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmir.ir.builder import Builder
from lstmir.ir.captures import add_capture
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import TensorType

if TYPE_CHECKING:
    import numpy as np


def constant_outside(
    module: Module, op: Operation, array: np.ndarray, type_: TensorType, name: str
) -> Value:
    """A constant that `op` may use: it stands in the function, captured on the way in."""
    region, before, owners = op.parent, op, list[Operation]()
    while region.owner is not None:
        before = region.owner
        owners.append(before)
        region = before.parent
    build = Builder(module, region, before=before, location=op.location)
    value = build.constant(array, type_, name)
    for owner in reversed(owners):
        value = add_capture(owner, value)
    return value
