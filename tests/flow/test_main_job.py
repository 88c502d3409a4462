"""The main job on a real model: a trained LSTM to hardware that demonstrably computes the same."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstmir.flow.check import Golden
from lstmir.flow.data import read_data
from lstmir.flow.models import level_of
from lstmir.flow.verification import check_rtl
from lstmir.interpreter.feeds import to_carrier
from lstmir.interpreter.run import run, run_samples
from lstmir.ir.interface import ports
from lstmir.ir.module import Module
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from lstmir.tools.lstmir import main
from tests.flow.summaries import read_checked

VOWELS = Path(__file__).parents[2] / "examples" / "vowels"
DATA = VOWELS / "vowels.npz"
SEQUENCES, CLASSES = 370, 9
PROGRAM = "import sys; from lstmir.tools.lstmir import main; sys.exit(main())"
OPTIONS = ["--data", str(DATA), "--recipe", "bank50", "--target", "ecp5-25k", "--macs", "16"]
STAGES = {
    "00-import": 1, "01-isolate-sample": 1, "02-expand-cells": 2, "03-canonicalize": 2,
    "04-fold-constants": 2, "05-cse": 2, "06-dce": 2, "07-calibrate": 2, "08-prune": 2,
    "09-calibrate": 2, "10-assign-bitwidths": 2, "11-quantize": 3, "12-approximate-activations": 3,
    "13-tile": 4, "14-block-layout": 4, "15-schedule": 4, "16-lower-to-rtl": 5,
}  # fmt: skip
FIXED = list(STAGES)[12:]

pytestmark = pytest.mark.needs("g++", "hls4ml", "verilator", "pyosys")


@dataclass(frozen=True)
class Outcome:
    """A finished command: the folder, and what a user saw who was no terminal."""

    folder: Path
    output: str
    errors: str


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("main") / "vowels"
    model = str(VOWELS / "vowels_h32.onnx")
    command = [sys.executable, "-c", PROGRAM, "compile", model, *OPTIONS, "-o", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Outcome(folder, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def summary(job: Outcome) -> dict[str, Any]:
    return read_checked(job.folder)


@pytest.fixture(scope="module")
def golden(job: Outcome) -> Golden:
    """The integers of level 3 on all test sequences."""
    module = _module(job, FIXED[0])
    (samples,) = read_data(str(DATA), module).test.values()
    inputs = to_carrier(samples, module.main.parameters[0].type)
    (outputs,) = run_samples(module, [inputs])
    return Golden((inputs,), (outputs[:, None],))


def _module(job: Outcome, stage: str) -> Module:
    path = job.folder / "stages" / f"{stage}.lstmir"
    return parse_module(path.read_text(encoding="utf-8"), str(path))


def test_accuracy(summary: dict[str, Any]) -> None:
    accuracy = summary["accuracy"]
    assert (accuracy["metric"], accuracy["samples"]) == ("top1", SEQUENCES)
    assert accuracy["float"] == 359 / SEQUENCES
    assert abs(accuracy["fixed"] - accuracy["float"]) <= 0.01


def test_compression(summary: dict[str, Any]) -> None:
    compression = summary["compression"]
    parameters = 128 * (12 + 32 + 1) + CLASSES * (32 + 1)
    assert compression["weights_bits_float"] == 32 * parameters
    assert compression["ratio"] > 4
    assert 0.45 < compression["sparsity"] < 0.5  # half of all but the head


TOOLS: dict[str, dict[str, tuple[bool, ...]]] = {
    "hls-cpp": {"g++": (False,)},
    "verilog": {"verilator": (False, True), "cxxrtl": (False, True)},
}
"""What compares a printed design, and whether under back-pressure."""


@pytest.mark.parametrize("against", TOOLS)
def test_every_sequence_is_the_same_bit_for_bit(against: str, summary: dict[str, Any]) -> None:
    checks = [check for check in summary["verification"] if check["against"] == against]
    assert [(check["tool"], check["back_pressure"]) for check in checks] == [
        (tool, stalled) for tool, each in TOOLS[against].items() for stalled in each
    ]
    for check in checks:
        assert check["status"] == "passed"
        assert check["sequences"] == SEQUENCES
        assert check["values_compared"] == SEQUENCES * CLASSES
        assert check["mismatches"] == 0


def test_cycles_are_as_predicted(summary: dict[str, Any]) -> None:
    schedule, checks = summary["schedule"], summary["verification"]
    simulated = {c["cycles_total_simulated"] for c in checks if c["against"] == "verilog"}
    assert simulated == {None, schedule["cycles_total_predicted"]}
    assert 0.95 < schedule["mac_utilization_total"] <= schedule["mac_utilization"] <= 1
    assert schedule["macs"] == 16


def test_resources_are_counted(summary: dict[str, Any]) -> None:
    (synthesis,) = summary["synthesis"]
    assert synthesis["status"] == "passed"
    schedule = summary["schedule"]
    assert synthesis["dsp"] == schedule["macs"] + schedule["tail_macs"]
    assert all(synthesis[kind] > 0 for kind in ("lut", "ff", "bram"))


def test_what_a_user_sees(job: Outcome) -> None:
    assert max(map(len, job.output.splitlines())) <= 80
    assert job.output.splitlines()[0].startswith(
        "accuracy       float 359/370 = 97.0%, fixed point 3"
    )
    assert job.output.count("passed") == 7
    assert job.output.endswith(f"written to {job.folder}\n")
    assert all(line.startswith("... ") for line in job.errors.splitlines())
    assert len(job.errors.splitlines()) <= 12


def test_every_pass_leaves_its_stage(job: Outcome) -> None:
    assert sorted(path.stem for path in (job.folder / "stages").iterdir()) == list(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_its_own_text_and_runs(stage: str, job: Outcome) -> None:
    module = _module(job, stage)
    path = job.folder / "stages" / f"{stage}.lstmir"
    assert print_module(module) == path.read_text(encoding="utf-8")
    assert level_of(module) == STAGES[stage]
    with np.load(DATA) as data:
        samples = data["x_test"][:2]
        labels = data["y_test"][:2]
    (port,) = ports(module, "input")
    results = run(module, {port.name: port.from_samples(samples)})
    assert list(results) == ["logits"]
    assert results["logits"].shape == (2, CLASSES)
    assert results["logits"].argmax(axis=1).tolist() == labels.tolist()


@pytest.mark.parametrize("stage", FIXED[1:-1])
def test_levels_3_and_4_give_the_same_integers(stage: str, job: Outcome, golden: Golden) -> None:
    module = _module(job, stage)
    assert _unit(module) == _unit(_module(job, FIXED[0]))
    (outputs,) = run_samples(module, [*golden.inputs])
    assert outputs.shape == (SEQUENCES, CLASSES)
    assert np.array_equal(outputs[:, None], golden.outputs[0])


def _unit(module: Module) -> int:
    """Fraction bits of the result: integers mean the same where these are the same."""
    element = element_of(module.main.result_types[0])
    assert isinstance(element, FixedType)
    return element.frac


@pytest.mark.parametrize("count", [4, pytest.param(64, marks=pytest.mark.soak)])
def test_level_5_gives_the_same_integers(count: int, job: Outcome, golden: Golden) -> None:
    check = check_rtl(_module(job, FIXED[-1]), golden.first(count))
    assert (check.status, check.reason) == ("passed", None)
    assert (check.sequences, check.values_compared) == (count, count * CLASSES)


def test_the_json_compiles_to_the_same_stages(
    job: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    model = str(VOWELS / "vowels_h32.json")
    assert main(["compile", model, *OPTIONS, "--no-synthesis", "-o", str(tmp_path / "json")]) == 0
    for folder in ("stages", "verilog", "hls", "vectors"):
        for path in (job.folder / folder).iterdir():
            assert (tmp_path / "json" / folder / path.name).read_bytes() == path.read_bytes()


def test_it_verifies_again(job: Outcome, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(job.folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines] == ["status", *8 * ["passed"]]
    assert [line.split()[-4] for line in lines[1:]] == ["370", "370", "4", *5 * ["370"]]
    assert [line.split()[-2] for line in lines[1:]] == 8 * ["0"]
