"""Finds the fastest of several arrays by trying them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lstmir.passes.tiling.array import Array, Candidate

_TRIALS = 24


def fastest(candidates: Sequence[Candidate], step_of: Callable[[Array], int | None]) -> Array:
    """The array with the fewest cycles a step: the first one, unless it seems to wait.

    Then it is tried, and with it those whose multipliers are busy for fewer cycles than the best one
    so far takes: `step_of` gives the cycles, None for what cannot be tried.
    """
    first = candidates[0]
    if first.step == first.busy:
        return first.array
    best: tuple[int, Array] | None = None
    for candidate in candidates[:_TRIALS]:
        if best is not None and candidate.busy >= best[0]:
            continue
        step = step_of(candidate.array)
        if step is not None and (best is None or step < best[0]):
            best = step, candidate.array
    return first.array if best is None else best[1]
