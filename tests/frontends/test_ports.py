"""Which axes of inputs and outputs are batch and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper

from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, ports

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

node = helper.make_node
TAKEN = "lstmir takes f32 (FLOAT), f64 (DOUBLE), and integers for lengths"
KNOWN = "1 (FLOAT), 6 (INT32), 7 (INT64), 9 (BOOL), 10 (FLOAT16), 11 (DOUBLE)"
Roles = dict[str, tuple[int | None, int | None]]

WEIGHTS: dict[str, np.ndarray] = {
    "W": np.ones((1, 16, 4), np.float32),
    "R": np.ones((1, 16, 4), np.float32),
    "W2": np.ones((2, 16, 4), np.float32),
    "R2": np.ones((2, 16, 4), np.float32),
    "one": np.array([1], np.int64),
    "two": np.array([2], np.int64),
    "last": np.array(-1, np.int64),
    "first": np.array(0, np.int64),
    "merged": np.array([0, 0, -1], np.int64),
    "flat": np.array([-1, 4], np.int64),
    "row": np.ones((1, 4), np.float32),
}
LSTM = node("LSTM", ["x", "W", "R"], ["y", "h", "c"])

# Nodes, inputs, and the axes (batch, time) of each port.
MODELS: dict[str, tuple[list[NodeProto], dict[str, tuple[int | str | None, ...]], Roles]] = {
    "time_first": ([LSTM], {"x": (9, "n", 4)}, {"x": (1, 0), "y": (2, 0)}),
    "unnamed_lengths": ([LSTM], {"x": (None, None, 4)}, {"x": (1, 0), "y": (2, 0)}),
    "batch_first": (
        [
            node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
            node("LSTM", ["t", "W", "R"], ["s"]),
            node("Squeeze", ["s", "one"], ["q"]),
            node("Transpose", ["q"], ["y"], perm=[1, 0, 2]),
        ],
        {"x": ("n", 9, 4)},
        {"x": (0, 1), "y": (0, 1)},
    ),
    "last_step_of_a_fixed_time": (
        [LSTM, node("Gather", ["y", "last"], ["z"])],
        {"x": (9, "n", 4)},
        {"x": (1, 0), "z": (1, None)},
    ),
    "last_step_of_any_time": (
        [LSTM, node("Gather", ["y", "last"], ["z"])],
        {"x": ("t", "n", 4)},
        {"x": (1, 0), "z": (1, None)},
    ),
    "bidirectional_merged_by_reshape": (
        [
            node("LSTM", ["x", "W2", "R2"], ["s"], direction="bidirectional"),
            node("Transpose", ["s"], ["t"], perm=[0, 2, 1, 3]),
            node("Reshape", ["t", "merged"], ["y"]),
        ],
        {"x": (9, "n", 4)},
        {"x": (1, 0), "y": (1, 0)},
    ),
    "a_batch_of_one_through_reshape": (
        [LSTM, node("Reshape", ["h", "flat"], ["z"])],
        {"x": (9, 1, 4)},
        {"x": (1, 0), "z": (0, None)},
    ),
    "some_steps": (
        [LSTM, node("Slice", ["y", "one", "two"], ["z"])],
        {"x": (9, "n", 4)},
        {"x": (1, 0), "z": (2, 0)},
    ),
    "more_steps": (
        [LSTM, node("Concat", ["y", "y"], ["z"], axis=0)],
        {"x": (9, "n", 4)},
        {"x": (1, 0), "z": (2, 0)},
    ),
    "time_is_what_the_first_lstm_says": (
        [
            node("LSTM", ["x", "W", "R"], ["s"]),
            node("Squeeze", ["s", "one"], ["q"]),
            node("Transpose", ["q"], ["t"], perm=[1, 0, 2]),
            node("LSTM", ["t", "W", "R"], ["y"]),
        ],
        {"x": (9, "n", 4)},
        {"x": (1, 0), "y": (0, 2)},
    ),
    "one_sequence": (
        [
            node("Unsqueeze", ["x", "one"], ["u"]),
            node("LSTM", ["u", "W", "R"], ["", "y"]),
        ],
        {"x": ("t", 4)},
        {"x": (None, 0), "y": (1, None)},
    ),
    "an_input_added_to_the_state": (
        [LSTM, node("Squeeze", ["h"], ["q"], name="q"), node("Add", ["z", "q"], ["w"])],
        {"x": (9, 3, 4), "z": (3, 4)},
        {"x": (1, 0), "z": (0, None), "w": (0, None)},
    ),
    "an_input_beside_the_state": (
        [LSTM, node("Concat", ["z", "h"], ["w"], axis=0)],
        {"x": (9, "n", 4), "z": (1, "m", 4)},
        {"x": (1, 0), "z": (1, None), "w": (1, None)},
    ),
    "one_name_is_one_length": (
        [LSTM, node("Tanh", ["z"], ["w"])],
        {"x": (9, "n", 4), "z": ("m", "n")},
        {"x": (1, 0), "z": (1, None), "y": (2, 0), "w": (1, None)},
    ),
    "two_names_are_two_lengths": (
        [LSTM, node("Tanh", ["z"], ["w"])],
        {"x": (9, "n", 4), "z": ("m", 4)},
        {"x": (1, 0), "z": (None, None), "y": (2, 0), "w": (None, None)},
    ),
    "no_name_may_be_the_batch": (
        [LSTM, node("Tanh", ["z"], ["w"])],
        {"x": (9, "n", 4), "z": (None, 4)},
        {"x": (1, 0), "z": (0, None), "y": (2, 0), "w": (0, None)},
    ),
    "a_fixed_batch_does_not_vary": (
        [LSTM, node("Tanh", ["z"], ["w"])],
        {"x": ("t", 1, 4), "z": (None, 4)},
        {"x": (1, 0), "z": (None, None), "y": (2, 0), "w": (None, None)},
    ),
    "a_constant_says_nothing": (
        [
            node("Add", ["x", "row"], ["a"]),
            node("LSTM", ["a", "W", "R"], ["", "y"]),
            node("Add", ["z", "row"], ["w"]),
        ],
        {"x": (9, 1, 4), "z": (1, 4)},
        {"x": (1, 0), "z": (None, None), "y": (1, None), "w": (None, None)},
    ),
    "no_lstm": ([node("Tanh", ["x"], ["y"])], {"x": ("n", 4)}, {"x": (0, None), "y": (0, None)}),
    "no_lstm_and_no_batch": (
        [node("Tanh", ["x"], ["y"])],
        {"x": (3, 4)},
        {"x": (None, None), "y": (None, None)},
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_roles(name: str, bench: Bench) -> None:
    nodes, inputs, expected = MODELS[name]
    outputs = [key for key in expected if key not in inputs]
    used = {name for node in nodes for name in node.input}
    weights = {name: array for name, array in WEIGHTS.items() if name in used}
    module = bench.imported(bench.model(nodes, inputs, outputs, weights))
    everything = ports(module, "input") + ports(module, "output")
    assert {port.name: (port.batch, port.time) for port in everything} == expected


def test_ports_bear_the_models_own_names_and_types(bench: Bench) -> None:
    model = bench.model(
        [node("Tanh", ["/in:0"], ["/out:0"])],
        {"/in:0": (None, 3)},
        ["/out:0"],
        element=TensorProto.DOUBLE,
    )
    module = bench.imported(model)
    assert ports(module, "input") == [Port("/in:0", "input", "f64", (-1, 3), batch=0)]
    assert ports(module, "output") == [Port("/out:0", "output", "f64", (-1, 3), batch=0)]
    assert module.attributes["form"] == "batch"


def test_an_initializer_is_no_input_even_where_it_is_listed_as_one(bench: Bench) -> None:
    weights = {"w": np.ones(4, np.float32)}
    model = bench.model([node("Add", ["x", "w"], ["y"])], {"x": (4,), "w": (4,)}, weights=weights)
    assert [port.name for port in ports(bench.imported(model), "input")] == ["x"]


@pytest.mark.parametrize(
    ("element", "shape", "message"),
    [
        (
            TensorProto.FLOAT16,
            (4,),
            f"the input 'x' has elements of f16; {TAKEN}",
        ),
        (
            TensorProto.STRING,
            (4,),
            f"the input 'x' has the element type 8; lstmir reads {KNOWN}",
        ),
        (TensorProto.FLOAT, None, "the input 'x' has no shape"),
        (TensorProto.FLOAT, (), "the input 'x' has no axes; lstmir takes vectors and larger"),
        (TensorProto.FLOAT, (4, 0), "the input 'x' has an axis of length 0"),
        (TensorProto.FLOAT, (1,) * 33, "the input 'x' has 33 axes; lstmir takes at most 32"),
    ],
)
def test_inputs_that_are_refused(
    element: int, shape: tuple[int, ...] | None, message: str, bench: Bench
) -> None:
    model = bench.model([node("Tanh", ["x"], ["y"])], {})
    model.graph.input.append(helper.make_tensor_value_info("x", element, shape))
    with pytest.raises(UserError) as error:
        bench.imported(model)
    assert str(error.value) == f"error: {message}"


def test_an_input_that_is_no_tensor_is_refused(bench: Bench) -> None:
    model = bench.model([node("Tanh", ["x"], ["y"])], {})
    info = helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, (4,))
    model.graph.input.append(info)
    with pytest.raises(UserError, match="error: the input 'x' is not a tensor"):
        bench.imported(model)


def test_an_input_that_says_nothing_is_refused(bench: Bench) -> None:
    model = bench.model([node("Tanh", ["x"], ["y"])], {})
    model.graph.input.append(helper.make_empty_tensor_value_info("x"))
    with pytest.raises(UserError) as error:
        bench.imported(model)
    assert str(error.value) == (
        "error: the input 'x' has no type: of what elements it is, and of what shape"
    )
