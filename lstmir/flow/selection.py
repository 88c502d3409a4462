"""Which of the networks that were tried is taken."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.flow.explore import Trial
from lstmir.flow.fidelity import Fidelity

MARGIN = 1.0
"""Standard errors that are added to a loss: what is seen on few samples may be luck."""


def estimate(trial: Trial) -> float:
    """A cautious estimate of what a network loses on data that nobody has seen.

    The larger of the losses on training data and on augmented ones, each with its margin.
    """
    return max(_upper(trial.training), _upper(trial.augmented))


def _upper(fidelity: Fidelity) -> float:
    return fidelity.loss + MARGIN * fidelity.error


def choose(trials: Sequence[Trial], max_loss: float) -> Trial | None:
    """The smallest network within the allowed loss; of equal ones that which loses least."""
    within = [trial for trial in trials if estimate(trial) <= max_loss]
    return min(within, key=lambda trial: (trial.bits, estimate(trial)), default=None)


def frontier(trials: Sequence[Trial]) -> list[Trial]:
    """The networks than which none is smaller and loses no more; the smallest first.

    What `choose` takes is among them for every loss.
    """
    found: list[Trial] = []
    for trial in sorted(trials, key=lambda trial: (trial.bits, estimate(trial))):
        if not found or estimate(trial) < estimate(found[-1]):
            found.append(trial)
    return found
