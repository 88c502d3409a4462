"""What an LSTM, GRU or RNN node may say that makes no sense: the node and the input are named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper

from lstmir.interpreter.run import run
from lstmir.ir.diagnostics import UserError

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

TIME, BATCH, FEATURES, HIDDEN = 6, 3, 5, 4
INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
LAST = {"LSTM": 8, "GRU": 6, "RNN": 6}

Shape = tuple[int | str, ...]


def model_of(
    bench: Bench, op: str = "LSTM", feeds: dict[str, Shape] | None = None, **changed: Any
) -> ModelProto:
    """A node with all its inputs: X is fed, all others are weights.

    `feeds` are the inputs that are fed instead, with their shapes. What is `changed` is an array or
    the shape of a weight, or an attribute.
    """
    rows = GATES[op] * HIDDEN
    arrays: dict[str, np.ndarray] = {
        "W": ones(1, rows, FEATURES),
        "R": ones(1, rows, HIDDEN),
        "B": ones(1, 2 * rows),
        "sequence_lens": np.array([TIME, 2, 1], np.int32),
        "initial_h": ones(1, BATCH, HIDDEN),
        "initial_c": ones(1, BATCH, HIDDEN),
        "P": ones(1, 3 * HIDDEN),
    }
    attributes: dict[str, Any] = {"hidden_size": HIDDEN}
    for name, change in changed.items():
        if name not in INPUTS:
            attributes[name] = change
        elif name != "X":
            arrays[name] = change if isinstance(change, np.ndarray) else ones(*change)
    fed: dict[str, Shape] = {"X": changed.get("X", (TIME, BATCH, FEATURES)), **(feeds or {})}
    names = INPUTS[: LAST[op]]
    node = helper.make_node(op, names, ["y"], name="cell", **attributes)
    weights = {name: array for name, array in arrays.items() if name in names and name not in fed}
    model = bench.model([node], fed, weights=weights)
    for info in model.graph.input:
        if info.name == "sequence_lens":
            info.type.tensor_type.elem_type = TensorProto.INT32
    return model


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def refusal(bench: Bench, op: str, **changed: Any) -> str:
    with pytest.raises(UserError) as refused:
        bench.imported(model_of(bench, op, **changed))
    prefix = f"error: node 'cell' ({op}): "
    assert str(refused.value).startswith(prefix)
    return str(refused.value).removeprefix(prefix)


@pytest.mark.parametrize("op", GATES)
def test_nothing_is_wrong_with_the_node_that_the_others_differ_from(op: str, bench: Bench) -> None:
    module = bench.imported(model_of(bench, op))
    run(module, {"X": ones(TIME, BATCH, FEATURES)})


ATTRIBUTES: list[tuple[str, dict[str, Any], str]] = [
    ("LSTM", {"clip": -3.0}, "attribute 'clip' must be positive, not -3"),
    ("LSTM", {"clip": 0.0}, "attribute 'clip' must be positive, not 0"),
    ("LSTM", {"linear_before_reset": 1}, "attribute 'linear_before_reset' is not supported"),
    ("GRU", {"input_forget": 1}, "attribute 'input_forget' is not supported"),
    ("RNN", {"magic": 1}, "attribute 'magic' is not supported"),
    ("GRU", {"layout": 2}, "attribute 'layout' must be 0 or 1"),
    ("RNN", {"layout": 0.5}, "attribute 'layout' must be an integer"),
    (
        "LSTM",
        {"direction": "forwards"},
        (
            "attribute 'direction' must be one of forward, reverse, bidirectional, not 'forwards'"
            "; did you mean 'forward'?"
        ),
    ),
    ("RNN", {"hidden_size": 0}, "attribute 'hidden_size' must be positive, not 0"),
    ("LSTM", {"activations": 1}, "attribute 'activations' must be a list of strings"),
    (
        "LSTM",
        {"activations": ["Sigmoid", "Tan", "Tanh"]},
        "attribute 'activations': unknown activation 'Tan'; did you mean 'Tanh'?",
    ),
    (
        "RNN",
        {"activations": ["Sigmod"]},
        "attribute 'activations': unknown activation 'Sigmod'; did you mean 'Sigmoid'?",
    ),
    (
        "LSTM",
        {"activations": ["Sigmoid", "Tanh"]},
        "attribute 'activations' must have 3 functions, not 2",
    ),
    (
        "GRU",
        {"activations": ["Sigmoid", "Tanh"] * 2},
        "attribute 'activations' must have 2 functions, not 4",
    ),
    (
        "GRU",
        {"activations": ["Sigmoid", "LeakyRelu"], "activation_alpha": [0.5, 0.5]},
        "attribute 'activation_alpha' has 2 number(s), but the functions take 1",
    ),
    (
        "LSTM",
        {"activation_beta": [0.5]},
        "attribute 'activation_beta' has 1 number(s), but the functions take 0",
    ),
    (
        "RNN",
        {"activations": ["ScaledTanh"], "activation_alpha": [0.5]},
        "attribute 'activation_beta' is missing: 'ScaledTanh' has no default",
    ),
    (
        "RNN",
        {"activations": ["LeakyRelu"], "activation_alpha": [float("nan")]},
        "attribute 'activation_alpha' must be a finite number, not nan",
    ),
    ("GRU", {"clip": float("inf")}, "attribute 'clip' must be a finite number, not inf"),
]


@pytest.mark.parametrize(("op", "attributes", "message"), ATTRIBUTES)
def test_attributes(op: str, attributes: dict[str, Any], message: str, bench: Bench) -> None:
    assert refusal(bench, op, **attributes) == message


SHAPES: list[tuple[str, dict[str, Any], str]] = [
    ("LSTM", {"X": (TIME, FEATURES)}, "input 'X' must have 3 axes, not 2"),
    (
        "LSTM",
        {"X": (TIME, BATCH, "features")},
        "input 'X' must say how many features it has along its last axis",
    ),
    (
        "LSTM",
        {"W": (1, 3, 3)},
        "input 'W' must be [1, 16, 5] (directions, 4 x hidden_size, input size), not [1, 3, 3]",
    ),
    (
        "RNN",
        {"W": (4, 5)},
        "input 'W' must be [1, 4, 5] (directions, hidden_size, input size), not [4, 5]",
    ),
    ("LSTM", {"R": (1, 16)}, "input 'R' must have 3 axes, not 2"),
    (
        "GRU",
        {"R": (1, 12, 5)},
        "input 'R' must be [1, 12, 4] (directions, 3 x hidden_size, hidden_size), not [1, 12, 5]",
    ),
    (
        "GRU",
        {"hidden_size": 5},
        "input 'W' must be [1, 15, 5] (directions, 3 x hidden_size, input size), not [1, 12, 5]",
    ),
    (
        "LSTM",
        {"direction": "bidirectional"},
        "input 'W' must be [2, 16, 5] (directions, 4 x hidden_size, input size), not [1, 16, 5]",
    ),
    (
        "LSTM",
        {"B": (1, 16)},
        "input 'B' must be [1, 32] (directions, 8 x hidden_size), not [1, 16]",
    ),
    (
        "LSTM",
        {"P": (1, 16)},
        "input 'P' must be [1, 12] (directions, 3 x hidden_size), not [1, 16]",
    ),
    (
        "RNN",
        {"initial_h": (1, 2, 4)},
        "input 'initial_h' must be [1, 3, 4] (directions, batch, hidden_size), not [1, 2, 4]",
    ),
    ("GRU", {"initial_h": (3, 4)}, "input 'initial_h' must have 3 axes, not 2"),
    (
        "LSTM",
        {"initial_c": (1, 3, 5)},
        "input 'initial_c' must be [1, 3, 4] (directions, batch, hidden_size), not [1, 3, 5]",
    ),
    (
        "LSTM",
        {"sequence_lens": np.array([[1, 2, 3]], np.int32)},
        "input 'sequence_lens' must have 1 axis, not 2",
    ),
    (
        "RNN",
        {"sequence_lens": np.array([1, 2], np.int32)},
        "input 'sequence_lens' must be [3] (batch), not [2]",
    ),
]


@pytest.mark.parametrize(("op", "changed", "message"), SHAPES)
def test_shapes(op: str, changed: dict[str, Any], message: str, bench: Bench) -> None:
    assert refusal(bench, op, **changed) == message


ELEMENTS: list[tuple[str, dict[str, Any], str]] = [
    ("LSTM", {"W": np.ones((1, 16, 5))}, "input 'W' holds f64, but X f32"),
    ("GRU", {"B": np.ones((1, 24), np.int32)}, "input 'B' holds i32, but X f32"),
    ("RNN", {"initial_h": np.ones((1, 3, 4))}, "input 'initial_h' holds f64, but X f32"),
    ("LSTM", {"P": np.ones((1, 12), np.float16)}, "input 'P' holds f16, but X f32"),
    ("LSTM", {"sequence_lens": ones(3)}, "input 'sequence_lens' must hold integers, not f32"),
]


@pytest.mark.parametrize(("op", "changed", "message"), ELEMENTS)
def test_elements(op: str, changed: dict[str, Any], message: str, bench: Bench) -> None:
    assert refusal(bench, op, **changed) == message


@pytest.mark.parametrize("op", GATES)
@pytest.mark.parametrize("lengths", [[6, -1, 2], [6, 7, 2], [7, 7, 7]])
def test_lengths_that_are_known(op: str, lengths: list[int], bench: Bench) -> None:
    wrong = next(n for n in lengths if not 0 <= n <= TIME)
    assert refusal(bench, op, sequence_lens=np.array(lengths, np.int32)) == (
        f"input 'sequence_lens' has {wrong}; a length is from 0 to 6, the number of steps of X"
    )


@pytest.mark.parametrize(("op", "name"), [("LSTM", "lstm"), ("GRU", "gru"), ("RNN", "simple_rnn")])
@pytest.mark.parametrize("wrong", [-1, 7])
def test_lengths_that_are_fed(op: str, name: str, wrong: int, bench: Bench) -> None:
    feeds: dict[str, Shape] = {"X": ("time", BATCH, FEATURES), "sequence_lens": (BATCH,)}
    module = bench.imported(model_of(bench, op, feeds))
    lengths = np.array([6, wrong, 2], np.int32)
    with pytest.raises(UserError) as refused:
        run(module, {"X": ones(TIME, BATCH, FEATURES), "sequence_lens": lengths})
    assert str(refused.value) == (
        f"error: '%sequence_lens' of 'rnn.{name}' is {wrong}; a length is a whole number from 0 to 6,"
        " the number of steps"
    )


@pytest.mark.parametrize("op", GATES)
def test_no_steps(op: str, bench: Bench) -> None:
    lengths: dict[str, Shape] = {"X": ("time", BATCH, FEATURES), "sequence_lens": (BATCH,)}
    module = bench.imported(model_of(bench, op, lengths))
    with pytest.raises(UserError, match="a sequence needs at least one step, got none"):
        run(module, {"X": ones(0, BATCH, FEATURES), "sequence_lens": np.zeros(BATCH, np.int32)})
