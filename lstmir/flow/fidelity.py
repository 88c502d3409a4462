"""How near the outputs of a compressed network are to those of the float one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lstmir.numeric.divergence import divergence

POINTS = 100.0
"""Losses of decisions are in points: hundredths of all samples."""


@dataclass(frozen=True)
class Fidelity:
    """What compression cost on some samples.

    `loss` is the mean over the samples, and `error` its standard error: in points of accuracy where
    there are labels, in points of decisions that differ from float's where there are classes alone,
    else the mean absolute difference, in the output's own unit. `agreement` is the share of
    decisions that are float's, None without classes. `divergence` is that of Kullback and Leibler
    between the classes' probabilities (nats a sample), or the mean squared error.
    """

    samples: int
    loss: float
    error: float
    agreement: float | None
    divergence: float


@dataclass(frozen=True)
class Judge:
    """Compares outputs [N, …] with those of the float network, and with labels where there are any."""

    reference: np.ndarray
    labels: np.ndarray | None
    classes: bool

    @property
    def metric(self) -> str:
        """What the loss is that of: `top1`, `agreement` or `mae_vs_float`."""
        if not self.classes:
            return "mae_vs_float"
        return "agreement" if self.labels is None else "top1"

    def fidelity(self, outputs: np.ndarray) -> Fidelity:
        """What these outputs lost."""
        losses = self._losses(outputs)
        count = len(losses)
        error = float(losses.std(ddof=1) / np.sqrt(count)) if count > 1 else 0.0
        scored = self.classes and outputs[0].size > 1
        apart = divergence(self.reference, outputs, scored)
        return Fidelity(count, float(losses.mean()), error, self._agreement(outputs), apart)

    def right(self, outputs: np.ndarray) -> int | None:
        """How many decisions are those of the labels; None without labels."""
        if self.labels is None:
            return None
        return int((decisions(outputs) == self.labels).sum())

    def _losses(self, outputs: np.ndarray) -> np.ndarray:
        """The loss of each sample."""
        if not self.classes:
            difference = np.abs(outputs - self.reference, dtype=np.float64)
            return np.asarray(difference.reshape(len(outputs), -1).mean(axis=1))
        before, after = decisions(self.reference), decisions(outputs)
        if self.labels is None:
            return np.asarray(POINTS * (before != after))
        lost = (before == self.labels).astype(float) - (after == self.labels)
        return np.asarray(POINTS * lost)

    def _agreement(self, outputs: np.ndarray) -> float | None:
        if not self.classes:
            return None
        return float((decisions(self.reference) == decisions(outputs)).mean())


def decisions(outputs: np.ndarray) -> np.ndarray:
    """Of scores [N, C] the index of the largest; an index [N] or [N, 1] is one already."""
    if outputs[0].size == 1:
        return outputs.reshape(-1)
    return np.asarray(outputs.argmax(axis=1))
