"""`calibrate` changes nothing, and its ranges are those of the values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.interpreter.run import run_samples
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.ir.types import shape_of
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.passes.levels import FEW, FRONT, Recipe, apply, bits, refusal
from tests.strategies.networks import Network, networks

NETWORK = Network(time=4)
OCTAVES, LOWEST = 40, -24


class Everything:
    """Keeps all that every value ever was."""

    def __init__(self) -> None:
        self.seen: dict[Value, list[np.ndarray]] = {}

    def see(self, value: Value, array: np.ndarray) -> None:
        self.seen.setdefault(value, []).append(np.array(array).ravel())

    def all(self, value: Value) -> np.ndarray:
        return np.concatenate(self.seen[value])

    def range(self, value: Value) -> tuple[float, float]:
        return self.all(value).min(), self.all(value).max()

    def histogram(self, value: Value) -> list[int]:
        """Counted with logarithms and comparisons."""
        sizes = np.abs(self.all(value).astype(np.float64))
        edges = [0.0, *(2.0**k for k in range(LOWEST + 1, LOWEST + OCTAVES)), np.inf]
        return [int(((lo <= sizes) & (sizes < hi)).sum()) for lo, hi in pairwise(edges)]

    def gram(self, vectors: Sequence[Value], samples: int) -> np.ndarray:
        """The outer products one by one, of the vectors that are there."""
        parts = [self.all(value).reshape(-1, *sizes(value)) for value in vectors]
        steps = len(parts[0]) // samples
        parts.append(np.ones((samples * steps, 1)))
        rows = np.concatenate([part.astype(np.float64) for part in parts], axis=1)
        return np.array(sum(np.outer(row, row) for row in rows))


def sizes(value: Value) -> tuple[int, ...]:
    return tuple(size or 0 for size in shape_of(value.type))


def dataflow(network: Network = NETWORK) -> Module:
    return apply(network.module(), FRONT)


@settings(FEW, max_examples=30)
@given(networks(floats=True))
def test_ranges_are_the_smallest_and_the_largest_element(network: Network) -> None:
    module, data = dataflow(network), network.data(5, 3, scale=2.0)
    everything = Everything()
    run_samples(module, [data], everything)
    apply(module, "calibrate", data)
    (parameter,) = module.main.parameters
    assert module.main.attributes["ranges"] == (everything.range(parameter),)
    recorded = {op: op.attributes["range"] for op in module.walk() if "range" in op.attributes}
    computed = [op for op in module.walk() if len(op.results) == 1 and op.name != "tensor.constant"]
    assert recorded == {op: everything.range(op.result) for op in computed}


def attached(module: Module, record: str) -> dict[Value, np.ndarray]:
    found = [op for op in module.walk() if record in op.attributes]
    return {op.result: module.resources[op.attributes[record]["resource"]] for op in found}


@settings(FEW, max_examples=30)
@given(networks(floats=True), st.sampled_from([1e-9, 1.0, 1e6]))
def test_histograms_count_every_element_of_what_gets_a_format(
    network: Network, scale: float
) -> None:
    module, data = dataflow(network), network.data(5, 3, scale)
    everything = Everything()
    run_samples(module, [data], everything)
    apply(module, "calibrate", data)
    counts = attached(module, "histogram")
    (record,) = module.main.attributes["histograms"]
    counts[module.main.parameters[0]] = module.resources[record["resource"]]
    for value, found in counts.items():
        assert found.tolist() == everything.histogram(value), value
    apply(module, "assign-bitwidths")
    formatted = {op for op in module.walk() if "format" in op.attributes}
    formatted -= {op for op in formatted if op.name == "tensor.constant"}
    assert formatted <= {value.op for value in counts}


@settings(FEW, max_examples=30)
@given(networks(floats=True))
def test_gram_matrices_are_sums_of_outer_products(network: Network) -> None:
    samples = 5
    module, data = dataflow(network), network.data(samples, 3)
    everything = Everything()
    run_samples(module, [data], everything)
    apply(module, "calibrate", data)
    grams = attached(module, "gram")
    assert len(grams) == network.directions + network.result.startswith("dense")
    for total, gram in grams.items():
        terms = [v.op for v in total.op.operands if v.op.name == "linalg.matvec"]
        vectors = [op.operands[1] for op in terms or [total.op]]
        if any(len(everything.seen[v][0]) != samples * sizes(v)[0] for v in vectors):
            continue  # the same initial state for all samples: it is not there once for each
        wanted = everything.gram(vectors, samples)
        np.testing.assert_allclose(gram, wanted, rtol=1e-12, atol=1e-12 * np.abs(wanted).max())


def test_an_initial_state_for_all_samples_counts_once_for_each() -> None:
    network = Network(time=1, states=True)
    module = apply(dataflow(network), "calibrate", network.data(7, 1))
    gram = next(gram for total, gram in attached(module, "gram").items() if total.name == "z")
    h = network.arrays["initial_h"][0, 0].astype(np.float64)
    features = network.features
    np.testing.assert_allclose(gram[features:-1, features:-1], 7 * np.outer(h, h), rtol=1e-12)
    assert gram[-1, -1] == 7


@pytest.mark.parametrize(
    ("options", "records"),
    [
        ("", {"range", "histogram", "gram"}),
        ("{gram=false}", {"range", "histogram"}),
        ("{histograms=false}", {"range", "gram"}),
        ("{histograms=false gram=false}", {"range"}),
    ],
)
def test_the_options_choose_the_records(options: str, records: set[str]) -> None:
    module = dataflow()
    constants = set(module.resources)
    # What an earlier one left is forgotten, its arrays included.
    apply(module, f"calibrate,calibrate{options}", NETWORK.data(3, 4))
    assert {name for op in module.walk() for name in op.attributes if name != "resource"} >= records
    for record in ("range", "histogram", "gram"):
        assert any(record in op.attributes for op in module.walk()) == (record in records)
    assert ("histograms" in module.main.attributes) == ("histogram" in records)
    kinds = {name.rpartition("_")[2] for name in module.resources.keys() - constants}
    assert kinds == records - {"range"}


@settings(FEW, max_examples=20)
@given(networks(floats=True))
def test_the_records_are_text(network: Network) -> None:
    module = apply(dataflow(network), "calibrate", network.data(3, 3))
    for generic in (False, True):
        text = print_module(module, generic=generic)
        again = parse_module(text)
        assert print_module(again, generic=generic) == text
        for record in ("histogram", "gram"):
            before, after = attached(module, record), attached(again, record)
            assert [a.tobytes() for a in before.values()] == [a.tobytes() for a in after.values()]
    module.drop_unused_resources()
    assert print_module(module, generic=True) == text


def test_many_samples_go_through_in_batches() -> None:
    data = NETWORK.data(600, 4)
    steps: list[str] = []
    module, whole = dataflow(), dataflow()
    (calibrate,) = parse_pipeline("calibrate")
    calibrate.run(module, Context(data={"x": data}, progress=steps.append))
    assert steps == [f"calibrate: sample {first} of 600" for first in (1, 257, 513)]
    everything = Everything()
    run_samples(whole, [data], everything)
    for (value, gram), total in zip(
        attached(module, "gram").items(),
        attached(apply(whole, "calibrate", data), "gram"),
        strict=True,
    ):
        assert gram[-1, -1] == 600 * (4 if value.op.parent.owner else 1)
        assert value.op.attributes["range"] == pytest.approx(everything.range(total))


def test_as_many_samples_for_each_input() -> None:
    text = """module @two attributes {form = "sample", interface = [
  {name = "a", kind = "input", dtype = "f32", shape = [-1, 2], batch = 0},
  {name = "b", kind = "input", dtype = "f32", shape = [-1, 2], batch = 0},
  {name = "y", kind = "output", dtype = "f32", shape = [-1, 2], batch = 0}
]} {
  func @main(%a: tensor<2xf32>, %b: tensor<2xf32>) -> tensor<2xf32> {
    %y = arith.add %a, %b : tensor<2xf32>
    return %y : tensor<2xf32>
  }
}
"""
    data = {"a": np.zeros((3, 2)), "b": np.zeros((4, 2))}
    said = "calibrate: the inputs differ in the number of samples: 3, 4"
    assert refusal(parse_module(text), "calibrate", data) == said


@settings(FEW, max_examples=20)
@given(networks(floats=True))
def test_no_bit_changes(network: Network) -> None:
    module, data = dataflow(network), network.data(3, 3, seed=1)
    before = bits(module, data)
    apply(module, "calibrate", network.data(4, 3))
    assert bits(module, data).tobytes() == before.tobytes()


def test_the_data_are_remembered() -> None:
    module, data = dataflow(), NETWORK.data(7, 4)
    (calibrate,) = parse_pipeline("calibrate")
    calibrate.run(module, Context(data={"x": data}, data_hash="1f2e"))
    assert module.attributes["calibration"] == {"samples": 7, "hash": "1f2e"}


def test_a_second_calibration_replaces_the_first() -> None:
    module = dataflow()
    apply(module, "calibrate", NETWORK.data(4, 4, scale=9))
    wide = module.main.attributes["ranges"]
    apply(module, "calibrate", NETWORK.data(4, 4))
    assert module.main.attributes["ranges"] != wide


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (None, "there is no calibration data: give --data FILE.npz"),
        (
            np.zeros((0, 4, 3)),
            "the data for the input 'x' are [0, 4, 3], expected [samples, 4, 3]",
        ),
        (
            np.zeros((2, 4, 2)),
            "the data for the input 'x' are [2, 4, 2], expected [samples, 4, 3]",
        ),
        (np.full((2, 4, 3), np.nan), "'%x' is not finite on the calibration data"),
        (np.full((2, 4, 3), 3e38), "'%zx' is not finite on the calibration data"),
    ],
)
def test_data_that_do_not_fit_are_refused(data: np.ndarray | None, complaint: str) -> None:
    assert refusal(dataflow(), "calibrate", data) == f"calibrate: {complaint}"


def test_the_missing_input_is_named() -> None:
    (calibrate,) = parse_pipeline("calibrate")
    with pytest.raises(Exception, match="have no array for the input 'x'"):
        calibrate.run(dataflow(), Context(data={"y": NETWORK.data(1, 4)}))


def test_a_batch_and_fixed_point_are_refused() -> None:
    data = NETWORK.data(1, 4)
    assert refusal(NETWORK.module(), "calibrate", data) == (
        "calibrate: the module is still that of a batch: run isolate-sample first"
    )
    assert refusal(Recipe().fixed_point(NETWORK), "calibrate", data) == (
        "calibrate: the network is in fixed point: run calibrate before quantize"
    )
