"""The ratios of `prune`: for inputs and states apart, gate by gate, or from one budget."""

from __future__ import annotations

import numpy as np
import pytest

from lstmir.flow.models import load_model
from lstmir.interpreter.run import run_samples
from lstmir.ir.module import Module
from lstmir.passes.gates import gates_of
from lstmir.passes.pruning.ratios import of_state
from lstmir.passes.sums import sums_of_products
from lstmir.syntax.parser import parse_module
from tests.passes.levels import FRONT, apply, refusal
from tests.passes.pruning.test_shapes import MODELS
from tests.passes.pruning.test_units import dataflow
from tests.strategies.networks import Network

NETWORK = Network(hidden=8, features=8)


def pruned(options: str, network: Network = NETWORK) -> dict[str, list[int]]:
    """How many elements each gate of w and r keeps, and the head."""
    data = network.data(12, 5)
    module = apply(network.module(), f"{FRONT},calibrate,prune{{shape=element {options}}}", data)
    return kept(module)


def kept(module: Module) -> dict[str, list[int]]:
    found = {}
    for op in module.walk():
        name = op.result_names[0] if op.result_names else None
        if op.name == "tensor.constant" and name in ("w", "r", "dense_W"):
            array = module.resources[op.attributes["resource"]]
            parts = np.split(array, 4 if name != "dense_W" else 1)
            found[name] = [int(np.count_nonzero(part)) for part in parts]
    return found


@pytest.mark.parametrize("by", ["magnitude", "obs"])
def test_inputs_and_states_and_gates_have_their_own(by: str) -> None:
    assert pruned(f"ratio=0.5 by={by}") == {"w": [32] * 4, "r": [32] * 4, "dense_W": [16]}
    apart = pruned(f"ratio-x=0.25 ratio-h=0.75 by={by}")
    assert apart == {"w": [48] * 4, "r": [16] * 4, "dense_W": [16]}
    one = pruned(f"ratio=0.75 ratio-x=0 by={by}")
    assert one == {"w": [64] * 4, "r": [16] * 4, "dense_W": [16]}
    gates = pruned(f'ratio="0 0.25 0.5 0.75" ratio-x=0.5 by={by}')
    assert gates == {"w": [32] * 4, "r": [64, 48, 32, 16], "dense_W": [16]}


def test_heads_are_pruned_when_it_is_asked() -> None:
    assert pruned("ratio=0.75 head=true")["dense_W"] == [4]


def test_gates_are_found_where_a_slice_takes_several() -> None:
    gates = {}
    for name in ("lstm", "gru", "rnn"):
        for sum_ in sums_of_products(dataflow(name)):
            states = [of_state(vector) for vector in sum_.vectors]
            gates[name, sum_.total.result_names[0]] = gates_of(sum_), states
    assert gates == {
        ("lstm", "z"): (4, [False, True]),
        ("lstm", "y"): (1, [False]),
        ("gru", "zx"): (3, [False]),
        ("gru", "gates"): (2, [True]),
        ("gru", "zg"): (1, [True]),
        ("gru", "y"): (1, [False]),
        ("rnn", "z"): (1, [False, True]),
        ("rnn", "y"): (1, [False]),
    }


UNEQUAL = """module @unequal attributes {form = "sample"} {
  func @main(%x: tensor<3x2xf32>) -> tensor<2xf32> {
    %w = tensor.constant @w : tensor<5x2xf32>
    %h0 = tensor.constant @h0 : tensor<2xf32>
    %h = rnn.scan (%xt = %x) state (%hp = %h0) capture (%w = %w) {
      %z = linalg.matvec %w, %xt : (tensor<5x2xf32>, tensor<2xf32>) -> tensor<5xf32>
      %a = tensor.slice %z {axis = 0, start = 0, size = 2} : (tensor<5xf32>) -> tensor<2xf32>
      %b = tensor.slice %z {axis = 0, start = 3, size = 2} : (tensor<5xf32>) -> tensor<2xf32>
      %c = arith.mul %a, %b : tensor<2xf32>
      %ht = arith.add %c, %hp : tensor<2xf32>
      rnn.yield state (%ht) : tensor<2xf32>
    } : (tensor<3x2xf32>, tensor<2xf32>, tensor<5x2xf32>) -> tensor<2xf32>
    return %h : tensor<2xf32>
  }
}
{-# resources: {
  w: "0x0000003f000080be0000403f0000803f0000003f000080be000000be0000c03e0000003f000080be",
  h0: "0x000000000000003f"
} #-}
"""


def test_gates_that_do_not_divide_are_refused_where_they_matter() -> None:
    said = "prune: slices do not take the 5 rows of '%z' into equal gates: give aligned=false"
    for options in ("shape=element", "shape=block", "shape=row", "shape=column"):
        assert refusal(parse_module(UNEQUAL), f"prune{{{options}}}") == said
    assert refusal(parse_module(UNEQUAL), 'prune{shape=bank ratio="0.5 0.1"}') == said
    for options in ("shape=bank", "shape=element aligned=false"):
        module = apply(parse_module(UNEQUAL), f"prune{{{options} size=2}}")
        assert module.attributes["pruned"]["sparsity"] == 0.5


def test_one_budget_goes_where_it_costs_least() -> None:
    """The candidate gate of a trained network wants more than the others; so it is served."""
    model, archive = MODELS["vowels_h32"]
    arrays = dict(np.load(archive))
    float_ = apply(load_model(str(model)), FRONT)
    (expected,) = run_samples(float_, [arrays["x_test"]])
    errors, found = {}, {}
    for allot in ("same", "global"):
        module = apply(load_model(str(model)), FRONT)
        options = f"shape=element ratio=0.75 by=obs allot={allot}"
        apply(module, f"calibrate,prune{{{options}}}", arrays["x_train"])
        assert module.attributes["pruned"]["sparsity"] >= 0.75
        (scores,) = run_samples(module, [arrays["x_test"]])
        errors[allot] = float(((scores - expected) ** 2).mean())
        found[allot] = kept(module)
    assert len(set(found["same"]["r"])) == 1
    assert found["global"]["r"][3] == max(found["global"]["r"]) > 2 * min(found["global"]["r"])
    assert errors["global"] < errors["same"] / 2


def test_a_budget_that_no_pattern_meets_is_refused_with_what_can_be_reached() -> None:
    data = NETWORK.data(12, 5)
    module = apply(NETWORK.module(), f"{FRONT},calibrate", data)
    said = refusal(module, "prune{shape=bank size=4 ratio=0.9 allot=global}", data)
    assert said == "prune: at most 0.75 of the elements can go in this shape"
