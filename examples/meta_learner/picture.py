"""Draws what learners have made of a few tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from examples.meta_learner.learner import Array, loss, predict
from examples.meta_learner.tasks import REACH, Tasks

ROWS, COLUMNS = 2, 3
WIDTHS = {0: 1.2, 1: 3.2}
"""Of lines, by number: the next one may lie on the second, which shows around it."""


class Curve(NamedTuple):
    """Learners of all tasks, and what taught them."""

    name: str
    theta: Array


def draw_curves(path: Path, tasks: Tasks, curves: Sequence[Curve]) -> None:
    """The first tasks: the sine that is sought, the points of it that are known, and a line for each of
    `curves`, with its mean squared error on the queries. The first of them has learnt nothing.

    Raises `ModuleNotFoundError` without matplotlib.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * COLUMNS, 3.3 * ROWS), layout="constrained")
    panels = figure.subplots(ROWS, COLUMNS, sharex=True, sharey=True)
    x = np.linspace(-REACH, REACH, 401)[:, None]
    for task, axes in enumerate(panels.ravel()):
        axes.plot(x, sine(tasks, task)(x), color="0.8", linewidth=6, label="what is sought")
        for number, curve in enumerate(curves):
            style = ":" if number == 0 else "-"
            color, width = "black" if number == 0 else f"C{number - 1}", WIDTHS.get(number, 1.6)
            line = predict(curve.theta[task], x)
            axes.plot(x, line, style, color=color, linewidth=width, label=curve.name)
        known = tasks.x_support[task], tasks.y_support[task]
        axes.plot(*known, "k^", markersize=7, label="the ten points")
        axes.set_title(f"task {task + 1}: {_errors(tasks, task, curves)}", fontsize="small")
        axes.grid(color="0.93")
    for axes in panels[-1]:
        axes.set_xlabel("x")
    for axes in panels[:, 0]:
        axes.set_ylabel("y")
    figure.suptitle(
        "A network of 481 parameters learns a sine from ten points in five steps (above each: mean squared\n"
        "error elsewhere, before \N{RIGHTWARDS ARROW} behind, in the order of the legend)",
        fontsize="medium",
    )
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), fontsize="small")
    figure.savefig(path, dpi=100)


def sine(tasks: Tasks, task: int) -> Callable[[Array], Array]:
    """The sine that all points of a task lie on."""
    x, y = tasks.x_query[task], tasks.y_query[task]
    of_sine, of_cosine = np.linalg.lstsq(np.hstack([np.sin(x), np.cos(x)]), y, rcond=None)[0]
    return lambda at: of_sine * np.sin(at) + of_cosine * np.cos(at)


def _errors(tasks: Tasks, task: int, curves: Sequence[Curve]) -> str:
    one = tasks.part(slice(task, task + 1))
    errors = [loss(each.theta[task : task + 1], one.x_query, one.y_query)[0] for each in curves]
    before, *behind = (f"{error:.2f}" for error in errors)
    return f"{before} \N{RIGHTWARDS ARROW} {', '.join(behind)}"
