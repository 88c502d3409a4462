"""`prune` in every shape: patterns, figures, what survives, and what the data miss least."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.flow.models import load_model
from lstmir.interpreter.run import run_samples
from lstmir.ir.encodings import Bank, Block, Element, Encoding, Row, patterned
from lstmir.ir.module import Module
from lstmir.ir.types import TensorType
from lstmir.ir.verify import verify
from lstmir.numeric.compensation import squared_change
from lstmir.passes.pruning.shapes import PATTERNS, Shape, encoding_of
from lstmir.passes.refining.columns import Columns
from lstmir.passes.sums import Sum, sums_of_products
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.passes.levels import FEW, FRONT, apply
from tests.strategies.networks import Network, networks

ROOT = Path(__file__).parents[3]
RATIOS = st.sampled_from([0.0, 0.3, 0.5, 0.75, 0.99])
OPTIONS = st.builds(
    "size={} block={}x{} lanes={} aligned={}".format,
    st.integers(1, 6), st.integers(1, 5), st.integers(1, 5), st.integers(1, 4),
    st.sampled_from(["true", "false"]),
)  # fmt: skip


def calibrated(network: Network) -> Module:
    return apply(network.module(), f"{FRONT},calibrate", network.data(6, 4))


def loops(module: Module) -> list[Sum]:
    return [each for each in sums_of_products(module) if each.in_loop]


def weights(module: Module) -> list[np.ndarray]:
    return [Columns.of(module, each).weights for each in loops(module)]


def encodings(module: Module) -> list[Encoding]:
    types = [matrix.type for each in loops(module) for matrix in each.matrices]
    return [t.encoding for t in types if isinstance(t, TensorType) and t.encoding]


@settings(FEW, max_examples=30)
@given(networks(floats=True), st.sampled_from(PATTERNS), RATIOS, OPTIONS,
       st.sampled_from(["magnitude", "obs", "obs rounds=0"]))  # fmt: skip
def test_the_pattern_holds_and_the_figure_is_true(
    network: Network, shape: str, ratio: float, options: str, by: str
) -> None:
    module = calibrated(network)
    before = weights(module)
    text = f"prune{{shape={shape} ratio={ratio} {options} by={by}}}"
    apply(module, text, network.data(6, 4))  # which verifies every encoding
    matrices = [m for each in loops(module) for m in each.matrices]
    assert len(encodings(module)) == len(matrices)
    arrays = [module.resources[m.op.attributes["resource"]] for m in matrices]
    zeros, total = sum((a == 0).sum() for a in arrays), sum(a.size for a in arrays)
    assert module.attributes["pruned"] == {
        "shape": shape, "by": by.split()[0], "sparsity": zeros / total
    }  # fmt: skip
    for array, encoding in zip(arrays, encodings(module), strict=True):
        kept = encoding.kept((array.shape[0], array.shape[1]))
        # A pattern rounds up to whole blocks and banks, with padding.
        assert np.count_nonzero(array) <= kept or shape == "block"
        assert kept >= array.size * (1 - ratio) - 1e-6
    if ratio == 0:
        after = weights(module)
        assert all((a == b).all() for a, b in zip(before, after, strict=True))
    assert print_module(parse_module(print_module(module))) == print_module(module)


@settings(FEW, max_examples=15)
@given(networks(), st.sampled_from(PATTERNS), RATIOS, OPTIONS)
def test_second_order_never_changes_the_sums_more(
    network: Network, shape: str, ratio: float, options: str
) -> None:
    changes = {}
    for by in ("magnitude", "obs"):
        module = calibrated(network)
        grams = [each.gram(module) for each in loops(module)]
        before = weights(module)
        apply(module, f"prune{{shape={shape} ratio={ratio} {options} by={by} rounds=0}}")
        pairs = zip(weights(module), before, grams, strict=True)
        changes[by] = sum(
            squared_change(new - old, gram[: old.shape[1], : old.shape[1]]).sum()
            for new, old, gram in pairs
            if gram is not None
        )
    assert changes["obs"] <= changes["magnitude"] * (1 + 1e-4) + 1e-5  # rounded to single precision


@settings(FEW, max_examples=10)
@given(networks(), st.sampled_from(PATTERNS), RATIOS, OPTIONS)
def test_second_order_is_never_farther_from_the_network_on_its_data(
    network: Network, shape: str, ratio: float, options: str
) -> None:
    data = network.data(6, 4)
    (expected,) = run_samples(calibrated(network), [data])
    errors = {}
    for by in ("magnitude", "obs"):
        module = calibrated(network)
        apply(module, f"prune{{shape={shape} ratio={ratio} {options} by={by}}}", data)
        errors[by] = float(((run_samples(module, [data])[0] - expected) ** 2).sum())
    assert errors["obs"] <= errors["magnitude"] * (1 + 1e-3) + 1e-9


@settings(FEW, max_examples=20)
@given(networks(), st.sampled_from(PATTERNS), RATIOS, OPTIONS)
def test_magnitude_keeps_the_largest_as_they_were(
    network: Network, shape: str, ratio: float, options: str
) -> None:
    module = calibrated(network)
    (before,) = weights(module)
    apply(module, f"prune{{shape={shape} ratio={ratio} {options}}}")
    (after,) = weights(module)
    assert ((after == before) | (after == 0)).all()
    place = Columns.of(module, loops(module)[0]).places
    for columns, encoding in zip(place, encodings(module), strict=True):
        pairs = zip(encoding.parts(before[:, columns]), encoding.parts(after[:, columns]),
                    encoding.gates, strict=True)  # fmt: skip
        for old, new, gate in pairs:
            assert gate.pattern is not None
            cut = gate.pattern.cut((old.shape[0], old.shape[1]))
            scores = cut.split(old**2).sum(axis=(3, 4))
            live = cut.live(new)
            lowest = np.where(live, scores, np.inf).min(axis=2)
            assert (lowest >= np.where(live, 0, scores).max(axis=2) * (1 - 1e-12)).all()


def shape_named(name: str, size: int = 4, keep: int = 0, lanes: int = 3) -> Shape:
    return Shape(name, size, keep, 2, 3, lanes)


def test_patterns_and_their_encodings() -> None:
    assert shape_named("bank").pattern((8, 10), 0.5) == Bank(5, 3)  # the next that divides 10
    assert shape_named("nm").pattern((8, 10), 0.5) == Bank(4, 2)
    assert shape_named("nm", keep=1).pattern((8, 10), 0.5) == Bank(4, 1)
    assert shape_named("element").pattern((8, 10), 0.75) == Element(8, 3)  # of 3 rows, 30
    assert shape_named("block").pattern((8, 10), 0.75) == Block(2, 3, 1)
    assert shape_named("row").pattern((8, 10), 0.99) == Row(1)
    assert encoding_of([Bank(4, 2)] * 4, (8, 4)) == patterned(Bank(4, 2))
    assert encoding_of([Block(2, 2, 1)] * 4, (8, 4)) == patterned(Block(2, 2, 1))
    across = [Block(3, 2, 1)] * 4  # as a whole, its bands would reach into the next gate
    assert encoding_of(across, (8, 4)) == patterned(*across)
    assert encoding_of([Row(1)] * 2, (8, 4)) == patterned(Row(1), Row(1))
    assert encoding_of([Bank(4, 2), Bank(4, 1)], (8, 4)) == patterned(Bank(4, 2), Bank(4, 1))


@pytest.mark.parametrize("shape", ["element", "row", "column"])
def test_each_gate_keeps_equally_much_unless_it_is_not_asked(shape: str) -> None:
    network = Network(hidden=8, features=5)
    counts = {}
    for aligned in ("true", "false"):
        module = apply(calibrated(network), f"prune{{shape={shape} ratio=0.5 aligned={aligned}}}")
        matrix = module.resources[loops(module)[0].matrices[1].op.attributes["resource"]]
        gates = [each.reshape(8, 8) for each in np.split(matrix, 4)]
        axis = {"element": None, "row": 1, "column": 0}[shape]
        counts[aligned] = [np.count_nonzero(g.any(axis=axis) if axis is not None else g)
                           for g in gates]  # fmt: skip
        assert len(encodings(module)[1].gates) == (4 if aligned == "true" else 1)
    assert len(set(counts["true"])) == 1
    if shape != "column":
        assert len(set(counts["false"])) > 1


def test_padding_and_empty_rows_are_worth_a_warning() -> None:
    network = Network(hidden=5, features=3)

    def said(text: str) -> list[str]:
        warnings: list[str] = []
        module = calibrated(network)
        (prune,) = parse_pipeline(text)
        prune.run(module, Context(warn=warnings.append))
        verify(module)
        return warnings

    assert said("prune{shape=block block=2x3}") == [
        "blocks of 2x3 do not divide each of the 4 gates of 'w' [20, 3]: the last are padded",
        "blocks of 2x3 do not divide each of the 4 gates of 'r' [20, 5]: the last are padded",
    ]
    assert said("prune{shape=nm size=3 keep=1}") == [
        "groups of 3 columns do not divide each of the 4 gates of 'r' [20, 5]: the last are padded"
    ]
    assert said("prune{shape=row ratio=0.6}") == [
        "12 of 20 rows of 'w' have no weight left, but their bias",
        "12 of 20 rows of 'r' have no weight left, but their bias",
    ]
    assert said("prune{shape=bank by=obs}") == [
        (
            "prune: there is no calibration data, so the weights are fitted by the records alone: "
            "give --data FILE.npz, or rounds=0"
        )
    ]
    assert said("prune{shape=bank by=obs rounds=0}") == []


MODELS = {
    "vowels_h32": (ROOT / "examples/vowels/vowels_h32.onnx", ROOT / "examples/vowels/vowels.npz"),
    "vowels_h32_l2": (ROOT / "tests/data/vowels_h32_l2.onnx", ROOT / "examples/vowels/vowels.npz"),
    "digits_h64": (ROOT / "tests/data/digits_h64.onnx", ROOT / "tests/data/digits.npz"),
}


@pytest.mark.parametrize("shape", ["element", "block", "bank", "column"])
@pytest.mark.parametrize("name", MODELS)
def test_second_order_is_better_on_data_that_it_has_not_seen(name: str, shape: str) -> None:
    model, archive = MODELS[name]
    arrays = dict(np.load(archive))
    float_ = apply(load_model(str(model)), FRONT)
    (expected,) = run_samples(float_, [arrays["x_test"]])
    errors, right = {}, {}
    for by in ("magnitude", "obs"):
        module = parse_module(print_module(float_))
        apply(module, f"calibrate,prune{{shape={shape} ratio=0.75 by={by}}}", arrays["x_train"])
        (scores,) = run_samples(module, [arrays["x_test"]])
        errors[by] = float(((scores - expected) ** 2).mean())
        right[by] = int((scores.argmax(axis=1) == arrays["y_test"]).sum())
    assert errors["obs"] < 0.75 * errors["magnitude"]
    assert right["obs"] >= right["magnitude"] - 2
