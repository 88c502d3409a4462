"""The network that is adapted: 1-20-20-1 with ReLU, its loss and its gradient, in numpy.

All functions take any number of leading axes, one learner for each place: `theta` is
[..., COORDINATES], the points of a task are [..., points, 1].
"""

from __future__ import annotations

from itertools import pairwise
from math import prod

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SIZES = (1, 20, 20, 1)
SHAPES = [shape for n, m in pairwise(SIZES) for shape in ((m, n), (m,))]
"""Of W1, b1, W2, b2, W3, b3; theta holds them one after the other, matrices row by row."""
COORDINATES = sum(map(prod, SHAPES))


def predict(theta: Array, x: Array) -> Array:
    """What learners say of points."""
    return _forward(theta, x)[-1]


def loss(theta: Array, x: Array, y: Array) -> Array:
    """The mean squared error of each learner on its points."""
    return np.asarray(np.square(predict(theta, x) - y).mean(axis=(-2, -1)))


def loss_and_gradient(theta: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """The loss [...], and its gradient [..., COORDINATES] (that of ReLU at 0 is 0)."""
    matrices = _parts(theta)[::2]
    activations = _forward(theta, x)
    error = activations[-1] - y
    slope = 2 * error / error.shape[-2]
    gradients: list[Array] = []
    for matrix, before in zip(reversed(matrices), reversed(activations[:-1]), strict=True):
        gradients[:0] = [_turned(slope) @ before, slope.sum(axis=-2)]
        slope = slope @ matrix * (before > 0)
    flat = [each.reshape(*theta.shape[:-1], -1) for each in gradients]
    return np.square(error).mean(axis=(-2, -1)), np.concatenate(flat, axis=-1)


def _forward(theta: Array, x: Array) -> list[Array]:
    """The points, then what each layer makes of them."""
    *hidden, last = zip(*[iter(_parts(theta))] * 2, strict=True)
    activations = [x]
    for matrix, bias in hidden:
        activations.append(np.maximum(_layer(activations[-1], matrix, bias), 0.0))
    return [*activations, _layer(activations[-1], *last)]


def _layer(x: Array, matrix: Array, bias: Array) -> Array:
    return np.asarray(x @ _turned(matrix) + bias[..., None, :])


def _parts(theta: Array) -> list[Array]:
    """Matrices and biases, [..., out, in] and [..., out]."""
    cuts = np.cumsum([prod(shape) for shape in SHAPES])[:-1]
    pieces = np.split(theta, cuts, axis=-1)
    return [p.reshape(*theta.shape[:-1], *s) for p, s in zip(pieces, SHAPES, strict=True)]


def _turned(matrix: Array) -> Array:
    return np.swapaxes(matrix, -2, -1)
