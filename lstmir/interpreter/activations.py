"""The activation functions of recurrent layers on arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lstmir.dialects.activations import Activation
from lstmir.interpreter.plan import Array
from lstmir.numeric.functions import real

Real = Callable[[Array, float, float], Array]

_FUNCTIONS: dict[str, Real] = {
    "Affine": lambda x, alpha, beta: alpha * x + beta,
    "Elu": lambda x, alpha, beta: np.where(x < 0, alpha * real("elu", x), x),
    "HardSigmoid": lambda x, alpha, beta: np.clip(alpha * x + beta, 0, 1),
    "LeakyRelu": lambda x, alpha, beta: np.where(x < 0, alpha * x, x),
    "Relu": lambda x, alpha, beta: real("relu", x),
    "ScaledTanh": lambda x, alpha, beta: alpha * np.tanh(beta * x),
    "Sigmoid": lambda x, alpha, beta: real("sigmoid", x),
    "Softplus": lambda x, alpha, beta: real("softplus", x),
    "Softsign": lambda x, alpha, beta: real("softsign", x),
    "Tanh": lambda x, alpha, beta: real("tanh", x),
    "ThresholdedRelu": lambda x, alpha, beta: np.where(x < alpha, 0, x),
}


def activate(activation: Activation, array: Array) -> Array:
    """The function of each element, computed in float64 and given in the array's own dtype."""
    name, alpha, beta = activation
    return _FUNCTIONS[name](array.astype(np.float64), alpha, beta).astype(array.dtype)
