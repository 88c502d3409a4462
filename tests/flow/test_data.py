"""Which arrays of a file are the samples of which input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lstmir.flow.data import Data, read_data
from lstmir.flow.models import load_model
from lstmir.flow.recipes import FRONT
from lstmir.frontends.parts.cut import Cut
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, set_ports
from lstmir.ir.module import Module
from lstmir.passes.initial_states import initial_states
from lstmir.syntax.parser import parse_module
from tests.flow.tiny import Arrays, model, with_initial_state, write_data, write_model
from tests.passes.levels import apply

SILERO = Path(__file__).parents[2] / "examples" / "silero_vad"
N, T = 4, 3
TWO = """module @two attributes {interface = [
    {name = "a", kind = "input", dtype = "f32", shape = [-1, -1, 2], batch = 0, time = 1},
    {name = "b", kind = "input", dtype = "f64", shape = [-1, 2], batch = 0},
    {name = "h", kind = "input", dtype = "f32", shape = [-1, 2], batch = 0},
    {name = "y", kind = "output", dtype = "f32", shape = [-1, 2], batch = 0}], form = "sample"} {
  func @main(%a: tensor<?x2xf32>, %b: tensor<2xf64>, %h: tensor<2xf32>) -> tensor<2xf32> {
    %ys, %y = rnn.scan (%xt = %a) state (%hp = %h) {
      %ht = arith.add %xt, %hp : tensor<2xf32>
      rnn.yield state (%ht) emit (%ht) : tensor<2xf32>
    } : (tensor<?x2xf32>, tensor<2xf32>) -> (tensor<?x2xf32>, tensor<2xf32>)
    return %y : tensor<2xf32>
  }
}
"""
STATE_ALONE = """module @one attributes {interface = [
    {name = "h", kind = "input", dtype = "f32", shape = [-1, 2], batch = 0},
    {name = "y", kind = "output", dtype = "f32", shape = [-1, 2], batch = 0}], form = "sample"} {
  func @main(%h: tensor<2xf32>) -> tensor<2xf32> {
    %a = tensor.constant @a : tensor<1x2xf32>
    %ys, %y = rnn.scan (%xt = %a) state (%hp = %h) {
      %ht = arith.add %xt, %hp : tensor<2xf32>
      rnn.yield state (%ht) emit (%ht) : tensor<2xf32>
    } : (tensor<1x2xf32>, tensor<2xf32>) -> (tensor<1x2xf32>, tensor<2xf32>)
    return %y : tensor<2xf32>
  }
}
{-# resources: {a: "0x0000803f00000040"} #-}
"""


def _two(*left_out: str, **more: np.ndarray) -> Arrays:
    random = np.random.default_rng(3)
    arrays = {
        f"{name}_{half}": random.normal(size=shape)
        for name, shape in (("a", (N, T, 2)), ("b", (N, 2)))
        for half in ("train", "test")
    }
    return {name: array for name, array in {**arrays, **more}.items() if name not in left_out}


def _read(arrays: Arrays, module: Module | None = None) -> Data:
    path = write_data(Path("data.npz"), arrays)
    return read_data(str(path), module or parse_module(TWO))


def test_several_inputs_have_arrays_of_their_names() -> None:
    arrays = _two()
    data = _read(arrays)
    for half, found in (("train", data.train), ("test", data.test)):
        assert list(found) == ["a", "b", "h"]
        assert np.array_equal(found["a"], arrays[f"a_{half}"].astype(np.float32))
        assert np.array_equal(found["b"], arrays[f"b_{half}"])
        assert np.array_equal(found["h"], np.zeros((N, 2)))
        assert [found[name].dtype for name in found] == ["f4", "f8", "f4"]
    assert data.at_zero == ("h",)
    assert not data.test_is_train


def test_a_state_that_is_given() -> None:
    states = np.arange(2 * N, dtype=float).reshape(N, 2)
    data = _read(_two(h_train=states, h_test=-states))
    assert np.array_equal(data.train["h"], states)
    assert np.array_equal(data.test["h"], -states)
    assert data.at_zero == ()


def test_without_test_samples_training_samples_serve() -> None:
    data = _read(_two("a_test", "b_test", h_train=np.ones((N, 2))))
    assert data.test_is_train
    assert all(np.array_equal(data.test[name], data.train[name]) for name in "abh")


def _one_with_state(name: str, units: int) -> Module:
    """The sequence `a` and a state of some name and length, -1 for any."""
    of_b = '    {name = "b", kind = "input", dtype = "f64", shape = [-1, 2], batch = 0},\n'
    text = TWO.replace(of_b, "").replace("%b: tensor<2xf64>, ", "")
    state = f'{{name = "{name}", kind = "input", dtype = "f32", shape = [-1, {units}], batch = 0}}'
    return parse_module(
        text.replace(
            '{name = "h", kind = "input", dtype = "f32", shape = [-1, 2], batch = 0}', state
        )
    )


def test_the_only_sequence_is_x_unless_a_state_is() -> None:
    arrays = {"x_train": np.ones((N, T, 2)), "a_train": np.zeros((N, T, 2))}
    assert _read(arrays, _one_with_state("h", 2)).train["a"].all()
    data = _read({**arrays, "x_train": np.ones((N, 2))}, _one_with_state("x", 2))
    assert data.train["x"].all()
    assert not data.train["a"].any()


def test_a_state_of_unknown_length_must_be_given() -> None:
    module, arrays = _one_with_state("h", -1), {"a_train": np.ones((N, T, 2))}
    with pytest.raises(UserError, match="has no array 'h_train'; its arrays: a_train"):
        _read(arrays, module)
    assert _read({**arrays, "h_train": np.ones((N, 2))}, module).at_zero == ()


def test_labels_of_an_output_that_has_no_classes_are_none() -> None:
    module = Module()
    source = Port("x", "input", "f32", (-1, -1, 2), batch=0, time=1)
    arrays = {"x_train": np.ones((N, T, 2)), "y_train": np.zeros(N, int)}
    for shape, time in (((-1, -1), 1), ((-1, 5), 1), ((-1, 1), None), ((-1, 2, 2), None)):
        set_ports(module, [source, Port("y", "output", "f32", shape, batch=0, time=time)])
        assert _read(arrays, module).y_train is None
    set_ports(module, [source, Port("y", "output", "f32", (-1, 2), batch=0)])
    assert _read(arrays, module).y_train is not None


A_LONGER = np.zeros((N + 1, T, 2))
WRONG: dict[str, tuple[Arrays, str]] = {
    "one missing": (_two("b_train"), " has no array 'b_train'; its arrays: a_train, a_test, b_test"),
    "both missing": ({"x_train": A_LONGER}, " has no arrays 'a_train', 'b_train'; its arrays: x_train"),
    "one missing in the test": (
        _two("a_test"),
        " has no array 'a_test'; its arrays: a_train, b_train, b_test",
    ),
    "other numbers": (
        _two(a_train=A_LONGER),
        ": the inputs have different numbers of samples: 'a_train' 5, 'b_train' 4",
    ),
    "other number of states": (
        _two(h_train=np.zeros((3, 2)), h_test=np.zeros((N, 2))),
        ": the inputs have different numbers of samples: 'a_train' 4, 'b_train' 4, 'h_train' 3",
    ),
    "states of one half": (
        _two(h_test=np.zeros((N, 2))),
        " has initial states 'h_test', but no 'h_train'",
    ),
    "states of the other half": (
        _two(h_train=np.zeros((N, 2))),
        " has initial states 'h_train', but no 'h_test'",
    ),
    "a state of another shape": (
        _two(h_train=np.zeros((N, 3)), h_test=np.zeros((N, 3))),
        ": 'h_train' has shape [4, 3], the model's input h needs [N, 2]",
    ),
    "labels alone": (
        _two("a_test", "b_test", y_test=np.zeros(N, int)),
        " has labels 'y_test', but no samples 'a_test'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_several_arrays(case: str) -> None:
    arrays, message = WRONG[case]
    with pytest.raises(UserError) as error:
        _read(arrays)
    assert str(error.value) == f"error: data.npz{message}"


def test_a_model_without_an_input() -> None:
    with pytest.raises(UserError, match="the model has no input to feed with them"):
        _read(_two(), Module())


@pytest.mark.parametrize("front", ["", FRONT])
def test_initial_states_are_known_at_both_levels(front: str) -> None:
    module = load_model(str(write_model(Path("tiny.json"), with_initial_state())))
    assert initial_states(apply(module, front) if front else module) == ["h0"]
    plain = load_model(str(write_model(Path("tiny.json"), model())))
    assert initial_states(apply(plain, front) if front else plain) == []


def test_what_is_used_otherwise_is_no_state() -> None:
    also_output = TWO.replace(
        "return %y :", "%z = arith.add %y, %h : tensor<2xf32>\n    return %z :"
    )
    assert initial_states(parse_module(TWO)) == ["h"]
    assert initial_states(parse_module(also_output)) == []


def test_a_state_in_front_of_everything_is_an_input() -> None:
    """Whoever wants a model of states alone to run must feed them."""
    module = parse_module(STATE_ALONE)
    assert initial_states(module) == ["h"]
    data = _read({"x_train": np.ones((N, 2))}, module)
    assert np.array_equal(data.train["h"], np.ones((N, 2)))
    assert data.at_zero == ()


def test_the_states_of_a_cut_start_at_zero() -> None:
    """One sequence at a time, as the model takes them: its states are inputs of the part."""
    cut = Cut(("/Transpose_output_0",), ("speech_probs",))
    module = load_model(str(SILERO / "silero_vad_16k_sequence.onnx"), cut)
    data = read_data(str(SILERO / "silero_lstm_inputs.npz"), module)
    assert data.at_zero == ("h", "c")
    shapes = {name: array.shape for name, array in data.train.items()}
    assert shapes == {"/Transpose_output_0": (48, 50, 128), "h": (48, 1, 128), "c": (48, 1, 128)}
    assert not data.train["h"].any()
    assert not data.test["c"].any()
