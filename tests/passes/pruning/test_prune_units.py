"""`prune{shape=unit}`: networks that are really smaller, and how well they still know their classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.flow.models import load_model
from lstmir.interpreter.run import run_samples
from lstmir.ir.module import Module
from lstmir.ir.types import shape_of
from lstmir.ir.verify import verify
from lstmir.passes.refining.samples import with_more
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.passes.levels import FEW, FRONT, apply, refusal
from tests.strategies.networks import Network, networks

ROOT = Path(__file__).parents[3]
VOWELS = ROOT / "examples" / "vowels"


def states(module: Module) -> list[int | None]:
    """How many units each recurrence has."""
    scans = [op for op in module.walk() if op.name == "rnn.scan" and op.attributes["segments"][2]]
    return [shape_of(scan.regions[0].arguments[1].type)[0] for scan in scans]


@pytest.mark.parametrize("by", ["magnitude", "obs"])
@pytest.mark.parametrize(("ratio", "left"), [(0.0, 8), (0.25, 6), (0.3, 6), (0.99, 1)])
def test_a_share_of_the_units_goes(ratio: float, left: int, by: str) -> None:
    network = Network(hidden=8, direction="bidirectional")
    data = network.data(6, 5)
    module = apply(network.module(), f"{FRONT},calibrate", data)
    apply(module, f"prune{{shape=unit ratio={ratio} by={by}}}")
    assert states(module) == [left, left]
    weights = 2 * (4 * left * (3 + left)) + 2 * 2 * left
    before = 2 * (4 * 8 * (3 + 8)) + 2 * 2 * 8
    record = module.attributes["pruned"]
    assert record == {"shape": "unit", "by": by, "sparsity": pytest.approx(1 - weights / before)}
    assert "calibration" not in module.attributes
    assert print_module(parse_module(print_module(module))) == print_module(module)


def test_what_is_smaller_goes_down_the_levels() -> None:
    network = Network(hidden=6)
    data = network.data(6, 5)
    module = apply(
        network.module(), f"{FRONT},calibrate,prune{{shape=unit ratio=0.5 by=obs}}", data
    )
    apply(module, "canonicalize,calibrate,assign-bitwidths,quantize,approximate-activations", data)
    (before,) = run_samples(module, [np.round(data * 16).astype(np.int64)])
    apply(module, "tile{macs=4},block-layout,schedule")
    (after,) = run_samples(module, [np.round(data * 16).astype(np.int64)])
    np.testing.assert_array_equal(before, after)


def test_states_that_are_given_stay_and_are_named() -> None:
    network = Network(hidden=4, result="final_h")
    module = apply(network.module(), f"{FRONT},calibrate", network.data(4, 4))
    said: list[str] = []
    for pass_ in parse_pipeline("prune{shape=unit ratio=0.5}"):
        pass_.run(module, Context(warn=said.append))
    verify(module)
    assert states(module) == [4]
    assert len(said) == 1 and "can be removed: its states are outputs, or are mixed" in said[0]


def test_where_nothing_is_multiplied_nothing_goes() -> None:
    module = parse_module(
        'module @m attributes {form = "sample"} {\n'
        "  func @main(%x: tensor<2xf32>) -> tensor<2xf32> {\n"
        "    return %x : tensor<2xf32>\n  }\n}\n"
    )
    apply(module, "prune{shape=unit}")
    assert module.attributes["pruned"]["sparsity"] == 0.0


def test_other_patterns_come_later() -> None:
    network = Network(hidden=8)
    module = apply(network.module(), f"{FRONT},calibrate,prune", network.data(4, 4))
    assert "run prune{shape=unit} before other shapes" in refusal(module, "prune{shape=unit}")


def test_second_order_needs_its_records() -> None:
    module = apply(Network(hidden=8).module(), FRONT)
    assert "run calibrate" in refusal(module, "prune{shape=unit by=obs}")


@pytest.mark.parametrize("ratio", [0.1, 0.25, 0.4])
def test_the_others_make_up_for_what_goes(ratio: float) -> None:
    """On a trained network, and data that the choice has not seen."""
    arrays = dict(np.load(VOWELS / "vowels.npz"))
    errors, right = {}, {}
    for by in ("magnitude", "obs"):
        module = load_model(str(VOWELS / "vowels_h32.onnx"))
        apply(
            module,
            f"{FRONT},calibrate,prune{{shape=unit ratio={ratio} by={by}}}",
            arrays["x_train"],
        )
        (scores,) = run_samples(module, [arrays["x_test"]])
        errors[by] = float(((scores - arrays["logits_test_h32"]) ** 2).mean())
        right[by] = int((scores.argmax(axis=1) == arrays["y_test"]).sum())
    assert errors["obs"] < errors["magnitude"] / 2
    assert right["obs"] >= right["magnitude"]
    assert right["obs"] >= 355


@pytest.mark.parametrize("ratio", [0.25, 0.375, 0.5])
def test_runs_of_the_smaller_network_bring_it_nearer(ratio: float) -> None:
    arrays = dict(np.load(VOWELS / "vowels.npz"))
    errors = []
    for rounds in (0, 4):
        module = load_model(str(VOWELS / "vowels_h32.onnx"))
        apply(
            module,
            f"{FRONT},calibrate,prune{{shape=unit ratio={ratio} by=obs rounds={rounds}}}",
            arrays["x_train"],
        )
        (scores,) = run_samples(module, [arrays["x_test"]])
        errors.append(float(((scores - arrays["logits_test_h32"]) ** 2).mean()))
    assert errors[1] < 0.85 * errors[0]


@settings(FEW, max_examples=15)
@given(networks(floats=True), st.sampled_from([0.25, 0.5, 0.8]))
def test_no_round_leads_away(network: Network, ratio: float) -> None:
    """On the data that the network is fitted by, noisy ones and mixtures among them."""
    data = network.data(6, 5)
    text = print_module(apply(network.module(), f"{FRONT},calibrate", data))
    samples = with_more([data], 0)
    wanted = run_samples(parse_module(text), samples)
    errors = []
    for rounds in (0, 3):
        module = parse_module(text)
        apply(module, f"prune{{shape=unit ratio={ratio} by=obs rounds={rounds}}}", data)
        found = run_samples(module, samples)
        errors.append(sum(float(((a - b) ** 2).sum()) for a, b in zip(wanted, found, strict=True)))
    spread = sum(float((each**2).sum()) for each in wanted)
    assert errors[1] <= errors[0] + 1e-5 * spread


def test_without_data_the_records_must_do() -> None:
    module = apply(Network(hidden=8).module(), f"{FRONT},calibrate", Network(hidden=8).data(6, 5))
    said: list[str] = []
    for pass_ in parse_pipeline("prune{shape=unit ratio=0.5 by=obs}"):
        pass_.run(module, Context(warn=said.append))
    assert len(said) == 1
    assert said[0].endswith("by the records alone: give --data FILE.npz, or rounds=0")
    assert states(module) == [4]
