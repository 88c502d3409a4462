"""A classifier whose output is the index of its largest score, compiled, run and measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstmir.backends.driver.host import Accelerator
from lstmir.flow.benches import Bench
from lstmir.flow.folder import read_summary
from lstmir.flow.simulations import check_verilog
from lstmir.flow.verify import last_stages, read_golden
from lstmir.flow.writing import top_name
from lstmir.interpreter.run import run
from lstmir.syntax.parser import parse_module
from lstmir.tools.lstmir import main
from tests.flow import tiny
from tests.flow.conftest import NO_COMPILER
from tests.flow.summaries import read_checked

SAMPLES, CLASSES = 40, 2
COMPILE = ["--data", "tiny.npz", "--macs", "4", "--no-synthesis"]


def without_index() -> dict[str, Any]:
    """The small network, with a head for which neither class is the larger one in all data."""
    bias = np.array([0.36, 0.0], np.float32)
    return tiny.model(tiny.weights() | {"bias": bias})


def with_index(*outputs: str) -> dict[str, Any]:
    """The same with an ArgMax behind it, and these outputs."""
    mapping = without_index()
    graph = mapping["graph"]
    attributes = [{"name": k, "type": "INT", "i": v} for k, v in (("axis", "1"), ("keepdims", "0"))]
    graph["node"].append(
        {"opType": "ArgMax", "input": ["y"], "output": ["label"], "attribute": attributes}
    )
    (scores,) = graph["output"]
    shape = {"dim": [{"dimParam": "batch"}]}
    label = {"name": "label", "type": {"tensorType": {"elemType": tiny.INT64, "shape": shape}}}
    graph["output"] = [{"y": scores, "label": label}[name] for name in outputs]
    return mapping


def compiled(folder: Path, mapping: dict[str, Any], *words: str) -> Path:
    tiny.write_model(folder / "m.json", mapping)
    tiny.write_data(folder / "tiny.npz", tiny.data(SAMPLES))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CXX", NO_COMPILER)
        patch.chdir(folder)
        assert main(["compile", "m.json", *COMPILE, *words, "-o", "out"]) == 0
    return folder / "out"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("index"), with_index("label"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("plain"), without_index())


def feed(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder.parent / "tiny.npz") as archive:
        return {"x": np.moveaxis(archive["x_test"], 0, 1)}


def test_labels_are_compared_with_the_index(index: Path, plain: Path) -> None:
    """The same recipe gives the same weights: they are measured by the scores, which are as they were."""
    found, wanted = read_checked(index), read_checked(plain)
    assert found["accuracy"] == wanted["accuracy"]
    assert found["accuracy"]["metric"] == "top1" and found["accuracy"]["samples"] == SAMPLES
    assert found["compression"] == wanted["compression"]


def test_checks(index: Path) -> None:
    checks = {each["against"]: each for each in read_checked(index)["verification"]}
    assert {checks[level]["status"] for level in ("level-4", "level-5")} == {"passed"}
    assert checks["level-4"]["values_compared"] == SAMPLES
    hls = checks["hls-cpp"]
    assert (hls["status"], "linalg.argmax" in hls["reason"]) == ("not_run", True)
    assert not (index / "hls").exists()


def test_every_stage_gives_the_same_indices(index: Path, plain: Path) -> None:
    """From fixed point on; what they are is taken from the scores of the network without ArgMax."""
    scores = last_stages(plain)[3]
    wanted = run(scores, feed(plain))["y"].argmax(axis=1)
    assert len(set(wanted.tolist())) == CLASSES
    for module in last_stages(index).values():
        (found,) = run(module, feed(index)).values()
        assert found.dtype == np.int64 and np.array_equal(found, wanted)


def test_the_driver(index: Path) -> None:
    facts = json.loads((index / "driver" / "design.json").read_text())
    (port,) = facts["output"]["ports"]
    assert (port["words"], port["dtype"], port["shape"]) == (1, "int64", [-1])
    assert port["format"] == {"signed": False, "width": 1, "fraction": 0}
    few = {"x": feed(index)["x"][:, :5]}
    with Accelerator("interpreter", index) as accelerator:
        (found,) = accelerator.run(few).values()
    (wanted,) = run(last_stages(index)[5], few).values()
    assert found.dtype == wanted.dtype and np.array_equal(found, wanted)


def test_a_label_that_is_no_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny.write_model(tmp_path / "m.json", with_index("label"))
    tiny.write_data(tmp_path / "tiny.npz", tiny.data(SAMPLES) | {"y_test": np.full(SAMPLES, 2)})
    assert main(["compile", "m.json", *COMPILE, "-o", "out"]) == 1
    assert "the label 2; the model has 2 classes, so labels are 0 to 1" in capsys.readouterr().err


def test_beside_the_scores(tmp_path: Path) -> None:
    folder = compiled(tmp_path, with_index("y", "label"), "--recipe", "bank50", "--lanes", "2")
    checks = {each["against"]: each for each in read_checked(folder)["verification"]}
    assert checks["level-5"]["status"] == "passed"
    found = run(last_stages(folder)[5], feed(folder))
    assert np.array_equal(found["label"], found["y"].argmax(axis=1))


def test_compressed_within_a_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny.write_model(tmp_path / "m.json", with_index("label"))
    tiny.write_data(tmp_path / "tiny.npz", tiny.data(SAMPLES))
    words = ["--data", "tiny.npz", "--recipe", "dense8", "--max-loss", "5", "-o", "small.lstmir"]
    assert main(["compress", "m.json", *words]) == 0
    module = parse_module((tmp_path / "small.lstmir").read_text())
    assert module.main.results[0].op.name == "linalg.argmax"


@pytest.mark.needs("g++", "verilator")
def test_verilog(index: Path, tmp_path: Path) -> None:
    module = last_stages(index)[5]
    golden = read_golden(index, module)
    cycles = read_summary(index)["schedule"]["cycles_total_predicted"]
    bench = Bench(index, tmp_path, top_name(module), golden, cycles, 0)
    for check in check_verilog("verilator", bench):
        assert (check.status, check.reason) == ("passed", None)
        assert check.values_compared == SAMPLES
