"""The page on `lstmir import` names every operator that is imported, and every flag."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lstmir.frontends import operators
from lstmir.frontends.operators.table import OPERATORS
from lstmir.tools.lstmir import main

PAGE = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")


def test_the_table_has_every_operator_once() -> None:
    operators.load()
    table = re.findall(r"^\|.*\|$", PAGE, re.MULTILINE)
    named = [name for row in table for name in re.findall(r"`([A-Z]\w+)`", row)]
    assert sorted(named) == sorted(OPERATORS)


def test_the_page_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "--help"]) == 0
    options = set(re.findall(r"--[a-z]+", capsys.readouterr().out)) - {"--help"}
    assert options == {"--list", "--inputs", "--outputs"}
    assert [option for option in options if option not in PAGE] == []


def test_the_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (Path(__file__).parents[2] / "docs" / target).exists(), target
