"""The benchmark of compression: what is chosen does not depend on test arrays, and is scored on them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
RESULTS = Path("build/benchmarks")
CHOICES = RESULTS / "compression" / "vowels_h32-dense8" / "choices.json"


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.compression", *words]
    paths = [os.environ.get("PYTHONPATH", ""), str(ROOT)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def _folder(flipped: bool) -> Path:
    """A copy of the model and its data, the test samples upside down or not."""
    folder = Path("flipped" if flipped else "plain")
    folder.mkdir()
    shutil.copy(ROOT / "examples" / "vowels" / "vowels_h32.onnx", folder)
    with np.load(ROOT / "examples" / "vowels" / "vowels.npz") as archive:
        arrays = {name: archive[name] for name in archive.files}
    if flipped:
        arrays["x_test"] = -arrays["x_test"]
    np.savez(folder / "vowels.npz", **arrays)
    return folder


def test_choices_come_before_tests() -> None:
    rows, choices = [], []
    for flipped in (False, True):
        words = ("--models", "vowels_h32", "--recipes", "dense8", "--no-methods", "--folder")
        done = _run(*words, str(_folder(flipped)))
        assert done.returncode == 0, done.stderr
        text = (RESULTS / "compression.txt").read_text()
        assert text in done.stdout
        whole = json.loads((RESULTS / "compression.json").read_text())
        (result,) = whole["results"]
        rows.append(result["rows"])
        choice = json.loads(CHOICES.read_text())
        choices.append({key: value for key, value in choice.items() if key != "seconds"})
        with np.load(CHOICES.with_name("training.npz")) as archive:
            assert sorted(archive.files) == ["x_train", "y_train"]
    assert choices[0] == choices[1]
    for plain, flipped_row in zip(*rows, strict=True):
        assert plain["options"] == flipped_row["options"]
        assert plain["options"] is None or plain["right"] > flipped_row["right"]
    assert [row["max_loss"] for row in rows[0]] == [0.0, 0.5, 1.0, 2.0]
    widest = rows[0][-1]
    assert (widest["float_right"], widest["samples"]) == (359, 370)
    assert widest["loss"] == pytest.approx((359 - widest["right"]) / 3.7)
    assert widest["ratio"] > 4


def test_a_folder_that_lacks_the_data_is_named() -> None:
    Path("empty").mkdir()
    shutil.copy(ROOT / "tests" / "data" / "digits_h64.onnx", "empty")
    done = _run("--models", "digits_h64", "--folder", "empty")
    assert done.returncode == 2
    assert done.stderr == "error: there is no digits.npz in empty: name its folder with --folder\n"
    assert not RESULTS.exists()


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Benchmarks are run from the repository; nothing installs them."""
    monkeypatch.syspath_prepend(ROOT)


def _end(method: str, error: float, right: int | None) -> dict[str, object]:
    return {"method": method, "error": error, "right": right, "samples": 9}


@pytest.mark.parametrize(
    ("plain", "better", "expected"),
    [
        (_end("magnitude", 2, 5), _end("obs", 1, 3), True),
        (_end("magnitude", 2, 5), _end("obs", 1, 2), False),
        (_end("magnitude", 2, 5), _end("obs", 2, 5), False),
        (_end("magnitude", 2, None), _end("obs", 1, None), True),
        (_end("nearest", 2, 5), _end("compensated", 2, 1), True),
        (_end("nearest", 2, 5), _end("compensated", 2.1, 9), False),
    ],
)
def test_what_a_method_is_held_to(
    plain: dict[str, object], better: dict[str, object], expected: bool, root: None
) -> None:
    from benchmarks.compression.methods import holds
    from benchmarks.compression.table import text_of_methods

    assert holds(plain, better) == expected
    entry = {"what": "4 bits", "plain": plain, "better": better, "holds": expected}
    text = text_of_methods([{"model": "tiny", "comparisons": [entry]}])
    head, row = text.splitlines()
    assert head.split() == ["model", "what", "plain", "error", "right", "better", "error", "right"]
    assert row.split()[-1] == ("ok" if expected else "MISSED")


def test_methods_are_compared_at_equal_shapes_and_bits(root: None) -> None:
    from benchmarks.compression.methods import compared

    for what, plain, plain_pipeline, better, better_pipeline in compared():
        assert plain_pipeline != better_pipeline, what
        assert plain_pipeline.replace(plain, better) == better_pipeline
