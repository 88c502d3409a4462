"""`lstmir run --trace --counts --ranges`: what values were, where they did not fit, how far they went."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lstmir.flow.arrays import load_arrays
from lstmir.flow.models import load_model
from lstmir.numeric.fixed import FixedType
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from lstmir.tools.lstmir import main
from tests.flow.refused import refused
from tests.flow.tiny import (
    HIDDEN,
    STEPS,
    Arrays,
    data,
    weights,
    with_batch,
    write_data,
    write_model,
)

WORDS = ["--feed", "feed.npz", "-o", "y.npz"]
STAGES = "out/stages"
LEVEL_2, LEVEL_3 = f"{STAGES}/06-dce.lstmir", f"{STAGES}/12-approximate-activations.lstmir"
LEVEL_4, LEVEL_5 = f"{STAGES}/15-schedule.lstmir", f"{STAGES}/16-lower-to-rtl.lstmir"
SAMPLES = data()["x_test"]


def ran(model: str, *words: str) -> Arrays:
    write_data(Path("feed.npz"), {"x": np.moveaxis(SAMPLES, 0, 1)})
    assert main(["run", model, *WORDS, *words]) == 0
    return load_arrays("y.npz")


@pytest.mark.usefixtures("out")
def test_a_trace_stands_beside_the_outputs() -> None:
    plain = ran(LEVEL_2)
    traced = ran(LEVEL_2, "--trace", "%ht", "--trace=%zx")
    assert list(traced) == ["y", "trace:/%ys/%ht", "trace:/%ys/%zx"]
    assert traced["y"].tobytes() == plain["y"].tobytes()
    assert traced["trace:/%ys/%zx"].shape == (6, STEPS, 4 * HIDDEN)


def reference() -> np.ndarray:
    """Every h of the tiny network [samples, steps, units], computed as the textbook has it."""
    p = {name: array.astype(np.float64) for name, array in weights().items()}
    bias = p["b"][0, : 4 * HIDDEN] + p["b"][0, 4 * HIDDEN :]
    h = c = np.zeros((len(SAMPLES), HIDDEN))
    found = []
    for t in range(STEPS):
        z = SAMPLES[:, t] @ p["w"][0].T + h @ p["r"][0].T + bias
        i, o, f, g = np.split(z, 4, axis=1)
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
        found.append(h)
    return np.stack(found, axis=1)


@pytest.mark.usefixtures("out")
def test_a_trace_of_the_hidden_state_is_the_hidden_state() -> None:
    found = ran(LEVEL_2, "--trace", "%ht")["trace:/%ys/%ht"]
    np.testing.assert_allclose(found, reference(), atol=1e-5)


@pytest.mark.usefixtures("out")
def test_loops_of_level_4_are_axes_and_the_values_those_of_level_3() -> None:
    level_3 = ran(LEVEL_3, "--trace", "%ht_q")["trace:/%ys/%ht_q"]
    (level_4,) = (a for key, a in ran(LEVEL_4, "--trace", "%ht_q").items() if key != "y")
    assert level_4.dtype == np.float64
    assert level_4.ndim == 4  # samples, steps, groups, units of a group
    assert np.array_equal(level_4.reshape(level_3.shape), level_3)


@pytest.mark.usefixtures("tiny")
def test_a_value_of_level_1_has_its_own_shape() -> None:
    path = write_level_1()
    whole = ran(path, "--trace", "%last")
    assert whole["trace:/%last"].shape == (1, 6, HIDDEN)
    np.testing.assert_allclose(whole["trace:/%last"][0], reference()[:, -1], atol=1e-5)


def write_level_1(batch: int | None = None) -> str:
    write_model(Path("m.json"), None if batch is None else with_batch(batch))
    Path("m.lstmir").write_text(print_module(load_model("m.json")))
    return "m.lstmir"


def test_runs_of_one_sample_each_are_stacked() -> None:
    path = write_level_1(batch=1)
    write_data(Path("feed.npz"), {"x": SAMPLES})
    assert main(["run", path, "--samples", *WORDS, "--trace", "%last"]) == 0
    found = load_arrays("y.npz")["trace:/%last"]
    assert found.shape == (6, 1, 1, HIDDEN)
    np.testing.assert_allclose(found[:, 0, 0], reference()[:, -1], atol=1e-5)


def table(lines: list[str], head: str) -> dict[str, list[str]]:
    """The rows of a table by their first word."""
    start = next(index for index, line in enumerate(lines) if line.startswith(head)) + 1
    rows = {}
    for line in lines[start:]:
        name, *cells = [cell for cell in line.split("  ") if cell]
        if not cells[-1].strip().replace(".", "").replace("-", "").replace("e", "").isdigit():
            break
        rows[name.strip()] = [cell.strip() for cell in cells]
    return rows


@pytest.mark.usefixtures("out")
def test_operations_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    ran(LEVEL_3, "--counts")
    rows = table(capsys.readouterr().err.splitlines(), "operation ")
    assert rows["rnn.scan"][:2] == ["1", "1"]
    assert rows["fx.lookup"] == ["5", str(5 * STEPS), str(5 * STEPS * HIDDEN * 6)]
    # The first step's product with the initial state is the same for all samples, and made once.
    elements = 2 * STEPS * 4 * HIDDEN * 6 + 2 * 6 - 5 * 4 * HIDDEN
    assert rows["linalg.matvec"] == ["3", str(2 * STEPS + 1), str(elements)]


@pytest.mark.usefixtures("out")
def test_what_did_not_fit_is_counted_by_operation(capsys: pytest.CaptureFixture[str]) -> None:
    loud = np.moveaxis(SAMPLES * 6, 0, 1)
    write_data(Path("feed.npz"), {"x": loud})
    assert main(["run", LEVEL_3, *WORDS, "--counts", "--trace", "%zi", "--trace", "%zi_q"]) == 0
    rows = table(capsys.readouterr().err.splitlines()[1:], "brought to a format")
    x_type = parse_module(Path(LEVEL_3).read_text()).main.parameters[0].type
    element = getattr(x_type, "element", None)
    assert isinstance(element, FixedType)
    integers = np.rint(loud.astype(np.float64) * 2.0**element.frac)
    below, above = (integers < element.min_int).sum(), (integers > element.max_int).sum()
    assert rows["input x"] == [str(element), str(loud.size), str(below), str(above)]
    assert below > 5
    assert above > 5
    traces = load_arrays("y.npz")
    before, after = traces["trace:/%ys/%zi"], traces["trace:/%ys/%zi_q"]
    _, elements, low, high = rows["/%ys/%zi_q"]
    assert int(elements) == before.size
    assert int(low) == (before < after.min() - 0.03).sum() > 0
    assert int(high) == (before > after.max() + 0.03).sum() > 0


@pytest.mark.usefixtures("out")
def test_ranges_are_those_of_the_traces(capsys: pytest.CaptureFixture[str]) -> None:
    traced = ran(LEVEL_3, "--ranges", "--trace", "%ct_q", "--trace", "/%x")
    rows = table(capsys.readouterr().err.splitlines(), "value ")
    for path in ("/%ys/%ct_q", "/%x"):
        array = traced[f"trace:{path}"]
        assert rows[path][1:] == [f"{array.min():g}", f"{array.max():g}"]
    assert rows["/%x"][0].startswith("tensor<5x3x!fx.s<8,")


@pytest.mark.usefixtures("out")
@pytest.mark.parametrize(
    ("model", "words", "message"),
    [
        (LEVEL_2, ["--trace", "%htt"], "--trace: there is no value '%htt'; did you mean '%ht'?"),
        (LEVEL_2, ["--trace", "/%ht"], "--trace: there is no value '/%ht'; did you mean '%ht'?"),
    ],
)
def test_unknown_values(
    model: str, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_data(Path("feed.npz"), {"x": np.moveaxis(SAMPLES, 0, 1)})
    assert refused(capsys, "run", model, *WORDS, *words) == (2, f"error: {message}")


@pytest.mark.usefixtures("out")
def test_the_index_of_a_loop_is_no_array(capsys: pytest.CaptureFixture[str]) -> None:
    write_data(Path("feed.npz"), {"x": np.moveaxis(SAMPLES, 0, 1)})
    status, message = refused(capsys, "run", LEVEL_4, *WORDS, "--trace", "%group")
    assert status == 1
    assert message.endswith("/%group' was never an array: it cannot be traced")


@pytest.mark.usefixtures("tiny")
def test_an_output_cannot_be_mistaken_for_a_trace(capsys: pytest.CaptureFixture[str]) -> None:
    path = write_level_1()
    text = Path(path).read_text().replace('name = "y"', 'name = "trace:/%last"')
    Path(path).write_text(text)
    write_data(Path("feed.npz"), {"x": np.moveaxis(SAMPLES, 0, 1)})
    assert refused(capsys, "run", path, *WORDS, "--trace", "%last") == (
        1, "error: the output 'trace:/%last' has the name of a trace",
    )  # fmt: skip


@pytest.mark.usefixtures("out")
@pytest.mark.parametrize("flag", ["--counts", "--ranges"])
def test_level_5_has_signals(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_data(Path("feed.npz"), {"x": np.moveaxis(SAMPLES, 0, 1)})
    status, message = refused(capsys, "run", LEVEL_5, *WORDS, flag)
    assert status == 2
    assert message.startswith(f"error: {flag} looks into levels 1 to 4, {LEVEL_5} is of level 5")
