"""What the network is fed in the loop with its host, in floating point: data to calibrate by."""

from __future__ import annotations

import numpy as np

from examples.meta_learner.host import Accelerator, Step, adapt, clip, features
from examples.meta_learner.learner import Array
from examples.meta_learner.tasks import Tasks


def recorded(accelerator: Accelerator, tasks: Tasks, theta: Array) -> dict[str, Array]:
    """Sequences of all coordinates of all tasks, as `lstmir compress --data` takes them.

    Each begins at its element of `theta`; its other states begin at zero, so nothing is said of them.
    There are features and losses, for networks that take either.
    """
    steps: list[Step] = []
    adapt(accelerator, tasks, theta, watch=steps.append)
    gradients = np.stack([clip(step.gradients) for step in steps], axis=-1)
    losses = np.stack([step.loss for step in steps], axis=-1)[:, None, :]
    together = features(gradients, losses)
    count = len(tasks.x_support) * len(theta)
    return {
        "features_train": together.reshape(count, len(steps), -1),
        "loss_train": np.broadcast_to(losses, gradients.shape).reshape(count, len(steps), 1),
        "gradient_train": gradients.reshape(count, len(steps), 1),
        "theta_0_train": np.tile(theta, len(tasks.x_support))[:, None],
    }
