"""One budget for many items, each with a choice of what it costs and what it loses.

Minimizing the sum of the losses plus a multiplier times the sum of the costs splits into the items
(Everett, "Generalized Lagrange multiplier method", Operations Research 1963; Shoham and Gersho,
"Efficient bit allocation for an arbitrary set of quantizers", 1988): for each multiplier every item
takes a corner of the lower convex hull of its choices. Sweeping the multiplier moves one item by one
corner at a time, from the cheapest allotment to the best.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def frontier(costs: Sequence[Numbers], losses: Sequence[Numbers]) -> list[list[int]]:
    """The allotments of all multipliers, from the cheapest to that of the least loss.

    `costs` and `losses` have an array of choices for each item; an allotment is the number of a
    choice for each. No allotment of as little cost has less loss than one of these.
    """
    hulls = [_hull(cost, loss) for cost, loss in zip(costs, losses, strict=True)]
    moves = sorted(
        (-_saving(costs[item], losses[item], old, new), place, item, new)
        for item, hull in enumerate(hulls)
        for place, (old, new) in enumerate(pairwise(hull))
    )
    current = [hull[0] for hull in hulls]
    found = [list(current)]
    for _, _, item, new in moves:
        current[item] = new
        found.append(list(current))
    return found


def allot(costs: Sequence[Numbers], losses: Sequence[Numbers], budget: float) -> list[int]:
    """The last allotment of the frontier that costs at most `budget`, and what the rest of it buys.

    Between two corners the rest is spent on one item after the other, where it saves most for its
    cost. Raises ValueError where even the cheapest allotment costs more.
    """
    fits = [choice for choice in frontier(costs, losses) if total(costs, choice) <= budget]
    if not fits:
        least = total(costs, [int(np.argmin(cost)) for cost in costs])
        raise ValueError(f"the least that is possible is {least:g}")
    choice = list(fits[-1])
    while move := _best_buy(costs, losses, choice, budget - total(costs, choice)):
        item, index = move
        choice[item] = index
    return choice


def _best_buy(
    costs: Sequence[Numbers], losses: Sequence[Numbers], choice: Sequence[int], rest: float
) -> tuple[int, int] | None:
    """The item and choice that save most for each unit of what is left, if any saves something."""
    best, found = 0.0, None
    for item, (cost, loss, now) in enumerate(zip(costs, losses, choice, strict=True)):
        for index in np.flatnonzero((loss < loss[now]) & (cost - cost[now] <= rest)):
            more = cost[index] - cost[now]
            saving = np.inf if more <= 0 else (loss[now] - loss[index]) / more
            if saving > best:
                best, found = float(saving), (item, int(index))
    return found


def total(values: Sequence[Numbers], choice: Sequence[int]) -> float:
    """The sum over the items of what was chosen."""
    return float(sum(value[index] for value, index in zip(values, choice, strict=True)))


def _saving(cost: Numbers, loss: Numbers, old: int, new: int) -> float:
    """How much less is lost for each unit of cost."""
    return float((loss[old] - loss[new]) / (cost[new] - cost[old]))


def _hull(cost: Numbers, loss: Numbers) -> list[int]:
    """The corners of the lower convex hull, from the cheapest choice to that of the least loss."""
    corners: list[int] = []
    for index in sorted(range(len(cost)), key=lambda k: (cost[k], loss[k], k)):
        if corners and loss[index] >= loss[corners[-1]]:
            continue
        while len(corners) > 1 and _above(cost, loss, corners[-2], corners[-1], index):
            corners.pop()
        corners.append(index)
    return corners


def _above(cost: Numbers, loss: Numbers, left: int, middle: int, right: int) -> bool:
    """Whether a choice is on or above the line between two others."""
    before = (loss[left] - loss[middle]) * (cost[right] - cost[middle])
    after = (loss[middle] - loss[right]) * (cost[middle] - cost[left])
    return bool(before <= after)
