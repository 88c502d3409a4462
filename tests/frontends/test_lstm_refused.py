"""What an LSTM node may say that lstmir has no form for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from lstmir.ir.diagnostics import UserError

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

SHAPES = {"W": (1, 16, 5), "R": (1, 16, 4), "B": (1, 32)}


def lstm(
    bench: Bench, change: dict[str, tuple[int, ...]] | None = None, **attributes: Any
) -> ModelProto:
    """A node of 4 units and 5 features; `change` gives weights other shapes."""
    shapes = SHAPES | (change or {})
    node = helper.make_node("LSTM", ["X", *shapes], ["y"], name="cell", hidden_size=4, **attributes)
    weights = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    return bench.model([node], {"X": ("time", "batch", 5)}, weights=weights)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        (
            {"clip": 3.0},
            "attribute 'clip' is not supported; train and export the network without clipping in its cells",
        ),
        (
            {"input_forget": 1},
            "attribute 'input_forget' is not supported; export the network with an input gate of its own",
        ),
        (
            {"activations": ["Sigmoid", "Relu", "Tanh"]},
            "attribute 'activations' is not supported; export the network with Sigmoid, Tanh and Tanh",
        ),
        ({"layout": 2}, "attribute 'layout' must be 0 or 1"),
        ({"magic": 1}, "attribute 'magic' is not supported"),
        ({"layout": 0.5}, "attribute 'layout' must be an integer"),
        ({"activations": 1}, "attribute 'activations' must be a list of strings"),
    ],
)
def test_attributes_that_are_refused(
    attributes: dict[str, Any], message: str, bench: Bench
) -> None:
    with pytest.raises(UserError) as refused:
        bench.imported(lstm(bench, **attributes))
    assert str(refused.value) == f"error: node 'cell' (LSTM): {message}"


@pytest.mark.parametrize(
    ("place", "name", "message"),
    [
        (
            4,
            "sequence_lens",
            "input 'sequence_lens' is not supported; pad sequences at the front, or run each alone",
        ),
        (7, "P", "input 'P' is not supported; train and export the network without peepholes"),
    ],
)
def test_inputs_that_are_refused(place: int, name: str, message: str, bench: Bench) -> None:
    model = lstm(bench)
    node = model.graph.node[0]
    node.input.extend([""] * (place - len(node.input)) + [name])
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(3, np.float32), name))
    with pytest.raises(UserError) as refused:
        bench.imported(model)
    assert str(refused.value) == f"error: node 'cell' (LSTM): {message}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"W": (1, 3, 3)}, "the weights must be 1x16x5, not tensor<1x3x3xf32>"),
        ({"R": (1, 16)}, "the recurrence must be 1x16x4, not tensor<1x16xf32>"),
        ({"B": (1, 16)}, "the bias must be 1x32, not tensor<1x16xf32>"),
    ],
)
def test_shapes_that_do_not_fit(
    change: dict[str, tuple[int, ...]], message: str, bench: Bench
) -> None:
    with pytest.raises(UserError) as refused:
        bench.imported(lstm(bench, change))
    assert str(refused.value) == f"error: node 'cell' (LSTM): {message}"


def test_weights_that_are_computed_are_refused(bench: Bench) -> None:
    model = lstm(bench)
    weights = model.graph.initializer
    weights.remove(next(item for item in weights if item.name == "R"))
    model.graph.input.append(helper.make_tensor_value_info("R", TensorProto.FLOAT, (1, 16, 4)))
    with pytest.raises(UserError, match=r"node 'cell' \(LSTM\): input 'R' must be a constant"):
        bench.imported(model)
