"""Networks with other weights, run on the calibration data beside the original."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.numeric.divergence import divergence
from lstmir.numeric.refit import damped, damping_of, fit
from lstmir.passes.exchanged import run_exchanged
from lstmir.passes.refining.columns import Arrays, Columns
from lstmir.passes.refining.samples import Samples
from lstmir.passes.sensitivity import has_classes

_BATCH = 256
"""So many samples go through the networks at once."""
_STEPS = 8
"""Of a fit that is approached: each round begins where the last one came to."""

Outputs = list[np.ndarray]
Pair = tuple[Outputs, Outputs]
"""All outputs of a batch: what they were, and what they are."""
Measure = Callable[[Sequence[Pair]], float]


@dataclass(eq=False)
class Learner:
    """The weights of a sum while they are fitted: zero where `live` is not.

    Over all steps of both networks, `gram` sums the outer products of the vectors of the pruned
    one, and `cross` those of the original's with them. At first both are what was recorded.
    """

    columns: Columns
    live: np.ndarray
    weights: np.ndarray
    gram: np.ndarray

    def __post_init__(self) -> None:
        self.original = self.columns.weights
        self.cross = self.gram

    def fit(self) -> None:
        """The weights for which the pruned network's sums are nearest to those of the original."""
        system = damped(self.gram)
        wanted = self.original @ self.cross + damping_of(self.gram) * self.original
        self.weights = fit(wanted, system, self.live, self.weights, _STEPS)


class Trials:
    """Runs the network with some constants exchanged. What it was at first is the measure.

    `measure` says how far the outputs are from what they were, batch by batch; without it, that is
    the sum of squares of the differences, as a share of how much they vary.
    """

    def __init__(self, module: Module, samples: Samples, measure: Measure | None = None) -> None:
        self.module, self.samples = module, samples
        self._measure = _share_of_squares if measure is None else measure
        self._originals: dict[int, Outputs] = {}

    def error(self, changed: Arrays) -> float:
        """How far the outputs are from what they were."""
        return self.compare(changed, [])

    def compare(self, changed: Arrays, learners: Sequence[Learner]) -> float:
        """The same, while learners see what both networks multiply."""
        pairs = []
        for start in range(0, max(map(len, self.samples), default=1), _BATCH):
            batch = [array[start : start + _BATCH] for array in self.samples]
            before, after = _Vectors(learners), _Vectors(learners)
            if learners or start not in self._originals:
                self._originals[start] = self._outputs({}, batch, before)
            wanted = self._originals[start]
            found = self._outputs(changed, batch, after)
            for learner in learners:
                self._learn(learner, before.seen[learner], after.seen[learner])
            pairs.append((wanted, found))
        with np.errstate(over="ignore", invalid="ignore"):
            error = self._measure(pairs)
        return error if np.isfinite(error) else np.inf

    def _outputs(self, changed: Arrays, batch: Samples, vectors: _Vectors) -> Outputs:
        listener = vectors if vectors.seen else None
        with np.errstate(over="ignore", invalid="ignore"):
            results = run_exchanged(self.module, batch, changed, listener)
        return [np.asarray(each, np.float64) for each in results]

    def _learn(self, learner: Learner, before: list[np.ndarray], after: list[np.ndarray]) -> None:
        size = len(learner.gram)
        for old, new in zip(before, after, strict=True):
            own = new[:, :size]
            learner.gram = learner.gram + own.T @ own
            learner.cross = learner.cross + old[:, :size].T @ own


def _share_of_squares(pairs: Sequence[Pair]) -> float:
    off = spread = 0.0
    for wanted, found in pairs:
        off += sum(float(((a - b) ** 2).sum()) for a, b in zip(wanted, found, strict=True))
        spread += sum(float(((a - a.mean(axis=0)) ** 2).sum()) for a in wanted)
    return off / (spread or 1.0)


def divergence_of(module: Module) -> Measure:
    """How far the first output is from what it was, as `passes/sensitivity.py` measures it."""
    classes = has_classes(module)

    def measure(pairs: Sequence[Pair]) -> float:
        wanted = np.concatenate([before[0] for before, _ in pairs])
        found = np.concatenate([after[0] for _, after in pairs])
        return divergence(wanted, found, classes)

    return measure


class _Vectors:
    """Keeps [vectors of the sum, 1] of each step."""

    def __init__(self, learners: Sequence[Learner]) -> None:
        self.seen: dict[Learner, list[np.ndarray]] = {each: [] for each in learners}
        self.of = {each.columns.sum.total.result: each for each in learners}
        self.vectors = {vector for each in learners for vector in each.columns.sum.vectors}
        self.latest: dict[Value, np.ndarray] = {}

    def see(self, value: Value, array: np.ndarray) -> None:
        if value in self.vectors:
            self.latest[value] = array
        learner = self.of.get(value)
        if learner is None:
            return
        samples = len(array)
        parts = [self.latest[vector] for vector in learner.columns.sum.vectors]
        parts = [np.broadcast_to(part, (samples, part.shape[1])) for part in parts]
        together = np.concatenate([*parts, np.ones((samples, 1))], axis=1, dtype=np.float64)
        self.seen[learner].append(together)


def refine(
    trials: Trials, learners: Sequence[Learner], rounds: int, progress: Callable[[int], None]
) -> float:
    """Fit all sums to what the pruned network itself does; gives the error of its outputs.

    A pruned network comes to other states than the original. In each round it runs, and its weights
    are fitted so that from ITS states its sums are those that the original has at the same step; the
    vectors of all rounds count together (Ross, Gordon and Bagnell, "A reduction of imitation
    learning and structured prediction to no-regret online learning", AISTATS 2011). The best
    network of all rounds stays.
    """
    best, least = [each.weights for each in learners], np.inf
    for turn in range(rounds + 1):
        progress(turn)
        error = trials.compare(changes(learners), learners if turn < rounds else [])
        if error < least:
            best, least = [each.weights for each in learners], error
        if turn < rounds:
            for each in learners:
                each.fit()
    for each, weights in zip(learners, best, strict=True):
        each.weights = weights
    return float(least)


def changes(learners: Sequence[Learner]) -> Arrays:
    """The constants of all of them as they are now."""
    found: Arrays = {}
    for each in learners:
        found |= each.columns.named(each.weights)
    return found
