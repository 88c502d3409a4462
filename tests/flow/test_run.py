"""`lstmir run`: batches and samples, and where the result goes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lstmir.flow.arrays import load_arrays, save_arrays
from lstmir.syntax.printer import print_module
from lstmir.tools.lstmir import main
from tests.flow.refused import refused
from tests.flow.tiny import (
    CLASSES,
    HIDDEN,
    data,
    with_batch,
    with_initial_state,
    write_data,
    write_model,
)
from tests.passes.levels import FRONT, apply
from tests.strategies.networks import Network

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


def test_samples_of_a_model_that_takes_one_at_a_time() -> None:
    write_data(Path("feed.npz"), {"x": data()["x_test"]})
    together = _result("tiny.json", "--samples", *WORDS)
    write_model(Path("one.json"), with_batch(1))
    alone = _result("one.json", "--samples", *WORDS)
    np.testing.assert_allclose(alone, together, atol=1e-6)
    assert alone.shape == together.shape


@pytest.mark.usefixtures("without_tools")
def test_a_model_that_takes_one_sample_at_a_time_is_compiled() -> None:
    write_model(Path("one.json"), with_batch(1))
    words = ["--data", "tiny.npz", "--macs", "4", "--no-synthesis", "-o"]
    assert main(["compile", "one.json", *words, "one"]) == 0
    assert main(["compile", "tiny.json", *words, "any"]) == 0
    for name in ("outputs", "inputs"):
        path = f"vectors/{name}.txt"
        assert Path("one", path).read_text() == Path("any", path).read_text()


def test_two_inputs() -> None:
    write_model(Path("two.json"), with_initial_state())
    write_data(Path("feed.npz"), {"x": BATCH, "h0": np.zeros((1, 6, HIDDEN), np.float32)})
    zero = _result("two.json", *WORDS)
    write_data(Path("feed.npz"), {"x": BATCH})
    assert np.array_equal(zero, _result("tiny.json", *WORDS))


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
        "the output . is a folder; expected the name of a file",
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


def test_samples_come_out_as_stacks_wherever_the_batch_is() -> None:
    network = Network(features=3, hidden=4, result="sequence")
    module = network.module()
    samples = network.data(3, steps=5).astype(np.float32)
    for name in ("batch", "sample"):
        Path(f"{name}.lstmir").write_text(print_module(module))
        write_data(Path("feed.npz"), {"x": network.feed(samples)})
        batch = _result(f"{name}.lstmir", *WORDS)
        assert batch.shape == (5, 1, 3, 4)
        write_data(Path("feed.npz"), {"x": samples})
        stack = _result(f"{name}.lstmir", "--samples", *WORDS)
        np.testing.assert_allclose(np.moveaxis(stack, 0, 2), batch, atol=1e-6)
        apply(module, FRONT)
