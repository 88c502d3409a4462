"""The energy model, by figures that were computed by hand, and beside a reference."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from lstmir.flow.energy.compare import Reference, compare, ratio, verdict
from lstmir.flow.energy.model import Clock, Size, charge
from lstmir.flow.energy.report import assess
from lstmir.flow.energy.work import Work
from lstmir.targets import PARTS
from lstmir.targets.energy.constants import UNITS, Constant, Constants, Range, constants_of


def _constants(**values: tuple[float, float, float]) -> Constants:
    named = {name: Range(*values.get(name, (0, 0, 0))) for name in UNITS}
    by_name = {name: Constant(name, each, "J", "made up") for name, each in named.items()}
    return Constants(by_name, 16, 12, 0.8, None, None)


WORK = Work(5, 1000, 900.0, multiplications=2000, narrow=500, words=300, word_bits=16, dram_bits=40)
SIZE, CLOCK = Size(70, 60, "pyosys"), Clock(100.0, "assumed")
ALL = _constants(
    static=(0.1, 0.2, 0.4), clk=(10, 20, 30), ff=(0.5, 0.5, 0.5), lut=(0.1, 0.2, 0.3),
    mac=(1, 2, 10), mem=(5, 8, 10), dram=(20, 30, 40),
)  # fmt: skip


def test_an_inference_alone() -> None:
    """1000 cycles at 100 MHz are 10 us; 500 of 2000 products take 0.8 of one each, together 1900."""
    found = charge(ALL, WORK, SIZE, CLOCK)
    assert found.us == 10
    assert {name: term.mid for name, term in found.terms.items()} == pytest.approx({
        "static": 2.0, "clock": 0.02, "ff": 0.03, "lut": 0.014, "multiplications": 0.0038,
        "memory": 0.0024, "dram": 0.0012,
    })  # fmt: skip
    assert found.microjoules.mid == pytest.approx(2.0714)
    assert found.microjoules.low == pytest.approx(
        1 + 0.01 + 0.03 + 0.007 + 0.0019 + 0.0015 + 0.0008
    )
    assert found.microjoules.high == pytest.approx(4 + 0.03 + 0.03 + 0.021 + 0.019 + 0.003 + 0.0016)
    assert found.static_share == pytest.approx(2 / 2.0714)
    each = found.picojoules_per_multiplication
    assert each is not None and each.mid == pytest.approx(1035.7)


def test_a_period_charges_the_chip_and_its_clock() -> None:
    """20 us: twice the static power and the clock; everything else as before."""
    alone = charge(ALL, WORK, SIZE, CLOCK)
    paced = charge(ALL, WORK, SIZE, CLOCK, 20)
    assert paced.terms["static"].mid == pytest.approx(4.0)
    assert paced.terms["clock"].mid == pytest.approx(0.04)
    rest = [name for name in alone.terms if name not in ("static", "clock")]
    assert [paced.terms[name] for name in rest] == [alone.terms[name] for name in rest]


def test_back_to_back_nothing_is_charged_twice() -> None:
    """One in each 900 cycles, although each takes 1000: flip-flops and LUTs see 900."""
    paced = charge(ALL, WORK, SIZE, CLOCK, 9)
    assert paced.terms["static"].mid == pytest.approx(1.8)
    assert paced.terms["clock"].mid == pytest.approx(0.018)
    assert paced.terms["ff"].mid == pytest.approx(0.027)
    assert paced.terms["multiplications"].mid == pytest.approx(0.0038)


@pytest.mark.parametrize(("picojoules", "told"), [(52.9, 1), (53.1, 0), (300, 0)])
def test_what_is_less_than_was_ever_published_warns(picojoules: float, told: int) -> None:
    work = dataclasses.replace(WORK, narrow=0)
    found = charge(_constants(mac=(0, picojoules, 400)), work, SIZE, CLOCK)
    assert len(list(found.warnings)) == told
    for line in found.warnings:
        assert line.startswith("52.9 pJ a multiplication: published FPGA accelerators of RNNs take")


def test_nothing_multiplied_has_no_energy_a_multiplication() -> None:
    work = dataclasses.replace(WORK, multiplications=0, narrow=0)
    found = charge(ALL, work, SIZE, CLOCK)
    assert found.picojoules_per_multiplication is None
    assert list(found.warnings) == []


@pytest.mark.parametrize("part", [part for part in PARTS if not constants_of(PARTS[part]).missing])
def test_bounds_are_in_order(part: str) -> None:
    found = charge(constants_of(PARTS[part]), WORK, SIZE, CLOCK, 30)
    for each in (found.microjoules, *found.terms.values()):
        assert 0 <= each.low <= each.mid <= each.high
    assert found.microjoules.low < found.microjoules.high
    assert 0 < found.static_share < 1


COUNTED = {"tool": "pyosys", "lut": 50, "ff": 40, "fmax_mhz": None}
PLACED = {"tool": "nextpnr-ecp5", "lut": 60, "ff": 45, "fmax_mhz": 120.0}
NOT_PLACED = {"tool": "nextpnr-ecp5", "lut": None, "ff": None, "fmax_mhz": None}
ESTIMATE = {"lut": 30, "ff": 20, "fmax_mhz": 80.0}
KNOWN: dict[str, Any] = {
    "placed": ("ecp5-85k", ESTIMATE, [COUNTED, PLACED], (60, "nextpnr-ecp5"), (120.0, "nextpnr-ecp5")),
    "counted": ("ecp5-85k", ESTIMATE, [COUNTED], (50, "pyosys"), (80.0, "estimate")),
    "not placed": ("ecp5-85k", ESTIMATE, [COUNTED, NOT_PLACED], (50, "pyosys"), (80.0, "estimate")),
    "estimated": ("ecp5-85k", ESTIMATE, [], (30, "estimate"), (80.0, "estimate")),
    "no clock": ("ice40-up5k", {**ESTIMATE, "fmax_mhz": None}, [], (30, "estimate"), (24, "assumed")),
    "nothing estimated": ("xc7z020", None, [COUNTED], (50, "pyosys"), (100, "assumed")),
}  # fmt: skip


@pytest.mark.parametrize("case", KNOWN)
def test_size_and_clock_are_the_best_known(case: str) -> None:
    part, estimate, synthesis, size, clock = KNOWN[case]
    found = assess(PARTS[part], WORK, None, estimate, synthesis)
    assert found is not None and found["latency"] is not None
    assert (found["size"]["lut"], found["size"]["source"]) == size
    assert (found["clock"]["mhz"], found["clock"]["source"]) == clock
    assert found["latency"]["us"] == 1000 / clock[0]


CHARGE = {
    "microjoules": {"low": 20.0, "mid": 25.0, "high": 40.0}, "us": 50.0, "static_share": 0.7,
    "terms": {"memory": dict.fromkeys(("low", "mid", "high"), 0.0),
              "dram": {"low": 8.0, "mid": 12.0, "high": 16.4}},
}  # fmt: skip
ENERGY = {
    "work": WORK.attribute(), "size": dataclasses.asdict(SIZE), "clock": dataclasses.asdict(CLOCK),
    "latency": CHARGE, "period": None, "warnings": ["do not believe it"],
}  # fmt: skip
REFERENCE = Reference("a CPU", 1e-4, 4.0, 80.0, "its label")


def test_a_ratio_is_an_interval() -> None:
    """100 us at 4 to 80 W are 400 to 8000 uJ: 400 / 40 and 8000 / 20."""
    assert REFERENCE.microjoules == pytest.approx((400, 8000))
    assert ratio(REFERENCE, CHARGE) == pytest.approx((10, 400))
    told = [verdict((10, 400), claim) for claim in (9.9, 10, 50.14, 400, 401)]
    assert told == ["below", "inside", "inside", "inside", "above"]


def test_the_tables() -> None:
    lines = compare("tiny", ENERGY, [REFERENCE], 50.14).splitlines()
    assert "| tiny, alone, 100 MHz ASSUMED | 20 | 25 | 40 | 50 | 70% |" in lines
    assert "| of it, alone | uJ, low | mid | high |" in lines
    assert "| dram: what comes from outside and goes there | 8 | 12 | 16.4 |" in lines
    assert not any(line.startswith("| memory") for line in lines)
    assert "| a CPU | 400 | | 8000 | 100 | |" in lines
    assert "| ratio | at least | at most | 50.14 lies |" in lines
    assert "| a CPU, to alone | 10 | 400 | inside |" in lines
    assert lines[-3] == (
        "- tiny: 5 steps, 1000 cycles at 100 MHz (assumed); 70 LUT, 60 FF (pyosys); "
        "2000 multiplications, 300 words of 16 bits, 40 bits from outside"
    )
    assert lines[-2:] == ["- reference: 4 to 80 W: its label", "- do not believe it"]
    placed = {"mhz": 120.0, "source": "nextpnr-ecp5"}
    idle = {**ENERGY, "clock": placed, "period": {**CHARGE, "us": 900.0}}
    lines = compare("tiny", idle, [REFERENCE]).splitlines()
    assert "| tiny, with the idle time of its period | 20 | 25 | 40 | 900 | 70% |" in lines
    assert "| a CPU, to with the idle time of its period | 10 | 400 |" in lines
    assert "50.14" not in "".join(lines)
