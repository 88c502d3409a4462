"""Prunes the matrices of a module: patterns, then survivors, then the fit of what remains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstmir.ir.encodings import Encoding, Pattern
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.numeric.strips import Part
from lstmir.numeric.surgeon import largest, remove_weights
from lstmir.passes.pruning.plan import Plan, Ratios, Shares
from lstmir.passes.pruning.shapes import encoding_of
from lstmir.passes.refining.columns import Columns
from lstmir.passes.refining.samples import Samples, calibration_samples
from lstmir.passes.refining.trials import Learner, Trials, refine
from lstmir.passes.sums import sums_of_products
from lstmir.pipeline.passes import Context, Pass, cannot


@dataclass(frozen=True)
class Change:
    """New elements of a constant; the encoding of a pruned matrix."""

    constant: Value
    array: np.ndarray
    encoding: Encoding | None


def samples_of(pass_: Pass, module: Module, context: Context, plan: Plan) -> Samples | None:
    """The calibration data, if they are needed and there; raises `UserError` where they must be."""
    if not plan.allotted and not (plan.second_order and plan.rounds):
        return None
    samples = calibration_samples(module, context)
    if samples is not None:
        return samples
    if plan.allotted:
        why = "allot=global measures what each gate costs, but there is no calibration data"
        raise cannot(pass_, f"{why}: give --data FILE.npz")
    context.warn(
        "prune: there is no calibration data, so the weights are fitted by the records alone: "
        "give --data FILE.npz, or rounds=0"
    )
    return None


class Pruning:
    """One run of prune over a module."""

    def __init__(
        self, pass_: Pass, plan: Plan, module: Module, context: Context, samples: Samples | None
    ) -> None:
        self.pass_, self.plan, self.module, self.context = pass_, plan, module, context
        every = [Columns.of(module, each) for each in sums_of_products(module)]
        self.pruned = [each for each in every if each.sum.in_loop or plan.head]
        self.others = [each for each in every if each not in self.pruned]
        self.grams = self._grams() if plan.second_order else {}
        self.trials = None if samples is None else Trials(module, samples)
        ratios = self._ratios()
        self.patterns = {
            each: self._patterns(each, own)
            for each, own in zip(self.pruned, ratios, strict=True)
        }  # fmt: skip

    def _ratios(self) -> list[list[Ratios]]:
        shares = Shares(self.pass_, self.plan)
        if not self.plan.allotted or self.trials is None:
            return shares.asked(self.pruned)
        return shares.allotted(self.pruned, self.grams, self.trials, self.context.progress)

    def changes(self) -> Iterator[Change]:
        """What all constants are to be; those that stay as they are are left out."""
        for each, weights in self._weights().items():
            patterns = self.patterns.get(each, [])
            arrays = each.split(weights)
            for number, (constant, array) in enumerate(zip(each.constants, arrays, strict=True)):
                if number < len(patterns):
                    encoding = encoding_of(patterns[number], array.shape)
                    self._warn(constant, array, len(patterns[number]))
                    yield Change(constant, array, encoding)
                elif not np.array_equal(array, each.arrays[number]):
                    yield Change(constant, array, None)

    def _weights(self) -> dict[Columns, np.ndarray]:
        parts = {each: self._parts(each) for each in self.pruned}
        plain = {
            each: np.where(largest(each.weights, parts[each]), each.weights, 0.0)
            for each in self.pruned
            if parts[each]
        }
        if not self.plan.second_order:
            return plain
        fitted = {}
        for number, each in enumerate(plain):
            self.context.progress(f"prune: sum {number + 1} of {len(plain)}")
            fitted[each] = remove_weights(each.weights, self.grams[each], parts[each])
        return fitted if self.trials is None else self._refined(self.trials, plain, fitted)

    def _refined(
        self, trials: Trials, plain: dict[Columns, np.ndarray], fitted: dict[Columns, np.ndarray]
    ) -> dict[Columns, np.ndarray]:
        """Fitted to what the pruned network does; never worse on the data than the largest weights."""
        learners = []
        for each, gram in self.grams.items():
            weights = fitted.get(each, each.weights)
            live = (weights != 0) | (each not in fitted)
            live[:, each.places[-1].stop :] = True
            learners.append(Learner(each, live, weights, gram))
        rounds = self.plan.rounds
        error = refine(
            trials,
            learners,
            rounds,
            lambda turn: self.context.progress(f"prune: round {turn} of {rounds}"),
        )
        named = [each.named(weights) for each, weights in plain.items()]
        if trials.error({name: array for each in named for name, array in each.items()}) < error:
            return plain
        return {each.columns: each.weights for each in learners}

    def _grams(self) -> dict[Columns, np.ndarray]:
        """Those of the sums that are pruned, which must be there, and of the others that have one."""
        found = {}
        for each in (*self.pruned, *self.others):
            gram = each.sum.gram(self.module)
            if gram is None and each in self.pruned:
                why = "by=obs needs Gram matrices: run calibrate{gram=true} first"
                raise cannot(self.pass_, f"{why}, or give by=magnitude", each.sum.total.location)
            if gram is not None and each.sum.matrices:
                size = each.weights.shape[1]
                found[each] = gram[:size, :size]
        return found

    def _patterns(self, columns: Columns, ratios: list[Ratios]) -> list[list[Pattern]]:
        """For each matrix the pattern of each gate."""
        found = []
        for array, own in zip(columns.arrays, ratios, strict=False):
            size = len(array) // len(own), array.shape[1]
            found.append([self.plan.shape.pattern(size, ratio) for ratio in own])
        return found

    def _parts(self, columns: Columns) -> list[Part]:
        parts = []
        for place, array, patterns in zip(
            columns.places, columns.arrays, self.patterns[columns], strict=False
        ):
            size = len(array) // len(patterns), array.shape[1]
            parts.append(Part(place, tuple(pattern.cut(size) for pattern in patterns)))
        return parts

    def _warn(self, constant: Value, array: np.ndarray, gates: int) -> None:
        """Say what a user may not expect."""
        name = constant.op.attributes["resource"]
        rows, columns = array.shape
        padding = self.plan.shape.overhang((rows // gates, columns))
        if padding:
            part = "" if gates == 1 else f"each of the {gates} gates of "
            self.context.warn(
                f"{padding} do not divide {part}'{name}' [{rows}, {columns}]: the last are padded"
            )
        empty = int((~array.any(axis=1)).sum())
        if empty == rows:
            self.context.warn(f"the weights '{name}' are all zero")
        elif empty:
            self.context.warn(
                f"{empty} of {rows} rows of '{name}' have no weight left, but their bias"
            )
