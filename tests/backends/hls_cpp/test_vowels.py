"""The network of the Japanese vowels, over all its test sequences."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lstmir.backends.hls_cpp import print_design
from lstmir.flow.toolchain import ap_types
from lstmir.ir.module import Module
from lstmir.numeric.arrays import quantize_real
from lstmir.syntax.parser import parse_module

if TYPE_CHECKING:
    from tests.backends.hls_cpp.conftest import Run, Workshop

ROOT = Path(__file__).parents[3]
LEVEL4 = ROOT / "tests/data/vowels_level4.lstmir"


@pytest.fixture(scope="module")
def module() -> Module:
    return parse_module(LEVEL4.read_text("utf-8"), LEVEL4.name)


@pytest.fixture
def vowels(new_run: type[Run], module: Module) -> Run:
    """The design, not yet run on anything."""
    return new_run(module)


def recordings(run: Run) -> np.ndarray:
    """The test sequences as the design takes them: [370, 29, 12] integers."""
    with np.load(ROOT / "examples/vowels/vowels.npz") as data:
        reals = data["x_test"].astype(np.float64)
    return quantize_real(reals, run.formats[0].parts[0].element)


@pytest.mark.needs("g++", "hls4ml")
def test_all_sequences_by_the_makefile(vowels: Run, workshop: Workshop) -> None:
    folder = workshop.write(vowels.add(recordings(vowels)).module)
    settings = [f"AP_TYPES={ap_types.find().path}", f"VECTORS={folder}"]
    found = workshop.run(["make", "-s", "-C", folder, "run", *settings], vowels, folder)
    assert found == {
        "sequences": 370,
        "values_compared": 370 * 9,
        "mismatches": 0,
        "first_mismatch": None,
    }


@pytest.mark.needs("g++", "hls4ml")
def test_any_length_and_cut_packets(vowels: Run, workshop: Workshop) -> None:
    """One step or many; packets that end inside the first step, a later one, or at its last beat."""
    inputs = recordings(vowels)
    vowels.add(inputs[:2, :1]).add_cut(1).add(inputs[2:4, :3]).add_cut(11)
    vowels.add_cut(13).add_cut(3 * 12 - 1).add(inputs[4:6]).add(np.tile(inputs[6:7], (1, 4, 1)))
    (found,) = workshop.compare([vowels])
    assert found["mismatches"] == 0
    assert found["sequences"] == 2 + 2 + 2 + 1 + 4
    assert found["values_compared"] == 7 * 9 + 4


@pytest.mark.needs("g++", "hls4ml")
def test_the_test_bench_sees_what_differs(vowels: Run, workshop: Workshop) -> None:
    vowels.add(recordings(vowels)[:3])
    good = vowels.outputs
    folder = workshop.write(vowels.module)
    files = [f'#include "{folder}/{name}"' for name in ("testbench.cpp", "vowels.cpp")]
    program = workshop.compile("\n".join(files), folder)

    def bench(outputs: list[tuple[int, int, int]]) -> dict[str, Any]:
        vowels.outputs = outputs
        return workshop.run([program], vowels, folder)

    assert bench(good)["mismatches"] == 0
    data, last, user = good[10]
    wrong = bench([*good[:10], (data ^ 1, last, user), *good[11:]])
    assert wrong["mismatches"] == 1
    assert wrong["first_mismatch"] == {
        "sequence": 1, "beat": 10,
        "expected": {"data": f"{data ^ 1:x}", "last": 0, "user": 0},
        "got": {"data": f"{data:x}", "last": 0, "user": 0},
    }  # fmt: skip
    missing = bench([*good, (5, 1, 1)])
    assert missing["mismatches"] == 1
    assert missing["first_mismatch"] == {
        "sequence": 3, "beat": 27, "expected": {"data": "5", "last": 1, "user": 1}, "got": None,
    }  # fmt: skip
    extra = bench(good[:18])
    assert extra["mismatches"] == 9
    assert bench([*good[:8], (good[8][0], 0, 0), (0, 1, 0), *good[9:]])["mismatches"] > 0


def test_the_same_module_gives_the_same_text(module: Module) -> None:
    again = parse_module(LEVEL4.read_text("utf-8"))
    assert print_design(module) == print_design(again)


def test_the_files(module: Module) -> None:
    files = print_design(module, part="xc7a35tcpg236-1", clock_ns=8)
    assert sorted(files) == sorted(
        ["Makefile", "packet.h", "stream.h", "testbench.cpp", "tile.h", "vitis_hls.tcl", "vowels.cpp",
         "vowels.h", "weights.h"]
    )  # fmt: skip
    assert "set_part {xc7a35tcpg236-1}" in files["vitis_hls.tcl"]
    assert "create_clock -period 8 -name default" in files["vitis_hls.tcl"]


@pytest.mark.needs("g++", "hls4ml")
def test_make_without_the_headers_says_what_to_name(vowels: Run, workshop: Workshop) -> None:
    folder = workshop.write(vowels.module)
    done = subprocess.run(
        ["make", "-s", "-C", folder, "run"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "make run AP_TYPES=DIR" in done.stdout
