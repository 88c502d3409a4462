"""What each pass says of a module that is not for it: which pass to run first, or what is in the way."""

from __future__ import annotations

import re

import numpy as np
import pytest

from lstmir.ir.builder import Builder
from lstmir.ir.interface import Port, ports, set_ports
from lstmir.ir.module import Module
from lstmir.ir.types import F32, TensorType
from lstmir.numeric.fixed import FixedType
from tests.passes.levels import FRONT, Recipe, apply, refusal
from tests.strategies.networks import Network

NETWORK = Network()
DATA = NETWORK.data(2, 3)
LEVEL_2 = f"{FRONT},calibrate"
LEVEL_3 = Recipe().pipeline
QUANTIZED = LEVEL_3.removesuffix(",approximate-activations")
WHOLE = "'rnn.lstm' is a whole network: run expand-cells first"
UNTILED = "the module is not tiled: run tile first"


@pytest.mark.parametrize(
    ("before", "pass_", "complaint"),
    [
        ("", "expand-cells", "'rnn.lstm' still has a batch: run isolate-sample first"),
        ("", "calibrate", "the module is still that of a batch: run isolate-sample first"),
        ("isolate-sample", "prune", WHOLE),
        (FRONT, "assign-bitwidths", "a value has no recorded range: run calibrate first"),
        (LEVEL_2, "quantize", "there are no formats: run assign-bitwidths first"),
        ("isolate-sample,calibrate,assign-bitwidths", "quantize", WHOLE),
        (
            LEVEL_2,
            "approximate-activations",
            "'math.sigmoid' is still in floats: run quantize first",
        ),
        ("isolate-sample", "tile", WHOLE),
        (LEVEL_2, "tile", "the network is still in floats: run quantize first"),
        (
            QUANTIZED,
            "tile",
            "'math.sigmoid' has no unit in the array: run approximate-activations first",
        ),
        (f"{LEVEL_3},tile", "tile", "the module is tiled already"),
        (LEVEL_3, "block-layout", UNTILED),
        (LEVEL_3, "schedule", UNTILED),
        (f"{LEVEL_3},tile", "schedule", "the matrices are not packed: run block-layout first"),
        (LEVEL_3, "lower-to-rtl", UNTILED),
        (f"{LEVEL_3},tile", "lower-to-rtl", "the matrices are not packed: run block-layout first"),
        (
            f"{LEVEL_3},tile,block-layout",
            "lower-to-rtl",
            "the module is not scheduled: run schedule first",
        ),
        (f"{LEVEL_3},tile,block-layout,schedule,lower-to-rtl", "lower-to-rtl", UNTILED),
    ],
)
def test_the_pass_to_run_first_is_named(before: str, pass_: str, complaint: str) -> None:
    pipeline = f"{before},{pass_}" if before else pass_
    assert refusal(NETWORK.module(), pipeline, DATA) == f"{pass_}: {complaint}"


@pytest.mark.parametrize(
    ("network", "macs", "complaint"),
    [
        (NETWORK, 0, "macs must be positive, not 0"),
        (NETWORK, 3, "3 multipliers are too few: the 4 gates of one unit need 4"),
        (Network(direction="reverse"), 16, "the array runs forward in time only"),
        (
            Network(direction="bidirectional"),
            16,
            "the array runs one recurrence, this network has 2",
        ),
        (
            Network(result="dense_sequence"),
            16,
            "the array runs one recurrence, this network has 2",
        ),
    ],
)
def test_networks_that_the_array_cannot_run(network: Network, macs: int, complaint: str) -> None:
    pipeline = f"{LEVEL_3},tile{{macs={macs}}}"
    assert refusal(network.module(), pipeline, network.data(2, 3)) == f"tile: {complaint}"


def behind_the_head(network: Network, name: str) -> Module:
    """The network with one more operation before its result."""
    module = network.module()
    region = module.main.region
    (result,) = region.end.operands
    more = Builder(module, region, before=region.end).value(name, result, type=result.type)
    region.set_operands(region.end, [more])
    return module


@pytest.mark.parametrize("result", ["dense", "final_h", "final_c"])
def test_an_operation_behind_the_head_is_named(result: str) -> None:
    network = Network(result=result)
    said = refusal(behind_the_head(network, "math.sigmoid"), f"{LEVEL_3},tile", network.data(2, 3))
    assert said == "tile: 'fx.lookup' behind the recurrence has no unit in the array"


def test_two_results_are_refused() -> None:
    module = NETWORK.module()
    region = module.main.region
    (result,) = region.end.operands
    region.set_operands(region.end, [result, result])
    set_ports(module, [*ports(module, "input"), *ports(module, "output") * 2])
    said = refusal(module, f"{LEVEL_3},tile", DATA)
    assert said == "tile: the array gives one output, this model has 2"


def test_a_state_that_is_fed_in_is_refused() -> None:
    module = NETWORK.module()
    region = module.main.region
    h0 = region.add_argument(TensorType((1, None, NETWORK.hidden), F32), "h0")
    (lstm,) = (op for op in region.operations() if op.name == "rnn.lstm")
    region.set_operands(lstm, [*lstm.operands, h0])
    lstm.attributes["segments"] = (1, 1, 1, 1, 0, 1, 0, 0)
    port = Port("h0", "input", "f32", (1, -1, NETWORK.hidden), 1)
    set_ports(module, [*ports(module, "input"), port, *ports(module, "output")])
    said = refusal(module, f"{LEVEL_3},tile", {"x": DATA, "h0": np.zeros((2, 1, NETWORK.hidden))})
    assert said == "tile: an initial state that is not a constant needs a stream of its own"


def test_every_step_is_more_than_the_array_gives() -> None:
    network = Network(result="sequence")
    said = refusal(network.module(), f"{LEVEL_3},tile", network.data(2, 3))
    assert said == (
        "tile: the values of every step are used behind the recurrence; the array gives the last only"
    )


def test_an_input_that_is_changed_on_its_way_is_refused() -> None:
    module = NETWORK.module()
    region = module.main.region
    (lstm,) = (op for op in region.operations() if op.name == "rnn.lstm")
    x, *others = lstm.operands
    doubled = Builder(module, region, before=lstm).value("arith.add", x, x)
    region.set_operands(lstm, [doubled, *others])
    said = refusal(module, f"{LEVEL_3},tile", DATA)
    assert said == "tile: the recurrence must read the model's one input as it comes in"


def test_sums_wider_than_a_word_are_refused() -> None:
    module = apply(NETWORK.module(), f"{LEVEL_2},assign-bitwidths", DATA)
    (w,) = (op for op in module.walk() if op.attributes.get("resource") == "w")
    w.attributes["format"] = FixedType(True, 64, 61)
    said = refusal(module, "quantize,approximate-activations,tile")
    assert re.fullmatch(r"tile: the sums of 'z' need 7\d bits, the array has 64", said)
