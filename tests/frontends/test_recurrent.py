"""LSTM, GRU and RNN nodes of all kinds, against ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from onnx import TensorProto, helper, numpy_helper

from lstmir.interpreter.run import run
from lstmir.ir.interface import ports
from lstmir.syntax.printer import print_module
from tests.frontends.recurrent_nodes import GATES, INPUTS, RecurrentNode, recurrent_nodes

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

FEW = settings(
    deadline=None, derandomize=True, max_examples=200, suppress_health_check=list(HealthCheck)
)
MANY = settings(FEW, derandomize=False, max_examples=3000)

FUNCTIONS = {
    "Affine": 2, "Elu": 1, "HardSigmoid": 2, "LeakyRelu": 1, "Relu": 0, "ScaledTanh": 2,
    "Sigmoid": 0, "Softplus": 0, "Softsign": 0, "Tanh": 0, "ThresholdedRelu": 1,
}  # fmt: skip


def agrees(node: RecurrentNode, bench: Bench, dynamic: bool = True) -> None:
    """Imports a node and compares what it gives with what ONNX Runtime makes of it."""
    with np.errstate(all="ignore"):
        ours = run(bench.imported(node.model(np.float32, dynamic)), node.feeds(np.float32))
    plain = node.for_onnx_runtime()
    theirs = bench.reference(plain.model(np.float32, dynamic), plain.feeds(np.float32))
    if not _is_finite(theirs):  # squares of squares, or the Softplus of ONNX Runtime beyond 88
        assert not _is_finite(ours) or "Softplus" in (plain.activations or ())
        return
    bench.same(ours, {name: node.turned(name, array) for name, array in theirs.items()})


def _is_finite(arrays: Mapping[str, np.ndarray]) -> bool:
    return all(np.isfinite(array).all() for array in arrays.values())


@FEW
@given(node=recurrent_nodes())
def test_agrees_with_onnx_runtime(node: RecurrentNode, bench: Bench) -> None:
    agrees(node, bench)


@pytest.mark.soak
@MANY
@given(node=recurrent_nodes())
def test_many_nodes_agree_with_onnx_runtime(node: RecurrentNode, bench: Bench) -> None:
    agrees(node, bench)


OPTIONS: dict[str, dict[str, Any]] = {
    "no_bias": {"bias": False},
    "states": {"states": True},
    "peepholes": {"peepholes": True},
    "lengths": {"lengths": (4, 1, 3)},
    "clip": {"clip": 0.25},
    "flag": {"flag": True},
    "layout": {"layout": 1, "states": True},
    "constant_states": {"states": True, "fed": ("X",)},
}


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("op", GATES)
def test_every_option(op: str, option: str, direction: str, bench: Bench) -> None:
    node = RecurrentNode(op, direction, batch=3)
    agrees(replace(node, **OPTIONS[option]), bench, dynamic=option != "constant_states")


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(("op", "count"), [("LSTM", 3), ("GRU", 2), ("RNN", 1)])
def test_every_function_in_every_place(op: str, count: int, name: str, bench: Bench) -> None:
    for place in range(count):
        names = ["Tanh"] * count
        names[place] = name
        agrees(RecurrentNode(op, activations=tuple(names), seed=place), bench)


@pytest.mark.parametrize("name", ["Elu", "HardSigmoid", "LeakyRelu"])
def test_parameters_have_the_defaults_of_onnx(name: str, bench: Bench) -> None:
    node = RecurrentNode("RNN", activations=(name,))
    del node.attributes["activation_alpha"]
    node.attributes.pop("activation_beta", None)
    ours = run(bench.imported(node.model(np.float32)), node.feeds(np.float32))
    bench.same(ours, bench.reference(node.model(np.float32), node.feeds(np.float32)))


def test_the_threshold_is_1_where_none_is_given(bench: Bench) -> None:
    """As that of ONNX's own operator; ONNX Runtime takes 0."""
    node = RecurrentNode("RNN", activations=("ThresholdedRelu",))
    del node.attributes["activation_alpha"]
    without = run(bench.imported(node.model(np.float32)), node.feeds(np.float32))
    node.attributes["activation_alpha"] = [1.0]
    bench.same(without, bench.reference(node.model(np.float32), node.feeds(np.float32)))


@pytest.mark.parametrize("opset", [7, 14, 22])
@pytest.mark.parametrize("op", GATES)
def test_every_version_of_the_operators(op: str, opset: int, bench: Bench) -> None:
    layout = int(opset >= 14)
    node = RecurrentNode(
        op,
        "bidirectional",
        states=True,
        peepholes=True,
        lengths=(4, 2),
        layout=layout,
        opset=opset,
    )
    agrees(node, bench)


@pytest.mark.parametrize("op", GATES)
def test_float64_stays_float64(op: str, bench: Bench) -> None:
    node = RecurrentNode(op, lengths=(1, 3), states=True)
    double = run(bench.imported(node.model()), node.feeds())
    single = bench.reference(node.model(np.float32), node.feeds(np.float32))
    for name, expected in single.items():
        assert double[name].dtype == np.float64
        np.testing.assert_allclose(double[name], expected, rtol=1e-5, atol=1e-6)
        assert not np.array_equal(double[name], double[name].astype(np.float32))


@pytest.mark.parametrize("op", GATES)
def test_a_sample_without_a_step_keeps_its_state_and_gives_zeros(op: str, bench: Bench) -> None:
    node = RecurrentNode(op, "reverse", lengths=(0, 3), states=True)
    found = run(bench.imported(node.model()), node.feeds())
    assert not found["Y"][:, :, 0].any()
    assert found["Y"][:3, :, 1].all()
    assert np.array_equal(found["Y_h"][:, 0], node.arrays["initial_h"][:, 0])


@pytest.mark.parametrize(
    ("lengths", "shape"), [((4, 4), None), ((3, 3), (1,)), ((3, 4), (2,))], ids=str
)
def test_known_lengths_are_kept_as_far_as_they_say_anything(
    lengths: tuple[int, ...], shape: tuple[int, ...] | None, bench: Bench
) -> None:
    node = RecurrentNode("GRU", lengths=lengths, fed=("X",))
    model = node.model(np.float32, dynamic=False)
    found = bench.imported(model).resources.get("cell_sequence_lens")
    assert (None if found is None else found.shape) == shape
    bench.agree(model, node.feeds(np.float32))


def test_as_many_steps_as_there_are_is_no_length(bench: Bench) -> None:
    """Exporters write the shape of the input, repeated for each sample."""
    node = RecurrentNode("LSTM", batch=1, lengths=(4,), fed=("X",))
    model = node.model(np.float32)
    kept = [weight for weight in model.graph.initializer if weight.name != "sequence_lens"]
    del model.graph.initializer[:]
    model.graph.initializer.extend(
        [*kept, numpy_helper.from_array(np.array([0], np.int64), "zero")]
    )
    nodes = [
        helper.make_node("Shape", ["X"], ["sizes"]),
        helper.make_node("Gather", ["sizes", "zero"], ["steps"]),
        helper.make_node("Cast", ["steps"], ["sequence_lens"], to=6),
    ]
    for place, each in enumerate(nodes):
        model.graph.node.insert(place, each)
    module = bench.agree(model, node.feeds(np.float32))
    assert "lengths" not in print_module(module)


def test_lengths_may_be_given_on(bench: Bench) -> None:
    node = RecurrentNode("RNN", lengths=(2, 4))
    model = node.model(np.float32)
    model.graph.node.append(helper.make_node("Identity", ["sequence_lens"], ["n"]))
    model.graph.output.append(helper.make_tensor_value_info("n", TensorProto.INT32, None))
    bench.agree(model, node.feeds(np.float32))


def test_lengths_may_be_cast_on_their_way(bench: Bench) -> None:
    node = RecurrentNode("GRU", lengths=(1, 3))
    model = node.model(np.float32)
    (info,) = (info for info in model.graph.input if info.name == "sequence_lens")
    info.name, info.type.tensor_type.elem_type = "n", 7
    model.graph.node.insert(0, helper.make_node("Cast", ["n"], ["sequence_lens"], to=6))
    feeds = node.feeds(np.float32)
    feeds["n"] = feeds.pop("sequence_lens").astype(np.int64)
    module = bench.agree(model, feeds)
    assert {port.name: (port.dtype, port.batch) for port in ports(module, "input")} == {
        "X": ("f32", 1),
        "n": ("i64", 0),
    }


def test_the_functions_that_the_schema_of_rnn_writes_for_every_direction(bench: Bench) -> None:
    node = RecurrentNode("RNN")
    plain = print_module(bench.imported(node.model()))
    node.attributes["activations"] = ["Tanh", "Tanh"]
    assert print_module(bench.imported(node.model())) == plain


@pytest.mark.parametrize("op", GATES)
def test_weights_may_be_inputs_of_the_model(op: str, bench: Bench) -> None:
    node = RecurrentNode(op, peepholes=True, states=True, fed=INPUTS)
    module = bench.agree(node.model(np.float32), node.feeds(np.float32))
    assert {port.name for port in ports(module, "input")} == set(node.given)
    assert not module.resources
