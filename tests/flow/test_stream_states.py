"""`--stream-states` from a float model and whole sequences, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstmir.backends.driver.host import Accelerator
from lstmir.flow.verify import last_stages, read_golden
from lstmir.tools.lstmir import main
from tests.flow.summaries import read_checked
from tests.flow.tiny import HIDDEN, STEPS, data, with_initial_state, write_data, write_model

pytestmark = pytest.mark.usefixtures("without_tools")

SAMPLES = 6
WORDS = ["--data", "tiny.npz", "--recipe", "dense8", "--stream-states", "--macs", "4"]
STARTS = np.random.default_rng(3).uniform(-0.9, 0.9, (SAMPLES, 1, HIDDEN)).astype(np.float32)


def lstm_alone() -> dict[str, Any]:
    """An LSTM whose outputs have an axis of directions, as ONNX has it: `ys` of all steps, and `last`."""
    mapping = with_initial_state()
    graph = mapping["graph"]
    graph["node"] = graph["node"][:1]
    graph["node"][0]["output"] = ["ys", "last", ""]
    dims: list[dict[str, int | str]] = [{"dimParam": "batch"}, {"dimValue": HIDDEN}]
    shapes = {"ys": [{"dimValue": STEPS}, {"dimValue": 1}, *dims], "last": [{"dimValue": 1}, *dims]}
    graph["output"] = [
        {"name": name, "type": {"tensorType": {"elemType": 1, "shape": {"dim": shape}}}}
        for name, shape in shapes.items()
    ]
    return mapping


def compiled(*more: str) -> int:
    return main(["compile", "tiny.json", *WORDS, "--no-synthesis", "-o", "out", *more])


def sequences(*, states: bool) -> dict[str, np.ndarray]:
    given = {f"h0_{half}": STARTS for half in ("train", "test")} if states else {}
    return {**{name: each for name, each in data(SAMPLES).items() if name[0] == "x"}, **given}


@pytest.mark.parametrize("states", [False, True], ids=["from zero", "from states"])
def test_an_lstm_takes_its_steps_one_by_one(states: bool) -> None:
    write_model(Path("tiny.json"), lstm_alone())
    arrays = sequences(states=states)
    write_data(Path("tiny.npz"), arrays)
    assert compiled("--lanes", "2") == 0
    summary = read_checked(Path("out"))
    checked = {c["against"]: c["status"] for c in summary["verification"] if c["tool"] == "lstmir"}
    assert checked == dict.fromkeys(("level-3", "level-4", "level-5"), "passed")
    assert summary["accuracy"]["samples"] == SAMPLES
    names = json.loads(Path("out/driver/design.json").read_text())["states"]
    assert names == {"h0": "last", "cp": "c"}
    golden = read_golden(Path("out"), last_stages(Path("out"))[5])
    assert [each.shape[:2] for each in golden.inputs] == [(STEPS, SAMPLES)] * 3
    with Accelerator("interpreter", "out") as accelerator:
        unit = accelerator.design.input.ports[1].format.unit
        starts = STARTS[:, 0] if states else np.zeros((SAMPLES, HIDDEN))
        assert np.abs(golden.inputs[1][0] * unit - starts).max() <= unit / 2
        kept = {"h0": starts, "cp": np.zeros((SAMPLES, HIDDEN))}
        for step in range(STEPS):
            outputs = accelerator.run({"x": arrays["x_test"][:, step], **kept})
            kept = {name: outputs[later] for name, later in names.items()}
    assert np.array_equal(kept["h0"], golden.outputs[0][-1] * unit)
    assert kept["h0"].any()


def test_more_than_a_recurrence_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    write_model(Path("tiny.json"))
    write_data(Path("tiny.npz"))
    assert compiled() == 1
    told = capsys.readouterr().err
    assert "error: stream-states: 'arith.add' works on what the recurrence gives" in told
    assert "note: end the model at the recurrence" in told
    assert not Path("out").exists()
