"""The page on estimates: it names the options, and its errors are those of the coefficients."""

from __future__ import annotations

import json
from pathlib import Path

from lstmir.targets.coefficients import FILE

TEXT = (Path(__file__).parents[2] / "docs" / "estimates.md").read_text(encoding="utf-8")
_NAMES = {"lut": "LUT", "ff": "FF", "clock": "clock"}


def test_the_page_names_every_option() -> None:
    options = ("--macs auto", "--latency-us", "--fps", "--clock-mhz")
    assert [option for option in options if f"`{option}" not in TEXT] == []


def test_the_page_has_the_errors_of_the_fits() -> None:
    families = json.loads(FILE.read_text(encoding="utf-8"))["families"]
    rows = [
        f"| `{family}` | {_NAMES[kind]} | {fit['networks']} | {fit['held_out']} | "
        f"{fit['median']:.1%} | {fit['p90']:.1%} | {fit['worst']:.1%} |"
        for family, fits in families.items()
        for kind, fit in fits.items()
        if fit
    ]
    assert TEXT.partition("| --- | --- | --- | --- | --- | --- | --- |\n")[2].startswith(
        "\n".join(rows) + "\n\n"
    )
