"""The energy in `summary.json` and on the terminal, for every family of parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lstmir.flow.folder import write_summary
from lstmir.tools.lstmir import main
from tests.flow.refused import refused
from tests.flow.summaries import read_checked

WORDS = ["compile", "tiny.json", "--data", "tiny.npz", "--recipe", "bank50", "--macs", "4",
         "--no-synthesis", "-o", "out"]  # fmt: skip
UNKNOWN = {
    "gowin-gw1n9": {
        "energy": "constants are missing: P_static: no static power was found; "
        "e_clk, e_lut, e_mac, e_mem: nothing is published"
    },
}
SHOWN = {"gowin-gw1n9": "not known for this part"}


def _reasons(summary: dict[str, Any]) -> dict[str, str]:
    return {path: why for path, why in summary["not_run"].items() if path.startswith("energy")}


@pytest.mark.usefixtures("tiny", "without_tools")
@pytest.mark.parametrize("part", UNKNOWN)
def test_what_is_not_known_says_why(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, "--target", part]) == 0
    assert _reasons(read_checked(Path("out"))) == UNKNOWN[part]
    assert f"energy         {SHOWN[part]}" in capsys.readouterr().out


@pytest.mark.usefixtures("tiny", "without_tools")
@pytest.mark.parametrize("part", ["ecp5-25k", "ice40-up5k", "xc7z020"])
def test_a_part_with_an_estimate_has_an_energy(
    part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS, "--target", part, "--period-us", "1000"]) == 0
    summary = read_checked(Path("out"))
    assert _reasons(summary) == {}
    energy, estimate = summary["energy"], summary["estimate"]
    assert energy["work"]["steps"] == 5
    assert energy["size"] == {"lut": estimate["lut"], "ff": estimate["ff"], "source": "estimate"}
    for charge in (energy["latency"], energy["period"]):
        low, mid, high = charge["microjoules"].values()
        assert 0 < low < mid < high
        assert mid == pytest.approx(sum(term["mid"] for term in charge["terms"].values()))
    assert energy["period"]["us"] == energy["period_us"] == 1000
    assert energy["latency"]["us"] == energy["work"]["cycles"] / energy["clock"]["mhz"]
    (line,) = [text for text in capsys.readouterr().out.splitlines() if text.startswith("energy  ")]
    source = "estimate" if part == "ecp5-25k" else "assumed"
    assert f" 5 steps, {energy['clock']['mhz']:.0f} MHz {source}, " in line
    assert line.rstrip().endswith("% static")


@pytest.mark.usefixtures("tiny", "without_tools")
def test_a_period_that_the_design_cannot_keep() -> None:
    assert main([*WORDS, "--period-us", "0.01"]) == 0
    summary = read_checked(Path("out"))
    least = summary["energy"]["work"]["interval"] / summary["energy"]["clock"]["mhz"]
    assert summary["energy"]["period"] is None
    why = f"too short: the design takes {least:.4g} us from one to the next"
    assert _reasons(summary) == {"energy.period": why}


@pytest.mark.usefixtures("tiny")
def test_a_period_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    status, message = refused(capsys, *WORDS, "--period-us", "0")
    assert status == 2
    assert "argument --period-us: must be above 0 and finite, not 0\n" in message


def _edited(**changes: object) -> None:
    """The folder's summary with other entries, as though it had been compiled so."""
    summary = json.loads(Path("out/summary.json").read_text(encoding="utf-8"))
    del summary["digest"]
    write_summary(Path("out"), {**summary, **changes})


@pytest.mark.usefixtures("out")
@pytest.mark.needs("pyosys")
def test_synth_computes_it_anew() -> None:
    before = read_checked(Path("out"))["energy"]
    assert main(["synth", "out"]) == 0
    after = read_checked(Path("out"))["energy"]
    assert (before["size"]["source"], after["size"]["source"]) == ("estimate", "pyosys")
    assert before["work"] == after["work"]
    assert before["latency"]["terms"]["static"] == after["latency"]["terms"]["static"]
    assert before["latency"]["terms"]["lut"] != after["latency"]["terms"]["lut"]


@pytest.mark.usefixtures("out")
@pytest.mark.needs("pyosys")
def test_a_summary_without_work_stays_without_energy() -> None:
    _edited(energy=None)
    assert main(["synth", "out"]) == 0
    assert _reasons(read_checked(Path("out"))) == {"energy": "the work was not counted"}


@pytest.mark.usefixtures("out")
@pytest.mark.needs("pyosys")
def test_a_warning_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lstmir.flow.energy.model.PUBLISHED", (1e9, 2e9))
    assert main(["synth", "out"]) == 0
    (warning,) = read_checked(Path("out"))["energy"]["warnings"]
    assert f"energy: {warning}\n" in capsys.readouterr().out
