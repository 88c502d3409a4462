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

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lstmir.numeric.grids import Grid

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]

_BLOCK = 64
"""Errors go to the columns outside of a block all at once, as one product of matrices."""
_ROWS = 1024
"""So many rows at a time: their part of a block stays in a processor's cache."""
_CONSTANT = 1e-12
"""What varies by no more than this part of its second moment is taken for constant."""
_SWEEPS = 2
"""More hardly find anything."""


def round_compensated(
    weights: Matrix,
    gram: Matrix,
    grids: Sequence[Grid],
    live: Mask | None = None,
    damping: float = 1e-2,
) -> Matrix:
    """The weights [rows, columns] as values of the grids, for the least e G e^T.

    The grids are those of neighbouring columns, side by side. Where `live` [rows, columns] is
    false, the result is zero. `gram` [columns, columns] is symmetric and has no negative
    eigenvalue; `damping` adds this share of its mean diagonal to its diagonal, as if all elements
    of the vectors were a little noisy: that bounds what is pushed into directions in which the
    data say little.

    Guaranteed for each row: in every grid, zero where not live, and e G e^T, as computed here
    without damping, not above that of rounding to the nearest. Where the greedy order does worse,
    the row is rounded to the nearest.
    """
    mean = float(np.trace(gram)) / len(gram)
    damped = gram + (damping * mean or 1.0) * np.eye(len(gram))
    push = _push_factors(damped)
    rounded = np.empty(weights.shape)
    for start in range(0, len(weights), _ROWS):
        rows = slice(start, start + _ROWS)
        columns = _Columns(
            [grid.rows(rows) for grid in grids], None if live is None else live[rows].T
        )
        # From here on, a column of the weights is a row in memory.
        part = np.ascontiguousarray(weights[rows].T, np.float64)
        found = _in_order(part, push, columns)
        for _ in range(_SWEEPS):
            _move_each(part, found, damped, columns)
        nearest = columns.nearest(part)
        worse = _change(found - part, gram) > _change(nearest - part, gram)
        rounded[rows] = np.where(worse, nearest, found).T
    return rounded


def squared_change(errors: Matrix, gram: Matrix) -> Matrix:
    """e G e^T of each row e: what errors [rows, columns] of weights change of their products."""
    return np.asarray(((errors @ gram) * errors).sum(axis=1))


def round_nearest(weights: Matrix, grids: Sequence[Grid], live: Mask | None = None) -> Matrix:
    """The weights [rows, columns] as the nearest values of the grids of their columns."""
    return _Columns(grids, None if live is None else live.T).nearest(weights.T).T


def centered(gram: Matrix) -> tuple[Matrix, Matrix]:
    """From the Gram matrix of [x, 1]: that of x less its mean, and the mean.

    With it, errors count as if the mean change of each row was made good by its bias. Elements that
    are always the same have zeros there, exactly: what rounding leaves of them could be negative.
    """
    sums, count = gram[:-1, -1], gram[-1, -1]
    mean = sums / count if count > 0 else np.zeros_like(sums)
    moments = gram[:-1, :-1]
    found = moments - np.outer(sums, mean)
    moves = np.diag(found) > _CONSTANT * np.diag(moments)
    return np.where(np.outer(moves, moves), found, 0.0), mean


class _Columns:
    """The grids of all columns, and what lives of each. Arrays of weights are [columns, rows] here."""

    def __init__(self, grids: Sequence[Grid], live: Mask | None) -> None:
        self.grids = [grid for grid in grids for _ in range(grid.columns)]
        self.parts = grids
        self.live = live

    def round(self, values: Matrix, column: int) -> Matrix:
        """The values [rows] of one column, rounded."""
        rounded = self.grids[column].round(values)
        if self.live is not None:
            rounded *= self.live[column]
        return rounded

    def nearest(self, weights: Matrix) -> Matrix:
        """Each weight as the nearest value."""
        ends = np.cumsum([grid.columns for grid in self.parts])[:-1]
        parts = np.split(weights, ends)
        found = [grid.round(part) for grid, part in zip(self.parts, parts, strict=True)]
        nearest = np.concatenate(found)
        return nearest if self.live is None else np.where(self.live, nearest, 0.0)


def _change(errors: Matrix, gram: Matrix) -> Matrix:
    """`squared_change` of errors [columns, rows]."""
    return np.asarray(((gram @ errors) * errors).sum(axis=0))


def _push_factors(gram: Matrix) -> Matrix:
    """The upper triangular U with U^T U = H^-1, for the positive definite Gram matrix H.

    Row j says how the error of column j goes to those behind it: this column of the inverse of
    H without the columns before j, but for a factor. H = R R^T with R upper triangular is a
    Cholesky factorization read backwards, and U is the inverse of R: H itself is never inverted.
    """
    backwards = np.linalg.cholesky(gram[::-1, ::-1])[::-1, ::-1]
    return np.triu(np.linalg.inv(backwards))


def _in_order(weights: Matrix, push: Matrix, columns: _Columns) -> Matrix:
    """Round column by column."""
    left, rounded = weights.copy(), np.empty(weights.shape)
    for start, end in _blocks(len(weights)):
        errors = np.empty((end - start, weights.shape[1]))
        for j in range(start, end):
            rounded[j] = columns.round(left[j], j)
            error = errors[j - start] = (left[j] - rounded[j]) / push[j, j]
            left[j + 1 : end] -= np.outer(push[j, j + 1 : end], error)
        left[end:] -= push[start:end, end:].T @ errors
    return rounded


def _move_each(weights: Matrix, rounded: Matrix, gram: Matrix, columns: _Columns) -> None:
    """Move each weight, column by column, to where e G e^T is least while the others stay."""
    slope = gram @ (rounded - weights)
    for start, end in _blocks(len(weights)):
        near = slope[start:end].copy()
        before = rounded[start:end].copy()
        for j in range(start, end):
            best = columns.round(rounded[j] - near[j - start] / gram[j, j], j)
            near[j - start + 1 :] += np.outer(gram[j + 1 : end, j], best - rounded[j])
            rounded[j] = best
        # What lies before is not looked at again.
        slope[end:] += gram[end:, start:end] @ (rounded[start:end] - before)


def _blocks(columns: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + _BLOCK, columns)) for start in range(0, columns, _BLOCK))
