"""`calibrate` changes nothing, and its ranges are those of the values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from lstmir.interpreter.run import run_samples
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from tests.passes.levels import FEW, FRONT, Recipe, apply, bits, refusal
from tests.strategies.networks import Network, networks

NETWORK = Network(time=4)


class Everything:
    """Keeps all that every value ever was."""

    def __init__(self) -> None:
        self.seen: dict[Value, list[np.ndarray]] = {}

    def see(self, value: Value, array: np.ndarray) -> None:
        self.seen.setdefault(value, []).append(np.array(array).ravel())

    def range(self, value: Value) -> tuple[float, float]:
        everything = np.concatenate(self.seen[value])
        return everything.min(), everything.max()


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
