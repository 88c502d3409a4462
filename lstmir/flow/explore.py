"""Tries the options of a recipe, and measures each on the training data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lstmir.flow.data import Data, classes_of
from lstmir.flow.fidelity import Fidelity, Judge
from lstmir.flow.metrics import weight_bits_float, weights_bits_encoded
from lstmir.flow.progress import Progress
from lstmir.flow.recipes import RECIPES, Recipe
from lstmir.flow.samples import Arrays, count_of
from lstmir.interpreter.run import run_reals
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import ports
from lstmir.ir.module import Module
from lstmir.numeric.augmentation import augmented
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.passes import Context, Pass
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module

Options = dict[str, str]
_BATCH = 512
"""So many samples are run at once."""
_MOST, _COPIES = 2048, 4
"""So many noisy samples at most, and so many mixtures, tell what a network does beyond its data; of each
sample there are so many.
"""


@dataclass(frozen=True)
class Trial:
    """A recipe with some options: what is stored, how many times less that is than in float, and what
    it lost on the training data and on augmented ones. `warnings` are those of its passes.
    """

    options: Options
    bits: int
    ratio: float
    training: Fidelity
    augmented: Fidelity
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """A recipe with options that could not be run, and why."""

    options: Options
    reason: str


@dataclass(frozen=True)
class Exploration:
    """What was tried. `metric` is what the losses are of."""

    metric: str
    trials: Sequence[Trial]
    failures: Sequence[Failure]


def explore(
    module: Module, recipe: Recipe, data: Data, progress: Progress, seed: int = 0
) -> Exploration:
    """Try every candidate of a recipe on a module of level 2, which stays as it is.

    Test data are not looked at. Raises `UserError` if all candidates fail.
    """
    search = _Search(module, data, progress, seed)
    candidates = recipe.candidates()
    branches, found = _branches(recipe, candidates)
    found += search.descend(module, branches)
    # Those that share passes were run together; whoever reads the results wants them in order.
    found.sort(key=lambda each: candidates.index(each.options))
    trials = [each for each in found if isinstance(each, Trial)]
    failures = [each for each in found if isinstance(each, Failure)]
    if not trials:
        tried = "" if len(failures) == 1 else f"none of {len(failures)} candidates works: "
        raise UserError(f"the recipe '{recipe.name}': {tried}{failures[0].reason}")
    return Exploration(search.training.judge.metric, trials, failures)


@dataclass(frozen=True)
class Measure:
    """Samples, and the judge of what a network makes of them."""

    samples: Arrays
    judge: Judge

    def fidelity(self, module: Module) -> Fidelity:
        """What a module loses on them."""
        return self.judge.fidelity(outputs_of(module, self.samples))


def measure_of(module: Module, samples: Arrays, labels: np.ndarray | None) -> Measure:
    """What others are measured by: the first output of a float module in the form of one sample."""
    classes = classes_of(module) is not None
    return Measure(samples, Judge(outputs_of(module, samples), labels, classes))


def outputs_of(module: Module, samples: Arrays) -> np.ndarray:
    """The first output [N, …] of a module in the form of one sample."""
    stacks = [samples[port.name] for port in ports(module, "input")]
    starts = range(0, count_of(samples), _BATCH)
    pieces = [run_reals(module, [each[at : at + _BATCH] for each in stacks])[0] for at in starts]
    return np.concatenate(pieces)


@dataclass(frozen=True)
class _Branch:
    """A candidate, and the passes that are still to be run for it."""

    options: Options
    passes: tuple[Pass, ...]


def _branches(
    recipe: Recipe, candidates: Sequence[Options]
) -> tuple[list[_Branch], list[Trial | Failure]]:
    """The candidates, and those that name options which their passes do not take."""
    branches: list[_Branch] = []
    found: list[Trial | Failure] = []
    for options in candidates:
        try:
            passes = parse_pipeline(recipe.pipeline(options), named=RECIPES)
        except UserError as error:
            found.append(Failure(options, error.diagnostics[0].message))
        else:
            branches.append(_Branch(options, tuple(passes)))
    return branches, found


class _Search:
    """The candidates as a tree: passes that several begin with are run once for all of them."""

    def __init__(self, module: Module, data: Data, progress: Progress, seed: int) -> None:
        self.data, self.seed, self.progress = data, seed, progress
        self.bits_float = weight_bits_float(module)
        self.training = measure_of(module, data.train, data.y_train)
        more, nearest = augmented(data.train, _MOST, seed, _COPIES)
        labels = None if data.y_train is None else data.y_train[nearest]
        self.augmented = measure_of(module, more, labels)

    def descend(
        self, module: Module, branches: Sequence[_Branch], warned: tuple[str, ...] = ()
    ) -> Iterator[Trial | Failure]:
        """What becomes of the branches from this module on, which is not changed."""
        for branch in branches:
            if not branch.passes:
                yield self.trial(module, branch.options, tuple(dict.fromkeys(warned)))
        for pass_, same in _by_first_pass(branches).items():
            copy = parse_module(print_module(module))
            warnings: list[str] = []
            context = Context(
                self.data.train, self.data.hash, self.seed, warnings.append, self.progress.detail
            )
            try:
                run_passes(copy, [pass_], context)
            except UserError as error:
                reason = error.diagnostics[0].message
                yield from (Failure(branch.options, reason) for branch in same)
                continue
            rest = [_Branch(branch.options, branch.passes[1:]) for branch in same]
            yield from self.descend(copy, rest, (*warned, *warnings))

    def trial(self, module: Module, options: Options, warnings: tuple[str, ...]) -> Trial:
        bits = weights_bits_encoded(module)
        self.progress.detail(f"measuring {as_text(options)}")
        return Trial(
            options, bits, self.bits_float / max(bits, 1),
            self.training.fidelity(module), self.augmented.fidelity(module), warnings,
        )  # fmt: skip


def as_text(options: Options) -> str:
    """Options as the command line spells them."""
    return " ".join(f"{name}={value}" for name, value in options.items()) or "no options"


def _by_first_pass(branches: Sequence[_Branch]) -> dict[Pass, list[_Branch]]:
    """The branches that have something to run, by what comes next."""
    found: dict[Pass, list[_Branch]] = {}
    for branch in branches:
        if branch.passes:
            found.setdefault(branch.passes[0], []).append(branch)
    return found
