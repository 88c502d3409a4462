"""Runs of a module some of whose constants have other elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from lstmir.interpreter.plan import Listener
from lstmir.ir.module import Module
from lstmir.passes.scores import run_scores


def run_exchanged(
    module: Module,
    samples: Sequence[np.ndarray],
    arrays: Mapping[str, np.ndarray],
    listener: Listener | None = None,
) -> list[np.ndarray]:
    """The results for stacks [samples, …] with these arrays in the place of the resources they name.

    Where the network gives the index of the largest score, they are the scores.
    """
    exchanged = replace(module, resources={**module.resources, **arrays})
    return run_scores(exchanged, samples, listener)
