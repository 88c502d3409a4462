"""Fitting a pruned network by its own runs: what the rounds know, and which of them stays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from lstmir.interpreter.run import run_samples
from lstmir.ir.module import Module
from lstmir.passes.pruning import weights as pruning
from lstmir.passes.refining.columns import Arrays, Columns, part_resources
from lstmir.passes.refining.samples import with_more
from lstmir.passes.refining.trials import Learner, Pair, Trials, changes, refine
from lstmir.passes.sums import sums_of_products
from lstmir.syntax.parser import parse_module
from tests.passes.levels import FRONT, apply
from tests.strategies.networks import Network

NETWORK = Network(features=3, hidden=4, seed=3)
DATA = NETWORK.data(300, 5)  # more than one batch


def calibrated() -> Module:
    return apply(NETWORK.module(), f"{FRONT},calibrate", DATA)


def learners_of(module: Module) -> list[Learner]:
    found = []
    for each in sums_of_products(module):
        columns, gram = Columns.of(module, each), each.gram(module)
        assert gram is not None
        weights = columns.weights
        size = weights.shape[1]
        found.append(Learner(columns, np.ones_like(weights, bool), weights, gram[:size, :size]))
    return found


def test_the_same_network_teaches_what_was_recorded() -> None:
    """Its own vectors, once more: twice the Gram matrix, and no reason to move."""
    module = calibrated()
    learners = learners_of(module)
    before = [each.gram for each in learners]
    assert Trials(module, [DATA]).compare(changes(learners), learners) == 0.0
    for each, gram in zip(learners, before, strict=True):
        np.testing.assert_allclose(each.gram, 2 * gram, rtol=1e-4, atol=1e-3)
        np.testing.assert_allclose(each.cross, 2 * gram, rtol=1e-4, atol=1e-3)
        each.fit()
        np.testing.assert_allclose(each.weights, each.original, atol=1e-6)


def test_errors_are_a_share_of_how_much_the_outputs_vary() -> None:
    module = calibrated()
    head = learners_of(module)[-1]
    halved = head.columns.named(head.weights / 2)
    less = Trials(module, [DATA]).error(halved)
    assert less == Trials(module, [DATA]).compare(halved, [head])
    nothing = np.zeros_like(head.weights)
    silent = Trials(module, [DATA]).error(head.columns.named(nothing))
    assert less == pytest.approx(silent / 4)
    (outputs,) = run_samples(module, [DATA])
    batches = np.split(outputs.astype(np.float64), [256])
    spread = sum(((batch - batch.mean(axis=0)) ** 2).sum() for batch in batches)
    assert silent == pytest.approx((outputs**2).sum() / spread)


class Scripted(Trials):
    """Gives errors from a list."""

    def __init__(self, errors: Sequence[float]) -> None:
        self.errors = list(errors)

    def compare(self, changed: Arrays, learners: Sequence[Learner]) -> float:
        return self.errors.pop(0)


class Counting(Learner):
    """Weights that count the rounds."""

    def fit(self) -> None:
        self.weights = self.weights + 1


@pytest.mark.parametrize(("errors", "best"), [([3, 1, 2], 1), ([1, 2, 3], 0), ([3, 2, 1], 2)])
def test_the_best_round_stays(errors: list[float], best: int) -> None:
    (columns, *_) = [Columns.of(calibrated(), each) for each in sums_of_products(calibrated())]
    zeros = np.zeros_like(columns.weights)
    learner = Counting(columns, zeros == 0, zeros, np.eye(zeros.shape[1]))
    turns: list[int] = []
    assert refine(Scripted(errors), [learner], 2, turns.append) == min(errors)
    assert (learner.weights == best).all()
    assert turns == [0, 1, 2]


def test_what_fits_worse_than_the_largest_weights_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = apply(calibrated(), "prune{size=2}", DATA)
    monkeypatch.setattr(pruning, "remove_weights", lambda weights, gram, parts: weights * 0)
    monkeypatch.setattr(pruning, "refine", lambda trials, learners, *rest: trials.error(
        changes(learners)))  # fmt: skip
    found = apply(calibrated(), "prune{size=2 by=obs}", DATA)
    for one, other in zip(sums_of_products(found), sums_of_products(expected), strict=True):
        assert (Columns.of(found, one).weights == Columns.of(expected, other).weights).all()


def test_constants_that_share_a_resource_are_told_apart() -> None:
    module = apply(NETWORK.module(), FRONT)
    arrays = module.resources
    constants = [op for op in module.walk() if op.name == "tensor.constant"]
    by_name = {op.result_names[0]: op for op in constants}
    arrays["h0"] = arrays[by_name["h0"].attributes["resource"]]
    by_name["h0"].attributes["resource"] = "b"  # as another constant with the same elements
    arrays["b_1"] = arrays["b"] + 1  # a name that is taken
    by_name["b"].attributes["resource"] = "b"
    part_resources(module)
    assert by_name["h0"].attributes["resource"] == "b"
    assert by_name["b"].attributes["resource"] == "b_2"
    assert arrays["b_2"] is arrays["b"]
    assert by_name["w"].attributes["resource"] == "w"


def test_what_is_measured_can_be_chosen() -> None:
    module = calibrated()
    seen: list[int] = []

    def batches(pairs: Sequence[Pair]) -> float:
        seen.extend(len(found[0]) for _, found in pairs)
        return 0.25

    assert Trials(module, [DATA], batches).error({}) == 0.25
    assert seen == [256, 44]
    assert Trials(module, [DATA], lambda pairs: np.nan).error({}) == np.inf


def test_more_samples_are_like_those_there_are() -> None:
    some = [DATA[:20], DATA[:20, :, :2] * 3]
    more = with_more(some, 7)
    again = with_more(some, 7)
    for few, many, same in zip(some, more, again, strict=True):
        assert many.dtype == few.dtype
        np.testing.assert_array_equal(many[:20], few)
        np.testing.assert_array_equal(many, same)
        assert many.shape == (60, *few.shape[1:])
        assert not (many[20:40] == few).any()
    assert with_more([], 7) == []


SCALAR = """module @scalar attributes {form = "sample", interface = [
  {name = "x", kind = "input", dtype = "f32", shape = [-1, 2], batch = 0},
  {name = "y", kind = "output", dtype = "f32", shape = [-1, 2], batch = 0}
]} {
  func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
    %w = tensor.constant @w : tensor<2x2xf32>
    %b = tensor.constant @b : tensor<f32>
    %p = linalg.matvec %w, %x : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %y = arith.add %p, %b : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
    return %y : tensor<2xf32>
  }
}
{-# resources: {
  w: "0x0000003f000080be0000403f0000803f",
  b: "0x0000003f"
} #-}
"""


@pytest.mark.parametrize("shape", ["", "1x"])
@pytest.mark.parametrize(
    "pipeline",
    [
        "prune{by=obs head=true shape=element}",
        "measure-sensitivity,allot{bits=2}",
        "assign-bitwidths,quantize{rounding=compensated bias=correct fits=2}",
    ],
)
def test_a_bias_that_is_one_number_is_left_alone(shape: str, pipeline: str) -> None:
    data = np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32)
    text = SCALAR.replace("tensor<f32>", f"tensor<{shape}f32>")
    module = apply(parse_module(text), f"calibrate,{pipeline}", data)
    assert any(name.startswith("b") for name in module.resources)
