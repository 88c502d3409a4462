"""Draws what learners have made of a few tasks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from examples.meta_learner.learner import Array, predict
from examples.meta_learner.tasks import REACH, Tasks

ROWS, COLUMNS = 2, 3


class Curve(NamedTuple):
    """Learners of all tasks, and what taught them."""

    name: str
    theta: Array


def draw_curves(path: Path, tasks: Tasks, curves: Sequence[Curve]) -> None:
    """The first tasks: their points, the queries' truth, and a line for each of `curves`.

    Raises `ModuleNotFoundError` without matplotlib.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * COLUMNS, 3 * ROWS), layout="constrained")
    x = np.linspace(-REACH, REACH, 201)[:, None]
    for task, axes in enumerate(figure.subplots(ROWS, COLUMNS, sharex=True).ravel()):
        order = np.argsort(tasks.x_query[task, :, 0])
        truth = tasks.x_query[task, order], tasks.y_query[task, order]
        axes.plot(*truth, "o", color="silver", markersize=3, label="truth")
        axes.plot(tasks.x_support[task], tasks.y_support[task], "k^", label="the ten points")
        for number, curve in enumerate(curves):
            line = predict(curve.theta[task], x)
            axes.plot(
                x, line, f"C{number}", linestyle=":" if number == 0 else "-", label=curve.name
            )
        axes.set_title(f"task {task + 1}", fontsize="small")
    figure.legend(
        *axes.get_legend_handles_labels(), loc="outside lower center", ncols=len(curves) + 2
    )
    figure.savefig(path, dpi=110)
