"""What the array behind a constant must be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmir.ir.diagnostics import Invalid
from lstmir.ir.types import I1, TensorType, is_float, shape_of, storage_dtype
from lstmir.numeric.fixed import FixedType

if TYPE_CHECKING:
    import numpy as np


def check_constant(type_: TensorType, array: np.ndarray, name: str) -> None:
    """Raise `Invalid` if the resource `name` does not hold a value of a constant's type."""
    import numpy as np

    dtype = storage_dtype(type_.element)
    if array.shape != shape_of(type_) or array.dtype != dtype:
        raise Invalid(f"resource @{name} holds {array.dtype}{list(array.shape)}, not {type_}")
    if isinstance(type_.element, FixedType) and array.size:
        _check_integers(type_.element, array, name)
    if type_.element == I1 and array.size and array.view(np.uint8).max() > 1:
        raise Invalid(f"resource @{name} holds bytes that are neither true nor false")
    if is_float(type_) and not np.isfinite(array).all():
        raise Invalid(f"resource @{name} holds NaN or infinity")
    if type_.encoding is not None:
        _check_encoding(type_, array, name)


def _check_integers(element: FixedType, array: np.ndarray, name: str) -> None:
    lo, hi = int(array.min()), int(array.max())
    if not element.contains_int(lo, hi):
        raise Invalid(
            f"resource @{name} holds integers from {lo} to {hi}, which do not fit {element}"
        )


def _check_encoding(type_: TensorType, array: np.ndarray, name: str) -> None:
    assert type_.encoding is not None
    if len(type_.shape) != 2:
        raise Invalid(f"{type_.encoding} describes matrices, not {type_}")
    violation = type_.encoding.violation(array, not is_float(type_))
    if violation:
        raise Invalid(f"resource @{name} breaks {type_.encoding}: {violation}")
