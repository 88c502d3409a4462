"""What each pass says of a module that is not for it: which pass to run first, or what is in the way."""

from __future__ import annotations

import re

import pytest

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
    ],
)
def test_networks_that_the_array_cannot_run(network: Network, macs: int, complaint: str) -> None:
    pipeline = f"{LEVEL_3},tile{{macs={macs}}}"
    assert refusal(network.module(), pipeline, network.data(2, 3)) == f"tile: {complaint}"


SCHEDULED = f"{LEVEL_3},tile{{macs=8}},block-layout,schedule"
NO_TWO = "no two products share a block"
UNLIKE = "no two multipliers that take a block read the same element in every tile"
WIDTHS = "the bits of two factors, such as 25x18, 64 at most"


@pytest.mark.parametrize("text", ["18", "18x", "18x0", "axb", "40x25", "18x18x18"])
def test_widths_that_no_block_has(text: str) -> None:
    said = refusal(NETWORK.module(), f"{SCHEDULED},lower-to-rtl{{block={text}}}", DATA)
    assert said == f"lower-to-rtl: block must be {WIDTHS}, not '{text}'"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("products=three", "products must be one of 'one', 'auto', 'two', not 'three'"),
        (
            "products=two block=16x16",
            f"{NO_TWO} of 16x16 bits: the narrowest two need one of 23x10",
        ),
        ("products=two least=40", f"{NO_TWO} of 18x18 bits: {UNLIKE}"),
    ],
)
def test_blocks_that_cannot_be_shared(options: str, complaint: str) -> None:
    said = refusal(NETWORK.module(), f"{SCHEDULED},lower-to-rtl{{{options}}}", DATA)
    assert said == f"lower-to-rtl: {complaint}"


def test_sums_wider_than_a_word_are_refused() -> None:
    module = apply(NETWORK.module(), f"{LEVEL_2},assign-bitwidths", DATA)
    (w,) = (op for op in module.walk() if op.attributes.get("resource") == "w")
    w.attributes["format"] = FixedType(True, 64, 61)
    said = refusal(module, "quantize,approximate-activations,tile")
    assert re.fullmatch(r"tile: the sums of 'ht_q' need 7\d bits, the array has 64", said)
