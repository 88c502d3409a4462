"""Lengths that are known only at run time: what depends on them is computed for each, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import NodeProto, helper, numpy_helper

from lstmir.ir.diagnostics import UserError

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

node = helper.make_node
HIDDEN = 3


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.5, shape).astype(np.float32)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


WEIGHTS = {
    "W": random(1, 4 * HIDDEN, 2),
    "R": random(1, 4 * HIDDEN, HIDDEN),
    "last": ints(-1),
    "end": ints(2**62),
    "zero": ints(0),
    "one": ints(1),
    "two": ints(2),
    "five": ints(5),
}
HALF = numpy_helper.from_array(np.array([0.5], np.float32))


def weights_of(nodes: list[NodeProto]) -> dict[str, np.ndarray]:
    used = {name for each in nodes for name in each.input}
    return {name: array for name, array in WEIGHTS.items() if name in used}


def test_values_whose_last_steps_meet_are_not_of_one_length(bench: Bench) -> None:
    nodes = [
        node("Slice", ["x", "last", "end", "zero"], ["x_last"]),
        node("Slice", ["z", "last", "end", "zero"], ["z_last"]),
        node("Add", ["x_last", "z_last"], ["sum"]),
        node("Shape", ["z"], ["z_shape"]),
        node("Gather", ["z_shape", "zero"], ["z_time"]),
        node("Slice", ["x", "zero", "z_time", "zero"], ["y"], name="cut"),
    ]
    inputs = {"x": ("long", "batch", 2), "z": ("short", "batch", 2)}
    model = bench.model(nodes, inputs, ["sum", "y"], weights_of(nodes))
    with pytest.raises(UserError) as error:
        bench.imported(model)
    assert str(error.value) == (
        "error: node 'cut' (Slice): axis 0 cannot be cut there: its length is known only at run time;"
        " all of it, or its first or last element can be taken"
    )


def test_every_axis_of_length_1_is_not_known(bench: Bench) -> None:
    nodes = [
        node("LSTM", ["x", "W", "R"], ["", "h"], hidden_size=HIDDEN),
        node("Squeeze", ["h"], ["y"], name="it"),
    ]
    model = bench.model(nodes, {"x": ("time", "batch", 2)}, weights=weights_of(nodes))
    with pytest.raises(UserError) as error:
        bench.imported(model)
    assert str(error.value) == (
        "error: node 'it' (Squeeze): 'axes' names none: of a value of shape [1, ?, 3], axis 1 would go"
        " where its length is 1 at run time, and else stay; say which axes go"
    )


def test_a_constant_sequence_has_as_many_samples_as_the_states(bench: Bench) -> None:
    nodes = [
        node("Shape", ["h0"], ["s"]),
        node("Slice", ["s", "one", "two"], ["batch"]),
        node("Concat", ["five", "batch", "two"], ["target"], axis=0),
        node("ConstantOfShape", ["target"], ["x"], value=HALF),
        node("LSTM", ["x", "W", "R", "", "", "h0"], ["y", "h"], hidden_size=HIDDEN),
    ]
    model = bench.model(nodes, {"h0": (1, "batch", HIDDEN)}, ["y", "h"], weights_of(nodes))
    for batch in (1, 4):
        bench.agree(model, {"h0": random(1, batch, HIDDEN)})


def test_a_constant_sequence_whose_length_nothing_tells(bench: Bench) -> None:
    nodes = [
        node("Shape", ["z"], ["s"]),
        node("ConstantOfShape", ["s"], ["x"], value=HALF),
        node("LSTM", ["x", "W", "R"], ["y"], hidden_size=HIDDEN, name="cell"),
    ]
    model = bench.model(nodes, {"z": ("time", "batch", 2)}, weights=weights_of(nodes))
    with pytest.raises(UserError) as error:
        bench.imported(model)
    assert str(error.value) == (
        "error: node 'cell' (LSTM): 'x' repeats along an axis whose length is known only at run time,"
        " and no other input here has that axis"
    )
