"""`prune`: the pattern holds, the right elements survive, and the figure is true."""

from __future__ import annotations

from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.ir.encodings import BankSparse
from lstmir.ir.module import Module
from lstmir.ir.types import TensorType
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from tests.passes.levels import FEW, FRONT, Recipe, apply, refusal
from tests.strategies.networks import Network, networks

RATIOS = st.sampled_from([0.0, 0.25, 0.4, 0.5, 0.75, 0.99])
RECURRENT = ("w", "r", "w_reverse", "r_reverse")


def dataflow(network: Network) -> Module:
    return apply(network.module(), f"{FRONT},calibrate", network.data(4, 4))


def matrices(module: Module) -> dict[str, tuple[TensorType, np.ndarray]]:
    """The type and the elements of each constant matrix, by the name of its value."""
    constants = [op for op in module.walk() if op.name == "tensor.constant"]
    types = {op: op.result.type for op in constants}
    return {
        op.result.name or "": (type_, module.resources[op.attributes["resource"]])
        for op, type_ in types.items()
        if isinstance(type_, TensorType) and len(type_.shape) == 2
    }


def banks(row: np.ndarray, size: int) -> list[np.ndarray]:
    return [row[start : start + size] for start in range(0, len(row), size)]


def pattern_of(type_: TensorType, least: int, ratio: float) -> BankSparse:
    """The encoding of a matrix, after a look at what was asked for."""
    (_, columns), pattern = type_.shape, type_.encoding
    assert pattern is not None
    assert columns is not None
    assert pattern.size == columns or (pattern.size >= least and columns % pattern.size == 0)
    assert pattern.keep == max(1, ceil(round(pattern.size * (1 - ratio), 6)))
    return pattern


@settings(FEW, max_examples=40)
@given(networks(floats=True), RATIOS, st.integers(1, 10), st.sampled_from(["magnitude", "obs"]))
def test_every_bank_of_every_matrix_keeps_the_pattern(
    network: Network, ratio: float, size: int, by: str
) -> None:
    module, zeros, total = dataflow(network), 0, 0
    apply(module, f"prune{{ratio={ratio} size={size} by={by}}}", network.data(4, 4))
    # A dense layer at every step is a recurrence as well.
    recurrent = (*RECURRENT, "dense_W") if network.result == "dense_sequence" else RECURRENT
    for name, (type_, array) in matrices(module).items():
        if name not in recurrent:
            assert type_.encoding is None
            continue
        pattern = pattern_of(type_, size, ratio)
        for row in array:
            assert all(np.count_nonzero(b) <= pattern.keep for b in banks(row, pattern.size))
        zeros, total = zeros + (array == 0).sum(), total + array.size
    assert module.attributes["pruned"] == {"shape": "bank", "by": by, "sparsity": zeros / total}


@settings(FEW, max_examples=40)
@given(networks(), RATIOS, st.integers(1, 10))
def test_the_largest_survive_as_they_were(network: Network, ratio: float, size: int) -> None:
    module = dataflow(network)
    before = matrices(module)
    after = matrices(apply(module, f"prune{{ratio={ratio} size={size} by=magnitude}}"))
    assert before.keys() == after.keys()
    for name in RECURRENT[:2]:
        type_, array = after[name]
        pattern = pattern_of(type_, size, ratio)
        for old_row, new_row in zip(before[name][1], array, strict=True):
            for old, new in zip(
                banks(old_row, pattern.size), banks(new_row, pattern.size), strict=True
            ):
                lives = new != 0
                assert (new[lives] == old[lives]).all()
                dropped = np.abs(old[~lives])
                assert np.abs(old[lives]).min(initial=np.inf) >= dropped.max(initial=0)
                assert lives.sum() == min(pattern.keep, np.count_nonzero(old))


def test_what_stands_behind_the_recurrence_stays_as_it_is() -> None:
    module = dataflow(Network())
    before = matrices(module)["dense_W"]
    assert matrices(apply(module, "prune"))["dense_W"][0] == before[0]
    assert (matrices(module)["dense_W"][1] == before[1]).all()


def test_what_calibrate_recorded_is_forgotten() -> None:
    module = apply(dataflow(Network()), "prune")
    assert not any("range" in op.attributes for op in module.walk())
    assert "ranges" not in module.main.attributes
    assert "calibration" not in module.attributes


def test_an_all_zero_matrix_is_worth_a_warning() -> None:
    warnings: list[str] = []
    module = dataflow(Network(weights="no_recurrence"))
    (prune,) = parse_pipeline("prune")
    prune.run(module, Context(warn=warnings.append))
    assert warnings == ["the weights 'r' are all zero"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("ratio=1.0", "ratio must be at least 0 and below 1, not 1.0"),
        ("ratio=-0.1", "ratio must be at least 0 and below 1, not -0.1"),
        ("size=0", "size must be positive, not 0"),
        ("shape=row", "shape must be one of bank, not 'row'"),
        ("by=luck", "by must be one of magnitude, obs, not 'luck'"),
        ("by=obs", "by=obs needs calibration data: give --data FILE.npz, or by=magnitude"),
    ],
)
def test_options_out_of_their_range_are_refused(options: str, complaint: str) -> None:
    assert refusal(dataflow(Network()), f"prune{{{options}}}") == f"prune: {complaint}"


def test_whole_networks_and_fixed_point_are_refused() -> None:
    assert refusal(Network().module(), "prune") == (
        "prune: 'rnn.lstm' is a whole network: run expand-cells first"
    )
    assert refusal(Recipe().fixed_point(Network()), "prune") == (
        "prune: the network is in fixed point: run prune before quantize"
    )
