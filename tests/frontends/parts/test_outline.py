"""The recurrent parts of models, and the cuts that are suggested."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import NodeProto, helper

from lstmir.frontends.importer import import_model
from lstmir.frontends.model.read import model_of, read_model
from lstmir.frontends.parts.cut import WHOLE, Cut, cut_model
from lstmir.frontends.parts.outline import Outline, Part, outline

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

EXAMPLES = Path(__file__).parents[3] / "examples"
node = helper.make_node
RNG = np.random.default_rng(3)


def floats(*shape: int) -> np.ndarray:
    return RNG.normal(0, 1, shape).astype(np.float32)


WEIGHTS = {
    "W": floats(1, 12, 4), "R": floats(1, 12, 3), "v": floats(3, 2), "u": floats(1, 12, 3),
    "m": floats(4, 3),
    "one": np.array([1], np.int64),
}  # fmt: skip
STRANGE_IN = node("Pad", ["x", "pads"], ["p"])
LSTM = node("LSTM", ["p", "W", "R"], ["ys", "yh"], name="lstm", hidden_size=3)
SQUEEZE = node("Squeeze", ["ys", "one"], ["s"])
HEAD = node("MatMul", ["s", "v"], ["logits"])
STRANGE_OUT = node("Erf", ["logits"], ["y"])


def found(bench: Bench, nodes: Sequence[NodeProto], *outputs: str) -> Outline:
    weights = WEIGHTS | {"pads": np.zeros(6, np.int64)}
    model = bench.model(nodes, {"x": ("time", "batch", 4)}, outputs, weights)
    whole = model_of(bench.as_dict(model), "m")
    result = outline(whole)
    if result.cut is not None:
        import_model(cut_model(whole, result.cut), "m")
    return result


CASES: dict[str, tuple[list[NodeProto], list[str], Cut | None]] = {
    "as_it_is": (
        [node("Relu", ["x"], ["p"]), LSTM, SQUEEZE, HEAD, node("Relu", ["logits"], ["y"])],
        ["y"],
        WHOLE,
    ),
    "both_ends": ([STRANGE_IN, LSTM, SQUEEZE, HEAD, STRANGE_OUT], ["y"], Cut(("p",), ("logits",))),
    "states_stay_inside": (
        [STRANGE_IN, LSTM, SQUEEZE, HEAD],
        ["yh", "logits"],
        Cut(("p",), ("logits",)),
    ),
    "states_alone": ([STRANGE_IN, LSTM], ["yh", "ys"], Cut(("p",), ("yh", "ys"))),
    "several_ends": (
        [STRANGE_IN, LSTM, SQUEEZE, HEAD, STRANGE_OUT, node("Relu", ["s"], ["other"])],
        ["y", "other"],
        Cut(("p",), ("other", "logits")),
    ),
    "an_end_of_its_own": (
        [STRANGE_IN, LSTM, SQUEEZE, HEAD, node("Erf", ["x"], ["aside"])],
        ["logits", "aside"],
        Cut(("p",), ("logits",)),
    ),
    "two_layers": (
        [STRANGE_IN, LSTM, SQUEEZE, node("LSTM", ["s", "u", "R"], ["zs"], hidden_size=3), STRANGE_OUT,
         node("Erf", ["zs"], ["logits"])],
        ["y"],
        Cut(("p",), ("zs",)),
    ),
    "a_strange_side": (
        [STRANGE_IN, LSTM, SQUEEZE, node("MatMul", ["x", "m"], ["e"]), node("Erf", ["e"], ["side"]),
         node("Mul", ["s", "side"], ["y"])],
        ["y"],
        Cut(("p", "side"), ("y",)),
    ),
    "a_recurrence_that_is_refused": (
        [node("LSTM", ["x", "W", "R"], ["ys"], hidden_size=3, layout=2)],
        ["ys"],
        None,
    ),
    "no_recurrence": ([node("Erf", ["x"], ["y"])], ["y"], None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_cut_that_is_suggested_is_imported(name: str, bench: Bench) -> None:
    nodes, outputs, cut = CASES[name]
    result = found(bench, nodes, *outputs)
    assert result.cut == cut
    assert (result.refusal is None) == (cut == WHOLE)


def test_what_is_said_of_a_recurrent_node() -> None:
    path = EXAMPLES / "silero_vad" / "silero_vad_16k_sequence.onnx"
    result = outline(read_model(path), path.parent)
    part = Part("/recurrent/LSTM", "LSTM", "/Transpose_output_0", 128, 128, "forward")
    assert result.parts == (part,)
    assert result.cut == Cut(("/Transpose_output_0",), ("speech_probs",))
    assert result.refusal is not None
    assert result.refusal.startswith("node '/stft/padding/Pad' (Pad): operator is not supported")


def test_a_scan_reads_its_sequences(bench: Bench) -> None:
    cell = helper.make_graph(
        [node("Add", ["h", "t"], ["n"])],
        "cell",
        [helper.make_tensor_value_info(name, 1, None) for name in ("h", "t")],
        [helper.make_tensor_value_info("n", 1, None)],
    )
    scan = node("Scan", ["s0", "x"], ["y"], name="scan", body=cell, num_scan_inputs=1)
    model = bench.model([scan], {"s0": ("batch", 4), "x": ("time", "batch", 4)})
    (part,) = outline(model_of(bench.as_dict(model), "m")).parts
    assert part == Part("scan", "Scan", "x", None, None, "forward")
