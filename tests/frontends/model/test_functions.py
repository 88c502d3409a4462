"""Functions that models define: what they compute, and what is said of those that cannot be written out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import AttributeProto, FunctionProto, ModelProto, NodeProto, TensorProto, helper
from onnx.inliner import inline_local_functions

from lstmir.frontends.importer import import_model
from lstmir.frontends.model.attributes import Attributes
from lstmir.frontends.model.read import model_of, read_model
from lstmir.interpreter.run import run
from lstmir.ir.diagnostics import UserError
from lstmir.syntax.printer import print_module

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

HERE = "here"
VERSIONS = [helper.make_opsetid("", 17), helper.make_opsetid(HERE, 1)]


def node(op_type: str, inputs: Sequence[str], outputs: Sequence[str], **more: Any) -> NodeProto:
    return helper.make_node(op_type, inputs, outputs, **more)


def call(op_type: str, inputs: Sequence[str], outputs: Sequence[str], **more: Any) -> NodeProto:
    return helper.make_node(op_type, inputs, outputs, domain=HERE, **more)


def function(
    name: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    nodes: Sequence[NodeProto],
    attributes: Sequence[str] = (),
    defaults: Sequence[AttributeProto] = (),
) -> FunctionProto:
    return helper.make_function(HERE, name, inputs, outputs, nodes, VERSIONS, attributes, defaults)


def standing_for(name: str, of: str, kind: Any) -> AttributeProto:
    """An attribute in a function's body that is one of the call's."""
    return AttributeProto(name=name, ref_attr_name=of, type=kind)


def with_attribute(made: NodeProto, *attributes: AttributeProto) -> NodeProto:
    made.attribute.extend(attributes)
    return made


def scan_body(bias: str, first: NodeProto | None = None) -> Any:
    """Adds `bias`, of the graph around it, to what `first` makes: the sum so far, unless told."""
    info = helper.make_tensor_value_info
    vector = [info(name, TensorProto.FLOAT, None) for name in ("sum", "step", "next", "emitted")]
    nodes = [
        first or node("Add", ["sum", "step"], ["t"]),
        node("Add", ["t", bias], ["next"]),
        node("Identity", ["next"], ["emitted"]),
    ]
    return helper.make_graph(nodes, "body", vector[:2], vector[2:])


TWICE = function("Twice", ["a"], ["b"], [node("Add", ["a", "a"], ["b"], name="sum")])
FOUR = function("Four", ["a"], ["t"], [call("Twice", ["a"], ["b"]), call("Twice", ["b"], ["t"])])
LEAKY = function(
    "Leaky",
    ["x"],
    ["y"],
    [with_attribute(node("LeakyRelu", ["x"], ["y"]), standing_for("alpha", "slope", 1))],
    ["slope"],
)
LEAKY_BY_DEFAULT = function(
    "Leaky",
    ["x"],
    ["y"],
    [with_attribute(node("LeakyRelu", ["x"], ["y"]), standing_for("alpha", "slope", 1))],
    defaults=[helper.make_attribute("slope", 0.25)],
)
PAIR = function(
    "Pair",
    ["a", "b"],
    ["sum", "difference"],
    [node("Add", ["a", "b"], ["sum"]), node("Sub", ["a", "b"], ["difference"])],
)
CLIPPED = function(
    "Clipped", ["x", "low", "high"], ["y"], [node("Clip", ["x", "low", "high"], ["y"])]
)
SCANNED = function(
    "Scanned",
    ["x", "start", "bias"],
    ["last", "all"],
    [node("Scan", ["start", "x"], ["last", "all"], body=scan_body("bias"), num_scan_inputs=1)],
)
CALLING_BODY = node(
    "Scan",
    ["one", "x"],
    ["h", "y"],
    num_scan_inputs=1,
    body=scan_body("one", call("Twice", ["step"], ["t"])),
)
WEIGHTS = {"one": np.ones((1, 3), np.float32), "low": np.array(-0.5, np.float32)}

CASES: dict[str, tuple[list[FunctionProto], list[NodeProto], list[str]]] = {
    "one": ([TWICE], [call("Twice", ["x"], ["y"], name="c")], ["y"]),
    "without_a_name": ([TWICE], [call("Twice", ["x"], ["y"])], ["y"]),
    "two_calls": ([TWICE], [call("Twice", ["x"], ["b"]), call("Twice", ["b"], ["y"])], ["y"]),
    "within_another": ([FOUR, TWICE], [call("Four", ["x"], ["y"])], ["y"]),
    "names_that_meet": (
        [FOUR, TWICE],
        [node("Neg", ["x"], ["y/b"]), call("Four", ["y/b"], ["y"]), node("Neg", ["y"], ["b"])],
        ["y", "b"],
    ),
    "attribute": ([LEAKY], [call("Leaky", ["x"], ["y"], slope=0.5)], ["y"]),
    "attribute_left_out": ([LEAKY], [call("Leaky", ["x"], ["y"])], ["y"]),
    "default": ([LEAKY_BY_DEFAULT], [call("Leaky", ["x"], ["y"])], ["y"]),
    "instead_of_the_default": ([LEAKY_BY_DEFAULT], [call("Leaky", ["x"], ["y"], slope=0.5)], ["y"]),
    "last_output_left_out": ([PAIR], [call("Pair", ["x", "one"], ["y", ""])], ["y"]),
    "first_output_left_out": ([PAIR], [call("Pair", ["x", "one"], ["", "y"])], ["y"]),
    "input_left_out": ([CLIPPED], [call("Clipped", ["x", "low"], ["y"])], ["y"]),
    "input_left_empty": ([CLIPPED], [call("Clipped", ["x", "", "one_"], ["y"])], ["y"]),
    "body_with_a_name_of_the_caller": (
        [SCANNED],
        [node("Neg", ["one"], ["t"]), call("Scanned", ["x", "one", "t"], ["h", "y"])],
        ["h", "y"],
    ),
    "in_a_body": ([TWICE], [CALLING_BODY], ["h", "y"]),
}


def model_with(
    bench: Bench, made: Sequence[FunctionProto], nodes: Sequence[NodeProto], outputs: Sequence[str]
) -> ModelProto:
    weights = {**WEIGHTS, "one_": np.array(1, np.float32)}
    model = bench.model(nodes, {"x": (4, 1, 3)}, outputs, weights)
    model.functions.extend(made)
    model.opset_import.append(VERSIONS[1])
    return model


@pytest.mark.parametrize("name", CASES)
def test_computes_what_onnx_runtime_computes(name: str, bench: Bench, tmp_path: Path) -> None:
    model = model_with(bench, *CASES[name])
    module = bench.agree(model, {"x": np.linspace(-2, 2, 12, dtype=np.float32).reshape(4, 1, 3)})
    texts = [print_module(module)]
    (tmp_path / "test.onnx").write_bytes(model.SerializeToString())
    (tmp_path / "test.json").write_text(json.dumps(bench.as_dict(model)))
    for form in ("onnx", "json"):
        read = read_model(tmp_path / f"test.{form}")
        assert read.functions == []
        texts.append(print_module(import_model(read, "test")))
    assert texts[1:] == texts[:1] * 2


@pytest.mark.parametrize("name", ["two_calls", "within_another", "default"])
def test_writes_out_what_onnx_writes_out(name: str, bench: Bench) -> None:
    model = model_with(bench, *CASES[name])
    ours = model_of(bench.as_dict(model), "m").graph.node
    theirs = inline_local_functions(model).graph.node
    assert [node.op_type for node in ours] == [node.op_type for node in theirs]


def test_names_follow_from_the_call(bench: Bench) -> None:
    nodes = [call("Twice", ["x"], ["t"], name="here"), call("Four", ["t"], ["y"])]
    model = model_of(bench.as_dict(model_with(bench, [FOUR, TWICE], nodes, ["y"])), "m")
    assert [(node.name, node.input, node.output) for node in model.graph.node] == [
        ("here/sum", ["x", "x"], ["t"]),
        ("y/b/sum", ["t", "t"], ["y/b"]),
        ("y/sum", ["y/b", "y/b"], ["y"]),
    ]


def test_an_input_that_is_an_output(bench: Bench) -> None:
    made = function("Both", ["a"], ["b"], [node("Add", ["a", "a"], ["b"])])
    made.output.append("a")
    nodes = [call("Both", ["x"], ["y", "z"])]
    module = bench.imported(model_with(bench, [made], nodes, ["y", "z"]))
    x = np.ones((4, 1, 3), np.float32)
    found = run(module, {"x": x})
    bench.same(found, {"y": 2 * x, "z": x})


def test_attributes_in_the_shorter_form() -> None:
    body = [{"opType": "Elu", "attribute": {"alpha": {"refAttrName": "a"}, "more": 1}}]
    made = [{"name": "F", "attribute": ["a"], "node": body}]
    for given in ({"a": 0.5}, [{"name": "a", "f": 0.5}]):
        graph = {"node": [{"opType": "F", "attribute": given}]}
        (found,) = model_of({"graph": graph, "functions": made}, "m").graph.node
        attributes = Attributes(found.attribute)
        assert (attributes.number("alpha", 1), attributes.integer("more", 0)) == (0.5, 1)


def chain(count: int, calls: int) -> list[FunctionProto]:
    """Functions, each of which calls the next so often; the last adds."""
    return [
        function(f"F{k}", ["a"], ["b"], [call(f"F{k + 1}", ["a"], ["b"])] * calls)
        for k in range(count)
    ] + [function(f"F{count}", ["a"], ["b"], [node("Add", ["a", "a"], ["b"])])]


def of_version(made: FunctionProto, version: int) -> FunctionProto:
    copied = FunctionProto()
    copied.CopyFrom(made)
    copied.opset_import[0].version = version
    return copied


CIRCLE = [
    function("A", ["x"], ["y"], [call("B", ["x"], ["y"])]),
    function("B", ["x"], ["y"], [call("A", ["x"], ["y"])]),
]
REFUSED: dict[str, tuple[list[FunctionProto], NodeProto, str]] = {
    "circle": (CIRCLE, call("B", ["x"], ["y"]), "functions call themselves: B -> A -> B"),
    "doubling": (
        chain(40, 2),
        call("F0", ["x"], ["y"]),
        "written out, the functions have more than 100000 nodes",
    ),
    "deep": (chain(101, 1), call("F0", ["x"], ["y"]), "functions are nested more than 100 deep"),
    "twice": ([TWICE, TWICE], call("Twice", ["x"], ["y"]), "the function 'Twice' is defined twice"),
    "another_version": (
        [of_version(TWICE, 18)],
        call("Twice", ["x"], ["y"]),
        "the function 'Twice' uses version 18 of ONNX's operators, the model 17; convert one of them",
    ),
    "one_input_more": (
        [TWICE],
        call("Twice", ["x", "one"], ["y"], name="c"),
        "node 'c' calls the function 'Twice' with the input 'one', which it does not take",
    ),
    "one_output_more": (
        [TWICE],
        call("Twice", ["x"], ["y", "z"]),
        "node 'y' calls the function 'Twice' with the output 'z', which it does not take",
    ),
    "attribute": (
        [TWICE],
        call("Twice", ["x"], ["y"], axis=1),
        "node 'y' calls the function 'Twice' with the attribute 'axis', which it does not take",
    ),
    "attribute_twice": (
        [LEAKY],
        with_attribute(
            call("Leaky", ["x"], ["y"], slope=1.0, name="c"), helper.make_attribute("slope", 2.0)
        ),
        "node 'c' (Leaky): attribute 'slope' is given twice",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_functions_that_are_refused(name: str, bench: Bench) -> None:
    made, calling, message = REFUSED[name]
    model = bench.as_dict(model_with(bench, made, [calling], ["y"]))
    with pytest.raises(UserError) as error:
        model_of(model, "m.json")
    assert str(error.value) == f"error: m.json: {message}"


def test_functions_that_nobody_calls_are_left_out(bench: Bench) -> None:
    made = [*CIRCLE, of_version(TWICE, 6)]
    model = model_with(bench, made, [node("Neg", ["x"], ["y"])], ["y"])
    assert model_of(bench.as_dict(model), "m").functions == []


def test_an_overload_that_is_none(bench: Bench) -> None:
    for made in ([], [TWICE]):
        model = model_with(bench, made, [node("Tanh", ["x"], ["y"], overload="fast")], ["y"])
        with pytest.raises(UserError) as error:
            bench.imported(model)
        assert str(error.value) == (
            "error: the node that makes 'y' (Tanh): the model has no function of the overload 'fast'"
        )


def test_an_overload_is_another_function(bench: Bench) -> None:
    other = function("Twice", ["a"], ["b"], [node("Sub", ["a", "a"], ["b"])])
    other.overload = "zero"
    nodes = [call("Twice", ["x"], ["t"]), call("Twice", ["t"], ["y"], overload="zero")]
    model = model_of(bench.as_dict(model_with(bench, [TWICE, other], nodes, ["y"])), "m")
    assert [node.op_type for node in model.graph.node] == ["Add", "Sub"]


def test_an_archive_in_a_body_of_a_function() -> None:
    body = {"initializer": [{"name": "w", "npz": "w.npz"}]}
    made = {"name": "F", "node": [{"opType": "Scan", "attribute": {"body": {"g": body}}}]}
    with pytest.raises(UserError) as error:
        model_of({"graph": {"node": [{"opType": "F"}]}, "functions": [made]}, "m.json")
    assert str(error.value) == (
        "error: m.json: the weight 'w' of a graph in the function 'F' stands in an archive;"
        " write its values"
    )
