"""`lstmir import`: from a model, or a part of one, to IR."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest

from lstmir.ir.diagnostics import EXIT_FINDING, EXIT_USAGE
from lstmir.syntax.parser import parse_module
from lstmir.tools.lstmir import main

ROOT = Path(__file__).parents[2]
VOWELS = str(ROOT / "examples" / "vowels" / "vowels_h32.onnx")
SILERO = str(ROOT / "examples" / "silero_vad" / "silero_vad_16k_sequence.onnx")
CUT = ["--inputs", "/Transpose_output_0", "--outputs", "speech_probs"]

Capture = pytest.CaptureFixture[str]


def test_a_model_becomes_a_file(tmp_path: Path, capsys: Capture) -> None:
    output = tmp_path / "vowels.lstmir"
    assert main(["import", VOWELS, "-o", str(output)]) == 0
    assert capsys.readouterr() == ("", "")
    assert parse_module(output.read_text()).name == "vowels_h32"


def test_standard_output_is_the_default(capsys: Capture) -> None:
    assert main(["import", VOWELS]) == 0
    assert parse_module(capsys.readouterr().out).name == "vowels_h32"


def test_a_part_becomes_a_file_that_runs(tmp_path: Path) -> None:
    output, feed, result = (str(tmp_path / name) for name in ("s.lstmir", "x.npz", "y.npz"))
    assert main(["import", SILERO, *CUT, "-o", output]) == 0
    arrays = np.load(ROOT / "examples" / "silero_vad" / "silero_lstm_inputs.npz")
    state = np.zeros((1, 1, 128), np.float32)
    sequence = arrays["x_test"][0][:, np.newaxis]
    np.savez(feed, **{"/Transpose_output_0": sequence, "h": state, "c": state})
    for words in ([output], [SILERO, *CUT]):
        assert main(["run", *words, "--feed", feed, "-o", result]) == 0
        found = np.load(result)["speech_probs"]
        np.testing.assert_allclose(found, arrays["p_test"][0], rtol=0, atol=1e-5)


def test_the_list_of_a_model_that_is_imported_whole(capsys: Capture) -> None:
    assert main(["import", "--list", VOWELS]) == 0
    assert capsys.readouterr().out == (
        "LSTM '/lstm/LSTM': 12 to 32, forward, reads 'x'\n"
        "\nThe whole model is imported by\n"
        f"  lstmir import {VOWELS} -o OUT.lstmir\n"
    )


def test_the_cut_of_the_list_works_as_it_stands(tmp_path: Path, capsys: Capture) -> None:
    assert main(["import", "--list", SILERO]) == 0
    text = capsys.readouterr().out
    assert text.startswith(
        "LSTM '/recurrent/LSTM': 128 to 128, forward, reads '/Transpose_output_0'\n"
        "\nThe whole model is not imported: node '/stft/padding/Pad' (Pad): operator is not supported"
    )
    _, *words = shlex.split(text.splitlines()[-1])
    assert words == ["import", SILERO, *CUT, "-o", "OUT.lstmir"]
    assert main([*words[:-1], str(tmp_path / "out.lstmir")]) == 0


def test_the_list_of_a_model_without_a_recurrence(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "m.json"
    path.write_text(
        '{"opsetImport": [{"version": 17}], "graph": {"input": [{"name": "x", "shape": ["n", 2]}],'
        ' "output": ["y"], "node": [{"opType": "Erf", "input": ["x"], "output": ["y"]}]}}'
    )
    assert main(["import", "--list", str(path)]) == EXIT_FINDING
    text = capsys.readouterr().out
    assert text.startswith(f"{path} has no recurrent part (LSTM, GRU, RNN or Scan)\n")
    assert "The whole model is not imported: the node that makes 'y' (Erf): operator is not" in text


WRONG: dict[str, tuple[list[str], int, str]] = {
    "unknown tensor": (
        [VOWELS, "--outputs", "logit"],
        EXIT_FINDING,
        f"error: {VOWELS}: the model has no tensor 'logit'; did you mean 'logits'?",
    ),
    "no file": (
        ["none.onnx"],
        EXIT_USAGE,
        "error: cannot read none.onnx: No such file or directory",
    ),
    "list and cut": (
        ["--list", VOWELS, "--outputs", "logits"],
        EXIT_USAGE,
        "error: --list shows what there is: it takes no -o, --inputs or --outputs",
    ),
    "whole": (
        [SILERO],
        EXIT_FINDING,
        f"error: {SILERO}: node '/stft/padding/Pad' (Pad): operator is not supported by lstmir",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_refused_leaves_no_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    words, status, text = WRONG[name]
    monkeypatch.chdir(tmp_path)
    output = [] if "--list" in words else ["-o", "out.lstmir"]
    assert main(["import", *words, *output]) == status
    assert capsys.readouterr().err.startswith(text)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["import", "run", "compile"])
def test_ir_is_not_cut(command: str, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "m.lstmir"
    path.write_text("module @m {\n}\n")
    more = {"run": ["--feed", str(path)], "compile": ["--data", str(path)]}.get(command, [])
    output = str(tmp_path / "out")
    assert main([command, str(path), "--outputs", "y", *more, "-o", output]) == EXIT_USAGE
    assert capsys.readouterr().err.startswith(
        f"error: {path} is IR: --inputs and --outputs cut a part out of .onnx and .json files"
    )


def test_what_is_refused_says_where_to_look(capsys: Capture) -> None:
    assert main(["import", SILERO]) == EXIT_FINDING
    assert (
        "note: 'lstmir import --list' shows which part of it can be imported"
        in capsys.readouterr().err
    )


def test_ir_has_no_list(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "m.lstmir"
    path.write_text("module @m {\n}\n")
    assert main(["import", "--list", str(path)]) == EXIT_USAGE
    assert capsys.readouterr().err == (
        f"error: {path} is IR already; --list is for .onnx and .json files\n"
    )
