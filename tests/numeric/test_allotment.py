"""Allotments: none that is as cheap loses less, and the budget is kept."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.numeric.allotment import allot, frontier, total

ITEMS = st.lists(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=4),
    min_size=1, max_size=4,
)  # fmt: skip
Items = list[list[tuple[int, int]]]


def arrays(items: Items) -> tuple[list[np.ndarray], list[np.ndarray]]:
    costs = [np.array([cost for cost, _ in item], float) for item in items]
    return costs, [np.array([loss for _, loss in item], float) for item in items]


def every(items: Items) -> list[tuple[float, float]]:
    """Cost and loss of all allotments there are."""
    return [
        (sum(cost for cost, _ in chosen), sum(loss for _, loss in chosen))
        for chosen in product(*items)
    ]


@settings(max_examples=200, deadline=None)
@given(ITEMS)
def test_nothing_beats_the_frontier_at_its_own_cost(items: Items) -> None:
    costs, losses = arrays(items)
    for choice in frontier(costs, losses):
        cost, loss = total(costs, choice), total(losses, choice)
        assert min(other for price, other in every(items) if price <= cost) == loss


@settings(max_examples=200, deadline=None)
@given(ITEMS)
def test_the_frontier_goes_from_the_cheapest_to_the_best(items: Items) -> None:
    costs, losses = arrays(items)
    found = frontier(costs, losses)
    prices = [total(costs, choice) for choice in found]
    lost = [total(losses, choice) for choice in found]
    assert prices[0] == min(cost for cost, _ in every(items))
    assert lost[-1] == min(loss for _, loss in every(items))
    assert all(a < b for a, b in pairwise(prices))
    assert all(a > b for a, b in pairwise(lost))


@settings(max_examples=200, deadline=None)
@given(ITEMS, st.integers(0, 80))
def test_the_budget_is_kept(items: Items, budget: int) -> None:
    costs, losses = arrays(items)
    least = min(cost for cost, _ in every(items))
    if least > budget:
        with pytest.raises(ValueError, match=f"the least that is possible is {least}$"):
            allot(costs, losses, budget)
        return
    chosen = allot(costs, losses, budget)
    assert total(costs, chosen) <= budget
    within = [choice for choice in frontier(costs, losses) if total(costs, choice) <= budget]
    assert total(losses, chosen) <= total(losses, within[-1])
    # Nothing that is left over would have bought less loss of any item.
    for item, (cost, loss) in enumerate(zip(costs, losses, strict=True)):
        rest = budget - total(costs, chosen) + cost[chosen[item]]
        assert min(loss[cost <= rest]) == loss[chosen[item]]
