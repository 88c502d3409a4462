"""Inputs that are initial states: zero in hardware where the data say nothing of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lstmir.flow.recipes import FRONT
from lstmir.ir.interface import ports
from lstmir.syntax.parser import parse_module
from lstmir.tools.lstmir import main
from lstmir.tools.lstmir_opt import main as opt
from tests.flow.tiny import HIDDEN, data, with_initial_state, write_model

pytestmark = pytest.mark.usefixtures("without_tools")

WORDS = ["--recipe", "dense8", "--macs", "4", "--no-synthesis", "-o", "out"]
LEVEL_3 = f"{FRONT},dense8"


def test_each_sequence_starts_at_zero(capsys: pytest.CaptureFixture[str]) -> None:
    write_model(Path("tiny.json"), with_initial_state())
    np.savez("tiny.npz", **data())  # type: ignore[arg-type]
    assert main(["compile", "tiny.json", "--data", "tiny.npz", *WORDS]) == 0
    said = "warning: every sequence starts with h0 at zero: the machine is given no states"
    assert said in capsys.readouterr().err
    for stage in ("start-at-zero", "quantize", "lower-to-rtl"):
        (path,) = Path("out/stages").glob(f"*-{stage}.lstmir")
        assert [port.name for port in ports(parse_module(path.read_text()), "input")] == ["x"]


def test_also_from_fixed_point(capsys: pytest.CaptureFixture[str]) -> None:
    write_model(Path("tiny.json"), with_initial_state())
    np.savez("tiny.npz", **data())  # type: ignore[arg-type]
    assert main(["import", "tiny.json", "-o", "tiny.lstmir"]) == 0
    assert opt(["tiny.lstmir", "--data", "tiny.npz", "-p", LEVEL_3, "-o", "three.lstmir"]) == 0
    assert main(["compile", "three.lstmir", "--data", "tiny.npz", *WORDS[2:]]) == 0
    assert "starts with h0 at zero" in capsys.readouterr().err


def test_states_among_the_data_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    write_model(Path("tiny.json"), with_initial_state())
    states = {f"h0_{half}": np.ones((6, 1, HIDDEN), np.float32) for half in ("train", "test")}
    np.savez("tiny.npz", **data(), **states)  # type: ignore[arg-type]
    assert main(["compile", "tiny.json", "--data", "tiny.npz", *WORDS]) == 1
    said = "error: the machine is given no states, and tiny.npz has those of h0"
    assert said in capsys.readouterr().err
    assert not Path("out").exists()
