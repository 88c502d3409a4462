"""Compress the network by a recipe, and judge what comes out in the loop with the host."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from examples.meta_learner.host import STEPS, adapt
from examples.meta_learner.interpreter import Interpreter, load
from examples.meta_learner.learner import Array, loss
from examples.meta_learner.record import recorded
from examples.meta_learner.tasks import FOLDER, Tasks, draw, published, theta_0
from lstmir.flow.compress import realize
from lstmir.flow.data import Data, read_data
from lstmir.flow.explore import Options, as_text
from lstmir.flow.metrics import weights_bits_encoded
from lstmir.flow.recipes import RECIPES
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.ir.types import TensorType
from lstmir.syntax.printer import print_module

MODEL = FOLDER / "meta_learner.json"
CALIBRATION, CALIBRATION_SEED = 8, 7
VALIDATION, VALIDATION_SEED = 200, 2
"""Tasks to calibrate by, and tasks to choose by: both drawn for that, none of them published."""
LATER = 10
"""Steps that nothing was trained or calibrated for: what fits five steps alone may go astray in them."""

GRIDS: dict[str, dict[str, tuple[str, ...]]] = {
    "best": {
        "shape": ("block",),
        "block": ("5x1",),
        "inputs": ("0.25",),
        "states": ("0.55",),
        "allot": ("same",),
        "spread": ("4",),
        "bits": ("1.25", "1.5", "2", "3", "4"),
    },
    "wang2022": {
        "block": ("5x1",),
        "inputs": ("0.25",),
        "states": ("0.55",),
        "spread": ("4",),
        "bits": ("1.5", "2", "3", "4", "6"),
    },
}
"""Three of four elements in a row of W_x and nine of twenty in one of W_h, alike in five units: that is
what 20x3 multipliers walk in four cycles, 16 for all units.
"""


@dataclass(frozen=True)
class Candidate:
    """A network at level 3, and the mean query error of the learners that it taught.

    `loss` is how far the error of each learner is from that of one taught by the float network, on
    average, in hundredths of the mean error of these: better is not nearer. `later` is how much worse
    learners are on average after `LATER` steps than those of the float network, in hundredths as well.
    """

    options: Options
    module: Module
    error: float
    loss: float
    later: float

    @property
    def bits(self) -> int:
        """What is stored of all trained parameters."""
        return weights_bits_encoded(self.module)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the smallest network within the allowed loss; gives the exit status."""
    arguments = _parser().parse_args(argv)
    recipe, model, folder = arguments.recipe, arguments.model, arguments.output
    folder.mkdir(parents=True, exist_ok=True)
    validation = draw(VALIDATION, VALIDATION_SEED)
    wanted = {steps: query_errors(load(MODEL), validation, steps) for steps in (STEPS, LATER)}
    print(
        f"{wanted[STEPS].mean():.4f} is the mean query error of float on {VALIDATION} tasks drawn for "
        f"this, {wanted[LATER].mean():.4f} after {LATER} steps"
    )
    data = calibration(folder / "calibration.npz", model)
    tried = []
    for each in candidates(model, recipe, data, validation, wanted):
        print(
            f"{each.error:.4f}, {each.loss:.1f} % apart, {each.later:+.1f} % after {LATER} steps, "
            f"{each.bits} bits: {as_text(each.options)}",
            flush=True,
        )
        tried.append(each)
    most, later = arguments.max_loss, arguments.max_later
    within = [each for each in tried if each.loss <= most and each.later <= later]
    if not within:
        print(f"error: no network of {recipe} is within {most:g} and {later:g} %", file=sys.stderr)
        return 1
    chosen = min(within, key=lambda each: (each.bits, each.loss))
    path = folder / f"{recipe}.lstmir"
    path.write_text(print_module(chosen.module), encoding="utf-8")
    _show(chosen, path)
    return 0


def _show(chosen: Candidate, path: Path) -> None:
    zeroed, bits = share_of_zeros(chosen.module), bits_of_weights(chosen.module)
    error = query_errors(chosen.module, published()).mean()
    print(f"taken: {as_text(chosen.options)}, written to {path}")
    print(f"{zeroed:.1%} of the elements of W_x and W_h are zero, {bits:.2f} bits a weight")
    print(f"mean query error on the 100 tasks that came with the weights: {error:.4f}")


def calibration(path: Path, model: Path = MODEL) -> Data:
    """What is recorded in the loop with the float network, also left in a file."""
    float_network = Interpreter(load(MODEL))
    arrays = recorded(float_network, draw(CALIBRATION, CALIBRATION_SEED), theta_0())
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    return read_data(str(path), load(model))


def candidates(
    model: Path, recipe: str, data: Data, validation: Tasks, wanted: Mapping[int, Array]
) -> Iterator[Candidate]:
    """A network for each of the recipe's options; `wanted` are float's query errors, by steps."""
    grid = GRIDS[recipe]
    for values in product(*grid.values()):
        options = dict(zip(grid, values, strict=True))
        module = load(model)
        realize(module, RECIPES[recipe], options, data, seed=0)
        errors = query_errors(module, validation)
        apart = 100 * np.abs(errors - wanted[STEPS]).mean() / wanted[STEPS].mean()
        worse = query_errors(module, validation, LATER).mean() / wanted[LATER].mean() - 1
        yield Candidate(options, module, float(errors.mean()), float(apart), float(100 * worse))


def query_errors(module: Module, tasks: Tasks, steps: int = STEPS) -> Array:
    """What the learners that a network taught lose on the queries, task by task."""
    theta = adapt(Interpreter(module), tasks, theta_0(), steps)
    return loss(theta, tasks.x_query, tasks.y_query)


def share_of_zeros(module: Module) -> float:
    """Zeros over all elements of W_x and W_h."""
    arrays = [array for name, array in module.resources.items() if name.startswith("lstm_w")]
    return sum(int((array == 0).sum()) for array in arrays) / sum(array.size for array in arrays)


def bits_of_weights(module: Module) -> float:
    """Bits of an element of the matrices on average: values, indices and exponents."""
    stored = elements = 0
    for op in module.main.region.operations():
        type_ = op.result.type if op.name == "tensor.constant" else None
        if isinstance(type_, TensorType) and len(type_.shape) == 2 and type_.encoding is not None:
            rows, columns = type_.static_shape
            stored += type_.encoding.stored_bits((rows, columns), type_.element.width)
            elements += rows * columns
    return stored / elements


def _parser() -> argparse.ArgumentParser:
    name = "python -m examples.meta_learner.compress"
    parser = argparse.ArgumentParser(prog=name, description=__doc__)
    add = parser.add_argument
    add("--recipe", choices=GRIDS, default="best", help="default: best")
    add("--model", type=Path, default=MODEL, metavar="FILE", help="default: the one here")
    add("--max-loss", type=float, default=5.0, metavar="PERCENT",
        help="how far query errors may be from float's; default: 5")  # fmt: skip
    add("--max-later", type=float, default=6.0, metavar="PERCENT",
        help=f"how much worse than float's learners may be after {LATER} steps; default: 6")  # fmt: skip
    add("-o", "--output", type=Path, required=True, metavar="DIR", help="where to write")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as problem:
        sys.exit(str(problem))
