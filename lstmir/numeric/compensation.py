"""Rounding that makes up for itself: what one weight loses, the later ones of its row give back.

The weights W multiply vectors x whose second moments are known: their Gram matrix G, the sum of
x x^T. Rounded weights W + E change a product by E x, and over all x the squares of the changes of
a row add up to e G e^T. Rounding column by column, with each error pushed into the columns that
are still to come so that this grows least, is optimal brain quantization in a fixed order
(Frantar and Alistarh, NeurIPS 2022; Frantar et al., "GPTQ", ICLR 2023). Columns rounded early did
not know what the later ones came to: in the end, each weight in turn moves to the value that is
best beside all others, a coordinate descent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lstmir.numeric.fixed import FixedType

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]

MAX_WIDTH = 32
"""Wider formats lose nothing worth making up for; in doubles, up to here all is exact."""
_BLOCK = 128
"""Errors go to the columns outside of a block all at once, as one product of matrices."""
_SWEEPS = 2
"""More hardly find anything."""


def round_compensated(
    weights: Matrix,
    gram: Matrix,
    formats: Sequence[FixedType],
    live: Mask | None = None,
    damping: float = 1e-2,
) -> Matrix:
    """The weights [rows, columns] as values of the columns' formats, for the least e G e^T.

    Where `live` [rows, columns] is false, the result is zero. `gram` [columns, columns] is
    symmetric and has no negative eigenvalue; `damping` adds this share of its mean diagonal to its
    diagonal, as if all elements of the vectors were a little noisy: that bounds what is pushed
    into directions in which the data say little.

    Guaranteed for each row: in every format, zero where not live, and e G e^T, as computed here
    without damping, not above that of rounding to the nearest. Where the greedy order does worse,
    the row is rounded to the nearest. Raises ValueError for formats wider than 32 bits.
    """
    grid = _Grid(formats)
    live = np.ones(weights.shape, bool) if live is None else live
    nearest = np.where(live, grid.round(weights), 0.0)
    mean = float(np.trace(gram)) / len(gram)
    damped = gram + (damping * mean or 1.0) * np.eye(len(gram))
    pushed = _in_order(weights, _push_factors(damped), grid, live)
    for _ in range(_SWEEPS):
        _move_each(weights, pushed, damped, grid, live)
    worse = squared_change(pushed - weights, gram) > squared_change(nearest - weights, gram)
    return np.where(worse[:, np.newaxis], nearest, pushed)


def squared_change(errors: Matrix, gram: Matrix) -> Matrix:
    """e G e^T of each row e: what errors [rows, columns] of weights change of their products."""
    return np.asarray(((errors @ gram) * errors).sum(axis=1))


def centered(gram: Matrix) -> tuple[Matrix, Matrix]:
    """From the Gram matrix of [x, 1]: that of x less its mean, and the mean.

    With it, errors count as if the mean change of each row was made good by its bias.
    """
    sums, count = gram[:-1, -1], gram[-1, -1]
    mean = sums / count if count > 0 else np.zeros_like(sums)
    return gram[:-1, :-1] - np.outer(sums, mean), mean


class _Grid:
    """The values of a format for each column."""

    def __init__(self, formats: Sequence[FixedType]) -> None:
        if any(format_.width > MAX_WIDTH for format_ in formats):
            raise ValueError(f"compensated rounding is for formats of at most {MAX_WIDTH} bits")
        self.units = np.array([format_.lsb for format_ in formats], np.float64)
        self.lowest = np.array([format_.min_int for format_ in formats], np.float64)
        self.highest = np.array([format_.max_int for format_ in formats], np.float64)

    def round(self, values: Matrix, columns: slice | int = slice(None)) -> Matrix:
        """The nearest in the formats of some columns, half to even, saturated."""
        unit = self.units[columns]
        integers = np.rint(values / unit).clip(self.lowest[columns], self.highest[columns])
        return np.asarray(integers * unit)


def _push_factors(gram: Matrix) -> Matrix:
    """The upper triangular U with U^T U = H^-1, for the positive definite Gram matrix H.

    Row j says how the error of column j goes to those behind it: this column of the inverse of
    H without the columns before j, but for a factor. H = R R^T with R upper triangular is a
    Cholesky factorization read backwards, and U is the inverse of R: H itself is never inverted.
    """
    backwards = np.linalg.cholesky(gram[::-1, ::-1])[::-1, ::-1]
    return np.triu(np.linalg.inv(backwards))


def _in_order(weights: Matrix, push: Matrix, grid: _Grid, live: Mask) -> Matrix:
    """Round column by column."""
    left, rounded = weights.astype(np.float64), np.empty(weights.shape)
    columns = weights.shape[1]
    for start in range(0, columns, _BLOCK):
        end = min(start + _BLOCK, columns)
        errors = np.empty((len(weights), end - start))
        for j in range(start, end):
            rounded[:, j] = np.where(live[:, j], grid.round(left[:, j], j), 0.0)
            error = (left[:, j] - rounded[:, j]) / push[j, j]
            left[:, j:end] -= np.outer(error, push[j, j:end])
            errors[:, j - start] = error
        left[:, end:] -= errors @ push[start:end, end:]
    return rounded


def _move_each(weights: Matrix, rounded: Matrix, gram: Matrix, grid: _Grid, live: Mask) -> None:
    """Move each weight, column by column, to where e G e^T is least while the others stay."""
    columns = weights.shape[1]
    slope = (rounded - weights) @ gram
    for start in range(0, columns, _BLOCK):
        end = min(start + _BLOCK, columns)
        near = slope[:, start:end].copy()
        before = rounded[:, start:end].copy()
        for j in range(start, end):
            best = grid.round(rounded[:, j] - near[:, j - start] / gram[j, j], j)
            best = np.where(live[:, j], best, 0.0)
            near += np.outer(best - rounded[:, j], gram[j, start:end])
            rounded[:, j] = best
        slope += (rounded[:, start:end] - before) @ gram[start:end]
