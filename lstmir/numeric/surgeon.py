"""Optimal brain surgeon: which weights to remove, and how the others make up for them.

Hassibi and Stork, "Second order derivatives for network pruning" (NIPS 1992), row by row on the
Gram matrix of a layer's inputs, as in OBC (Frantar and Alistarh, NeurIPS 2022): removing weight q
costs w_q^2 / [H^-1]_qq, and the other weights move by -w_q / [H^-1]_qq * H^-1[:, q].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Indices = NDArray[np.int64]


def remove_weights(
    weights: Matrix, gram: Matrix, banks: Indices, keep: Indices, damping: float = 1e-2
) -> Matrix:
    """The [rows, columns] weights with at most `keep[b]` survivors in bank b of each row.

    `gram` [columns, columns] is the sum of the outer products of the inputs; `damping` adds this
    share of its mean diagonal. `banks` gives the bank of each column, -1 for one that stays.
    """
    columns = weights.shape[1]
    mean = float(np.trace(gram)) / columns
    damped = gram + (damping * mean or 1.0) * np.eye(columns)
    inverse = np.linalg.inv(damped)
    return np.array([_remove_in_row(row, inverse, banks, keep) for row in weights])


def _remove_in_row(row: Matrix, inverse: Matrix, banks: Indices, keep: Indices) -> Matrix:
    weights, curvature = row.astype(np.float64), inverse.copy()
    left = np.bincount(banks[banks >= 0], minlength=len(keep))
    alive = banks >= 0
    gone = np.zeros(len(row), bool)
    while (left > keep).any():
        open_banks = alive & (left > keep)[banks]
        cost = np.where(open_banks, weights**2 / np.diag(curvature), np.inf)
        q = int(np.argmin(cost))
        step = curvature[:, q] / curvature[q, q]
        weights = weights - weights[q] * step
        curvature = curvature - np.outer(step, curvature[q])
        curvature[q, q] = 1.0
        alive[q], gone[q] = False, True
        left[banks[q]] -= 1
    weights[gone] = 0.0
    return weights
