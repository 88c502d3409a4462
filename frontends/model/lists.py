"""Lists of numbers within lists, as people write a tensor in JSON."""

from __future__ import annotations

from types import GenericAlias
from typing import Any

import msgspec
import numpy as np

from lstmir.frontends.model.messages import Whole
from lstmir.frontends.model.mistakes import in_words
from lstmir.frontends.model.rank import check_rank
from lstmir.ir.diagnostics import UserError

# What JSON may have for elements of a kind, and what numpy first makes of it.
_KINDS: dict[str, tuple[Any, type[np.generic]]] = {
    "f": (float, np.float64),
    "i": (Whole, np.int64),
    "b": (bool | Whole, np.int64),
}


def array_of(values: Any, dtype: np.dtype[Any], what: str) -> np.ndarray:
    """The array, whose shape is the lists' lengths. A number too large for `dtype` becomes infinity.

    Raises `UserError`, which names `what` the lists are, for lists of different lengths or depths
    and for elements that `dtype` does not have.
    """
    kind: Any
    kind, wide = _KINDS[dtype.kind]
    for _ in range(_depth(values, what)):
        kind = GenericAlias(list, kind)
    try:
        exact = np.array(msgspec.convert(values, kind), wide)
    except msgspec.ValidationError as error:
        raise UserError(f"{what}: {in_words(error, values, 'values')}") from error
    except ValueError as error:
        raise UserError(f"{what}: the lists in values differ in length") from error
    with np.errstate(over="ignore"):
        array = exact.astype(dtype)
    if dtype.kind != "f" and not np.array_equal(array, exact):
        raise UserError(f"{what} holds an integer that does not fit its element type")
    return array


def _depth(values: Any, what: str) -> int:
    """How deep the first element lies."""
    depth = 0
    while isinstance(values, list):
        depth += 1
        check_rank(depth, what)
        values = values[0] if values else None
    return depth
