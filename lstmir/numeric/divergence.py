"""How far the outputs of one network are from those of another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating]

_SUM_ERROR = 1e-3
_SMALLEST = 1e-9


def divergence(reference: Numbers, outputs: Numbers, classes: bool) -> float:
    """Of Kullback and Leibler, in nats a sample, where the outputs [N, C] are scores of classes or
    their probabilities; else the mean squared difference.
    """
    if not classes:
        return float(np.square(np.subtract(outputs, reference, dtype=np.float64)).mean())
    chances = _are_probabilities(reference)
    before, after = (log_chances(each, chances) for each in (reference, outputs))
    return float((np.exp(before) * (before - after)).sum(axis=1).mean())


def log_chances(outputs: Numbers, chances: bool) -> NDArray[np.float64]:
    """Logarithms of the probabilities that scores stand for, or probabilities as they were rounded."""
    scores = outputs.astype(np.float64)
    if chances:
        scores = np.log(np.maximum(scores, _SMALLEST))
    scores = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))


def _are_probabilities(outputs: Numbers) -> bool:
    """Whether a network ends with a softmax of its own."""
    sums = outputs.sum(axis=1, dtype=np.float64)
    return bool((outputs >= 0).all() and (np.abs(sums - 1) <= _SUM_ERROR).all())
