"""Batch normalization behind a matrix product costs nothing: the weights take it in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import NodeProto, helper

from lstmir.ir.module import Module
from tests.frontends.operator_cases.case import sizes_of
from tests.frontends.operator_cases.normalization import STATISTICS, statistics

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

node = helper.make_node
NORMALIZE = node("BatchNormalization", ["g", *STATISTICS], ["n"])
BEHIND = node("Relu", ["n"], ["y"])
WEIGHTS = {"w": np.ones((4, 5), np.float32), "c": np.ones(5, np.float32), **statistics(5)}


def names(module: Module) -> list[str]:
    """The operations but constants, by need."""
    return [op.name for op in module.walk() if op.name not in ("tensor.constant", "return")]


ABSORBED: dict[str, list[NodeProto]] = {
    "gemm": [node("Gemm", ["x", "w", "c"], ["g"])],
    "gemm_without_bias": [node("Gemm", ["x", "w"], ["g"])],
    "bias_first": [node("MatMul", ["x", "w"], ["m"]), node("Add", ["c", "m"], ["g"])],
}


@pytest.mark.parametrize("name", ABSORBED)
def test_it_goes_into_the_weights(name: str, bench: Bench) -> None:
    nodes = [*ABSORBED[name], NORMALIZE, BEHIND]
    module = bench.imported(bench.model(nodes, {"x": ("batch", 4)}, weights=WEIGHTS))
    assert names(module) == ["linalg.linear", "arith.add", "math.relu"]
    assert set(module.resources) == {"w_scaled", "w_bias"}
    assert [value.name for value in module.main.results] == ["y"]


def test_it_goes_into_a_convolution_past_its_transposes(bench: Bench) -> None:
    nodes = [node("Conv", ["x", "k", "c"], ["g"]), NORMALIZE]
    weights = {"k": np.ones((5, 4, 1), np.float32), **WEIGHTS}
    del weights["w"]
    module = bench.imported(bench.model(nodes, {"x": ("batch", 4, 7)}, ["n"], weights))
    turn = "tensor.transpose"
    assert names(module) == [turn, "linalg.linear", "arith.add", turn]
    assert [value.name for value in module.main.results] == ["n"]


KEPT: dict[str, tuple[list[NodeProto], dict[str, tuple[int | str, ...]], list[str]]] = {
    "read_twice": ([node("Gemm", ["x", "w"], ["g"])], {"x": ("batch", 4)}, ["n", "g"]),
    "bias_of_rows": (
        [node("MatMul", ["x", "w"], ["m"]), node("Add", ["m", "rows"], ["g"])],
        {"x": (3, 4)},
        ["n"],
    ),
    "bias_read_twice": (
        [node("MatMul", ["x", "w"], ["m"]), node("Add", ["m", "c"], ["g"])],
        {"x": ("batch", 4)},
        ["n", "m"],
    ),
    "other_axis": ([node("MatMul", ["x", "w"], ["g"])], {"x": ("batch", 5, 4)}, ["n"]),
    "other_sum": (
        [node("MatMul", ["x", "w"], ["m"]), node("Add", ["m", "m"], ["g"])],
        {"x": ("batch", 4)},
        ["n"],
    ),
    "other_function": (
        [node("Gemm", ["x", "w"], ["m"]), node("Relu", ["m"], ["g"])],
        {"x": ("batch", 4)},
        ["n"],
    ),
    "input": ([node("Identity", ["x"], ["g"])], {"x": ("batch", 5)}, ["n"]),
}


@pytest.mark.parametrize("name", KEPT)
def test_it_stays_a_product_and_a_sum(name: str, bench: Bench) -> None:
    nodes, inputs, outputs = KEPT[name]
    weights = {"rows": np.arange(3, dtype=np.float32)[:, None], **WEIGHTS}
    model = bench.model([*nodes, NORMALIZE], inputs, outputs, weights)
    module = bench.imported(model)
    assert names(module)[-2:] == ["arith.mul", "arith.add"]
    random = np.random.default_rng(0)
    bench.agree(model, {"x": random.normal(0, 1, sizes_of(inputs["x"])).astype(np.float32)})
