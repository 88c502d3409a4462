"""Adapt learners to tasks of ten points each, with the host and the accelerator in one loop."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from examples.meta_learner.host import STEPS, Accelerator, GradientDescent, adapt
from examples.meta_learner.interpreter import Interpreter, load
from examples.meta_learner.learner import Array, loss
from examples.meta_learner.picture import Curve, draw_curves
from examples.meta_learner.tasks import FOLDER, Tasks, draw, published, theta_0
from lstmir.ir.diagnostics import UserError

RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
"""Of which gradient descent has the best, on tasks that are drawn for that."""
_DRAWN, _SEED = 300, 1


def main(argv: Sequence[str] | None = None) -> int:
    """Print the mean query errors, and draw some of the curves; gives the exit status."""
    arguments = _parser().parse_args(argv)
    tasks, start = published(), theta_0()
    accelerators: dict[str, Accelerator] = {}
    try:
        for path in arguments.model or [FOLDER / "meta_learner.json"]:
            accelerators[Path(path).stem] = Interpreter(load(path))
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    rate = best_rate(draw(_DRAWN, _SEED), start)
    accelerators[f"gradient descent, rate {rate:g}"] = GradientDescent(rate)
    before = np.broadcast_to(start, (len(tasks.x_support), *start.shape))
    learned = {name: adapt(each, tasks, start) for name, each in accelerators.items()}
    print(f"mean squared error on the queries of {len(before)} tasks, after {STEPS} steps:")
    for name, theta in {"before any step": before, **learned}.items():
        print(f"  {query_error(theta, tasks):7.4f}  {name}")
    if arguments.picture is not None:
        return _picture(arguments.picture, tasks, {"before any step": before, **learned})
    return 0


def query_error(theta: Array, tasks: Tasks) -> float:
    """The mean over tasks of what their learners lose on the queries."""
    return float(loss(theta, tasks.x_query, tasks.y_query).mean())


def best_rate(tasks: Tasks, start: Array) -> float:
    """The rate at which gradient descent has the least query error."""
    errors = {r: query_error(adapt(GradientDescent(r), tasks, start), tasks) for r in RATES}
    return min(errors, key=lambda rate: errors[rate])


def _picture(path: Path, tasks: Tasks, curves: dict[str, Array]) -> int:
    try:
        draw_curves(path, tasks, [Curve(name, theta) for name, theta in curves.items()])
    except ModuleNotFoundError as error:
        print(
            f"error: no picture without {error.name}: pip install 'lstmir[plot]'", file=sys.stderr
        )
        return 1
    print(f"drawn in {path}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m examples.meta_learner", description=__doc__)
    add = parser.add_argument
    add("--model", nargs="+", metavar="FILE", help="networks to run (.json, or .lstmir of levels 2 to 4);"
        " default: the one here, in floating point")  # fmt: skip
    add("--picture", type=Path, metavar="FILE.png", help="where to draw adapted curves")
    return parser


if __name__ == "__main__":
    sys.exit(main())
