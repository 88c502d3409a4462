"""`lstmir run`: any level on the arrays of a file, and what can be wrong with them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstmir.flow.arrays import load_arrays, save_arrays
from lstmir.tools.lstmir import main
from tests.flow.refused import refused
from tests.flow.tiny import (
    CLASSES,
    HIDDEN,
    INPUTS,
    STEPS,
    Arrays,
    data,
    model,
    write_data,
    write_model,
)

pytestmark = pytest.mark.usefixtures("tiny")

WORDS = ["--feed", "feed.npz", "-o", "y.npz"]
BATCH = np.moveaxis(data()["x_test"], 0, 1)


def _result(*words: str) -> np.ndarray:
    assert main(["run", *words]) == 0
    (array,) = load_arrays("y.npz").values()
    Path("y.npz").unlink()
    return array


def test_a_batch_in_the_layout_of_the_model(capsys: pytest.CaptureFixture[str]) -> None:
    write_data(Path("feed.npz"), {"x": BATCH})
    assert _result("tiny.json", *WORDS).shape == (6, CLASSES)
    assert capsys.readouterr() == ("", "")


def test_samples_give_what_the_batch_gives() -> None:
    write_data(Path("feed.npz"), {"x": BATCH})
    batch = _result("tiny.json", *WORDS)
    write_data(Path("feed.npz"), {"x": data()["x_test"]})
    assert np.array_equal(_result("tiny.json", "--samples", *WORDS), batch)


def _with_shape(batch: int) -> dict[str, Any]:
    mapping = copy.deepcopy(model())
    for key, axis in (("input", 1), ("output", 0)):
        dims = mapping["graph"][key][0]["type"]["tensorType"]["shape"]["dim"]
        dims[axis] = {"dimValue": batch}
    return mapping


def test_samples_of_a_model_that_takes_one_at_a_time() -> None:
    write_data(Path("feed.npz"), {"x": data()["x_test"]})
    together = _result("tiny.json", "--samples", *WORDS)
    write_model(Path("one.json"), _with_shape(1))
    alone = _result("one.json", "--samples", *WORDS)
    np.testing.assert_allclose(alone, together, atol=1e-6)
    assert alone.shape == together.shape


@pytest.mark.usefixtures("without_tools")
def test_a_model_that_takes_one_sample_at_a_time_is_compiled() -> None:
    write_model(Path("one.json"), _with_shape(1))
    words = ["--data", "tiny.npz", "--macs", "4", "--no-synthesis", "-o"]
    assert main(["compile", "one.json", *words, "one"]) == 0
    assert main(["compile", "tiny.json", *words, "any"]) == 0
    for name in ("outputs", "inputs"):
        path = f"vectors/{name}.txt"
        assert Path("one", path).read_text() == Path("any", path).read_text()


def test_every_stage_runs_and_fixed_point_stages_agree(out: Path) -> None:
    write_data(Path("feed.npz"), {"x": BATCH[:, :2]})
    results = {
        path.stem[3:]: _result(str(path), *WORDS) for path in sorted((out / "stages").iterdir())
    }
    fixed = results["approximate-activations"]
    for name in ("tile", "block-layout", "schedule", "lower-to-rtl"):
        assert np.array_equal(results[name], fixed), name
    for name, result in results.items():
        assert result.shape == (2, CLASSES)
        np.testing.assert_allclose(result, fixed, atol=0.2, err_msg=name)
    np.testing.assert_allclose(results["dce"], results["import"], atol=1e-6)


FEEDS: dict[str, tuple[Arrays, list[str], str]] = {
    "missing": ({"X": BATCH}, [], "feed.npz has no array 'x'; its arrays: X"),
    "extra": (
        {"x": BATCH, "h": BATCH},
        [],
        "feed.npz: 'h' is no input of the model (inputs: x)",
    ),
    "misspelled beside the right one": (
        {"x": BATCH, "x1": BATCH},
        [],
        "feed.npz: 'x1' is no input of the model; did you mean 'x'? (inputs: x)",
    ),
    "shape": (
        {"x": BATCH[:, :, :2]},
        [],
        "feed.npz: 'x' has shape [5, 6, 2], the model's input x needs [5, batch, 3]",
    ),
    "rank": (
        {"x": BATCH[0]},
        [],
        "feed.npz: 'x' has shape [6, 3], the model's input x needs [5, batch, 3]",
    ),
    "NaN": ({"x": BATCH * np.nan}, [], "feed.npz: 'x' holds NaN or infinity"),
    "infinity": ({"x": BATCH + np.inf}, [], "feed.npz: 'x' holds NaN or infinity"),
    "words": ({"x": np.array(["a"])}, [], "feed.npz: 'x' holds <U1, not numbers"),
    "samples of another shape": (
        {"x": BATCH},
        ["--samples"],
        "feed.npz: 'x' has shape [5, 6, 3], the model's input x needs [N, 5, 3]",
    ),
    "a single sample": (
        {"x": BATCH[:, 0]},
        ["--samples"],
        "feed.npz: 'x' has shape [5, 3], the model's input x needs [N, 5, 3]",
    ),
    "no samples": (
        {"x": np.zeros((0, 5, 3))},
        ["--samples"],
        "feed.npz: 'x' has no samples (its shape is [0, 5, 3])",
    ),
    "no batch": (
        {"x": np.zeros((5, 0, 3))},
        [],
        "feed.npz: 'x' has no samples (its shape is [5, 0, 3])",
    ),
    "samples with NaN": (
        {"x": data()["x_test"] * np.inf},
        ["--samples"],
        "feed.npz: 'x' holds NaN or infinity",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FEEDS)
@np.errstate(all="ignore")
def test_bad_feeds(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    arrays, words, message = FEEDS[case]
    write_data(Path("feed.npz"), arrays)
    assert refused(capsys, "run", "tiny.json", *words, *WORDS) == (1, f"error: {message}")


def _with_initial_state() -> dict[str, Any]:
    mapping = copy.deepcopy(model())
    graph = mapping["graph"]
    graph["node"][0]["input"] += ["", "h0"]
    state = copy.deepcopy(graph["input"][0]) | {"name": "h0"}
    dims = state["type"]["tensorType"]["shape"]["dim"]
    dims[0], dims[2] = {"dimValue": 1}, {"dimValue": HIDDEN}
    graph["input"].append(state)
    return mapping


def test_two_inputs() -> None:
    write_model(Path("two.json"), _with_initial_state())
    write_data(Path("feed.npz"), {"x": BATCH, "h0": np.zeros((1, 6, HIDDEN), np.float32)})
    zero = _result("two.json", *WORDS)
    write_data(Path("feed.npz"), {"x": BATCH})
    assert np.array_equal(zero, _result("tiny.json", *WORDS))


@pytest.mark.parametrize("samples", [True, False])
def test_inputs_of_different_batches(samples: bool, capsys: pytest.CaptureFixture[str]) -> None:
    write_model(Path("two.json"), _with_initial_state())
    x, h0 = np.zeros((STEPS, 6, INPUTS)), np.zeros((1, 2, HIDDEN))
    if samples:
        x, h0 = np.moveaxis(x, 1, 0), np.moveaxis(h0, 1, 0)
    write_data(Path("feed.npz"), {"x": x, "h0": h0})
    words = ["two.json", *WORDS, *(["--samples"] if samples else [])]
    message = "error: feed.npz: the inputs have different numbers of samples: 'x' 6, 'h0' 2"
    assert refused(capsys, "run", *words) == (1, message)


USAGE = {
    "model that is not there": (
        ["no.onnx", *WORDS],
        "cannot read no.onnx: No such file or directory",
    ),
    "feed that is not there": (
        ["tiny.json", "--feed", "no.npz", "-o", "y.npz"],
        "cannot read no.npz: No such file or directory",
    ),
    "output that is the feed": (
        ["tiny.json", "--feed", "tiny.npz", "-o", "./tiny.npz"],
        "the output tiny.npz would replace an input",
    ),
    "output that is a folder": (
        ["tiny.json", "--feed", "tiny.npz", "-o", "."],
        "the output . is a folder; -o names a file",
    ),
    "output in no folder": (
        ["tiny.json", "--feed", "tiny.npz", "-o", "none/y.npz"],
        "cannot write none/y.npz: there is no folder none",
    ),
    "output below a file": (
        ["tiny.json", "--feed", "tiny.npz", "-o", "tiny.json/y.npz"],
        "cannot write tiny.json/y.npz: there is no folder tiny.json",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", USAGE)
def test_usage(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    words, message = USAGE[case]
    assert refused(capsys, "run", *words) == (2, f"error: {message}")


def test_a_result_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    write_data(Path("feed.npz"), {"x": BATCH})
    monkeypatch.setattr("numpy.lib.format.write_array", fail)
    message = "error: cannot write y.npz: No space left on device"
    assert refused(capsys, "run", "tiny.json", *WORDS) == (2, message)


@pytest.mark.parametrize("name", ["file", "allow_pickle", "y:0", "deep/er"])
def test_any_name_of_an_output_can_be_written(name: str) -> None:
    save_arrays(Path("y.npz"), {name: BATCH})
    assert np.array_equal(np.load("y.npz")[name], BATCH)
