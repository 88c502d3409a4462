"""The ONNX project's own node tests of the recurrent operators, at their own tolerances."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CASES = {
    "LSTM": {
        "test_lstm_batchwise",
        "test_lstm_bidirectional",
        "test_lstm_defaults",
        "test_lstm_reverse",
        "test_lstm_with_initial_bias",
        "test_lstm_with_peepholes",
    },
    "GRU": {
        "test_gru_batchwise",
        "test_gru_bidirectional",
        "test_gru_defaults",
        "test_gru_reverse",
        "test_gru_seq_length",
        "test_gru_with_initial_bias",
    },
    "RNN": {
        "test_rnn_seq_length",
        "test_simple_rnn_batchwise",
        "test_simple_rnn_bidirectional",
        "test_simple_rnn_defaults",
        "test_simple_rnn_reverse",
        "test_simple_rnn_with_initial_bias",
    },
}

# Collecting a second operator in one process gives the cases of the first again: each has its own.
_RUN = """
import sys
import numpy as np
from google.protobuf.json_format import MessageToDict
from onnx.backend.test.case.node import collect_testcases
from lstmir.frontends.importer import import_model
from lstmir.frontends.model.read import model_of
from lstmir.interpreter.run import run
from lstmir.ir.verify import verify
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module

for case in collect_testcases(sys.argv[1]):
    model = model_of(MessageToDict(case.model), case.name)
    module = parse_module(print_module(import_model(model, case.name)))
    for inputs, outputs in case.data_sets:
        names = [info.name for info in case.model.graph.input]
        found = run(module, dict(zip(names, inputs, strict=True)))
        assert list(found) == [info.name for info in case.model.graph.output]
        for ours, theirs in zip(found.values(), outputs, strict=True):
            assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), case.name
            np.testing.assert_allclose(ours, theirs, rtol=case.rtol, atol=case.atol)
        print(case.name)
"""


@pytest.mark.parametrize("operator", CASES)
def test_every_case_of_the_onnx_project_passes(operator: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", _RUN, operator]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == CASES[operator]
