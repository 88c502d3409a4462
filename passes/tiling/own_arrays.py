"""Shares multipliers among arrays, so that none waits long for another."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.passes.tiling.array import Array, Candidate, Walks, ranked_arrays
from lstmir.passes.tiling.nest import Nest
from lstmir.pipeline.passes import Pass, cannot


def balanced_arrays(
    pass_: Pass, macs: int, stages: Sequence[Sequence[Nest]], heads: Sequence[Nest], walks: Walks,
    waits: bool,
) -> list[Array]:  # fmt: skip
    """An array for each stage, with at most `macs` multipliers in all: the slowest is the fastest it can be.

    The first one runs the `heads`, too. Where a stage `waits` for its own state, its cycles are those from
    one state to the next. Raises
    `UserError` where there are too few multipliers.
    """
    candidates = [
        ranked_arrays(pass_, macs, stage, () if number else heads, walks)
        for number, stage in enumerate(stages)
    ]
    ladders = [_ladder(each, waits) for each in candidates]
    for cycles in sorted({cycles for ladder in ladders for cycles in ladder}):
        chosen = [_smallest(ladder, cycles) for ladder in ladders]
        if all(chosen) and sum(array.macs for array in chosen if array) <= macs:
            return [array for array in chosen if array]
    least = sum(min(array.macs for array in ladder.values()) for ladder in ladders)
    why = f"{macs} multipliers are too few for {len(stages)} arrays: these need {least}"
    raise cannot(pass_, why, None, "let them share one array")


def _ladder(candidates: Sequence[Candidate], waits: bool) -> dict[int, Array]:
    """For each number of cycles, the smallest array that takes as many."""
    found: dict[int, Array] = {}
    for candidate in candidates:
        cycles = candidate.step if waits else candidate.busy
        if cycles not in found or candidate.array.macs < found[cycles].macs:
            found[cycles] = candidate.array
    return found


def _smallest(ladder: dict[int, Array], cycles: int) -> Array | None:
    """The smallest array that is fast enough."""
    enough = [array for own, array in ladder.items() if own <= cycles]
    return min(enough, key=lambda array: array.macs, default=None)
