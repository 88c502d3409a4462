"""What is foretold of a design, against what Yosys counts; and which array is chosen by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstmir.flow.sizing.choose import Candidate, Wish, choose
from lstmir.flow.sizing.estimate import Estimate, estimate
from lstmir.flow.sizing.multipliers import dsp_blocks
from lstmir.flow.sizing.roms import rom_luts
from lstmir.flow.sizing.rules import RULES
from lstmir.flow.synthesis import Synthesis, synthesize
from lstmir.flow.writing import write_verilog
from lstmir.ir.builder import Builder
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation
from lstmir.ir.region import Region
from lstmir.numeric.fixed import FixedType, product_type
from lstmir.targets import PARTS
from lstmir.tools.lstmir import main
from tests.flow.summaries import read_checked
from tests.machine.machines import Machine
from tests.passes.levels import Recipe
from tests.strategies.networks import Network

WIDE = Recipe(weights=8, bias=12, state=24, activations=8, operands=9)
BYTES = Recipe(weights=8, bias=12, state=16, activations=8, operands=8)
HALVES = Recipe(weights=4, bias=12, state=16, activations=8, operands=8)
SIXES = replace(HALVES, weights=6)
NARROW = Recipe(weights=3, bias=6, state=8, activations=3, operands=4)


def machine(kind: str, features: int, hidden: int, macs: int, recipe: Recipe = BYTES) -> Machine:
    """One layer, whose last state is the result."""
    return Machine(Network(features, hidden, kind=kind, result="final_h"), recipe, macs)


def sharing(
    kind: str, features: int, hidden: int, macs: int, recipe: Recipe, block: str
) -> Machine:
    """The same, in blocks with two products where they fit."""
    return replace(machine(kind, features, hidden, macs, recipe), block=block)


SIGNED = {bits: FixedType(True, bits, 0) for bits in (4, 5, 8, 12, 18, 20, 24, 26, 40)}
NATURAL = {bits: FixedType(False, bits, 0) for bits in (1, 8, 18)}

QUICK = {
    "one column": ("ecp5-25k", machine("lstm", 2, 8, 4)),
    "products without blocks": ("ice40-up5k", machine("lstm", 3, 6, 4, NARROW)),
    "products of two blocks": ("ecp5-25k", machine("lstm", 3, 6, 4, WIDE)),
    "sums in blocks": ("xc7a35t", machine("lstm", 2, 8, 4)),
    "sums of several columns": ("xc7a35t", machine("lstm", 6, 8, 24)),
    "products that were lost once": ("ice40-up5k", machine("lstm", 6, 8, 24)),
    "products that share blocks": ("ecp5-25k", sharing("lstm", 2, 6, 16, HALVES, "18x18")),
}
CAMPAIGN = {
    f"{kind} of {hidden} by {macs} on {part}": (part, machine(kind, features, hidden, macs, recipe))
    for part in ("ecp5-25k", "xc7a35t")
    for kind, features, hidden, macs, recipe in (
        ("lstm", 12, 32, 16, BYTES), ("lstm", 6, 20, 40, BYTES), ("gru", 5, 24, 12, BYTES),
        ("lstm", 3, 16, 16, WIDE), ("lstm", 30, 10, 32, NARROW),
    )
} | {
    f"sharing: {kind} of {hidden} by {macs} on {part}": (
        part, sharing(kind, features, hidden, macs, recipe, block)
    )
    for part, recipe, block in (
        ("ecp5-25k", HALVES, "18x18"), ("xc7a35t", SIXES, "25x18"), ("ice40-up5k", NARROW, "16x16"),
    )
    for kind, features, hidden, macs in (("lstm", 12, 32, 16), ("lstm", 5, 24, 12), ("lstm", 6, 20, 40))
}  # fmt: skip


def counted(module: Module, part: str, folder: Path) -> Synthesis:
    """What Yosys counts."""
    found = synthesize(write_verilog(folder / "verilog", module), module.main.name, PARTS[part])
    assert found.lut is not None, found.reason
    return found


def is_right(module: Module, part: str, folder: Path) -> None:
    """Blocks are exact; the rest is as near as it is for other networks, small ones included."""
    foretold, found = estimate(module, PARTS[part]), counted(module, part, folder)
    assert foretold is not None
    assert (foretold.dsp, foretold.bram) == (found.dsp, found.bram)
    assert foretold.lut == pytest.approx(found.lut, rel=0.2)
    assert foretold.ff == pytest.approx(found.ff, rel=0.2)


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


def product(a: FixedType, b: FixedType) -> Operation:
    """A multiplication of two signals."""
    region = Region([a, b], ["a", "b"])
    return Builder(Module("products"), region).value("arith.mul", *region.arguments).op


BLOCKS = {  # of 7-series, ECP5, iCE40
    (SIGNED[8], SIGNED[8]): (1, 1, 1),
    (SIGNED[24], NATURAL[8]): (1, 2, 2),
    (SIGNED[26], SIGNED[8]): (2, 2, 2),
    (SIGNED[40], SIGNED[8]): (2, 3, 3),
    (SIGNED[20], SIGNED[20]): (2, 4, 3),
    (NATURAL[18], SIGNED[18]): (1, 1, 3),
    (NATURAL[18], SIGNED[24]): (2, 2, 4),
    (SIGNED[4], SIGNED[4]): (0, 1, 0),
    (SIGNED[5], SIGNED[5]): (1, 1, 0),
    (NATURAL[1], SIGNED[12]): (1, 1, 1),
}


@pytest.mark.parametrize("factors", BLOCKS, ids=str)
def test_products_take_blocks_by_their_widths(factors: tuple[FixedType, FixedType]) -> None:
    found = [dsp_blocks(product(*factors), RULES[family]) for family in ("xc7", "ecp5", "ice40")]
    assert tuple(found) == BLOCKS[factors]


@pytest.mark.needs("pyosys")
def test_so_says_yosys(tmp_path: Path) -> None:
    for part, column in (("xc7z020", 0), ("ecp5-85k", 1), ("ice40-up5k", 2)):
        ports, lines = [], []
        for number, (a, b) in enumerate(BLOCKS):
            wide = product_type(a, b)
            for name, type_ in (("a", a), ("b", b), ("q", wide)):
                kind = "output reg" if name == "q" else "input"
                sign = "signed" if type_.signed else ""
                ports.append(f"{kind} {sign} [{type_.width - 1}:0] {name}{number}")
            left, right = (
                f"{n}{number}" if t.signed or not wide.signed else f"$signed({{1'b0, {n}{number}}})"
                for n, t in (("a", a), ("b", b))
            )
            lines.append(f"always @(posedge clk) q{number} <= {left} * {right};")
        source = tmp_path / "products.v"
        body = "\n".join(lines)
        source.write_text(f"module products (input clk, {', '.join(ports)});\n{body}\nendmodule\n")
        found = synthesize([source], "products", PARTS[part])
        assert found.dsp == sum(blocks[column] for blocks in BLOCKS.values())


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
    return machine("lstm", 3, 8, 4).level_3


def chosen(level_3: Module, part: str, **wish: float) -> Candidate:
    return choose(level_3, PARTS[part], Wish(50, **wish), False, lambda message: None)


def test_the_fastest_that_fits(level_3: Module) -> None:
    small, large = chosen(level_3, "ice40-up5k"), chosen(level_3, "ecp5-25k")
    assert small.estimate.dsp <= 8 < large.estimate.dsp <= 28
    assert large.step < small.step
    assert small.fits(PARTS["ice40-up5k"]) and not large.fits(PARTS["ice40-up5k"])


def test_shared_blocks_are_counted_once() -> None:
    level_3, few = machine("lstm", 3, 8, 4, HALVES).level_3, replace(PARTS["ecp5-25k"], dsp=12)
    one, two = (
        choose(level_3, few, Wish(50), False, lambda message: None, products=products)
        for products in ("one", "two")
    )
    assert two.step < one.step
    assert one.estimate.dsp <= 12
    assert two.estimate.dsp <= 12 < two.macs


def test_the_smallest_that_is_fast_enough(level_3: Module) -> None:
    best = chosen(level_3, "ecp5-25k", clock_mhz=100)
    assert best.latency_us is not None and best.fps is not None
    with pytest.raises(UserError):
        chosen(level_3, "ecp5-25k", latency_us=0.99 * best.latency_us, clock_mhz=100)
    wishes = [("latency_us", best.latency_us, 2), ("fps", best.fps, 0.5)]
    for name, reached, factor in wishes:
        quick = chosen(level_3, "ecp5-25k", clock_mhz=100, **{name: reached})
        slow = chosen(level_3, "ecp5-25k", clock_mhz=100, **{name: factor * reached})
        assert quick.step == best.step < slow.step
        assert slow.estimate.dsp < quick.estimate.dsp
        assert sorted([getattr(slow, name), factor * reached])[factor < 1] == getattr(slow, name)


def test_a_clock_that_is_not_given_is_the_estimate_less_its_error(level_3: Module) -> None:
    found = chosen(level_3, "ecp5-25k", fps=1)
    size = found.estimate
    assert size.fmax_mhz is not None and size.fmax_error is not None
    assert found.clock_mhz == pytest.approx(size.fmax_mhz * (1 - size.fmax_error))


def test_latency_is_from_the_first_beat_to_the_last(level_3: Module) -> None:
    found = chosen(level_3, "ecp5-25k", clock_mhz=1)
    built = machine("lstm", 3, 8, found.macs)
    result = built.check([built.packet(50, 0)])
    assert found.latency_us == result.packet_cycles[0]


def test_what_cannot_be_reached_says_what_can(level_3: Module) -> None:
    with pytest.raises(UserError) as caught:
        chosen(level_3, "ecp5-25k", latency_us=1, clock_mhz=100)
    text = str(caught.value)
    assert "nothing that fits ecp5-25k is fast enough: 1 us a sequence asked for" in text
    assert "note: the fastest, for --macs " in text and "at 100 MHz" in text


def test_what_does_not_fit_says_how_large_it_is(level_3: Module) -> None:
    part = replace(PARTS["ecp5-25k"], luts=200)
    with pytest.raises(UserError, match="no array fits ecp5-25k") as caught:
        choose(level_3, part, Wish(50), False, lambda message: None)
    assert "of 200 LUT" in str(caught.value)


REFUSED = {
    "both ways to choose": (
        ["--macs", "8", "--fps", "10"], "error: --fps chooses the array: --macs 8 would, too"
    ),
    "a clock for nothing": (
        ["--clock-mhz", "100"], "error: --clock-mhz is for --macs auto, --latency-us and --fps"
    ),
    "no clock to go by": (
        ["--latency-us", "9", "--target", "ice40-up5k"],
        "error: --latency-us: there is no estimate of a clock for ice40-up5k: give --clock-mhz",
    ),
    "no estimate": (
        ["--macs", "auto", "--target", "gowin-gw1n9"],
        "error: there is no estimate for gowin-gw1n9: give --macs N",
    ),
    "no number": (
        ["--macs", "all"],
        "error: lstmir compile: argument --macs: expected a whole number, not 'all'",
    ),
    "no time": (
        ["--latency-us", "0"],
        "error: lstmir compile: argument --latency-us: must be above 0 and finite, not 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_asked_for(
    case: str, tiny: None, capsys: pytest.CaptureFixture[str]
) -> None:
    options, message = REFUSED[case]
    assert main(["compile", "tiny.json", "--data", "tiny.npz", "-o", "out", *options]) == 2
    assert capsys.readouterr().err.startswith(f"{message}\n")


def test_what_is_not_fast_enough_is_no_usage_error(
    tiny: None, without_tools: None, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compile", "tiny.json", "--data", "tiny.npz", "--recipe", "dense8", "-o", "out"]
    assert main([*words, "--fps", "1e9", "--clock-mhz", "100", "--no-synthesis"]) == 1
    assert "nothing that fits ecp5-25k is fast enough: 1e+09 sequences" in capsys.readouterr().err
    assert not Path("out").exists()


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
@pytest.mark.parametrize("part", ["ice40-up5k", "ecp5-25k"])
def test_what_was_chosen_fits(part: str, tmp_path: Path) -> None:
    vowels = Path(__file__).parents[2] / "examples" / "vowels"
    words = ["compile", str(vowels / "vowels_h32.onnx"), "--data", str(vowels / "vowels.npz")]
    words += ["--recipe", "dense8", "--macs", "auto", "--target", part, "-o", str(tmp_path / "out")]
    assert main(words) == 0
    (entry,) = read_checked(tmp_path / "out")["synthesis"]
    assert entry["status"] == "passed"
