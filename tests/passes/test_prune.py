"""`prune`: the pattern holds, the right elements survive, and the figure is true."""

from __future__ import annotations

from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.ir.encodings import Bank
from lstmir.ir.module import Module
from lstmir.ir.types import TensorType, banks_of
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
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


def pattern_of(type_: TensorType, least: int, ratio: float) -> Bank:
    """The encoding of a matrix, after a look at what was asked for."""
    (_, columns), pattern = type_.shape, banks_of(type_)
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


def test_a_shape_of_nothing_changes_nothing() -> None:
    network = Network()
    before = print_module(dataflow(network))
    assert print_module(apply(parse_module(before), "prune{shape=none by=obs}")) == before


def test_what_stands_behind_the_recurrence_stays_as_it_is() -> None:
    module = dataflow(Network())
    before = matrices(module)["dense_W"]
    assert matrices(apply(module, "prune"))["dense_W"][0] == before[0]
    assert (matrices(module)["dense_W"][1] == before[1]).all()


def recorded(module: Module, record: str) -> set[str | None]:
    """The names of the values that have a record; matrices have none."""
    return {op.result_names[0] for op in module.walk() if record in op.attributes}


def test_records_of_what_depends_on_the_pruned_matrices_are_forgotten() -> None:
    module = dataflow(Network())
    calibration, ranges = module.attributes["calibration"], module.main.attributes["ranges"]
    assert recorded(module, "gram") == {"z", "y"}
    assert {"zx", "zh", "z", "i", "g", "o", "y"} <= recorded(module, "range")
    apply(module, "prune")
    assert recorded(module, "range") == recorded(module, "histogram") == set()
    assert recorded(module, "gram") == set()  # z multiplies h, too
    assert module.main.attributes["ranges"] == ranges
    assert module.attributes["calibration"] == calibration
    assert set(module.resources) >= {"x_histogram"}
    assert not any(name.endswith("_gram") for name in module.resources)


TWO_CELLS = """module @two attributes {form = "sample", interface = [
  {name = "x", kind = "input", dtype = "f32", shape = [-1, 3, 2], batch = 0, time = 1},
  {name = "y", kind = "output", dtype = "f32", shape = [-1, 2], batch = 0}
]} {
  func @main(%x: tensor<3x2xf32>) -> tensor<2xf32> {
    %w = tensor.constant @w : tensor<2x2xf32>
    %r = tensor.constant @r : tensor<2x2xf32>
    %h0 = tensor.constant @h0 : tensor<2xf32>
    %h = rnn.scan (%xt = %x) state (%hp = %h0) capture (%w = %w, %r = %r) {
      %a = math.tanh %xt : tensor<2xf32>
      %zx = linalg.matvec %w, %a : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2xf32>
      %s = math.sigmoid %zx : tensor<2xf32>
      %zh = linalg.matvec %r, %hp : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2xf32>
      %ht = arith.mul %s, %zh : tensor<2xf32>
      rnn.yield state (%ht) : tensor<2xf32>
    } : (tensor<3x2xf32>, tensor<2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2xf32>
    return %h : tensor<2xf32>
  }
}
{-# resources: {
  w: "0x0000003f000080be0000403f0000803f",
  r: "0x0000003f000080be000000be0000c03e",
  h0: "0x000000000000003f"
} #-}
"""


def test_records_of_what_does_not_depend_on_them_stay() -> None:
    module = parse_module(TWO_CELLS)
    data = np.random.default_rng(0).normal(size=(4, 3, 2)).astype(np.float32)
    apply(module, "calibrate", data)
    assert recorded(module, "gram") == {"zx", "zh"}
    before = dict(module.resources)
    apply(module, "prune{by=obs}")
    # The matrices are others, but what the first multiplies is not.
    assert recorded(module, "gram") == {"zx"}
    assert recorded(module, "range") == recorded(module, "histogram") == {"a"}
    for name in ("zx_gram", "a_histogram", "x_histogram"):
        assert module.resources[name] is before[name]


def test_second_order_needs_what_calibrate_records() -> None:
    said = "prune: by=obs needs Gram matrices: run calibrate{gram=true} first, or give by=magnitude"
    network = Network()
    data = network.data(4, 4)
    assert refusal(apply(network.module(), FRONT), "prune{by=obs}", data) == said
    without = f"{FRONT},calibrate{{gram=false}}"
    assert refusal(apply(network.module(), without, data), "prune{by=obs}", data) == said
    # Nor will those of other weights do.
    assert refusal(dataflow(network), "prune,prune{by=obs}", data) == said


def test_the_records_say_all_that_the_data_do() -> None:
    """Pruned from the text of a calibrated module, without the data."""
    module = dataflow(Network())
    again = parse_module(print_module(module))
    apply(module, "prune{by=obs}")
    apply(again, "prune{by=obs}")
    assert print_module(again) == print_module(module)


def test_second_order_changes_the_sums_less() -> None:
    network = Network(features=6, hidden=8)
    data = network.data(40, 6)
    changes = {}
    for by in ("magnitude", "obs"):
        module = apply(network.module(), f"{FRONT},calibrate", data)
        total = next(op for op in module.walk() if op.result_names[:1] == ["z"])
        gram = module.resources[total.attributes["gram"]["resource"]]
        before = _of_sum(module)
        errors = _of_sum(apply(module, f"prune{{by={by} size=8}}")) - before
        changes[by] = np.trace(errors @ gram @ errors.T)
    assert changes["obs"] < 0.9 * changes["magnitude"]


def _of_sum(module: Module) -> np.ndarray:
    """[w, r, b] of the cell, side by side."""
    constants = [op for op in module.walk() if op.name == "tensor.constant"]
    found = {op.result_names[0]: module.resources[op.attributes["resource"]] for op in constants}
    columns = [found[name].reshape(32, -1) for name in ("w", "r", "b")]
    return np.concatenate(columns, axis=1).astype(np.float64)


SHARED_BIAS = (
    TWO_CELLS.replace("%r = %r)", "%r = %r, %b = %b)")
    .replace("    %h0 =", "    %b = tensor.constant @h0 : tensor<2xf32>\n    %h0 =")
    .replace("      %s = math.sigmoid %zx", "      %z = arith.add %zx, %b : tensor<2xf32>\n"
             "      %s = math.sigmoid %z")
    .replace("      %ht = arith.mul %s, %zh", "      %u = arith.add %zh, %b : tensor<2xf32>\n"
             "      %ht = arith.mul %s, %u")
    .replace("tensor<2x2xf32>) -> tensor<2xf32>\n    return",
             "tensor<2x2xf32>, tensor<2xf32>) -> tensor<2xf32>\n    return")
)  # fmt: skip


@pytest.mark.parametrize("text", [TWO_CELLS, SHARED_BIAS])
def test_a_bias_that_two_sums_read_is_not_refitted(text: str) -> None:
    module = parse_module(text)
    data = np.random.default_rng(0).normal(size=(4, 3, 2)).astype(np.float32)
    apply(module, "calibrate,prune{by=obs size=2}", data)
    constants = [op.attributes["resource"] for op in module.walk() if "resource" in op.attributes]
    assert set(constants) == {"w_pruned", "r_pruned", "h0"}


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
        ("ratio=nan", "ratio must be at least 0 and below 1, not nan"),
        ("ratio=half", "ratio must be one number, or one for each gate, not 'half'"),
        ('ratio=""', "ratio must be one number, or one for each gate, not ''"),
        ('ratio-h="0.5 2"', "ratio-h must be at least 0 and below 1, not 2"),
        ("ratio-x=x", "ratio-x must be one number, or one for each gate, not 'x'"),
        ("size=0", "size must be positive, not 0"),
        ("lanes=0", "lanes must be positive, not 0"),
        ("rounds=-1", "rounds must not be negative, not -1"),
        ("block=4", "block must be rows x columns, such as 4x4, not '4'"),
        ("block=0x4", "block must be rows x columns, such as 4x4, not '0x4'"),
        ("shape=nm size=4 keep=5", "keep must be at most size=4, not 5"),
        ("shape=row keep=2", "keep is for shape=bank and shape=nm: give ratio"),
        (
            "shape=ring",
            "shape must be one of element, row, column, block, bank, nm, unit, none, not 'ring'",
        ),
        ("by=luck", "by must be one of magnitude, obs, not 'luck'"),
        ("allot=all", "allot must be one of same, global, not 'all'"),
        (
            "shape=unit ratio-x=0.5",
            "units have no gates: give ratio one number, and no other ratio",
        ),
        (
            "allot=global ratio-h=0.5",
            (
                "allot=global chooses what each gate keeps: give ratio one number, and no keep or "
                "other ratio, and another shape than unit"
            ),
        ),
        (
            "allot=global",
            (
                "allot=global measures what each gate costs, but there is no calibration data: "
                "give --data FILE.npz"
            ),
        ),
        (
            'ratio-h="0.5 0.2 0.1"',
            "ratio-h has 3 numbers, but '%z' has 4 gates: give one number, or one for each gate",
        ),
        (
            'aligned=false ratio="0.5 0.2 0.1 0.6"',
            "ratio has 4 numbers, but '%z' has one gate: give one number, or one for each gate",
        ),
        (
            'head=true ratio="0.5 0.2 0.1 0.6"',
            "ratio has 4 numbers, but '%y' has one gate: give one number, or one for each gate",
        ),
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
