"""The order of nodes, and graphs that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import ModelProto, NodeProto, helper, numpy_helper

from lstmir.frontends import operators
from lstmir.ir.diagnostics import UserError
from lstmir.syntax.printer import print_module

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

FOUR = np.arange(4, dtype=np.float32)


def tanh(source: str, target: str, name: str = "") -> NodeProto:
    return helper.make_node("Tanh", [source], [target], name=name)


def refusal(bench: Bench, model: ModelProto) -> str:
    with pytest.raises(UserError) as error:
        bench.imported(model)
    return str(error.value).removeprefix("error: ")


def test_nodes_may_stand_in_any_order(bench: Bench) -> None:
    nodes = [tanh("x", "a"), tanh("a", "b"), tanh("b", "y")]
    sorted_, reversed_ = (
        print_module(bench.imported(bench.model(order, {"x": (4,)})))
        for order in (nodes, nodes[::-1])
    )
    assert sorted_ == reversed_


def test_nodes_that_no_output_needs_are_left_out(bench: Bench) -> None:
    nodes = [tanh("x", "y"), helper.make_node("Magic", ["x"], ["z"])]
    text = print_module(bench.imported(bench.model(nodes, {"x": (4,)})))
    assert text.count("math.tanh") == 1


def test_a_name_that_nothing_defines(bench: Bench) -> None:
    model = bench.model([tanh("weight_1", "y", "last")], {"x": (4,)}, weights={"weight_2": FOUR})
    assert refusal(bench, model) == (
        "node 'last' (Tanh) reads 'weight_1', which nothing defines; did you mean 'weight_2'?"
    )


def test_an_output_that_nothing_defines(bench: Bench) -> None:
    model = bench.model([tanh("x", "z")], {"x": (4,)})
    assert refusal(bench, model) == "the model gives 'y', which nothing defines"


def test_a_circle(bench: Bench) -> None:
    nodes = [
        tanh("x", "y"),
        helper.make_node("Add", ["x", "b"], ["a"], name="first"),
        helper.make_node("Mul", ["a", "x"], ["b"]),
    ]
    assert refusal(bench, bench.model(nodes, {"x": (4,)})) == (
        "nodes feed each other in a circle: node 'first' (Add), the node that makes 'b' (Mul), "
        "and again node 'first' (Add)"
    )


def test_a_node_that_feeds_itself(bench: Bench) -> None:
    model = bench.model([tanh("y", "y", "snake")], {"x": (4,)})
    assert refusal(bench, model) == (
        "nodes feed each other in a circle: node 'snake' (Tanh), and again node 'snake' (Tanh)"
    )


def test_a_name_that_two_nodes_define(bench: Bench) -> None:
    model = bench.model([tanh("x", "y", "a"), tanh("x", "y", "b")], {"x": (4,)})
    assert refusal(bench, model) == (
        "'y' is defined twice: by node 'a' (Tanh) and by node 'b' (Tanh)"
    )


@pytest.mark.parametrize("name", ["x", "w"])
def test_a_node_that_defines_a_name_again(name: str, bench: Bench) -> None:
    model = bench.model([tanh("x", name, "a")], {"x": (4,)}, [name], {"w": FOUR})
    assert refusal(bench, model) == (
        f"'{name}' is defined twice: as an input or a weight, and by node 'a' (Tanh)"
    )


@pytest.mark.parametrize(
    ("field", "what"), [("input", "input"), ("output", "output"), ("initializer", "weight")]
)
def test_an_entry_that_stands_twice(field: str, what: str, bench: Bench) -> None:
    nodes = [helper.make_node("Add", ["x", "w"], ["y"])]
    model = bench.model(nodes, {"x": (4,)}, weights={"w": FOUR})
    entries = getattr(model.graph, field)
    entries.append(entries[0])
    assert refusal(bench, model) == f"the {what} '{entries[0].name}' is defined twice"


def test_an_unknown_operator_is_named_with_its_node(bench: Bench) -> None:
    operators.load()
    nodes = [
        tanh("x", "a"),
        helper.make_node("Magic", ["a"], ["b"], name="/trick/Magic"),
        helper.make_node("Magic", ["b"], ["c"]),
        helper.make_node("Tanh", ["c"], ["y"], domain="com.other"),
    ]
    assert refusal(bench, bench.model(nodes, {"x": (4,)})) == (
        "node '/trick/Magic' (Magic): operator is not supported by lstmir"
        " (the same goes for com.other.Tanh);"
        " cut the model before or behind it (--inputs, --outputs)"
    )


def test_a_constant_output_is_refused(bench: Bench) -> None:
    model = bench.model([helper.make_node("Neg", ["x"], ["z"])], {"x": (4,)}, ["w"], {"w": FOUR})
    assert refusal(bench, model) == "the output 'w' is a constant: it depends on no input"


def test_an_input_may_be_an_output(bench: Bench) -> None:
    bench.agree(bench.model([tanh("x", "y")], {"x": (4,)}, ["y", "x"]), {"x": FOUR})


def test_models_without_ends(bench: Bench) -> None:
    assert refusal(bench, bench.model([tanh("x", "y")], {})) == "the model has no inputs"
    assert refusal(bench, bench.model([], {"x": (4,)}, [])) == "the model has no outputs"


def test_sparse_weights_are_refused(bench: Bench) -> None:
    model = bench.model([tanh("x", "y")], {"x": (4,)})
    values, indices = numpy_helper.from_array(FOUR, "w"), numpy_helper.from_array(np.arange(4))
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [8]))
    assert refusal(bench, model) == (
        "sparse weights (sparseInitializer) are not supported; save them dense"
    )


def test_old_operators_are_refused(bench: Bench) -> None:
    assert refusal(bench, bench.model([tanh("x", "y")], {"x": (4,)}, opset=6)) == (
        "the model uses version 6 of ONNX's operators; lstmir reads versions from 7 on"
    )
    model = bench.model([tanh("x", "y")], {"x": (4,)})
    del model.opset_import[:]
    assert refusal(bench, model) == (
        "the model does not say which version of ONNX's operators it uses (opsetImport)"
    )
