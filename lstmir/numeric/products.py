"""Exact products of constant matrices with vectors, prepared for many vectors.

They are computed in floats (BLAS) where the weights and the vectors' formats bound every partial
sum by what is exact there, whatever the order of the sum; in int64, and at last in Python ints,
elsewhere. In a result the elements of one row are neighbours: slices of rows are contiguous.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from lstmir.numeric.carriers import (
    INT64,
    IntArray,
    as_carrier,
    carrier,
    cast_ints,
    holder,
    wider,
)
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.kernels import Kernel, lifter

FLOATS: dict[int, np.dtype[Any]] = {2**24: np.dtype(np.float32), 2**53: np.dtype(np.float64)}
"""Up to which magnitude a float type has every integer."""


@dataclass(frozen=True)
class Factor:
    """A matrix [R, C] of one format, and the format of the vectors [N, C] that it multiplies."""

    weights: IntArray
    weights_type: FixedType
    vectors_type: FixedType

    def at(self, frac: int) -> IntArray:
        """The weights as integers with which the products have `frac` fraction bits."""
        return lifter(self.weights_type, frac - self.vectors_type.frac)(self.weights)

    def bound(self, weights: IntArray) -> int:
        """No partial sum of products with such weights exceeds it, nor does an element."""
        magnitudes = np.abs(weights)
        most = int(magnitudes.max(initial=0)) * weights.shape[1]
        exact = cast_ints(magnitudes, wider(INT64, holder(-most, most)))
        heaviest = max(exact.sum(axis=1).tolist(), default=0)
        return max(heaviest, 1) * max(self.vectors_type.max_int, -self.vectors_type.min_int)


def matvec(factor: Factor, result: FixedType) -> Kernel:
    """The products with each of vectors [N, C]: [N, R], in the result's format."""
    return sum_of_products([factor], None, result) or _in_integers(factor, result)


def sum_of_products(
    factors: Sequence[Factor], offset: IntArray | None, result: FixedType
) -> Kernel | None:
    """The sum of the products of each factor with vectors of its own, and of an offset [R].

    The offset's integers have the result's fraction bits. None where floats would not be exact.
    """
    blocks = [factor.at(result.frac) for factor in factors]
    bound = sum(factor.bound(block) for factor, block in zip(factors, blocks, strict=True))
    if offset is not None:
        blocks.append(offset[:, np.newaxis])
        bound += max(map(abs, offset.tolist()), default=0)
    dtype = next((dtype for limit, dtype in FLOATS.items() if bound <= limit), None)
    if dtype is None:
        return None
    matrix = np.concatenate(blocks, axis=1).astype(dtype)
    held = wider(holder(-bound, bound), carrier(result))
    places, width = _places(factors), matrix.shape[1]

    def multiply(*vectors: IntArray) -> IntArray:
        stacked = np.empty((width, max(map(len, vectors))), dtype)
        for place, array in zip(places, vectors, strict=True):
            stacked[place] = array.T
        stacked[places[-1].stop :] = 1
        return as_carrier((matrix @ stacked).astype(held).T, result)

    return multiply


def _places(factors: Sequence[Factor]) -> list[slice]:
    """Where the vectors of each factor stand, one under the other."""
    ends = np.cumsum([0, *(factor.weights.shape[1] for factor in factors)]).tolist()
    return [slice(start, stop) for start, stop in pairwise(ends)]


def _in_integers(factor: Factor, result: FixedType) -> Kernel:
    weights = factor.at(result.frac)
    bound = factor.bound(weights)
    dtype = holder(-bound, bound)
    matrix = weights.astype(dtype)
    return lambda vectors: as_carrier((matrix @ cast_ints(vectors, dtype).T).T, result)
