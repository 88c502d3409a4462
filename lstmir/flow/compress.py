"""From a model to the smallest network within an allowed loss, in fixed point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lstmir import dialects, passes
from lstmir.flow.arrays import check_readable
from lstmir.flow.data import Data, read_data
from lstmir.flow.explore import (
    Exploration,
    Options,
    Trial,
    as_text,
    explore,
    measure_of,
    outputs_of,
)
from lstmir.flow.fidelity import Fidelity
from lstmir.flow.models import check_model_path, level_of, load_model
from lstmir.flow.progress import Progress
from lstmir.flow.recipes import DEFAULT_RECIPE, FRONT, RECIPES, Recipe, recipe_named
from lstmir.flow.run import check_output
from lstmir.flow.selection import choose, estimate, frontier
from lstmir.flow.whole import whole_file
from lstmir.frontends.parts.cut import WHOLE, Cut
from lstmir.interpreter.signature import check_signature
from lstmir.ir.diagnostics import UsageError, UserError
from lstmir.ir.interface import ports
from lstmir.ir.module import Module
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.printer import print_module


@dataclass(frozen=True)
class CompressRequest:
    """What `lstmir compress` was asked for; `max_loss` is in the unit of `Fidelity.loss`."""

    model: str
    data: str
    output: Path
    max_loss: float
    recipe: str = DEFAULT_RECIPE
    seed: int = 0
    cut: Cut = WHOLE

    def check(self) -> Recipe:
        """The recipe. Raises `UsageError` for what cannot be done, whatever the files hold."""
        recipe = recipe_named(self.recipe)
        check_model_path(self.model, self.cut)
        check_readable(self.data)
        check_output(self.output, [Path(self.model), Path(self.data)])
        if self.output.suffix.lower() != ".lstmir":
            raise UsageError(f"the output {self.output} is IR: name it {self.output.stem}.lstmir")
        return recipe

    def check_level(self, level: int) -> None:
        """Raise `UsageError` if a model of this level is compressed already."""
        if level >= 3:
            raise UsageError(
                f"{self.model} is at level {level} already: nothing is left to compress"
            )


@dataclass(frozen=True)
class Tested:
    """What the chosen network does on the test data: right answers of it and of float, if known."""

    fidelity: Fidelity
    float_right: int | None
    right: int | None


@dataclass(frozen=True)
class Outcome:
    """What a search found. Without a network within the loss, `chosen` is None; `tested` is, too,
    without test data.
    """

    exploration: Exploration
    chosen: Trial | None = None
    tested: Tested | None = None
    frontier: Sequence[Trial] = field(default_factory=list)


def compress_model(request: CompressRequest, progress: Progress) -> Outcome:
    """Search a recipe, and write the smallest network within the allowed loss; if there is any.

    Raises `UsageError` and `UserError` for what the user can mend; then nothing is written.
    """
    recipe = request.check()
    dialects.load()
    passes.load()
    with progress.timed("import", f"reading {request.model}"):
        module = load_model(request.model, request.cut)
        request.check_level(level_of(module))
        check_signature(module)
        data = read_data(request.data, module)
    with progress.timed("passes", "taking the model to the function of one sample"):
        context = Context(warn=progress.warn, progress=progress.detail)
        run_passes(module, parse_pipeline(FRONT), context)
    exploration = search(module, recipe, data, progress, request.seed)
    chosen = choose(exploration.trials, request.max_loss)
    found = Outcome(exploration, chosen, frontier=frontier(exploration.trials))
    if chosen is None:
        return found
    for warning in chosen.warnings:
        progress.warn(warning)
    with progress.timed("passes", f"compressing with {as_text(chosen.options)}"):
        test = None if data.test_is_train else measure_of(module, data.test, data.y_test)
        realize(module, recipe, chosen.options, data, request.seed)
    with whole_file(request.output) as file:
        file.write(print_module(module).encode())
    if test is None:
        return found
    outputs = outputs_of(module, test.samples)
    judge = test.judge
    tested = Tested(judge.fidelity(outputs), judge.right(judge.reference), judge.right(outputs))
    return Outcome(exploration, chosen, tested, found.frontier)


def search(
    module: Module, recipe: Recipe, data: Data, progress: Progress, seed: int
) -> Exploration:
    """Explore a recipe on a module of level 2, and say what is measured and what failed.

    Raises `UserError` for a model without an output, and if all candidates fail.
    """
    outputs = [port.name for port in ports(module, "output")]
    if not outputs:
        raise UserError("the model has no output by which a compressed one could be measured")
    if outputs[1:]:
        names = ", ".join(outputs[1:])
        progress.warn(f"the loss is that of the output {outputs[0]}; not measured: {names}")
    if data.at_zero:
        arrays = ", ".join(f"'{name}_train'" for name in data.at_zero)
        progress.warn(
            f"{', '.join(data.at_zero)} start at zero in all samples: give {arrays} if states will "
            "be fed that are larger than what the sequences come to"
        )
    count = len(recipe.candidates())
    with progress.timed("explore", f"trying the recipe {recipe.name}, {count} candidates"):
        exploration = explore(module, recipe, data, progress, seed)
    for failure in exploration.failures:
        progress.warn(f"{as_text(failure.options)} was left out: {failure.reason}")
    return exploration


def realize(module: Module, recipe: Recipe, options: Options, data: Data, seed: int) -> None:
    """Run a recipe on a module of level 2, in place."""
    pipeline = parse_pipeline(recipe.pipeline(options), named=RECIPES)
    run_passes(module, pipeline, Context(data.train, data.hash, seed))


def unreachable(recipe: str, exploration: Exploration, max_loss: float) -> UserError:
    """The error for a budget that no candidate meets, with what was reached."""
    unit = unit_of(exploration.metric)
    best = min(exploration.trials, key=lambda trial: (estimate(trial), trial.bits))
    reached = (
        f"the least is {estimate(best):.3g}{unit}, {best.ratio:.1f} times smaller than float, "
        f"with {as_text(best.options)}"
    )
    return UserError(
        f"no network that the recipe '{recipe}' makes is expected to lose at most {max_loss:g}{unit}",
        notes=[reached, "allow a larger --max-loss, or give another --recipe"],
    )


def unit_of(metric: str) -> str:
    """What follows the number of a loss."""
    return "" if metric == "mae_vs_float" else " points"
