"""Streams of several ports and wide beats, from the interpreter to both simulators and the driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstmir.backends.driver.host import Accelerator, DriverError
from lstmir.flow.benches import Bench
from lstmir.flow.check import Golden
from lstmir.flow.driver import write_driver
from lstmir.flow.folder import write_files
from lstmir.flow.simulations import RESETS, check_verilog
from lstmir.flow.verification import check_rtl
from lstmir.flow.verify import read_golden
from lstmir.flow.writing import vectors, write_verilog
from lstmir.interpreter.run import run
from lstmir.interpreter.streams import parse_beats
from lstmir.ir.diagnostics import UserError
from lstmir.syntax.printer import print_module
from tests.backends.verilog.simulators import EACH
from tests.flow.wide import ECHO, NEGATING, WIDEST, Wide

DESIGNS = pytest.mark.parametrize(
    "wide",
    [
        pytest.param(NEGATING, id="negating"),
        pytest.param(ECHO, id="echo"),
        pytest.param(WIDEST, id="widest", marks=pytest.mark.soak),
    ],
)
SEQUENCES, STEPS = 5, 4


def off_by_one(golden: Golden) -> Golden:
    """The last element of the last output is another."""
    last = golden.outputs[-1].copy()
    last[-1, -1, -1] ^= 1
    return replace(golden, outputs=(*golden.outputs[:-1], last))


@DESIGNS
def test_level_5_is_compared_part_by_part(wide: Wide) -> None:
    golden = wide.golden(SEQUENCES, STEPS)
    words = sum(words for _, words in wide.inputs)
    good, bad = (check_rtl(wide.module, each) for each in (golden, off_by_one(golden)))
    assert (good.status, good.reason) == ("passed", None)
    assert (good.sequences, good.values_compared) == (SEQUENCES, SEQUENCES * STEPS * words)
    # A beat a cycle, behind one register.
    beats = SEQUENCES * STEPS * -(-words // wide.lanes)
    assert good.cycles_total_simulated == beats + 1
    assert (bad.status, bad.mismatches) == ("failed", 1)


def test_arrays_in_arrays_out() -> None:
    """By name, in the model's own layout, though time is the last axis of one of them."""
    random = np.random.default_rng(1)
    feeds = {
        "i0": random.integers(-128, 128, (2, 3, 6)) / 16,
        "i1": random.integers(0, 4096, (2, 6, 4)) / 4,
    }
    found = run(NEGATING.module, feeds)
    assert list(found) == ["o0", "o1"]
    assert np.array_equal(found["o0"], -feeds["i0"])
    assert np.array_equal(found["o1"], feeds["i1"])


def test_arrays_of_different_lengths() -> None:
    feeds = {"i0": np.zeros((2, 3, 6)), "i1": np.zeros((2, 5, 4))}
    with pytest.raises(UserError, match="sample 0 has parts of different lengths: 6, 5 steps"):
        run(NEGATING.module, feeds)


@DESIGNS
def test_vectors_are_read_back(wide: Wide, tmp_path: Path) -> None:
    golden = wide.golden(SEQUENCES, STEPS)
    files = vectors(golden, wide.module)
    assert sorted(files) == ["hls_inputs.txt", "hls_outputs.txt", "inputs.txt", "outputs.txt"]
    write_files(tmp_path / "vectors", files)
    back = read_golden(tmp_path, wide.module)
    for name in ("inputs", "outputs"):
        pairs = zip(getattr(back, name), getattr(golden, name), strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs)
    words = parse_beats(files["hls_inputs.txt"])
    assert len(words) == sum(each.size for each in golden.inputs)
    assert [last for _, last in words].count(1) == SEQUENCES


@DESIGNS
@pytest.mark.parametrize("tool", EACH)
def test_the_test_bench(tool: str, wide: Wide, tmp_path: Path) -> None:
    golden = wide.golden(SEQUENCES, STEPS)
    write_verilog(tmp_path / "verilog", wide.module)
    write_files(tmp_path / "vectors", vectors(golden, wide.module))
    beats = SEQUENCES * STEPS * wide.formats()[0].beats
    bench = Bench(tmp_path, tmp_path / "build", "wide", golden, beats + 1, 0, wide.lanes)
    steady, stalled = check_verilog(tool, bench)
    for check in (steady, stalled):
        assert (check.status, check.reason) == ("passed", None)
        assert (check.sequences, check.values_compared) == (SEQUENCES, golden.values)
    assert steady.cycles_total_simulated == beats + 1
    assert stalled.resets <= RESETS
    write_files(tmp_path / "vectors", vectors(off_by_one(golden), wide.module))
    bad, _ = check_verilog(tool, bench)
    assert (bad.status, bad.mismatches) == ("failed", 1)
    found = parse_beats((tmp_path / "vectors" / "outputs.txt").read_text())
    assert f'"expected": {{"data": "{found[-1][0]:x}"' in str(bad.reason)


def folder_of(wide: Wide, folder: Path) -> Path:
    """What `compile` leaves of a design for its driver; level 5 itself defines the bits."""
    write_verilog(folder / "verilog", wide.module)
    write_files(folder / "stages", {"wide.lstmir": print_module(wide.module)})
    write_driver(folder / "driver", wide.module, None, "stages/wide.lstmir")
    return folder


@pytest.mark.needs("g++", "verilator")
@DESIGNS
def test_the_driver_in_the_simulation(wide: Wide, tmp_path: Path) -> None:
    golden = wide.golden(SEQUENCES, STEPS)
    names = [f"i{number}" for number in range(len(wide.inputs))]
    packets = [dict(zip(names, each, strict=True)) for each in zip(*golden.inputs, strict=True)]
    short = {name: array[:1] for name, array in packets[0].items()}
    with Accelerator("simulation", folder_of(wide, tmp_path)) as accelerator:
        for found, *expected in zip(
            accelerator.run_integers([*packets, short]), *golden.outputs, strict=False
        ):
            arrays = found.values() if isinstance(found, Mapping) else [found]
            assert [a.tolist() for a in arrays] == [e.ravel().tolist() for e in expected]
        (one,) = accelerator.run_integers([short])
        first = one["o0"] if isinstance(one, Mapping) else one
        assert first.tolist() == golden.outputs[0][0, 0].tolist()


@pytest.mark.needs("g++", "verilator")
def test_the_driver_takes_arrays_by_name(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    feeds = {
        "i0": random.integers(-128, 128, (2, 3, 6)) / 16,
        "i1": random.integers(0, 4096, (2, 6, 4)) / 4,
    }
    with Accelerator("simulation", folder_of(NEGATING, tmp_path)) as accelerator:
        found = accelerator.run(feeds)
        assert {name: array.shape for name, array in found.items()} == {
            "o0": (2, 3, 6), "o1": (2, 6, 4),
        }  # fmt: skip
        assert np.array_equal(found["o0"], -feeds["i0"])
        assert np.array_equal(found["o1"], feeds["i1"])
        for wrong, message in (
            (feeds["i0"], "the model has several inputs: i0, i1"),
            ({"i0": feeds["i0"]}, "the model's inputs are i0, i1; there came i0"),
            ({**feeds, "i0": feeds["i0"][:1]}, "different numbers of samples: i0 1, i1 2"),
            ({**feeds, "i1": feeds["i1"][:, :5]}, "different numbers of steps: i0 6, i1 5"),
            ({**feeds, "i0": feeds["i1"]}, r"i0 has shape \[6, 4\], the design expects \[3, any\]"),
        ):
            with pytest.raises(DriverError, match=message):
                accelerator.run(wrong)
