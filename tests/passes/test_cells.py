"""LSTM, GRU and RNN nodes of all kinds on their way down from ONNX: `expand-cells` and further."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from onnx import TensorProto, helper, numpy_helper

from lstmir.frontends.importer import import_model
from lstmir.frontends.model.read import model_of
from lstmir.interpreter.run import run
from lstmir.ir.builder import Builder
from lstmir.ir.interface import ports
from lstmir.ir.module import Module
from lstmir.ir.types import I32, TensorType
from lstmir.ir.verify import verify
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.frontends.conftest import Bench
from tests.frontends.recurrent_nodes import GATES, INPUTS, RecurrentNode, recurrent_nodes
from tests.passes.levels import FEW, FRONT, MANY, Recipe, apply, refusal

LAYERS = {"LSTM": "rnn.lstm", "GRU": "rnn.gru", "RNN": "rnn.simple_rnn"}
RECIPE = Recipe(weights=10, operands=12, activations=12)


def level_1(node: RecurrentNode, vector: bool = False) -> Module:
    """The node as it is imported; or its last state alone, as a vector."""
    model = node.model()
    if vector:
        model.graph.initializer.append(numpy_helper.from_array(np.array([0]), "zero"))
        model.graph.node.append(helper.make_node("Squeeze", ["Y_h", "zero"], ["y"]))
        model.graph.output[0].name = "y"
    module = import_model(model_of(Bench().as_dict(model), "test"), "test")
    verify(module)
    return module


def samples(node: RecurrentNode, module: Module) -> dict[str, np.ndarray]:
    """What is fed to a node, the samples first."""
    feeds = node.feeds()
    return {port.name: port.to_samples(feeds[port.name]) for port in ports(module, "input")}


def keeps_the_function(node: RecurrentNode) -> None:
    module, feeds = level_1(node), node.feeds()
    expected = run(module, feeds)
    for pipeline in FRONT.split(","):
        apply(module, pipeline)
        found = run(module, feeds)
        for name, wanted in expected.items():
            assert found[name].shape == wanted.shape
            assert found[name].dtype == np.float64
            assert np.abs(found[name] - wanted).max() <= 1e-12 * np.abs(wanted).max()
    names = {op.name for op in module.walk()}
    assert "rnn.scan" in names
    assert not names & set(LAYERS.values())
    text = print_module(module)
    assert print_module(parse_module(text)) == text


@settings(FEW, max_examples=80)
@given(recurrent_nodes(fed=False))
def test_the_graph_of_a_cell_is_its_layer(node: RecurrentNode) -> None:
    keeps_the_function(node)


@pytest.mark.soak
@settings(MANY, max_examples=2000)
@given(recurrent_nodes(fed=False))
def test_the_graphs_of_many_cells_are_their_layers(node: RecurrentNode) -> None:
    keeps_the_function(node)


@pytest.mark.parametrize("op", GATES)
def test_a_batch_of_other_lengths_and_another_number_of_samples(op: str) -> None:
    node = RecurrentNode(op, "bidirectional", states=True, lengths=(1, 4))
    module = apply(level_1(node), FRONT)
    larger = replace(node, batch=5, time=6, lengths=(6, 1, 0, 3, 5))
    expected, found = run(level_1(node), larger.feeds()), run(module, larger.feeds())
    for name, wanted in expected.items():
        assert np.abs(found[name] - wanted).max() <= 1e-12 * np.abs(wanted).max()


@pytest.mark.parametrize("op", GATES)
def test_constant_states_of_both_directions(op: str) -> None:
    keeps_the_function(RecurrentNode(op, "bidirectional", batch=1, states=True, fed=("X",)))


@pytest.mark.parametrize("op", GATES)
def test_a_known_length_may_be_that_of_all_samples(op: str) -> None:
    keeps_the_function(RecurrentNode(op, lengths=(3, 3), fed=("X",)))


@pytest.mark.parametrize("op", GATES)
def test_known_lengths_that_differ_belong_to_one_batch(op: str) -> None:
    model = RecurrentNode(op, lengths=(3, 4), fed=("X",)).model(dynamic=False)
    module = import_model(model_of(Bench().as_dict(model), "test"), "test")
    assert f"isolate-sample: '{LAYERS[op]}' %Y" in refusal(module, "isolate-sample")


@pytest.mark.parametrize("op", GATES)
def test_weights_that_are_fed_in_are_refused(op: str) -> None:
    module = level_1(RecurrentNode(op, fed=INPUTS))
    assert refusal(module, "isolate-sample,expand-cells") == (
        f"expand-cells: '{LAYERS[op]}' has weights that no constant gives: computed, or fed in"
    )


@pytest.mark.parametrize("op", GATES)
def test_a_layer_of_many_samples_is_named(op: str) -> None:
    module = level_1(RecurrentNode(op))
    assert refusal(module, "expand-cells") == (
        f"expand-cells: '{LAYERS[op]}' still has a batch: run isolate-sample first"
    )


@pytest.mark.parametrize("op", GATES)
@pytest.mark.parametrize("pass_", ["prune", "tile"])
def test_a_layer_that_is_not_expanded_is_named(op: str, pass_: str) -> None:
    module = level_1(RecurrentNode(op))
    assert refusal(module, f"isolate-sample,{pass_}") == (
        f"{pass_}: '{LAYERS[op]}' is a whole network: run expand-cells first"
    )


@pytest.mark.parametrize("pass_", ["calibrate", "assign-bitwidths", "quantize"])
@pytest.mark.parametrize("fed", [("X", "sequence_lens"), ("X",)])
def test_a_length_is_refused_on_the_way_to_fixed_point(pass_: str, fed: tuple[str, ...]) -> None:
    node = RecurrentNode(lengths=(3, 3), fed=fed)
    said = refusal(level_1(node), f"{FRONT},{pass_}", samples(node, level_1(node)))
    assert said == f"{pass_}: 'rnn.scan' stops at a length, which fixed point has no form for"


def test_an_input_of_integers_is_named() -> None:
    node = RecurrentNode("RNN")
    model = node.model()
    model.graph.input.append(helper.make_tensor_value_info("n", TensorProto.INT64, ["batch"]))
    module = apply(import_model(model_of(Bench().as_dict(model), "test"), "test"), FRONT)
    data = {"X": node.feeds()["X"].swapaxes(0, 1), "n": np.zeros(2, np.int64)}
    assert refusal(module, "calibrate", data) == ("calibrate: the input '%n' holds i64, not floats")


FIXED = {
    "gru": RecurrentNode("GRU"),
    "gru-late": RecurrentNode("GRU", flag=True),
    "gru-clip": RecurrentNode("GRU", clip=0.5),
    "gru-bidirectional": RecurrentNode("GRU", "bidirectional"),
    "rnn": RecurrentNode("RNN"),
    "rnn-reverse": RecurrentNode("RNN", "reverse"),
    "lstm-peepholes": RecurrentNode("LSTM", peepholes=True),
    "lstm-input-forget": RecurrentNode("LSTM", flag=True),
    "lstm-clip": RecurrentNode("LSTM", clip=0.5),
    "lstm-hard": RecurrentNode("LSTM", activations=("HardSigmoid", "ScaledTanh", "Elu")),
}


@pytest.mark.parametrize("name", FIXED)
def test_cells_in_fixed_point(name: str) -> None:
    node = replace(FIXED[name], batch=16, outputs=("Y", "Y_h"))
    module = level_1(node)
    expected = run(module, node.feeds())
    found = run(apply(module, RECIPE.pipeline, samples(node, module)), node.feeds())
    for name, wanted in expected.items():
        assert found[name].shape == wanted.shape
        assert 0 < np.abs(found[name] - wanted).max() < 0.02


TILED = {
    "rnn": RecurrentNode("RNN"),
    "rnn-relu": RecurrentNode("RNN", activations=("Relu",)),
    "rnn-thresholded": RecurrentNode("RNN", activations=("ThresholdedRelu",)),
    "lstm-everything": RecurrentNode(
        "LSTM", peepholes=True, clip=0.5, activations=("HardSigmoid", "LeakyRelu", "Elu")
    ),
    "lstm-input-forget": RecurrentNode(
        "LSTM", flag=True, activations=("Sigmoid", "Affine", "Tanh")
    ),
}


@pytest.mark.parametrize("name", TILED)
def test_cells_on_the_machine(name: str) -> None:
    node = replace(TILED[name], batch=4, outputs=("Y_h",))
    module = level_1(node, vector=True)
    apply(module, RECIPE.pipeline, samples(node, module))
    expected = run(module, node.feeds())["y"]
    for pipeline in ("tile{macs=8}", "block-layout,schedule", "lower-to-rtl"):
        assert np.array_equal(run(apply(module, pipeline), node.feeds())["y"], expected)


def stops_early(module: Module) -> Module:
    """The module, whose scan has a length now."""
    region = module.main.region
    (scan,) = (op for op in region.operations() if op.name == "rnn.scan")
    build = Builder(module, region, before=scan)
    three = build.constant(np.array([3]), TensorType((1,), I32), "three")
    length = build.value("tensor.reshape", three, type=I32)
    inputs, _, *others = scan.attributes["segments"]
    region.set_operands(scan, [*scan.operands[:inputs], length, *scan.operands[inputs:]])
    scan.attributes["segments"] = (inputs, 1, *others)
    verify(module)
    return module


@pytest.mark.parametrize(
    ("before", "pass_", "complaint"),
    [
        (
            RECIPE.pipeline,
            "tile",
            "the array runs to the end of its packet: a recurrence with a length has no form",
        ),
        (
            f"{RECIPE.pipeline},tile,block-layout,schedule",
            "lower-to-rtl",
            "the machine runs to the end of its packet, not to a length",
        ),
    ],
)
def test_the_machine_has_no_lengths(before: str, pass_: str, complaint: str) -> None:
    node = RecurrentNode("RNN", batch=4, outputs=("Y_h",))
    module = level_1(node, vector=True)
    stops_early(apply(module, before, samples(node, module)))
    assert refusal(module, pass_) == f"{pass_}: {complaint}"


def test_one_constant_may_be_states_of_two_formats() -> None:
    node = RecurrentNode("LSTM", batch=4, outputs=("Y_h",))
    module = level_1(node, vector=True)
    apply(module, FRONT)
    (scan,) = (op for op in module.main.region.operations() if op.name == "rnn.scan")
    x, h, _, *rest = scan.operands
    module.main.region.set_operands(scan, [x, h, h, *rest])
    apply(module, RECIPE.pipeline.removeprefix(f"{FRONT},"), samples(node, module))
    expected = run(module, node.feeds())["y"]
    assert np.array_equal(run(apply(module, "tile"), node.feeds())["y"], expected)


@pytest.mark.parametrize("late", [False, True])
def test_both_kinds_of_gru_on_the_array(late: bool) -> None:
    node = RecurrentNode("GRU", flag=late, batch=4, outputs=("Y_h",))
    module = level_1(node, vector=True)
    apply(module, RECIPE.pipeline, samples(node, module))
    expected = run(module, node.feeds())["y"]
    for pipeline in ("tile{macs=8}", "block-layout"):
        assert np.array_equal(run(apply(module, pipeline), node.feeds())["y"], expected)
