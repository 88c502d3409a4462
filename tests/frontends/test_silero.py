"""Silero VAD: the LSTM and its head, cut out of a model whose encoder stays on the host."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from google.protobuf.json_format import MessageToJson

from lstmir.frontends.importer import import_model
from lstmir.frontends.model.read import read_model
from lstmir.frontends.parts.cut import Cut, cut_model
from lstmir.interpreter.run import run
from lstmir.ir.interface import ports
from lstmir.ir.module import Module
from lstmir.ir.verify import verify
from lstmir.syntax.printer import print_module

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

FOLDER = Path(__file__).parents[2] / "examples" / "silero_vad"
MODEL = FOLDER / "silero_vad_16k_sequence.onnx"
SOURCE, RESULT = "/Transpose_output_0", "speech_probs"
STATE = np.zeros((1, 1, 128), np.float32)


def imported(path: Path) -> Module:
    module = import_model(cut_model(read_model(path), Cut((SOURCE,), (RESULT,))), "silero")
    verify(module)
    return module


@pytest.fixture(scope="module")
def module() -> Module:
    return imported(MODEL)


def feeds(sequence: np.ndarray, state: np.ndarray = STATE) -> dict[str, np.ndarray]:
    return {SOURCE: sequence[:, np.newaxis], "h": state, "c": state}


def test_the_part_computes_what_onnx_runtime_computes(module: Module, bench: Bench) -> None:
    whole = onnx.shape_inference.infer_shapes(onnx.load(MODEL))
    part = onnx.utils.Extractor(whole).extract_model([SOURCE, "h", "c"], [RESULT])
    state = np.random.default_rng(0).normal(0, 1, STATE.shape).astype(np.float32)
    sequences = np.load(FOLDER / "silero_lstm_inputs.npz")["x_test"]
    for each in (feeds(sequences[0]), feeds(sequences[7, :13]), feeds(sequences[1], state)):
        bench.same(run(module, each), bench.reference(part, each))


def test_the_probabilities_are_those_of_the_whole_model(module: Module) -> None:
    arrays = np.load(FOLDER / "silero_lstm_inputs.npz")
    for sequence, expected in zip(arrays["x_test"][:16], arrays["p_test"], strict=False):
        found = run(module, feeds(sequence))[RESULT]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_the_interface_says_what_is_time(module: Module) -> None:
    source, *states = ports(module, "input")
    assert (source.shape, source.time, source.batch) == ((-1, 1, 128), 0, 1)
    assert [(port.name, port.shape, port.batch) for port in states] == [
        ("h", (1, 1, 128), 1),
        ("c", (1, 1, 128), 1),
    ]
    (result,) = ports(module, "output")
    assert (result.shape, result.time) == ((-1,), 0)


def test_json_and_onnx_are_the_same_text(module: Module, tmp_path: Path) -> None:
    path = tmp_path / "silero.json"
    path.write_text(MessageToJson(onnx.load(MODEL)))
    assert print_module(imported(path)) == print_module(module)
