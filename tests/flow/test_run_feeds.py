"""What `lstmir run` says of the arrays that it is fed: refused, converted or saturated, never silently."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lstmir.flow.arrays import load_arrays
from lstmir.tools.lstmir import main
from tests.flow.refused import refused
from tests.flow.tiny import (
    HIDDEN,
    INPUTS,
    STEPS,
    Arrays,
    data,
    with_batch,
    with_initial_state,
    write_data,
    write_model,
)

pytestmark = pytest.mark.usefixtures("tiny")

WORDS = ["--feed", "feed.npz", "-o", "y.npz"]
BATCH = np.moveaxis(data()["x_test"], 0, 1)

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
        {"x": BATCH[:, :, :2]},
        ["--samples"],
        "feed.npz: 'x' has shape [5, 6, 2], the model's input x needs [N, 5, 3]",
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


@pytest.mark.parametrize(
    ("array", "words", "note"),
    [
        (
            np.moveaxis(BATCH, 0, 1),
            [],
            "it looks like a stack of samples [N, 5, 3]: give --samples",
        ),
        (BATCH, ["--samples"], "it is laid out as the model's own array: leave out --samples"),
    ],
    ids=["stack", "batch"],
)
def test_the_other_layout_is_recognised(
    array: np.ndarray, words: list[str], note: str, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez("feed.npz", x=array)
    assert main(["run", "tiny.json", *WORDS, *words]) == 1
    assert capsys.readouterr().err.endswith(f"\n  note: {note}\n")


@pytest.mark.parametrize("samples", [True, False])
def test_inputs_of_different_batches(samples: bool, capsys: pytest.CaptureFixture[str]) -> None:
    write_model(Path("two.json"), with_initial_state())
    x, h0 = np.zeros((STEPS, 6, INPUTS)), np.zeros((1, 2, HIDDEN))
    if samples:
        x, h0 = np.moveaxis(x, 1, 0), np.moveaxis(h0, 1, 0)
    write_data(Path("feed.npz"), {"x": x, "h0": h0})
    words = ["two.json", *WORDS, *(["--samples"] if samples else [])]
    message = "error: feed.npz: the inputs have different numbers of samples: 'x' 6, 'h0' 2"
    assert refused(capsys, "run", *words) == (1, message)


def _pickled(path: Path) -> None:
    np.savez(path, x=np.array([{}, None], object))


def _cut_short(path: Path) -> None:
    write_data(path, {"x": BATCH})
    path.write_bytes(path.read_bytes()[:-40])


PICKLES = "holds pickled Python objects, which could run code: save plain arrays"
FILES: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "an array of objects": (_pickled, 1, f"feed.npz {PICKLES}"),
    "a pickle": (lambda path: path.write_bytes(pickle.dumps(BATCH)), 1, f"feed.npz {PICKLES}"),
    "one array": (
        lambda path: path.write_bytes(b"\x93NUMPY\x01\x00"),
        1,
        "feed.npz is a single array; expected an .npz file (numpy.savez)",
    ),
    "text": (
        lambda path: path.write_text("1 2 3"),
        1,
        "feed.npz is not an .npz file (numpy.savez)",
    ),
    "nothing": (lambda path: path.touch(), 1, "feed.npz is not an .npz file (numpy.savez)"),
    "cut short": (_cut_short, 1, "feed.npz is damaged or cut short (File is not a zip file)"),
    "a folder": (lambda path: path.mkdir(), 2, "cannot read feed.npz: Is a directory"),
}


@pytest.mark.parametrize("case", FILES)
def test_bad_files(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    write, status, message = FILES[case]
    write(Path("feed.npz"))
    assert refused(capsys, "run", "tiny.json", *WORDS) == (status, f"error: {message}")


def _ran(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[np.ndarray, list[str]]:
    """The only output of a run, and the lines of standard error."""
    assert main(["run", *words, *WORDS]) == 0
    (array,) = load_arrays("y.npz").values()
    captured = capsys.readouterr()
    assert captured.out == ""
    return array, captured.err.splitlines()


CONVERTED: dict[str, tuple[np.ndarray, str]] = {
    "float64 that float32 has": (
        BATCH.astype(np.float64),
        "float64: converted to the model's float32, without any loss",
    ),
    "float64 that float32 has not": (
        BATCH.astype(np.float64) + 1e-12,
        "float64: converted to the model's float32, rounding 90 of 90 values",
    ),
    "float16": (
        BATCH.astype(np.float16),
        "float16: converted to the model's float32, without any loss",
    ),
    "integers": (
        np.arange(90).reshape(5, 6, 3),
        "int64: converted to the model's float32, without any loss",
    ),
    "integers that float32 has not": (
        np.arange(90).reshape(5, 6, 3) + 2**24,
        "int64: converted to the model's float32, rounding 45 of 90 values",
    ),
}


@pytest.mark.parametrize("case", CONVERTED)
def test_what_is_converted_is_said_once(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    array, message = CONVERTED[case]
    write_data(Path("feed.npz"), {"x": array.astype(np.float32)})
    wanted, silence = _ran(capsys, "tiny.json")
    assert silence == []
    write_data(Path("feed.npz"), {"x": array})
    result, lines = _ran(capsys, "tiny.json")
    assert lines == [f"warning: feed.npz: 'x' holds {message}"]
    assert result.tobytes() == wanted.tobytes()


def test_another_byte_order_is_the_same_type(capsys: pytest.CaptureFixture[str]) -> None:
    write_data(Path("feed.npz"), {"x": BATCH.astype(">f4")})
    _, lines = _ran(capsys, "tiny.json")
    assert lines == []


FORMATS = {"12-approximate-activations": 3, "15-schedule": 4, "16-lower-to-rtl": 5}


@pytest.mark.usefixtures("out")
@pytest.mark.parametrize("stage", FORMATS)
@pytest.mark.parametrize("samples", [True, False])
def test_saturation_is_one_warning(
    stage: str, samples: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    x = BATCH[:, :2].copy()
    assert np.abs(x).max() < 3.9
    x[0, 0, :] = [4, -4.1, 3.98]
    x[1, 1, :] = [100, 3.99, -4.01]
    words = [f"out/stages/{stage}.lstmir", *(["--samples"] if samples else [])]
    write_data(Path("feed.npz"), {"x": np.moveaxis(x, 1, 0) if samples else x})
    result, lines = _ran(capsys, *words)
    outside = "'x' has 4 of 30 values outside -4 to 3.96875"
    assert lines == [
        f"warning: feed.npz: {outside}, the range of its format !fx.s<8,5>: they are saturated"
    ]
    clipped = x.clip(-4, 3.96875)
    write_data(Path("feed.npz"), {"x": np.moveaxis(clipped, 1, 0) if samples else clipped})
    wanted, lines = _ran(capsys, *words)
    assert lines == []
    assert np.array_equal(result, wanted)


@pytest.mark.usefixtures("out")
@pytest.mark.parametrize("stage", FORMATS)
@np.errstate(all="ignore")
def test_no_level_takes_what_is_not_finite(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    for bad in (np.nan, np.inf, -np.inf):
        write_data(Path("feed.npz"), {"x": np.where(BATCH == BATCH[1, 1, 1], bad, BATCH)})
        found = refused(capsys, "run", f"out/stages/{stage}.lstmir", *WORDS)
        assert found == (1, "error: feed.npz: 'x' holds NaN or infinity")


def test_batches_of_a_fixed_size(capsys: pytest.CaptureFixture[str]) -> None:
    write_model(Path("two.json"), with_batch(2))
    write_data(Path("feed.npz"), {"x": data()["x_test"]})
    together, _ = _ran(capsys, "tiny.json", "--samples")
    in_pairs, _ = _ran(capsys, "two.json", "--samples")
    np.testing.assert_allclose(in_pairs, together, atol=1e-6)
    Path("y.npz").unlink()
    write_data(Path("feed.npz"), {"x": data()["x_test"][:5]})
    assert refused(capsys, "run", "two.json", "--samples", *WORDS) == (
        1,
        "error: feed.npz: the model takes its samples 2 at a time, and 5 is no multiple of that",
    )
