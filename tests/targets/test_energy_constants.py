"""The constants of energy: each has bounds in order, flags and a reference, or a reason for its absence."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from lstmir.targets import PARTS
from lstmir.targets.energy.constants import FLAGS, FOLDER, UNITS, Constant, Range, constants_of

ALL = {
    f"{part} {name}": constant
    for part in PARTS
    for name, constant in constants_of(PARTS[part]).by_name.items()
}
KNOWN = {name: constant for name, constant in ALL.items() if constant.value is not None}
# As measured on boards by others, and as stated for the chips.
MEASURED = {
    "ecp5-25k ff": 0.230, "ecp5-85k ff": 0.251, "gowin-gw1n9 ff": 1.305, "xc7z020 ff": 0.265,
    "xc7a35t ff": 0.672, "ice40-up5k static": 0.00013, "ecp5-25k static": 0.125,
    "ecp5-85k static": 0.298, "xc7a35t static": 0.137, "xc7z020 static": 0.113,
}  # fmt: skip
MICROAMPERES = {"blank": 85.6, "32 cells": 613.5, "228 cells": 641.3}
VOLTS, MHZ = 1.219, 12


def test_every_part_has_every_constant_or_a_reason() -> None:
    assert len(ALL) == len(PARTS) * len(UNITS)
    assert all(constant.reference for constant in ALL.values())


@pytest.mark.parametrize("name", KNOWN)
def test_bounds_are_in_order_and_flagged(name: str) -> None:
    value, flags = KNOWN[name].value, KNOWN[name].flag.split(", ")
    assert value is not None
    assert 0 <= value.low <= value.mid <= value.high
    assert len(flags) in (1, 3)
    assert set(flags) <= set(FLAGS)
    assert len(KNOWN[name].reference) > 20


@pytest.mark.parametrize("name", MEASURED)
def test_one_figure_stands_for_all_bounds(name: str) -> None:
    assert KNOWN[name].value == Range(*[MEASURED[name]] * 3)


def test_figures_of_the_up5k_follow_from_its_currents() -> None:
    constants = constants_of(PARTS["ice40-up5k"])
    clock = (MICROAMPERES["32 cells"] - MICROAMPERES["blank"]) * VOLTS / MHZ
    cell = (MICROAMPERES["228 cells"] - MICROAMPERES["32 cells"]) * VOLTS / MHZ / 196
    assert constants["clk"].mid == pytest.approx(clock, abs=1)
    assert constants["lut"].low == pytest.approx(cell, rel=0.01)


def test_gowin_says_what_is_missing() -> None:
    assert constants_of(PARTS["gowin-gw1n9"]).missing == (
        "constants are missing: P_static: no static power was found; "
        "e_clk, e_lut, e_mac, e_mem: nothing is published"
    )
    assert [part for part in PARTS if constants_of(PARTS[part]).missing] == ["gowin-gw1n9"]


def test_a_family_that_nobody_knows_has_nothing() -> None:
    constants = constants_of(replace(PARTS["ecp5-25k"], name="new", family="new"))
    assert constants.missing is not None and "nothing is known of this part" in constants.missing
    assert constants.word_bits is None


def test_a_new_part_of_a_known_family_lacks_its_own_figures() -> None:
    constants = constants_of(replace(PARTS["ecp5-25k"], name="ecp5-45k"))
    assert constants.missing == (
        "constants are missing: P_static, e_ff: nothing is known of this part"
    )


EXTRA = {"mac": {"narrow_bits", "narrow_factor"}, "mem": {"bits"}, "clock": {"mhz"}}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_a_file_has_nothing_that_is_not_read(path: Path) -> None:
    for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
        assert name in {*UNITS, "clock"}
        of_parts = {part: each for part, each in table.items() if isinstance(each, dict)}
        assert set(of_parts) <= set(PARTS)
        for entry in of_parts.values() if of_parts else [table]:
            read = {"low", "mid", "high", "flag", "reference", "missing"} | EXTRA.get(name, set())
            assert set(entry) <= read


def test_ranges_add_and_scale() -> None:
    assert Range(1, 2, 3) + Range(10, 20, 30) * 2 == Range(21, 42, 63)
    assert Range(1, 2, 3).attribute() == {"low": 1, "mid": 2, "high": 3}


def test_symbols_and_units() -> None:
    constant = Constant("static", None, "", "nobody knows")
    assert (constant.symbol, constant.unit) == ("P_static", "W")
