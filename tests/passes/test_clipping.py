"""`clip=mse`: what a format is expected to lose is what it loses, and the least of it is taken."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.interpreter.run import run_samples
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.numeric.arrays import quantize_real, to_real
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.modes import Rounding
from lstmir.passes.clipping import clipped, least_error
from lstmir.passes.observers import octaves
from lstmir.passes.ranges import signed_format
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.passes.levels import FEW, FRONT, apply, refusal
from tests.strategies.networks import Network, networks

DRAWN: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "normal": lambda random: random.normal(size=20_000),
    "uniform": lambda random: random.uniform(-1, 1, 20_000),
    "rare outliers": lambda random: np.where(
        random.random(20_000) < 1e-4, 12.0, random.normal(size=20_000)
    ),
    "long tails": lambda random: random.standard_t(2, 20_000),
}


def lost(data: np.ndarray, format_: FixedType) -> float:
    """The mean squared error by rounding and saturating each element."""
    return float(
        np.mean((to_real(quantize_real(data, format_, Rounding.HALF_EVEN), format_) - data) ** 2)
    )


def formats(largest: float, bits: int) -> list[FixedType]:
    widest = signed_format(largest, bits)
    return [FixedType(True, bits, widest.frac + more) for more in range(12)]


@pytest.mark.parametrize("bits", [4, 6, 8])
@pytest.mark.parametrize("name", DRAWN)
def test_the_expected_error_is_the_error(name: str, bits: int) -> None:
    data = DRAWN[name](np.random.default_rng(0))
    counts, largest = octaves(data), float(np.abs(data).max())
    errors = {}
    for format_ in formats(largest, bits):
        found = clipped(counts, largest, format_)
        end = -format_.min_value
        assert found.elements == (np.abs(data) >= end).sum()
        errors[format_] = lost(data, format_)
        # All that is known of an element is its binary order of magnitude.
        assert 0.3 * errors[format_] <= found.error <= 5 * errors[format_]
    best = least_error(counts, largest, signed_format(largest, bits))
    assert errors[best.format] == min(errors.values())
    if name == "rare outliers" and bits < 8:
        assert 0 < best.elements < 10


@settings(FEW, max_examples=100)
@given(st.integers(0, 2**32 - 1), st.integers(2, 12))
def test_nothing_better_is_left_out(seed: int, bits: int) -> None:
    random = np.random.default_rng(seed)
    data = random.normal(size=200) * 2.0 ** random.integers(-6, 6, 200)
    counts, largest = octaves(data), float(np.abs(data).max())
    best = least_error(counts, largest, signed_format(1.25 * largest, bits))
    tried = [clipped(counts, largest, each) for each in formats(1.25 * largest, bits)]
    assert best.error == min(each.error for each in tried)


def test_beyond_the_last_bin_the_largest_counts() -> None:
    data = np.random.default_rng(0).uniform(-(2.0**20), 2.0**20, 1000)
    format_ = FixedType(True, 8, -9)
    found = clipped(octaves(data), float(np.abs(data).max()), format_)
    assert found.error == pytest.approx(lost(data, format_), rel=0.2)


def test_only_zeros_leave_the_format_alone() -> None:
    format_ = signed_format(1.0, 8)
    assert least_error(octaves(np.zeros(5)), 0.0, format_).format == format_


PIPELINE = "assign-bitwidths{{activations=6 operands=6 state=6 clip={clip}}}"


def outlier(seed: int = 2) -> tuple[Network, np.ndarray]:
    """A network of which one sample of many drives the cell state to where it never is otherwise."""
    network = Network(seed=seed)
    data = network.data(400, 6, scale=0.3)
    data[0] = 40.0 * np.sign(network.arrays["W"][0, 3 * network.hidden])
    network.arrays["B"][0, 2 * network.hidden : 3 * network.hidden] = 6.0
    return network, data


def assigned(network: Network, data: np.ndarray, clip: str) -> Module:
    return apply(network.module(), f"{FRONT},calibrate,{PIPELINE.format(clip=clip)}", data)


class Beyond:
    """Counts elements that a format saturates."""

    def __init__(self, value: Value, format_: FixedType) -> None:
        self.value, self.end, self.elements = value, -format_.min_value, 0

    def see(self, value: Value, array: np.ndarray) -> None:
        if value == self.value:
            self.elements += int((np.abs(array) >= self.end).sum())


def test_rare_outliers_saturate_and_are_counted() -> None:
    network, data = outlier()
    module = assigned(network, data, "mse")
    state = next(op for op in module.walk() if op.result_names == ["ct"])
    plain = next(op for op in assigned(network, data, "range").walk() if op.result_names == ["ct"])
    assert (state.attributes["basis"], plain.attributes["basis"]) == ("sampled", "sampled")
    format_ = state.attributes["format"]
    assert (format_.width, format_.frac) > (6, plain.attributes["format"].frac)
    beyond = Beyond(state.result, format_)
    run_samples(module, [data], beyond)
    assert state.attributes["clipped"] == beyond.elements > 0
    assert beyond.elements < 0.01 * data.shape[0] * data.shape[1] * network.hidden
    assert "clipped" not in plain.attributes


GROWING = """\
module @grows attributes {form = "sample", interface = [
  {name = "x", kind = "input", dtype = "f32", shape = [-1, -1, 1], batch = 0, time = 1},
  {name = "y", kind = "output", dtype = "f32", shape = [-1, 1], batch = 0}
]} {
  func @main(%x: tensor<?x1xf32>) -> tensor<1xf32> {
    %c0 = tensor.constant @c0 : tensor<1xf32>
    %y, %c = rnn.scan (%xt = %x) state (%yp = %c0, %cp = %c0) {
      %ct = arith.add %xt, %cp : tensor<1xf32>
      %yt = math.softsign %ct : tensor<1xf32>
      rnn.yield state (%yt, %ct) : (tensor<1xf32>, tensor<1xf32>) -> ()
    } : (tensor<?x1xf32>, tensor<1xf32>, tensor<1xf32>) -> (tensor<1xf32>, tensor<1xf32>)
    return %y : tensor<1xf32>
  }
}
{-# resources: { c0: "0x00000000" } #-}
"""
"""A state without bound, which is the operand of a function."""


def test_what_a_state_begins_as_is_counted() -> None:
    network = Network(seed=2, states=True)
    network.arrays["initial_c"][0, 0, 1] = 90.0
    network.arrays["B"][0, 2 * network.hidden : 3 * network.hidden] = 60.0
    network.arrays["B"][0, 2 * network.hidden + 1] = -60.0  # forgets it at once
    data = network.data(40, 50, scale=0.3)
    module = assigned(network, data, "mse")
    state = next(op for op in module.walk() if op.result_names == ["ct"])
    assert state.attributes["basis"] == "sampled"
    beyond = Beyond(state.result, state.attributes["format"])
    run_samples(module, [data], beyond)
    assert beyond.end < 90
    assert state.attributes["clipped"] == beyond.elements + 1


@pytest.mark.parametrize("operand", ["%ct", "%cp"])
def test_operands_say_how_many_saturate(operand: str) -> None:
    """Also where the operand is a state, which was counted as what the step before gave."""
    data = np.random.default_rng(0).uniform(-0.1, 0.1, (300, 5, 1))
    data[7, 3] = 6.0
    module = parse_module(GROWING.replace("softsign %ct", f"softsign {operand}"))
    apply(module, f"calibrate,{PIPELINE.format(clip='mse')}", data)
    op = next(op for op in module.walk() if op.name == "math.softsign")
    assert op.attributes["operand_format"] == FixedType(True, 6, 3)
    beyond = Beyond(op.operands[0], op.attributes["operand_format"])
    run_samples(module, [data], beyond)
    assert op.attributes["operand_clipped"] == 2
    assert beyond.elements == (2 if operand == "%ct" else 1)


@settings(FEW, max_examples=20)
@given(networks())
def test_proven_formats_stay(network: Network) -> None:
    data = network.data(6, 4)
    plain, clipping = (assigned(network, data, clip) for clip in ("range", "mse"))
    for one, other in zip(plain.walk(), clipping.walk(), strict=True):
        assert other.attributes.get("basis") == one.attributes.get("basis")
        if one.attributes.get("basis") == "proven":
            assert other.attributes["format"] == one.attributes["format"]
            assert "clipped" not in other.attributes
        elif "basis" in one.attributes and other.name != "tensor.constant":
            assert other.attributes["format"].frac >= one.attributes["format"].frac


def test_range_is_the_default() -> None:
    network, data = outlier()
    plain = apply(network.module(), f"{FRONT},calibrate,assign-bitwidths", data)
    same = apply(network.module(), f"{FRONT},calibrate,assign-bitwidths{{clip=range}}", data)
    assert print_module(plain) == print_module(same)


@pytest.mark.parametrize("seed", [2, 5])
def test_the_records_are_gone_in_fixed_point(seed: int) -> None:
    network, data = outlier(seed)
    module = apply(assigned(network, data, "mse"), "quantize,approximate-activations")
    assert not any({"clipped", "operand_clipped"} & op.attributes.keys() for op in module.walk())


def test_histograms_must_have_been_recorded() -> None:
    network = Network()
    said = "assign-bitwidths: no histograms were recorded: run calibrate{histograms=true} first"
    pipeline = f"{FRONT},calibrate{{histograms=false}},assign-bitwidths{{clip=mse}}"
    assert refusal(network.module(), pipeline, network.data(2, 2)) == said


def test_another_word_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        parse_pipeline("assign-bitwidths{clip=max}")
    said = "assign-bitwidths: clip must be range or mse, not 'max'"
    assert caught.value.diagnostics[0].message == said
