"""Constants as they are at run time."""

from __future__ import annotations

import numpy as np

from lstmir.ir.operands import Resources, constant_of
from lstmir.ir.operation import Value
from lstmir.ir.types import element_of
from lstmir.numeric.carriers import as_carrier
from lstmir.numeric.fixed import FixedType


def constant_array(value: Value, resources: Resources) -> np.ndarray | None:
    """The array that a value is in every run, without an axis of samples; None if it is no constant."""
    array, element = constant_of(value, resources), element_of(value.type)
    if array is None or not isinstance(element, FixedType):
        return array
    return as_carrier(array, element)
