"""Scan: cells of a model's own, against ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from lstmir.interpreter.run import run
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import ports
from tests.passes.levels import apply

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

node = helper.make_node
RNG = np.random.default_rng(11)
HIDDEN, FEATURES = 5, 4


def floats(*shape: int) -> np.ndarray:
    return RNG.normal(0, 0.7, shape).astype(np.float32)


def body(
    nodes: Sequence[NodeProto],
    inputs: Sequence[str],
    outputs: Sequence[str],
    weights: dict[str, np.ndarray] | None = None,
) -> GraphProto:
    steps, results = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]
        for names in (inputs, outputs)
    )
    arrays = [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()]
    return helper.make_graph(nodes, "cell", steps, results, arrays)


WEIGHTS = {"w": floats(FEATURES, HIDDEN), "r": floats(HIDDEN, HIDDEN), "b": floats(HIDDEN)}
CELL = body(
    [
        node("MatMul", ["xt", "w"], ["a"]),
        node("MatMul", ["hp", "r"], ["d"]),
        node("Add", ["a", "d"], ["s"]),
        node("Add", ["s", "b"], ["z"]),
        node("Tanh", ["z"], ["ht"]),
        node("Mul", ["ht", "ht"], ["square"]),
    ],
    ["hp", "xt"],
    ["ht", "square"],
)
FEEDS = {"x": floats(7, 3, FEATURES), "h0": floats(3, HIDDEN)}
SHAPES = {"x": ("time", "batch", FEATURES), "h0": ("batch", HIDDEN)}


def scan(cell: GraphProto = CELL, **attributes: Any) -> NodeProto:
    return node(
        "Scan", ["h0", "x"], ["h", "ys"], name="scan", body=cell, num_scan_inputs=1, **attributes
    )


BOTH_WAYS = {"scan_input_directions": [1], "scan_output_directions": [1]}


@pytest.mark.parametrize("opset", [9, 11, 17, 22])
@pytest.mark.parametrize("attributes", [{}, BOTH_WAYS], ids=["forward", "reverse"])
def test_a_cell_of_its_own(attributes: dict[str, Any], opset: int, bench: Bench) -> None:
    model = bench.model([scan(**attributes)], SHAPES, ["h", "ys"], WEIGHTS, opset)
    module = bench.agree(model, FEEDS)
    source, state, _, sequence = ports(module, "input") + ports(module, "output")
    assert (source.time, source.batch, state.batch) == (0, 1, 0)
    assert (sequence.time, sequence.batch) == (0, 1)


@pytest.mark.parametrize("axes", [(1, 0), (-2, 2), (0, 1)])
def test_time_may_be_another_axis(axes: tuple[int, int], bench: Bench) -> None:
    source, result = axes
    attributes: dict[str, Any] = {"scan_input_axes": [source], "scan_output_axes": [result]}
    shapes: Any = {**SHAPES}
    feeds = dict(FEEDS)
    if source != 0:
        shapes["x"] = ("batch", "time", FEATURES)
        feeds["x"] = FEEDS["x"].swapaxes(0, 1)
    bench.agree(bench.model([scan(**attributes)], shapes, ["h", "ys"], WEIGHTS), feeds)


def test_a_body_has_weights_and_constants_of_its_own(bench: Bench) -> None:
    cell = body(
        [
            node("Constant", [], ["half"], value_float=0.5),
            node("Mul", ["xt", "half"], ["a"]),
            node("MatMul", ["a", "own"], ["p"]),
            node("Add", ["hp", "p"], ["ht"]),
            node("Identity", ["ht"], ["square"]),
        ],
        ["hp", "xt"],
        ["ht", "square"],
        {"own": floats(FEATURES, HIDDEN)},
    )
    bench.agree(bench.model([scan(cell)], SHAPES, ["h", "ys"]), FEEDS)


def test_a_body_sees_what_is_computed_outside(bench: Bench) -> None:
    """Only the body reads `outside`: the order of nodes must follow from it."""
    cell = body(
        [
            node("Mul", ["hp", "outside"], ["a"]),
            node("MatMul", ["xt", "w"], ["p"]),
            node("Add", ["a", "p"], ["ht"]),
        ],
        ["hp", "xt"],
        ["ht", "p"],
    )
    nodes = [node("Sigmoid", ["h0"], ["outside"]), scan(cell)]
    model = bench.model(nodes, SHAPES, ["h", "ys"], {"w": WEIGHTS["w"]})
    turned = bench.model(nodes[::-1], SHAPES, ["h", "ys"], {"w": WEIGHTS["w"]})
    expected = bench.reference(model, FEEDS)
    for each in (model, turned):
        bench.same(run(bench.imported(each), FEEDS), expected)


def test_two_sequences_and_two_states(bench: Bench) -> None:
    cell = body(
        [
            node("Sigmoid", ["gate"], ["f"]),
            node("Mul", ["f", "cp"], ["kept"]),
            node("Add", ["kept", "xt"], ["ct"]),
            node("Tanh", ["ct"], ["t"]),
            node("Add", ["t", "hp"], ["ht"]),
        ],
        ["hp", "cp", "xt", "gate"],
        ["ht", "ct", "f"],
    )
    whole = node("Scan", ["h0", "c0", "x", "g"], ["h", "c", "fs"], body=cell, num_scan_inputs=2)
    shapes: Any = {
        "x": ("time", "batch", 4),
        "g": ("time", "batch", 4),
        "h0": ("batch", 4),
        "c0": ("batch", 4),
    }
    feeds = {"x": floats(6, 2, 4), "g": floats(6, 2, 4), "h0": floats(2, 4), "c0": floats(2, 4)}
    bench.agree(bench.model([whole], shapes, ["h", "c", "fs"]), feeds)


def test_a_scan_without_states(bench: Bench) -> None:
    cell = body([node("Tanh", ["xt"], ["t"])], ["xt"], ["t"])
    whole = node("Scan", ["x"], ["ys"], body=cell, num_scan_inputs=1)
    bench.agree(bench.model([whole], {"x": ("time", "batch", 4)}, ["ys"]), {"x": floats(5, 2, 4)})


def test_a_scan_in_a_scan(bench: Bench) -> None:
    """A sequence of sequences; the inner body reads a weight and a value of the outermost graph."""
    inner = body(
        [
            node("MatMul", ["u", "w"], ["p"]),
            node("Add", ["p", "s"], ["q"]),
            node("Add", ["q", "outside"], ["n"]),
        ],
        ["s", "u"],
        ["n"],
    )  # fmt: skip
    outer = body(
        [node("Scan", ["hp", "xt"], ["ht"], body=inner, num_scan_inputs=1), node("Tanh", ["ht"], ["e"])],
        ["hp", "xt"],
        ["ht", "e"],
    )  # fmt: skip
    nodes = [node("Relu", ["h0"], ["outside"]), scan(outer)]
    shapes: Any = {"x": ("time", 3, "batch", FEATURES), "h0": ("batch", HIDDEN)}
    feeds = {"x": floats(4, 3, 2, FEATURES), "h0": floats(2, HIDDEN)}
    bench.agree(bench.model(nodes, shapes, ["h", "ys"], {"w": WEIGHTS["w"]}), feeds)


def test_the_sizes_at_run_time_do_not_matter(bench: Bench) -> None:
    model = bench.model([scan()], SHAPES, ["h", "ys"], WEIGHTS)
    module = bench.imported(model)
    for time, batch in ((1, 1), (2, 5)):
        feeds = {"x": floats(time, batch, FEATURES), "h0": floats(batch, HIDDEN)}
        bench.same(run(module, feeds), bench.reference(model, feeds))


ZEROS = [
    node("Shape", ["x"], ["shape"], start=1, end=2),
    node("Concat", ["shape", "hidden"], ["target"], axis=0),
    node("ConstantOfShape", ["target"], ["h0"]),
]


def test_states_may_be_zeros_as_many_as_there_are_samples(bench: Bench) -> None:
    weights = WEIGHTS | {"hidden": np.array([HIDDEN], np.int64)}
    model = bench.model([*ZEROS, scan()], {"x": SHAPES["x"]}, ["h", "ys"], weights)
    module = bench.agree(model, {"x": FEEDS["x"]})
    assert [op.name for op in module.main.region.operations()].count("tensor.repeat") == 1
    expected = run(module, {"x": FEEDS["x"]})
    bench.same(run(apply(module, "isolate-sample"), {"x": FEEDS["x"]}), expected)
    assert "tensor.repeat" not in {op.name for op in module.walk()}


@pytest.mark.parametrize("opset", [9, 17])
def test_cells_reach_the_level_of_one_sample(opset: int, bench: Bench) -> None:
    module = bench.agree(bench.model([scan()], SHAPES, ["h", "ys"], WEIGHTS, opset), FEEDS)
    expected = run(module, FEEDS)
    bench.same(run(apply(module, "isolate-sample,expand-cells,canonicalize"), FEEDS), expected)
    assert "linalg.matvec" in {op.name for op in module.walk()}


def test_a_body_may_begin_anew(bench: Bench) -> None:
    """The next state is zero, whatever the samples: a constant that repeats in the body."""
    cell = body(
        [
            node("Shape", ["hp"], ["s"]),
            node("ConstantOfShape", ["s"], ["ht"]),
            node("Add", ["hp", "hp"], ["e"]),
        ],
        ["hp", "xt"],
        ["ht", "e"],
    )  # fmt: skip
    bench.agree(bench.model([scan(cell)], SHAPES, ["h", "ys"]), FEEDS)


WRONG_STATE = body(
    [node("MatMul", ["hp", "r"], ["a"]), node("Unsqueeze", ["a", "k"], ["ht"]), node("Relu", ["xt"], ["e"])],
    ["hp", "xt"],
    ["ht", "e"],
)  # fmt: skip
REFUSED: dict[str, tuple[NodeProto, int, str]] = {
    "old": (scan(), 8, "is read from version 9 of ONNX's operators on, not 8"),
    "no_body": (
        node("Scan", ["h0", "x"], ["h", "ys"], name="scan", num_scan_inputs=1),
        17,
        "attribute 'body' is missing",
    ),
    "no_sequence": (
        node("Scan", ["h0", "x"], ["h", "ys"], name="scan", body=CELL, num_scan_inputs=3),
        17,
        "attribute 'num_scan_inputs' must be from 1 to 2, not 3",
    ),
    "directions": (
        scan(scan_input_directions=[1]),
        17,
        "must be the same everywhere: all sequences in and out run forward (0), or all run backward",
    ),
    "direction": (
        scan(scan_input_directions=[2], scan_output_directions=[2]),
        17,
        "attributes 'scan_input_directions' and 'scan_output_directions' hold 0 or 1",
    ),
    "axis": (scan(scan_input_axes=[3]), 17, "there is no axis 3 in a value of 3 axes"),
    "axes": (
        scan(scan_input_axes=[0, 0]),
        17,
        "attribute 'scan_input_axes' must have 1 entries, not 2",
    ),
    "inputs": (
        scan(body([node("Relu", ["hp"], ["e"])], ["hp"], ["hp", "e"])),
        17,
        "the body has 1 inputs for 1 state(s) and 1 sequence(s)",
    ),
    "outputs": (
        scan(body([], ["hp", "xt"], [])),
        17,
        "the body gives 0 value(s) for 1 state(s)",
    ),
    "state": (
        scan(WRONG_STATE),
        17,
        "the state 'ht' is tensor<?x5xf32> before a step and tensor<1x?x5xf32> after it",
    ),
    "inside": (
        scan(body([node("Erf", ["xt"], ["e"], name="erf")], ["hp", "xt"], ["hp", "e"])),
        17,
        "node 'erf' (Erf): operator is not supported by lstmir",
    ),
    "undefined": (
        scan(body([node("Relu", ["xx"], ["e"], name="r")], ["hp", "xt"], ["hp", "e"])),
        17,
        "reads 'xx', which nothing defines",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_scans_that_are_refused(name: str, bench: Bench) -> None:
    wrong, opset, text = REFUSED[name]
    weights = WEIGHTS | {"k": np.array([0], np.int64)}
    model = bench.model([wrong], SHAPES, ["h", "ys"], weights, opset)
    with pytest.raises(UserError) as error:
        bench.imported(model)
    assert str(error.value).startswith("error: node 'scan' (Scan)")
    assert text in str(error.value)
