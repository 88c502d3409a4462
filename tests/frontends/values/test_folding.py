"""What becomes of constants and names in the IR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import helper

from lstmir.ir.module import Module
from lstmir.syntax.printer import print_module

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

node = helper.make_node


def floats(*shape: int) -> np.ndarray:
    return np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)


def lines(module: Module) -> list[str]:
    """The operations, without their types."""
    text = print_module(module, resources="elide").splitlines()[2:-2]
    return [line.strip().split(" : ")[0] for line in text]


def test_scaled_weights_are_constants(bench: Bench) -> None:
    weights = {"w": floats(4, 6), "c": floats(1, 6)}
    nodes = [node("Gemm", ["x", "w", "c"], ["y"], alpha=0.5, beta=-2.0)]
    module = bench.imported(bench.model(nodes, {"x": ("batch", 4)}, weights=weights))
    assert lines(module) == [
        "%w = tensor.constant @w",
        "%0 = linalg.linear %w, %x",
        "%c = tensor.constant @c",
        "%y = arith.add %0, %c",
        "return %y",
    ]
    np.testing.assert_array_equal(module.resources["w"], 0.5 * weights["w"].T)
    np.testing.assert_array_equal(module.resources["c"], -2 * weights["c"][0])


def test_a_weight_that_serves_twice_is_one_constant(bench: Bench) -> None:
    nodes = [node("Add", ["x", "w"], ["a"]), node("Mul", ["a", "w"], ["y"])]
    module = bench.imported(bench.model(nodes, {"x": (5, 4)}, weights={"w": floats(4)}))
    assert lines(module) == [
        "%w = tensor.constant @w",
        "%a = arith.add %x, %w",
        "%y = arith.mul %a, %w",
        "return %y",
    ]


def test_names_are_made_readable(bench: Bench) -> None:
    nodes = [
        node("Add", ["x:0", "1"], ["/a/Add_output_0"]),
        node("Mul", ["/a/Add_output_0", "onnx::Mul_7"], ["a.Add:output/0"]),
        node("Neg", ["a.Add:output/0"], ["return"]),
    ]
    weights = {"1": floats(4), "onnx::Mul_7": floats(4)}
    module = bench.imported(bench.model(nodes, {"x:0": ("f32", 4)}, ["return"], weights))
    assert lines(module) == [
        "%v1 = tensor.constant @v1",
        "%a_Add_output_0 = arith.add %x_0, %v1",
        "%onnx_Mul_7 = tensor.constant @onnx_Mul_7",
        "%a_Add_output_0_1 = arith.mul %a_Add_output_0, %onnx_Mul_7",
        "%return = arith.neg %a_Add_output_0_1",
        "return %return",
    ]


def test_a_weight_may_be_called_like_a_type(bench: Bench) -> None:
    model = bench.model(
        [node("Add", ["x", "i64"], ["f32"])], {"x": (4,)}, ["f32"], {"i64": floats(4)}
    )
    bench.agree(model, {"x": floats(4)})


def test_what_changes_nothing_leaves_no_trace(bench: Bench) -> None:
    nodes = [
        node("Transpose", ["x"], ["a"], perm=[0, 1]),
        node("Reshape", ["a", "same"], ["b"]),
        node("Slice", ["b", "zero", "four", "one"], ["c"]),
        node("Concat", ["c"], ["d"], axis=0),
        node("Identity", ["d"], ["e"]),
        node("Neg", ["e"], ["y"]),
    ]
    weights = {
        "same": np.array([-1, 4]),
        "zero": np.array([0]),
        "four": np.array([4]),
        "one": np.array([1]),
    }
    module = bench.imported(bench.model(nodes, {"x": ("batch", 4)}, weights=weights))
    assert lines(module) == ["%y = arith.neg %x", "return %y"]
