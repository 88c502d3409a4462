"""What it costs to remove inputs of a layer, and how its other weights make up for them.

For weights W and the Gram matrix G of the inputs, the mean squared error of W x is that of
tr(D G D^T), where D is the change of W. Without the inputs r, the best weights of the others k are
W_k + W_r G_rk G_kk^-1: least squares, which is optimal brain surgeon for whole columns (Hassibi and
Stork, NIPS 1992; for structures, Kurtic et al., "ZipLM", NeurIPS 2023).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

DAMPING = 1e-3
"""This share of the mean diagonal is added to it: inputs that never move have no say."""


def removal_costs(weights: Matrix, gram: Matrix) -> Matrix:
    """The least error by which each of the columns of [rows, columns] weights can be removed, alone.

    `gram` is [columns, columns].
    """
    inverse = np.linalg.inv(_damped(gram))
    costs: Matrix = (weights**2).sum(axis=0) / np.diag(inverse)
    return costs


def remove_columns(weights: Matrix, gram: Matrix, gone: NDArray[np.bool_]) -> Matrix:
    """The weights with some columns zero, and the others moved so that the error is least."""
    kept = ~gone
    damped = _damped(gram)
    result = np.zeros_like(weights)
    result[:, kept] = weights[:, kept]
    if gone.any() and kept.any():
        share = np.linalg.solve(damped[np.ix_(kept, kept)], damped[np.ix_(kept, gone)])
        result[:, kept] += weights[:, gone] @ share.T
    return result


def _damped(gram: Matrix) -> Matrix:
    mean = float(np.trace(gram)) / len(gram)
    damped: Matrix = gram + (DAMPING * mean or 1.0) * np.eye(len(gram))
    return damped
