"""What is foretold of a design, against what Yosys counts; and which array is chosen by it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lstmir.flow.sizing.choose import Candidate, Wish, choose
from lstmir.flow.sizing.estimate import Estimate, estimate
from lstmir.flow.sizing.roms import rom_luts
from lstmir.flow.synthesis import Synthesis, synthesize
from lstmir.flow.writing import write_verilog
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.targets import PARTS
from lstmir.tools.lstmir import main
from tests.flow.summaries import read_checked
from tests.machine.machines import Machine
from tests.passes.levels import Recipe
from tests.strategies.networks import Network

WIDE = Recipe(weights=8, bias=12, state=24, activations=8, operands=9)
BYTES = Recipe(weights=8, bias=12, state=16, activations=8, operands=8)
NARROW = Recipe(weights=3, bias=6, state=8, activations=3, operands=4)


def machine(kind: str, features: int, hidden: int, macs: int, recipe: Recipe = BYTES) -> Machine:
    """One layer, whose last state is the result."""
    return Machine(Network(features, hidden, kind=kind, result="final_h"), recipe, macs)


QUICK = {
    "one column": ("ecp5-25k", machine("lstm", 2, 8, 4)),
    "products without blocks": ("ice40-up5k", machine("lstm", 3, 6, 4, NARROW)),
    "products of two blocks": ("ecp5-25k", machine("gru", 3, 6, 6, WIDE)),
}
CAMPAIGN = {
    f"{kind} of {hidden} by {macs} on {part}": (part, machine(kind, features, hidden, macs, recipe))
    for part in ("ecp5-25k", "xc7a35t")
    for kind, features, hidden, macs, recipe in (
        ("lstm", 12, 32, 16, BYTES), ("lstm", 6, 20, 40, BYTES), ("gru", 5, 24, 12, BYTES),
        ("lstm", 3, 16, 16, WIDE), ("lstm", 30, 10, 32, NARROW),
    )
}  # fmt: skip


def counted(module: Module, part: str, folder: Path) -> Synthesis:
    """What Yosys counts."""
    found = synthesize(write_verilog(folder / "verilog", module), module.main.name, PARTS[part])
    assert found.lut is not None, found.reason
    return found


def is_right(module: Module, part: str, folder: Path) -> None:
    """Blocks are exact; the rest is within twice what nine in ten networks keep."""
    foretold, found = estimate(module, PARTS[part]), counted(module, part, folder)
    assert foretold is not None and found.lut is not None and found.ff is not None
    assert (foretold.dsp, foretold.bram) == (found.dsp, found.bram)
    assert foretold.lut == pytest.approx(found.lut, rel=2 * foretold.lut_error)
    assert foretold.ff == pytest.approx(found.ff, rel=2 * foretold.ff_error)


@pytest.mark.needs("pyosys")
@pytest.mark.parametrize("case", QUICK)
def test_blocks_are_exact(case: str, tmp_path: Path) -> None:
    part, built = QUICK[case]
    is_right(built.level_5, part, tmp_path)


@pytest.mark.soak
@pytest.mark.needs("pyosys")
@pytest.mark.parametrize("case", CAMPAIGN)
def test_blocks_are_exact_at_length(case: str, tmp_path: Path) -> None:
    part, built = CAMPAIGN[case]
    is_right(built.level_5, part, tmp_path)


def test_a_table_costs_what_differs_in_it() -> None:
    constant, address, one = np.full(16, 5), np.arange(16), (np.arange(16) == 3) * 1
    assert rom_luts(constant, 3, 4) == (0, 0)
    assert rom_luts(address, 4, 4) == (0, 0)
    assert rom_luts(one, 1, 4) == (1, 0)
    assert rom_luts(one * 3, 2, 4) == (1, 0)  # the same bit twice
    assert rom_luts(np.concatenate([one, constant * 0]), 1, 4) == (1, 1)


def test_there_is_none_for_a_part_that_nothing_was_fitted_for() -> None:
    assert estimate(machine("lstm", 2, 4, 4).level_5, PARTS["gowin-gw1n9"]) is None


# -- the choice ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def level_3() -> Module:
    return machine("lstm", 6, 20, 4).level_3


def chosen(level_3: Module, part: str, **wish: float) -> Candidate:
    return choose(level_3, PARTS[part], Wish(50, **wish), False, lambda message: None)


def test_the_fastest_that_fits(level_3: Module) -> None:
    small, large = chosen(level_3, "ice40-up5k"), chosen(level_3, "xc7z020")
    assert small.estimate.dsp <= 8 < large.estimate.dsp <= 220
    assert large.step < small.step
    assert small.fits(PARTS["ice40-up5k"]) and not large.fits(PARTS["ice40-up5k"])


def test_the_smallest_that_is_fast_enough(level_3: Module) -> None:
    slow = chosen(level_3, "ecp5-85k", latency_us=400, clock_mhz=100)
    quick = chosen(level_3, "ecp5-85k", latency_us=100, clock_mhz=100)
    assert slow.latency_us is not None and slow.latency_us <= 400
    assert quick.latency_us is not None and quick.latency_us <= 100 < slow.latency_us
    assert slow.estimate.dsp < quick.estimate.dsp
    many = chosen(level_3, "ecp5-85k", fps=10_000, clock_mhz=100)
    assert many.fps is not None and many.fps >= 10_000
    assert chosen(level_3, "ecp5-85k", fps=1, clock_mhz=100).estimate.dsp < many.estimate.dsp


def test_what_cannot_be_reached_says_what_can(level_3: Module) -> None:
    with pytest.raises(UserError) as caught:
        chosen(level_3, "ecp5-25k", latency_us=1, clock_mhz=100)
    text = str(caught.value)
    assert "nothing that fits ecp5-25k is fast enough: 1 us a sequence asked for" in text
    assert "note: the fastest, for --macs " in text and "at 100 MHz" in text


def test_a_margin_is_kept() -> None:
    part = PARTS["ecp5-25k"]
    room = int(0.9 * part.luts)

    def candidate(lut: int, error: float, dsp: int = 28) -> Candidate:
        size = Estimate(part.name, lut, error, 100, 0.1, dsp, 56, None, None)
        return Candidate(16, 1, size, None, None, None)

    assert candidate(room, 0.0).fits(part) and not candidate(room, 0.01).fits(part)
    assert not candidate(100, 0.1, dsp=29).fits(part)


def test_the_summary_has_the_estimate(
    tiny: None, without_tools: None, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compile", "tiny.json", "--data", "tiny.npz", "--recipe", "dense8", "-o", "out"]
    assert main([*words, "--macs", "auto", "--target", "ice40-up5k", "--no-synthesis"]) == 0
    summary = read_checked(Path("out"))
    assert summary["schedule"]["macs"] + summary["schedule"]["tail_macs"] <= 8
    assert summary["estimate"]["dsp"] <= 8
    assert f"{summary['estimate']['lut']} LUT +-" in capsys.readouterr().out
    assert main([*words, "--macs", "4", "--target", "gowin-gw1n9", "--no-synthesis"]) == 0
    summary = read_checked(Path("out"))
    assert summary["estimate"] is None
    assert summary["not_run"]["estimate"] == "nothing was fitted for this part"


@pytest.mark.soak
@pytest.mark.needs("pyosys")
@pytest.mark.parametrize("part", ["ice40-up5k", "ecp5-25k", "xc7a35t"])
def test_what_was_chosen_fits(part: str, tmp_path: Path) -> None:
    vowels = Path(__file__).parents[2] / "examples" / "vowels"
    words = ["compile", str(vowels / "vowels_h32.onnx"), "--data", str(vowels / "vowels.npz")]
    words += ["--recipe", "dense8", "--macs", "auto", "--target", part, "-o", str(tmp_path / "out")]
    assert main(words) == 0
    (entry,) = read_checked(tmp_path / "out")["synthesis"]
    assert entry["status"] == "passed"
