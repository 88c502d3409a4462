"""What can be wrong with a file of samples: one clear line, status 1, nothing left behind."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.flow.arrays import load_arrays
from lstmir.flow.data import read_data
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, set_ports
from lstmir.ir.module import Module
from lstmir.tools.lstmir import main
from tests.flow.refused import refused
from tests.flow.tiny import CLASSES, INPUTS, STEPS, Arrays, data, write_data

PORT = Port("x", "input", "f32", (STEPS, -1, INPUTS), batch=1, time=0)
RESULT = Port("y", "output", "f32", (-1, CLASSES), batch=0)
MODULE = Module()
set_ports(MODULE, [PORT, RESULT])


def _with(**arrays: np.ndarray) -> Arrays:
    return {**data(), **arrays}


def _without(*names: str) -> Arrays:
    return {name: array for name, array in data().items() if name not in names}


def _holding(value: float) -> np.ndarray:
    array = data()["x_train"]
    array[1, 2, 0] = value
    return array


SHAPE = "has shape {}, the model's input x needs [N, 5, 3]"
LABELS = "labels are whole numbers: leave them out to measure the error against float"
CONTENTS: dict[str, tuple[Arrays, str]] = {
    "no x_train": (
        _without("x_train"),
        "has no array 'x_train'; its arrays: y_train, x_test, y_test",
    ),
    "nothing": ({"a": np.array(())}, "has no array 'x_train'; its arrays: a"),
    "other features": (
        _with(x_train=np.zeros((6, 5, 4))),
        f"'x_train' {SHAPE.format([6, 5, 4])}",
    ),
    "other steps": (_with(x_test=np.zeros((6, 4, 3))), f"'x_test' {SHAPE.format([6, 4, 3])}"),
    "other rank": (_with(x_test=np.zeros((6, 15))), f"'x_test' {SHAPE.format([6, 15])}"),
    "a number": (_with(x_train=np.array(1.0)), f"'x_train' {SHAPE.format([])}"),
    "no samples": (
        _with(x_train=np.zeros((0, 5, 3))),
        "'x_train' has no samples (its shape is [0, 5, 3])",
    ),
    "no test samples": (
        _with(x_test=np.zeros((0, 5, 3)), y_test=np.zeros(0, int)),
        "'x_test' has no samples (its shape is [0, 5, 3])",
    ),
    "words": (_with(x_train=np.array(["a", "b"])), "'x_train' holds <U1, not numbers"),
    "truths": (_with(x_train=np.zeros((6, 5, 3), bool)), "'x_train' holds bool, not numbers"),
    "complex": (_with(x_test=np.zeros((6, 5, 3), "c8")), "'x_test' holds complex64, not numbers"),
    "NaN": (_with(x_train=_holding(np.nan)), "'x_train' holds NaN or infinity"),
    "infinity": (_with(x_test=_holding(-np.inf)), "'x_test' holds NaN or infinity"),
    "too large for the model": (
        _with(x_test=_holding(1.0).astype(float) * 1e300),
        "'x_test' holds NaN or infinity",
    ),
    "fewer labels": (
        _with(y_test=np.zeros(5, int)),
        "'y_test' has shape [5] for 6 samples; expected [6]",
    ),
    "more labels": (
        _with(y_train=np.zeros(7, int)),
        "'y_train' has shape [7] for 6 samples; expected [6]",
    ),
    "labels one-hot": (
        _with(y_test=np.zeros((6, 2), int)),
        "'y_test' has shape [6, 2] for 6 samples; expected [6]",
    ),
    "labels of no class": (
        _with(y_test=np.array([0, 1, 2, 1, 0, 1])),
        "'y_test' holds the label 2; the model has 2 classes, so labels are 0 to 1",
    ),
    "labels below zero": (
        _with(y_train=np.full(6, -1)),
        "'y_train' holds the label -1; the model has 2 classes, so labels are 0 to 1",
    ),
    "labels with a fraction": (
        _with(y_test=np.zeros(6)),
        f"'y_test' holds float64; {LABELS}",
    ),
    "labels of no samples": (_without("x_test"), "has labels 'y_test', but no samples 'x_test'"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTENTS)
def test_contents(case: str, tmp_path: Path) -> None:
    arrays, message = CONTENTS[case]
    path = write_data(tmp_path / "data.npz", arrays)
    with pytest.raises(UserError) as error:
        read_data(str(path), MODULE)
    place = f"error: {path}: " if message.startswith("'") else f"error: {path} "
    assert str(error.value) == place + message
    assert error.value.exit_status == 1


def _pickled(path: Path) -> None:
    objects = {"x_train": np.array([{}], dtype=object)}
    np.savez(path, **objects)  # type: ignore[arg-type]


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _flipped(path: Path) -> None:
    contents = bytearray(path.read_bytes())
    contents[200] ^= 255
    path.write_bytes(contents)


def _single(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def _of_texts(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train", "1 2 3")


PICKLED = "holds pickled Python objects, which could run code: save plain arrays"
FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "pickled array": (_pickled, PICKLED),
    "pickle": (lambda path: path.write_bytes(pickle.dumps(data())), PICKLED),
    "truncated": (_truncated, "is damaged or cut short (File is not a zip file)"),
    "bit rot": (_flipped, "is damaged or cut short (Bad CRC-32 for file 'x_train.npy')"),
    "single array": (_single, "is a single array; expected an .npz file (numpy.savez)"),
    "empty": (lambda path: path.write_bytes(b""), "is not an .npz file (numpy.savez)"),
    "text": (lambda path: path.write_text("x_train"), "is not an .npz file (numpy.savez)"),
    "zip of other files": (_of_texts, "has no array 'x_train'; its arrays: none"),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_files(case: str, tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damage, message = FILES[case]
    damage(tiny / "tiny.npz")
    words = ["tiny.json", "--data", "tiny.npz", "-o", "out"]
    assert refused(capsys, "compile", *words) == (1, f"error: tiny.npz {message}")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_damage_shows_more_than_a_line(choice: st.DataObject) -> None:
    path = Path("damaged.npz")
    contents = bytearray(write_data(path).read_bytes())
    for _ in range(choice.draw(st.integers(1, 4))):
        contents[choice.draw(st.integers(0, len(contents) - 1))] = choice.draw(st.integers(0, 255))
    path.write_bytes(contents[: choice.draw(st.integers(1, len(contents)))])
    try:
        arrays = load_arrays(str(path))
    except UserError as error:
        assert str(error).startswith("error: damaged.npz ")
        assert "\n" not in str(error)
    else:
        assert all(isinstance(array, np.ndarray) for array in arrays.values())


def test_without_labels_the_error_against_float_is_measured(
    tiny: Path, without_tools: None, capsys: pytest.CaptureFixture[str]
) -> None:
    write_data(tiny / "tiny.npz", _without("y_train", "y_test"))
    words = ["tiny.json", "--data", "tiny.npz", "--macs", "4", "--no-synthesis", "-o", "out"]
    assert main(["compile", *words]) == 0
    summary = json.loads(Path("out/summary.json").read_text())
    accuracy = summary["accuracy"]
    assert accuracy["metric"] == "mae_vs_float"
    assert accuracy["float"] is None
    assert 0 < accuracy["fixed"] < 0.1
    assert "no labels" in summary["not_run"]["accuracy.float"]
    assert f"mean error {accuracy['fixed']:.3g} against float" in capsys.readouterr().out


def test_without_test_samples_the_training_samples_are_used(
    tiny: Path, without_tools: None, capsys: pytest.CaptureFixture[str]
) -> None:
    write_data(tiny / "tiny.npz", _without("x_test", "y_test"))
    words = ["tiny.json", "--data", "tiny.npz", "--macs", "4", "--no-synthesis", "-o", "out"]
    assert main(["compile", *words]) == 0
    assert "warning: tiny.npz has no 'x_test'" in capsys.readouterr().err
