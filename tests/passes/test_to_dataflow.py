"""`isolate-sample` and `expand-cells`: the same function, in float64 to the last bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession  # type: ignore[import-untyped]

from lstmir.ir.interface import ports
from lstmir.ir.types import shape_of
from lstmir.syntax.printer import print_module
from tests.passes.levels import FEW, FRONT, MANY, apply, outputs
from tests.strategies.networks import Network, networks


def lstm(network: Network, data: np.ndarray, d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One direction for [samples, steps, features]: every h, the last h, and the last c."""
    a, size = network.arrays, network.hidden
    w, r = (a[name][d].reshape(4, size, -1) for name in "WR")
    bias = a["B"][d].reshape(2, 4, size).sum(0) if network.bias else np.zeros((4, size))
    h, c = (
        np.repeat(a[name][d] if network.states else np.zeros((1, size)), len(data), axis=0)
        for name in ("initial_h", "initial_c")
    )
    backwards = network.direction == "reverse" or d == 1
    every = np.zeros((*data.shape[:2], size))
    for t in range(data.shape[1])[:: -1 if backwards else 1]:
        i, o, f, g = (data[:, t] @ w[k].T + h @ r[k].T + bias[k] for k in range(4))
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
        every[:, t] = h
    return every, h, c


def expected(network: Network, data: np.ndarray) -> np.ndarray:
    """The textbook's LSTM, as the model lays out its result."""
    every, h, c = zip(*(lstm(network, data, d) for d in range(network.directions)), strict=True)
    if network.result == "sequence":
        return np.stack(every).transpose(2, 0, 1, 3)
    chosen = {"final_h": h, "final_c": c, "dense": h, "dense_sequence": every}[network.result]
    joined = np.concatenate(chosen, axis=-1)
    if network.result.startswith("dense"):
        joined = joined @ network.arrays["dense_W"].T + network.arrays["dense_B"]
    return joined.swapaxes(0, 1) if network.result == "dense_sequence" else joined


def assert_same(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.shape == wanted.shape
    assert found.dtype == np.float64
    assert np.abs(found - wanted).max() <= 1e-12 * np.abs(wanted).max()


def keeps_the_function(network: Network, steps: int) -> None:
    data = network.data(network.batch or 3, steps)
    wanted = expected(network, data)
    module = network.module()
    assert_same(outputs(module, network, data), wanted)
    for pipeline in FRONT.split(","):
        apply(module, pipeline)
        assert_same(outputs(module, network, data), wanted)


@settings(FEW, max_examples=60)
@given(networks(floats=True), st.integers(1, 4))
def test_every_level_of_floats_is_the_textbooks_lstm(network: Network, steps: int) -> None:
    keeps_the_function(network, steps)


@pytest.mark.soak
@MANY
@given(networks(floats=True), st.integers(1, 4))
def test_many_networks_are_the_textbooks_lstm(network: Network, steps: int) -> None:
    keeps_the_function(network, steps)


@settings(FEW, max_examples=30)
@given(networks(floats=True))
def test_expanded_networks_have_neither_batch_nor_network_operations(network: Network) -> None:
    module = network.module()
    before = ports(module, "input"), ports(module, "output")
    apply(module, "isolate-sample,expand-cells")
    assert (ports(module, "input"), ports(module, "output")) == before
    assert shape_of(module.main.parameters[0].type) == (network.time, network.features)
    names = {op.name for op in module.walk()}
    assert not names & {"rnn.lstm", "linalg.linear"}
    assert "rnn.scan" in names


def test_an_isolated_module_is_left_as_it_is() -> None:
    module = apply(Network().module(), "isolate-sample")
    before = print_module(module)
    assert print_module(apply(module, "isolate-sample")) == before


def test_agrees_with_onnx_runtime() -> None:
    network = Network(5, 7, 3, time=6, batch=4, direction="bidirectional", states=True, seed=2)
    data = network.data(4, 6).astype(np.float32)
    (wanted,) = onnxruntime_of(network).run(None, {"x": network.feed(data)})
    for pipeline in ("", "isolate-sample", FRONT):
        found = outputs(apply(network.module(), pipeline), network, data)
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def onnxruntime_of(network: Network) -> InferenceSession:
    """The network with a dense layer as ONNX states it, its batch written out."""
    a, batch, time = network.arrays, network.batch or 1, network.time
    weights = a | {name: a[name].repeat(batch, axis=1) for name in ("initial_h", "initial_c")}
    joined = np.array([batch, -1])
    nodes = [
        helper.make_node(
            "LSTM", ["x", "W", "R", "B", "", "initial_h", "initial_c"], ["", "h"],
            direction=network.direction, hidden_size=network.hidden,
        ),
        helper.make_node("Transpose", ["h"], ["turned"], perm=[1, 0, 2]),
        helper.make_node("Reshape", ["turned", "joined"], ["vector"]),
        helper.make_node("Gemm", ["vector", "dense_W", "dense_B"], ["y"], transB=1),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes, "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [time, batch, network.features])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, network.outputs])],
        [numpy_helper.from_array(w, name) for name, w in (weights | {"joined": joined}).items()],
    )  # fmt: skip
    version = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=version, ir_version=8)
    return InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
