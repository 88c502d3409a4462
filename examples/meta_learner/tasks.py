"""Few-shot regression: ten points of an unknown sine, and what else it does."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from examples.meta_learner.learner import Array

FOLDER = Path(__file__).parent
ARRAYS = FOLDER / "meta_sinusoid.npz"
SHOTS, QUERIES, REACH = 10, 50, 5.0


class Tasks(NamedTuple):
    """Points to learn from and points to be judged by, each [tasks, points, 1]."""

    x_support: Array
    y_support: Array
    x_query: Array
    y_query: Array

    def part(self, chosen: slice) -> Tasks:
        """Some of the tasks."""
        return Tasks(*(array[chosen] for array in self))


def draw(count: int, seed: int) -> Tasks:
    """Tasks y = a sin(x - p): a uniform in 0.1 to 5, p in 0 to pi, x in -5 to 5."""
    random = np.random.default_rng(seed)
    height = random.uniform(0.1, 5.0, (count, 1, 1))
    phase = random.uniform(0.0, np.pi, (count, 1, 1))
    x = random.uniform(-REACH, REACH, (count, SHOTS + QUERIES, 1))
    y = height * np.sin(x - phase)
    return Tasks(x[:, :SHOTS], y[:, :SHOTS], x[:, SHOTS:], y[:, SHOTS:])


def published() -> Tasks:
    """The 100 tasks that come with the weights: for tests only, nothing is chosen by them."""
    with np.load(ARRAYS) as arrays:
        return Tasks(*(arrays[name] for name in Tasks._fields))


def theta_0() -> Array:
    """Where every learner begins: as trained, [COORDINATES]."""
    with np.load(ARRAYS) as arrays:
        return np.asarray(arrays["theta0"], np.float64)
