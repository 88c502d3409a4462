"""`calibrate` warns of what the data never move, and says no word of what they do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module
from tests.passes.levels import FEW, FRONT, apply
from tests.strategies.networks import Network, networks

GATES = {"i": 0, "o": 1, "f": 2, "g": 3}
"""The order of ONNX."""
THROUGHOUT = "on all of the calibration data"


def warnings(network: Network, data: np.ndarray, options: str = "") -> list[str]:
    heard: list[str] = []
    (calibrate,) = parse_pipeline(f"calibrate{options}")
    calibrate.run(apply(network.module(), FRONT), Context(data={"x": data}, warn=heard.append))
    return heard


def saturated(gate: str, bias: float) -> Network:
    """A network of which one gate has a bias that no other term of its sum comes near."""
    network = Network(seed=3, hidden=2)
    rows = slice(2 * GATES[gate], 2 * GATES[gate] + 2)
    network.arrays["B"][0, rows] = bias
    return network


def signed(network: Network) -> Network:
    """One unit's candidate at each end."""
    network.arrays["B"][0, 6] *= -1
    return network


CASES: dict[str, tuple[Callable[[], Network], list[str]]] = {
    "input gate at 0": (lambda: saturated("i", -60.0), ["the gate '%i' is 0"]),
    "output gate at 0": (lambda: saturated("o", -60.0), ["the gate '%o' is 0"]),
    "forget gate at 1": (lambda: saturated("f", 60.0), ["the gate '%f' is 1"]),
    "candidate at 1": (lambda: saturated("g", 60.0), ["the gate '%g' is 1"]),
    "candidate at -1": (lambda: saturated("g", -60.0), ["the gate '%g' is -1"]),
    "candidate at both ends": (
        lambda: signed(saturated("g", 60.0)), ["the gate '%g' is -1 or 1"],
    ),
    "all weights zero": (
        lambda: Network(weights="zero", bias=False), ["'%z' is 0", "'%ct' is 0"],
    ),
    "nothing": (lambda: Network(seed=3), []),
}  # fmt: skip


@pytest.mark.parametrize(("make", "expected"), CASES.values(), ids=CASES)
def test_gates_and_sums_that_stay(make: Callable[[], Network], expected: list[str]) -> None:
    network = make()
    heard = warnings(network, network.data(5, 6))
    assert heard == [f"calibrate: {what} {THROUGHOUT}: nothing moves it" for what in expected]


def test_an_input_that_stays() -> None:
    network = Network(seed=3)
    heard = warnings(network, np.full((4, 5, 3), 0.25))
    assert heard == [f"calibrate: the input '%x' is 0.25 {THROUGHOUT}"]


PRODUCT = """module @alone attributes {form = "sample", interface = [
  {name = "x", kind = "input", dtype = "f32", shape = [-1, 1], batch = 0},
  {name = "y", kind = "output", dtype = "f32", shape = [-1, 1], batch = 0}
]} {
  func @main(%x: tensor<1xf32>) -> tensor<1xf32> {
    %w = tensor.constant @w : tensor<1x1xf32>
    %y = linalg.matvec %w, %x : (tensor<1x1xf32>, tensor<1xf32>) -> tensor<1xf32>
    return %y : tensor<1xf32>
  }
}
{-# resources: { w: "0x00000000" } #-}
"""


def test_a_state_that_always_starts_at_zero_is_no_news() -> None:
    network, heard = Network(fed=True), list[str]()
    data = {"x": network.data(6, 4), "h0": np.zeros((6, 1, network.hidden), np.float32)}
    (calibrate,) = parse_pipeline("calibrate")
    calibrate.run(apply(network.module(), FRONT), Context(data=data, warn=heard.append))
    assert heard == []


def test_a_product_alone_is_a_sum() -> None:
    heard: list[str] = []
    (calibrate,) = parse_pipeline("calibrate")
    context = Context(data={"x": np.array([[1.0], [2.0]])}, warn=heard.append)
    calibrate.run(parse_module(PRODUCT), context)
    assert heard == [f"calibrate: '%y' is 0 {THROUGHOUT}: nothing moves it"]


def test_one_end_is_seen_without_histograms() -> None:
    network = saturated("f", 60.0)
    heard = warnings(network, network.data(5, 6), "{histograms=false gram=false}")
    assert heard == [f"calibrate: the gate '%f' is 1 {THROUGHOUT}: nothing moves it"]


@pytest.mark.parametrize("bias", [4.0, 10.0])
@pytest.mark.parametrize("gate", GATES)
def test_a_gate_that_still_moves_a_little_is_none_of_them(gate: str, bias: float) -> None:
    network = saturated(gate, bias)
    assert warnings(network, network.data(5, 6)) == []


@settings(FEW, max_examples=25)
@given(networks(), st.booleans())
def test_ordinary_networks_are_no_news(network: Network, has_histograms: bool) -> None:
    if network.weights == "zero" or network.hidden == 1 or network.outputs == 1:
        return
    options = "" if has_histograms else "{histograms=false}"
    assert warnings(network, network.data(5, 6), options) == []
