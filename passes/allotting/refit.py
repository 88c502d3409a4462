"""Fits what patterns leave of the weights to what the network does without the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lstmir.ir.encodings import Storage
from lstmir.passes.allotting.gate_rows import GateRows
from lstmir.passes.allotting.search import Choice, Search
from lstmir.passes.formats.coded import live_of
from lstmir.passes.refining.columns import Columns
from lstmir.passes.refining.samples import Samples
from lstmir.passes.refining.trials import Learner, Trials, divergence_of, refine
from lstmir.passes.sums import Sum


def refitted(search: Search, choice: Choice, samples: Samples, fits: int) -> Search:
    """A search whose gates have weights in the patterns of a choice, fitted to runs without the rest.

    Where nothing goes, the same search. Of all fits, that by the records among them, the one stays
    that moves the outputs least before anything is rounded. Constants of sums need resources of
    their own.
    """
    if all(storage.pattern is None for storage in search.taken(choice)):
        return search
    learners = [_learner(search, sum_, gates) for sum_, gates in _by_sum(search, choice).items()]
    trials = Trials(search.module, samples, divergence_of(search.module))
    refine(trials, learners, fits, lambda turn: search.progress(f"allot: fit {turn} of {fits}"))
    weights = {each.columns.sum: each.weights for each in learners}
    gates = [
        replace(gate, weights=np.split(weights[gate.sum], gate.gates)[gate.gate])
        for gate in search.gates
    ]
    return replace(search, gates=gates)


_Own = tuple[GateRows, Sequence[Storage]]


def _by_sum(search: Search, choice: Choice) -> dict[Sum, list[_Own]]:
    found: dict[Sum, list[_Own]] = {}
    taken = iter(search.taken(choice))
    for gate in search.gates:
        own = [next(taken) for _ in gate.blocks]
        found.setdefault(gate.sum, []).append((gate, own))
    return found


def _learner(search: Search, sum_: Sum, gates: Sequence[_Own]) -> Learner:
    weights, live = [], []
    for gate, own in gates:
        pruned = gate.pruned(own)
        mask = np.ones(pruned.shape, bool)
        for place, storage in zip(gate.columns, own, strict=True):
            mask[:, place] = live_of(pruned[:, place], storage)
        weights.append(pruned)
        live.append(mask)
    columns, gram = Columns.of(search.module, sum_), gates[0][0].gram
    return Learner(columns, np.concatenate(live), np.concatenate(weights), gram)
