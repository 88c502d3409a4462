"""A small file may declare large shapes and compute with them: it is refused before memory is taken."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import helper

from lstmir.frontends.values.budget import ELEMENTS_PER_WEIGHT, FREE_ELEMENTS, Budget
from lstmir.ir.diagnostics import UserError

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

node = helper.make_node


def shape(*lengths: int) -> dict[str, np.ndarray]:
    return {"shape": np.array(lengths, np.int64)}


CHAINS = {
    "a chain of copies": (
        [
            node("ConstantOfShape", ["shape"], ["c0"]),
            *(node("Neg", [f"c{k}"], [f"c{k + 1}"]) for k in range(9)),
            node("Add", ["x", "c9"], ["y"]),
        ],
        shape(2**22, 3),
    ),
    "a sum of what repeats": (
        [node("ConstantOfShape", ["shape"], ["c"]), node("ReduceSum", ["c"], ["s"]),
         node("Add", ["x", "s"], ["y"])],
        shape(2**14, 2**13, 1),
    ),
    "an outer product": (
        [node("ConstantOfShape", ["shape"], ["c"]), node("Transpose", ["c"], ["t"]),
         node("Mul", ["c", "t"], ["s"]), node("ReduceMax", ["s"], ["m"]), node("Add", ["x", "m"], ["y"])],
        shape(2**14, 1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
def test_memory_follows_from_the_size_of_the_file(name: str, bench: Bench) -> None:
    nodes, weights = CHAINS[name]
    model = bench.model(nodes, {"x": ("batch", 3)}, weights=weights)
    assert model.ByteSize() < 1000
    tracemalloc.start()
    with pytest.raises(UserError, match=r"elements of constants are too many to be computed"):
        bench.imported(model)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200e6


def test_a_model_may_compute_with_its_own_weights(bench: Bench) -> None:
    weights = {"w": np.ones((2**10, 3), np.float32)}
    names = ["w", *(f"w{k}" for k in range(40))]
    chain = [node("Neg", [a], [b]) for a, b in pairwise(names)]
    model = bench.model(
        [*chain, node("Add", ["x", names[-1]], ["y"])], {"x": (2**10, 3)}, weights=weights
    )
    bench.agree(model, {"x": np.zeros((2**10, 3), np.float32)})


def test_a_budget_grows_with_what_the_model_holds() -> None:
    budget = Budget()
    budget.spend(FREE_ELEMENTS)
    with pytest.raises(UserError):
        budget.spend(1)
    budget.grant(np.zeros((2, 3)))
    budget.spend(6 * ELEMENTS_PER_WEIGHT)
    with pytest.raises(UserError):
        budget.spend(1)
