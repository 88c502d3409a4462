"""Hidden units that are removed count as zero to whatever reads them, and nothing else changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from google.protobuf.json_format import MessageToDict
from onnx import ModelProto, TensorProto, helper, numpy_helper

from lstmir.frontends.importer import import_model
from lstmir.frontends.model.read import model_of
from lstmir.interpreter.run import run
from lstmir.ir.module import Module
from lstmir.ir.verify import verify
from lstmir.passes.pruning.elements import Elements
from lstmir.passes.pruning.units import (
    Units,
    least_important,
    outgoing,
    part_constants,
    readers,
    remove_units,
    units_of,
)
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.passes.levels import FRONT, apply

RNG = np.random.default_rng(5)
FEATURES, HIDDEN, TIME, BATCH = 3, 6, 5, 4
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
node = helper.make_node


def floats(*shape: int) -> np.ndarray:
    return RNG.normal(0, 0.6, shape)


def model(nodes: Sequence[Any], weights: dict[str, np.ndarray]) -> ModelProto:
    graph = helper.make_graph(
        nodes,
        "units",
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, [TIME, "batch", FEATURES])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, None)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def recurrent(op: str, name: str, source: str, features: int, directions: int = 1) -> Any:
    """A node, and its weights by name."""
    rows = GATES[op] * HIDDEN
    weights = {
        f"{name}_W": floats(directions, rows, features),
        f"{name}_R": floats(directions, rows, HIDDEN),
        f"{name}_B": floats(directions, 2 * rows),
    }
    outputs = [f"{name}_y", f"{name}_h"]
    extra = {"direction": "bidirectional"} if directions == 2 else {}
    made = node(op, [source, *weights], outputs, name=name, hidden_size=HIDDEN, **extra)
    return made, weights


def head(source: str, columns: int) -> tuple[Any, dict[str, np.ndarray]]:
    weights = {"fc": floats(columns, 2), "fc_b": floats(2)}
    return node("Gemm", [source, "fc", "fc_b"], ["y"]), weights


ZERO, ONE = {"zero": np.array([0])}, {"one": np.array([1])}


def one_layer(op: str) -> ModelProto:
    first, weights = recurrent(op, "a", "x", FEATURES)
    last, more = head("s", HIDDEN)
    return model([first, node("Squeeze", ["a_h", "zero"], ["s"]), last], weights | more | ZERO)


def two_layers() -> ModelProto:
    first, weights = recurrent("LSTM", "a", "x", FEATURES)
    second, others = recurrent("LSTM", "b", "sa", HIDDEN)
    last, more = head("s", HIDDEN)
    nodes = [first, node("Squeeze", ["a_y", "one"], ["sa"]), second,
             node("Squeeze", ["b_h", "zero"], ["s"]), last]  # fmt: skip
    return model(nodes, weights | others | more | ZERO | ONE)


def both_directions() -> ModelProto:
    first, weights = recurrent("LSTM", "a", "x", FEATURES, 2)
    last, more = head("s", 2 * HIDDEN)
    nodes = [
        first,
        node("Transpose", ["a_h"], ["t"], perm=[1, 0, 2]),
        node("Reshape", ["t", "shape"], ["s"]),
        last,
    ]
    return model(nodes, weights | more | {"shape": np.array([0, 2 * HIDDEN])})


def activations_between() -> ModelProto:
    first, weights = recurrent("LSTM", "a", "x", FEATURES)
    last, more = head("c", HIDDEN)
    nodes = [first, node("Squeeze", ["a_h", "zero"], ["s"]), node("LeakyRelu", ["s"], ["l"]),
             node("Max", ["l", "s"], ["m"]), node("Clip", ["m", "lo", "hi"], ["c"]), last]  # fmt: skip
    bounds = {"lo": np.array(-0.3), "hi": np.array(0.4)}
    return model(nodes, weights | more | ZERO | bounds)


MODELS = {
    "lstm": lambda: one_layer("LSTM"),
    "gru": lambda: one_layer("GRU"),
    "rnn": lambda: one_layer("RNN"),
    "two_layers": two_layers,
    "both_directions": both_directions,
    "activations": activations_between,
}
RECURRENCES = {"two_layers": 2, "both_directions": 2}
FEED = {"x": floats(TIME, BATCH, FEATURES)}


def dataflow(name: str) -> Module:
    mapping = MessageToDict(MODELS[name]())
    module = apply(import_model(model_of(mapping, "m"), "m"), FRONT)
    part_constants(module)
    verify(module)
    return module


@pytest.mark.parametrize("name", MODELS)
def test_what_is_removed_counts_as_zero(name: str) -> None:
    module = dataflow(name)
    elements = Elements(module)
    found = units_of(module, elements)
    assert [len(each.classes) for each in found] == [HIDDEN] * (
        1 + (name in ("two_layers", "both_directions"))
    )
    gone = [each.classes[k + i] for i, each in enumerate(found) for k in (1, 4)]
    silenced = parse_module(print_module(module))
    others = Elements(silenced)
    matching = [
        each.classes[k + i] for i, each in enumerate(units_of(silenced, others)) for k in (1, 4)
    ]
    for matrix, classes in readers(silenced, others):
        array = silenced.resources[matrix.op.attributes["resource"]].copy()
        array[:, np.isin(classes, matching)] = 0
        matrix.op.attributes["resource"] = silenced.add_resource("silent", array)
    expected = run(silenced, FEED)["y"]
    remove_units(module, elements, gone)
    verify(module)
    assert print_module(parse_module(print_module(module))) == print_module(module)
    np.testing.assert_allclose(run(module, FEED)["y"], expected, rtol=0, atol=1e-12)
    assert [len(each.classes) for each in units_of(module, Elements(module))] == [HIDDEN - 2] * len(
        found
    )


def test_the_least_important_units_go_and_one_stays() -> None:
    units = Units(scan=dataflow("rnn").main.region.end, classes=(7, 8, 9), total=4)
    weights = {7: 3.0, 8: 1.0, 9: 2.0}
    assert least_important(units, weights, 0.0) == []
    assert least_important(units, weights, 0.25) == [8]
    assert least_important(units, weights, 0.5) == [8, 9]
    assert least_important(units, weights, 0.99) == [8, 9, 7]
    alone = Units(units.scan, (7,), 1)
    assert least_important(alone, weights, 0.9) == []


def test_units_that_nothing_reads_weigh_nothing() -> None:
    module = dataflow("lstm")
    elements = Elements(module)
    for matrix, _ in readers(module, elements):
        if matrix.type.shape[1] == HIDDEN:  # type: ignore[union-attr]
            array = module.resources[matrix.op.attributes["resource"]].copy()
            array[:, 2] = 0
            matrix.op.attributes["resource"] = module.add_resource("less", array)
    (units,) = units_of(module, elements)
    before = run(module, FEED)["y"]
    assert least_important(units, outgoing(module, elements), 1 / HIDDEN) == [units.classes[2]]
    remove_units(module, elements, [units.classes[2]])
    np.testing.assert_allclose(run(module, FEED)["y"], before, rtol=0, atol=1e-12)


def test_what_the_model_gives_must_stay() -> None:
    first, weights = recurrent("LSTM", "a", "x", FEATURES)
    squeezed = model([first, node("Squeeze", ["a_h", "zero"], ["y"])], weights | ZERO)
    module = apply(import_model(model_of(MessageToDict(squeezed), "m"), "m"), FRONT)
    (units,) = units_of(module, Elements(module))
    assert (units.classes, units.total) == ((), HIDDEN)


def test_fixed_elements_are_no_units() -> None:
    module = dataflow("lstm")
    with pytest.raises(ValueError, match="cannot be removed"):
        remove_units(module, Elements(module), [0])
