"""The page on energy: it names the option, what the summary has, and the bounds that warn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lstmir.flow.energy.model import PUBLISHED
from lstmir.targets import PARTS
from lstmir.targets.energy.constants import FLAGS, UNITS, Range, constants_of
from tests.flow.summaries import SCHEMA

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "energy.md").read_text(encoding="utf-8")
TABLE = (DOCS / "energy-constants.md").read_text(encoding="utf-8")


def test_the_page_names_what_the_summary_has() -> None:
    fields = SCHEMA["$defs"]["energy"]["required"]
    assert [field for field in fields if f"`{field}" not in TEXT and field != "period_us"] == []
    assert "`--period-us`" in TEXT


def test_the_page_has_the_symbols_of_the_model() -> None:
    formula = TEXT.partition("E = ")[2].partition("\n\n")[0]
    named = set(re.findall(r"e_\w+|P_static", formula))
    assert named == {each.symbol for each in constants_of(PARTS["xc7z020"]).by_name.values()}
    assert len(named) == len(UNITS)


def test_the_page_has_the_bounds_that_warn() -> None:
    least, most = PUBLISHED
    assert f"took {least:g} to {most:g} pJ a multiplication" in TEXT


@pytest.mark.parametrize("part", PARTS)
def test_the_table_has_every_constant_of_a_part(part: str) -> None:
    for constant in constants_of(PARTS[part]).by_name.values():
        rows = [line for line in TABLE.splitlines() if f"| `{constant.symbol}` |" in line]
        (row,) = [row for row in rows if row.endswith(f" | {constant.reference} |")
                  and (part in row or "| all |" in row) and _figures(constant.value) in row]  # fmt: skip
        assert constant.unit in row


def _figures(value: Range | None) -> str:
    if value is None:
        return "| - | - | - |"
    return f"| {value.low:g} | {value.mid:g} | {value.high:g} |"


def test_every_flag_is_explained() -> None:
    assert [flag for flag, meaning in FLAGS.items() if f"- {flag}: {meaning}\n" not in TABLE] == []
