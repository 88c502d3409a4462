"""What weights do best when some of them must be zero: least squares on a Gram matrix.

For vectors x with the Gram matrix H = sum of x x^T, and for what the products should be, t, known by
its products T = sum of t x^T, the best row w of those with a pattern has the least w H w^T - 2 T w^T.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
Single = NDArray[np.float32]

DAMPING = 1e-2
"""This share of the mean diagonal is added to it: inputs are taken to be a little noisy."""
_EXACT = 2e9
"""Up to so many multiplications, each row's equations are solved; beyond, approached step by step."""
_CHUNK = 1 << 22
"""So many numbers of the equations of rows are made at a time."""
_TINY = np.float32(np.finfo(np.float32).tiny)


def damping_of(gram: Matrix, share: float = DAMPING) -> float:
    """What is added to the diagonal; 1 for vectors that are all zero."""
    return share * float(np.trace(gram)) / max(1, len(gram)) or 1.0


def damped(gram: Matrix, share: float = DAMPING) -> Matrix:
    """The Gram matrix [n, n] with its damping: positive definite."""
    return np.asarray(gram + damping_of(gram, share) * np.eye(len(gram)))


def fit(targets: Matrix, gram: Matrix, live: Mask, start: Matrix, steps: int = 12) -> Matrix:
    """The [rows, n] weights, zero where not live, of least w H w^T - 2 T w^T.

    `gram` H is positive definite, `targets` T [rows, n]. Large ones are approached from `start` by
    so many `steps`, none of which leads away.
    """
    rows, n = targets.shape
    if rows * n**3 > _EXACT:
        return _approached(targets, gram, live, start, steps)
    chunk = max(1, _CHUNK // n**2)
    parts = [slice(first, first + chunk) for first in range(0, rows, chunk)]
    return np.concatenate([_solved(targets[part], gram, live[part]) for part in parts])


def inverses(gram: Matrix, live: Mask) -> Matrix:
    """For each row of [rows, n] the inverse of the Gram matrix of what is live, as [rows, n, n].

    What is not live has the row and column of a unit matrix.
    """
    both = live[:, :, np.newaxis] & live[:, np.newaxis, :]
    systems = np.where(both, gram, 0.0)
    diagonal = np.arange(len(gram))
    systems[:, diagonal, diagonal] = np.where(live, np.diag(gram), 1.0)
    return np.asarray(np.linalg.inv(systems))


def _solved(targets: Matrix, gram: Matrix, live: Mask) -> Matrix:
    wanted = np.where(live, targets, 0.0)
    found = (wanted[:, np.newaxis, :] @ inverses(gram, live))[:, 0]
    return np.where(live, found, 0.0)


def _approached(targets: Matrix, gram: Matrix, live: Mask, start: Matrix, steps: int) -> Matrix:
    """Conjugate gradients for all rows side by side, in single precision."""
    size = np.float32(np.diag(gram).mean())  # one scale for both sides keeps numbers near 1
    matrix, mask = (gram / size).astype(np.float32), live.astype(np.float32)
    easier: Single = (1 / np.diag(matrix)).astype(np.float32)
    weights = (start * mask).astype(np.float32)
    left: Single = ((targets / size).astype(np.float32) - weights @ matrix) * mask
    scaled: Single = left * easier
    ahead: Single = scaled
    length = _dots(left, scaled)
    for _ in range(steps):
        bent = (ahead @ matrix) * mask
        stride = length / np.maximum(_dots(ahead, bent), _TINY)
        weights += stride * ahead
        left -= stride * bent
        scaled = left * easier
        length, before = _dots(left, scaled), length
        ahead = np.asarray(scaled + length / np.maximum(before, _TINY) * ahead, np.float32)
    return weights.astype(np.float64)


def _dots(left: Single, right: Single) -> Single:
    products: Single = np.einsum("rn,rn->r", left, right)[:, np.newaxis]
    return products
