"""Parts cut out of models, against ONNX Runtime on what ONNX's own extractor cuts out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import ModelProto, NodeProto, TensorProto, helper

from lstmir.frontends.importer import import_model
from lstmir.frontends.model.read import model_of
from lstmir.frontends.parts.cut import Cut, cut_model
from lstmir.interpreter.run import run
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import ports
from lstmir.ir.module import Module

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

node = helper.make_node
RNG = np.random.default_rng(3)


def floats(*shape: int) -> np.ndarray:
    return RNG.normal(0, 1, shape).astype(np.float32)


WEIGHTS = {"w": floats(4, 5), "W": floats(1, 12, 5), "R": floats(1, 12, 3), "v": floats(3, 2)}
AXIS = {"axis": np.array([1], np.int64)}


@pytest.fixture
def model(bench: Bench) -> ModelProto:
    """What Pad makes is not imported, and neither is what is behind Erf."""
    nodes: list[NodeProto] = [
        node("Pad", ["x", "pads"], ["/pad"]),
        node("MatMul", ["/pad", "w"], ["/in/MatMul_output_0"]),
        node("LSTM", ["/in/MatMul_output_0", "W", "R", "", "", "h", "c"], ["ys", "hn", "cn"],
             name="/lstm", hidden_size=3),
        node("Squeeze", ["ys", "axis"], ["/s"]),
        node("MatMul", ["/s", "v"], ["logits"]),
        node("Erf", ["logits"], ["y"]),
    ]  # fmt: skip
    pads = {"pads": np.zeros(6, np.int64)}
    inputs: dict[str, tuple[str | int, ...]] = {
        "x": ("time", "batch", 4),
        "h": (1, "batch", 3),
        "c": (1, "batch", 3),
    }
    return bench.model(nodes, inputs, ["y", "hn"], WEIGHTS | AXIS | pads)


def imported(model: ModelProto, bench: Bench, cut: Cut) -> Module:
    whole = model_of(bench.as_dict(model), "m")
    return import_model(cut_model(whole, cut), "m")


def refusal(model: ModelProto, bench: Bench, cut: Cut) -> str:
    with pytest.raises(UserError) as error:
        imported(model, bench, cut)
    return str(error.value)


FEEDS = {"/in/MatMul_output_0": floats(6, 2, 5), "h": floats(1, 2, 3), "c": floats(1, 2, 3)}


def test_a_part_computes_what_it_computed_in_the_whole(model: ModelProto, bench: Bench) -> None:
    outputs = ["logits", "hn"]
    module = imported(model, bench, Cut(("/in/MatMul_output_0",), tuple(outputs)))
    assert [port.name for port in ports(module, "input")] == list(FEEDS)
    whole = onnx.shape_inference.infer_shapes(model)
    part = onnx.utils.Extractor(whole).extract_model(list(FEEDS), outputs)
    bench.same(run(module, FEEDS), bench.reference(part, FEEDS))


def test_roles_and_lengths_follow_from_the_recurrence(model: ModelProto, bench: Bench) -> None:
    module = imported(model, bench, Cut(("/in/MatMul_output_0",), ("/s",)))
    source, *_ = ports(module, "input")
    assert (source.shape, source.time, source.batch) == ((-1, -1, 5), 0, 1)


def test_names_may_be_those_of_the_ir(model: ModelProto, bench: Bench) -> None:
    for names in (("in_MatMul_output_0", "s"), ("%in_MatMul_output_0", "%s")):
        cut = Cut(names[:1], names[1:])
        (result,) = ports(imported(model, bench, cut), "output")
        assert result.name == "/s"


def test_inputs_that_nothing_reads_go(model: ModelProto, bench: Bench) -> None:
    whole = model_of(bench.as_dict(model), "m")
    part = cut_model(whole, Cut(("/s",), ("logits",)))
    assert [info.name for info in part.graph.input] == ["/s"]
    assert [entry.op_type for entry in part.graph.node] == ["MatMul"]


def test_without_a_cut_the_model_is_itself(model: ModelProto, bench: Bench) -> None:
    whole = model_of(bench.as_dict(model), "m")
    assert cut_model(whole, Cut()) is whole


def test_outputs_alone(model: ModelProto, bench: Bench) -> None:
    del model.graph.node[0]
    model.graph.node[0].input[0] = "x"
    module = imported(model, bench, Cut(outputs=("logits",)))
    assert [port.name for port in ports(module, "input")] == ["x", "h", "c"]


REFUSED: dict[str, tuple[Cut, str]] = {
    "unknown": (
        Cut(outputs=("logit",)),
        "error: the model has no tensor 'logit'; did you mean 'logits'?; 'lstmir import --list' shows",
    ),
    "a_weight": (
        Cut(("w",), ("logits",)),
        "error: 'w' is a weight of the model: it cannot be an input of a cut",
    ),
    "independent": (
        Cut(("logits",), ("hn",)),
        "error: the outputs hn do not depend on the input 'logits'",
    ),
    "refused_inside": (
        Cut(("/in/MatMul_output_0",)),
        "error: the node that makes 'y' (Erf): operator is not supported",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_cuts_that_are_refused(name: str, model: ModelProto, bench: Bench) -> None:
    cut, text = REFUSED[name]
    assert refusal(model, bench, cut).startswith(text)


def test_a_name_that_may_be_two(bench: Bench) -> None:
    nodes = [node("Relu", ["x"], ["/a"]), node("Relu", ["/a"], ["a_"]), node("Relu", ["a_"], ["y"])]
    model = bench.model(nodes, {"x": ("batch", 2)})
    assert refusal(model, bench, Cut(outputs=("a",))) == (
        "error: 'a' may be any of /a, a_: name it as the model does"
    )


def test_a_name_in_the_body_of_a_scan(bench: Bench) -> None:
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [node("Add", ["state", "step"], ["sum"])],
        "body",
        [info(name, TensorProto.FLOAT, None) for name in ("state", "step")],
        [info("sum", TensorProto.FLOAT, None)],
    )
    scan = node("Scan", ["h", "x"], ["y"], name="loop", body=body, num_scan_inputs=1)
    model = bench.model([scan], {"h": ("batch", 2), "x": ("time", "batch", 2)})
    for name in ("step", "sum"):
        assert refusal(model, bench, Cut(outputs=(name,))) == (
            f"error: '{name}' is in the body of node 'loop' (Scan): a cut goes through the graph"
            " around it"
        )


def test_a_shape_that_nothing_tells(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [node("Relu", ["x"], ["a"]), node("Relu", ["a"], ["y"])]
    model = bench.model(nodes, {"x": ("batch", 2)})
    mapping = bench.as_dict(model)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UserError, match=r"does not tell the shape of 'a': add it to .*value_info"):
        cut_model(model_of(mapping, "m"), Cut(("a",)))


def test_a_shape_that_inference_does_not_find(bench: Bench) -> None:
    nodes = [node("Relu", ["x"], ["a"]), node("Relu", ["a"], ["y"])]
    model = bench.model(nodes, {"x": None})  # type: ignore[dict-item]
    assert refusal(model, bench, Cut(("a",))) == (
        "error: the model does not tell the shape of 'a', nor does ONNX's shape inference find it:"
        " add it to the model's value_info, or cut elsewhere"
    )


@pytest.mark.parametrize("shape", [None, ("batch", 2)])
def test_a_shape_of_an_output_of_the_model(
    shape: tuple[str, int] | None, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is inferred, or it stands there."""
    nodes = [node("Relu", ["x"], ["a"]), node("Relu", ["a"], ["y"])]
    model = bench.model(nodes, {"x": ("batch", 2)}, ["y", "a"])
    if shape:
        stated = helper.make_tensor_value_info("a", TensorProto.FLOAT, shape)
        model.graph.output[1].CopyFrom(stated)
    mapping = bench.as_dict(model)
    if shape:
        monkeypatch.setitem(sys.modules, "onnx", None)
    module = import_model(cut_model(model_of(mapping, "m"), Cut(("a",), ("y",))), "m")
    assert ports(module, "input")[0].shape == (-1, 2)


def test_a_shape_that_the_model_states(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [node("Relu", ["x"], ["a"]), node("Relu", ["a"], ["y"])]
    model = bench.model(nodes, {"x": ("batch", 2)})
    model.graph.value_info.append(
        helper.make_tensor_value_info("a", TensorProto.FLOAT, ["batch", 2])
    )
    mapping = bench.as_dict(model)
    monkeypatch.setitem(sys.modules, "onnx", None)
    module = import_model(cut_model(model_of(mapping, "m"), Cut(("a",))), "m")
    assert ports(module, "input")[0].shape == (-1, 2)
