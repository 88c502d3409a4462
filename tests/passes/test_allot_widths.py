"""`allot-widths`: bits go where the outputs miss them, and the figures are true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.interpreter.run import run_samples
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation
from lstmir.ir.types import shape_of
from lstmir.numeric.fixed import FixedType
from lstmir.passes.allot_widths import AllotWidths
from lstmir.passes.sensitivity import Sensitivity
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module
from tests.passes.levels import FEW, FRONT, apply, refusal
from tests.strategies.networks import Network, networks

LEAKY = """
module @leaky attributes {interface = [
  {name = "x", kind = "input", dtype = "f64", shape = [-1, -1, 1], batch = 0, time = 1},
  {name = "u", kind = "input", dtype = "f64", shape = [-1, -1, 8], batch = 0, time = 1},
  {name = "s_0", kind = "input", dtype = "f64", shape = [-1, 1], batch = 0},
  {name = "s", kind = "output", dtype = "f64", shape = [-1, 1], batch = 0}
], form = "sample"} {
  func @main(%x: tensor<?x1xf64>, %u: tensor<?x8xf64>, %s_0: tensor<1xf64>) -> tensor<1xf64> {
    %w = tensor.constant @w : tensor<1x8xf64>
    %s = rnn.scan (%xt = %x, %ut = %u) state (%sp = %s_0) capture (%w = %w) {
      %keep = math.sigmoid %xt : tensor<1xf64>
      %kept = arith.mul %keep, %sp : tensor<1xf64>
      %v = math.tanh %ut : tensor<8xf64>
      %new = linalg.matvec %w, %v : (tensor<1x8xf64>, tensor<8xf64>) -> tensor<1xf64>
      %st = arith.add %kept, %new : tensor<1xf64>
      rnn.yield state (%st) : tensor<1xf64>
    } : (tensor<?x1xf64>, tensor<?x8xf64>, tensor<1xf64>, tensor<1x8xf64>) -> tensor<1xf64>
    return %s : tensor<1xf64>
  }
}
{-# resources: { w: "WEIGHTS" } #-}
"""
"""A gate near 1 keeps a state for many steps; eight numbers move it a little."""
WEIGHTS = np.linspace(-0.02, 0.03, 8)

Format = FixedType
Round = Callable[[np.ndarray], np.ndarray]


def leaky() -> tuple[Module, dict[str, np.ndarray]]:
    random = np.random.default_rng(3)
    data = {
        "x": random.normal(6, 0.5, (64, 20, 1)),
        "u": random.normal(0, 1, (64, 20, 8)),
        "s_0": random.uniform(-4, 4, (64, 1)),
    }
    return parse_module(LEAKY.replace("WEIGHTS", "0x" + WEIGHTS.tobytes().hex())), data


def reference(x: np.ndarray, u: np.ndarray, s: np.ndarray, keep: Round, v: Round) -> np.ndarray:
    for t in range(x.shape[1]):
        s = keep(1 / (1 + np.exp(-x[:, t]))) * s + v(np.tanh(u[:, t])) @ WEIGHTS[:, None]
    return s


def as_it_is(array: np.ndarray) -> np.ndarray:
    return array


def to(format_: Format) -> Round:
    unit = 2.0**-format_.frac

    def rounded(array: np.ndarray) -> np.ndarray:
        return np.clip(np.round(array / unit) * unit, format_.min_value, format_.max_value)

    return rounded


def named(module: Module, name: str) -> Operation:
    return next(op for op in module.walk() if name in (op.result_names or ()))


Formats = dict[tuple[Operation | int, str], tuple[FixedType, int]]


def formats(module: Module) -> Formats:
    """Of all that is rounded and no constant, with its elements: operations, and inputs by number."""
    main = module.main
    found: Formats = {}
    for value, format_ in zip(main.parameters, main.attributes["formats"], strict=True):
        found[value.index, "format"] = format_, elements(value.type)
    for op in module.walk():
        for name in ("format", "operand_format"):
            if name in op.attributes and op.name != "tensor.constant":
                value = op.result if name == "format" else op.operands[0]
                found[op, name] = op.attributes[name], elements(value.type)
    return found


def elements(type_: object) -> int:
    return int(np.prod([size or 1 for size in shape_of(type_)]))  # type: ignore[arg-type]


def test_bits_go_where_the_outputs_miss_them() -> None:
    module, data = leaky()
    apply(module, "calibrate,assign-bitwidths{state=12},allot-widths{spread=5}", data)
    keep, v = named(module, "keep"), named(module, "v")
    assert keep.attributes["format"].width >= 12
    assert v.attributes["format"].width <= 7
    exact = apply(leaky()[0], "calibrate", data)
    wanted = run_samples(exact, list(data.values()))[0]
    errors = []
    for spread in (0, 5):
        fixed, _ = leaky()
        apply(
            fixed,
            f"calibrate,assign-bitwidths{{state=12}},allot-widths{{spread={spread}}},quantize",
            data,
        )
        unit = 2.0 ** -fixed.main.result_types[0].element.frac  # type: ignore[union-attr]
        found = run_samples(fixed, list(data.values()))[0] * unit
        errors.append(np.square(found - wanted).mean())
    assert errors[1] < errors[0] / 20


def test_what_is_missed_is_true() -> None:
    module, data = leaky()
    apply(module, "calibrate,assign-bitwidths,allot-widths{spread=2}", data)
    samples = Sensitivity(AllotWidths(), module, Context(data)).samples
    x, u, s = map(np.asarray, samples)
    wanted = reference(x, u, s, as_it_is, as_it_is)
    for name, roundings in (("keep", {"keep": 1}), ("v", {"v": 1})):
        op = named(module, name)
        round_ = to(op.attributes["format"])
        keep, v = (round_ if each in roundings else as_it_is for each in ("keep", "v"))
        missed = np.square(reference(x, u, s, keep, v) - wanted).mean()
        assert missed > 1e-12
        assert np.isclose(op.attributes["missed"], missed, rtol=1e-9)
    operand = named(module, "keep")
    coarse = to(operand.attributes["operand_format"])
    missed = np.square(reference(coarse(x), u, s, as_it_is, as_it_is) - wanted).mean()
    assert np.isclose(operand.attributes["operand_missed"], missed, rtol=1e-9)


@settings(FEW, max_examples=15)
@given(networks(floats=True), st.booleans(), st.integers(1, 4))
def test_the_budget_is_kept(network: Network, fed: bool, spread: int) -> None:
    network = replace(network, fed=fed)
    feeds = {"x": network.data(6, 4)}
    if network.fed:
        shape = (6, network.directions, network.hidden)
        feeds["h0"] = np.tanh(np.random.default_rng(1).normal(size=shape))
    module = apply(network.module(), f"{FRONT},calibrate,assign-bitwidths", feeds)
    before = formats(module)
    apply(module, f"allot-widths{{spread={spread}}}", feeds)
    after = formats(module)
    assert before.keys() == after.keys()
    inputs = {key for key in after if isinstance(key[0], int) and key[0] > 0}
    for key, (old, _) in before.items():
        new = after[key][0]
        assert (new.signed, new.width - new.frac) == (old.signed, old.width - old.frac)
        assert abs(new.width - old.width) <= spread
        assert new.width >= 2
    spent = [
        sum(format_.width * count for key, (format_, count) in each.items() if key not in inputs)
        for each in (before, after)
    ]
    assert spent[1] <= spent[0]
    apply(module, "quantize,approximate-activations")
    run_samples(module, [feeds[name] for name in feeds])


def test_a_spread_of_nothing_changes_nothing() -> None:
    module, data = leaky()
    apply(module, "calibrate,assign-bitwidths", data)
    before = formats(module)
    apply(module, "allot-widths{spread=0}", data)
    assert formats(module) == before
    assert not any("missed" in op.attributes for op in module.walk())


@pytest.mark.parametrize("more", ["", ",allot-widths"])
def test_states_that_are_fed_have_the_formats_of_their_states(more: str) -> None:
    module, data = leaky()
    apply(module, f"calibrate,assign-bitwidths{more}", data)
    assert module.main.attributes["formats"][2] == named(module, "st").attributes["format"]
    apply(module, "quantize")
    assert module.main.parameters[2].type == module.main.result_types[0]


def test_what_cannot_be_is_refused() -> None:
    module, data = leaky()
    assert refusal(module, "allot-widths", data) == (
        "allot-widths: there are no formats: run assign-bitwidths first"
    )
    module = apply(leaky()[0], "calibrate,assign-bitwidths", data)
    assert refusal(module, "allot-widths") == (
        "allot-widths: there is no calibration data: give --data FILE.npz"
    )
    with pytest.raises(UserError, match="spread must be 0 to 63 bits, not -1"):
        parse_pipeline("allot-widths{spread=-1}")
