"""The host's half of the work: it computes what the learner loses, and an accelerator moves the learner."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from examples.meta_learner.learner import Array, loss_and_gradient
from examples.meta_learner.tasks import Tasks

LIMIT = 10.0
"""Gradients are clipped to -LIMIT to LIMIT."""
STEPS = 5
_STEEPNESS = 10.0


class Accelerator(Protocol):
    """What updates all coordinates of one learner, or of many side by side, and remembers how.

    `theta` and `gradients` are [..., coordinates], `loss` [...]: one number for each learner.
    """

    def reset(self, theta: Array) -> None:
        """Begin anew: theta as given, all else that is remembered zero.

        Raises `HostError` for no coordinate, and for what is not finite.
        """

    def step(self, gradients: Array, loss: Array | float) -> Array:
        """Theta after one more step. Gradients are clipped to -10 to 10; zero is a gradient like
        others.

        Raises `HostError`, and leaves everything as it was, before a `reset`, for another number of
        coordinates than theta has, and for gradients or losses that are NaN or infinite.
        """


class HostError(ValueError):
    """Numbers that no step can be made with."""


class Step(NamedTuple):
    """What an accelerator was given in a step, and what it made of theta."""

    gradients: Array
    loss: Array
    theta: Array


def adapt(
    accelerator: Accelerator,
    tasks: Tasks,
    theta: Array,
    steps: int = STEPS,
    watch: Callable[[Step], None] | None = None,
) -> Array:
    """Let the learners of all tasks learn from their support, beginning at `theta` [coordinates].

    Gives theta [tasks, coordinates] after the last step; `watch` sees every step.
    """
    theta = np.broadcast_to(theta, (len(tasks.x_support), *theta.shape))
    accelerator.reset(theta)
    for _ in range(steps):
        loss, gradients = loss_and_gradient(theta, tasks.x_support, tasks.y_support)
        theta = accelerator.step(gradients, loss)
        if watch is not None:
            watch(Step(gradients, loss, theta))
    return theta


def clip(gradients: Array) -> Array:
    """Gradients as they enter features and update alike."""
    return np.clip(gradients, -LIMIT, LIMIT)


def features(gradients: Array, loss: Array | float) -> Array:
    """What the network reads of clipped gradients [...] and their losses: [..., 4]."""
    losses = np.broadcast_to(loss, gradients.shape)
    return np.concatenate([preprocessed(gradients), preprocessed(losses)], axis=-1)


def preprocessed(values: Array) -> Array:
    """Size and direction of each number (Andrychowicz et al., 2016): [..., 2].

    Large numbers become (logarithm / 10, sign), those up to exp(-10) become (-1, exp(10) times the number),
    so zero is (-1, 0).
    """
    size = np.abs(values)
    large = size > np.exp(-_STEEPNESS)
    magnitude = np.where(large, np.log(size + 1e-12) / _STEEPNESS, -1.0)
    direction = np.where(large, np.sign(values), np.exp(_STEEPNESS) * values)
    return np.stack([magnitude, direction], axis=-1)


def checked(theta: Array | None, gradients: Array, loss: Array | float) -> tuple[Array, Array]:
    """Gradients, and a loss for each, fit for a step. Raises `HostError` as `Accelerator.step` says."""
    if theta is None:
        raise HostError("there is no theta to update yet: call reset first")
    gradients, loss = np.asarray(gradients, np.float64), np.asarray(loss, np.float64)
    if gradients.shape != theta.shape:
        raise HostError(
            f"there are gradients {list(gradients.shape)} for theta {list(theta.shape)}; "
            "expected one for each coordinate"
        )
    if loss.shape not in ((), theta.shape[:-1]):
        raise HostError(
            f"there are losses {list(loss.shape)} for theta {list(theta.shape)}; "
            "expected one for each learner"
        )
    check_finite("the gradients", gradients)
    check_finite("the loss", loss)
    return gradients, np.broadcast_to(loss[..., None], gradients.shape)


def check_theta(theta: Array) -> Array:
    """Theta to begin with. Raises `HostError` as `Accelerator.reset` says."""
    theta = np.asarray(theta, np.float64)
    if not theta.size:
        raise HostError(f"theta has no coordinates (its shape is {list(theta.shape)})")
    if theta.ndim == 0:
        raise HostError("theta is a single number; expected [coordinates]")
    check_finite("theta", theta)
    return theta


def check_finite(what: str, array: Array) -> None:
    """Raise `HostError` for what is NaN or infinite, with its place."""
    wrong = np.argwhere(~np.isfinite(array))
    if not len(wrong):
        return
    place = tuple(wrong[0])
    where = f" at {list(map(int, place))}" if place else ""
    raise HostError(f"{what} must be finite, got {array[place]}{where} ({len(wrong)} such in all)")


class GradientDescent:
    """What the meta-learner is compared with: theta less `rate` times the clipped gradient."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._theta: Array | None = None

    def reset(self, theta: Array) -> None:
        self._theta = check_theta(theta)

    def step(self, gradients: Array, loss: Array | float) -> Array:
        gradients, _ = checked(self._theta, gradients, loss)
        assert self._theta is not None
        self._theta = self._theta - self.rate * clip(gradients)
        return self._theta
