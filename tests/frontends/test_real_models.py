"""Trained models, against ONNX Runtime and against PyTorch's own results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from google.protobuf.json_format import MessageToJson

from lstmir.frontends.importer import import_model
from lstmir.frontends.model.read import read_model
from lstmir.interpreter.run import run
from lstmir.ir.interface import Port, ports
from lstmir.ir.verify import verify
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

DATA = Path(__file__).parents[1] / "data"
VOWELS = Path(__file__).parents[2] / "examples" / "vowels"
MODELS = [VOWELS / "vowels_h32.onnx", DATA / "vowels_h32_l2.onnx", DATA / "digits_h64.onnx"]

VOWELS_IR = """\
module @vowels attributes {interface = [\
{name = "x", kind = "input", dtype = "f32", shape = [29, -1, 12], batch = 1, time = 0}, \
{name = "logits", kind = "output", dtype = "f32", shape = [-1, 9], batch = 0}], form = "batch"} {
  func @main(%x: tensor<29x?x12xf32>) -> tensor<?x9xf32> {
    %lstm_LSTM_W = tensor.constant @lstm_LSTM_W : tensor<1x128x12xf32>
    %lstm_LSTM_R = tensor.constant @lstm_LSTM_R : tensor<1x128x32xf32>
    %lstm_LSTM_B = tensor.constant @lstm_LSTM_B : tensor<1x256xf32>
    %lstm_LSTM_output_0, %lstm_LSTM_output_1, %lstm_LSTM_output_2 = rnn.lstm (%x) \
weights (%lstm_LSTM_W) recurrence (%lstm_LSTM_R) bias (%lstm_LSTM_B) \
{hidden_size = 32, direction = "forward"} : \
(tensor<29x?x12xf32>, tensor<1x128x12xf32>, tensor<1x128x32xf32>, tensor<1x256xf32>) -> \
(tensor<29x1x?x32xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>)
    %Gather_output_0 = tensor.reshape %lstm_LSTM_output_1 : (tensor<1x?x32xf32>) -> tensor<?x32xf32>
    %fc_weight = tensor.constant @fc_weight : tensor<9x32xf32>
    %0 = linalg.linear %fc_weight, %Gather_output_0 : \
(tensor<9x32xf32>, tensor<?x32xf32>) -> tensor<?x9xf32>
    %fc_bias = tensor.constant @fc_bias : tensor<9xf32>
    %logits = arith.add %0, %fc_bias : (tensor<?x9xf32>, tensor<9xf32>) -> tensor<?x9xf32>
    return %logits : tensor<?x9xf32>
  }
}
"""


def samples(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The model's input, and PyTorch's logits for it."""
    if path.stem == "vowels_h32":
        arrays = np.load(VOWELS / "vowels.npz")
        return arrays["x_test"].transpose(1, 0, 2), arrays["logits_test_h32"]
    arrays = np.load(path.with_suffix(".npz"))
    return arrays["x"], arrays["logits"]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_computes_what_onnx_runtime_and_pytorch_compute(path: Path, bench: Bench) -> None:
    x, logits = samples(path)
    module = import_model(read_model(path), path.stem)
    ours = run(module, {"x": x})
    bench.same(ours, bench.reference(path.read_bytes(), {"x": x}))
    bench.same(ours, {"logits": logits})


def test_as_many_speakers_are_recognised_as_by_pytorch() -> None:
    arrays = np.load(VOWELS / "vowels.npz")
    module = import_model(read_model(VOWELS / "vowels_h32.json"), "vowels")
    logits = run(module, {"x": arrays["x_test"].transpose(1, 0, 2)})["logits"]
    assert (logits.argmax(axis=1) == arrays["y_test"]).sum() == 359


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_the_module_verifies_and_survives_its_text(path: Path) -> None:
    module = import_model(read_model(path), path.stem)
    verify(module)
    text = print_module(module)
    assert print_module(parse_module(text)) == text
    assert text == print_module(import_model(read_model(path), path.stem))


def test_shape_arithmetic_and_zero_states_leave_no_trace() -> None:
    module = import_model(read_model(VOWELS / "vowels_h32.onnx"), "vowels")
    assert print_module(module, resources="elide") == VOWELS_IR


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_json_and_onnx_are_the_same_text(path: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "model.json"
    mapping.write_text(MessageToJson(onnx.load(path)))
    texts = [print_module(import_model(read_model(each), "m")) for each in (path, mapping)]
    assert texts[0] == texts[1]


def test_the_example_in_json_is_that_in_onnx() -> None:
    texts = [
        print_module(import_model(read_model(VOWELS / f"vowels_h32{suffix}"), "vowels"))
        for suffix in (".json", ".onnx")
    ]
    assert texts[0] == texts[1]


def test_batch_and_time_are_found_behind_two_layers() -> None:
    module = import_model(read_model(DATA / "vowels_h32_l2.onnx"), "vowels")
    assert ports(module, "input") == [Port("x", "input", "f32", (29, -1, 12), batch=1, time=0)]
    assert ports(module, "output") == [Port("logits", "output", "f32", (-1, 9), batch=0)]
