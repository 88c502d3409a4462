"""The page on `lstmir synth`: it names every option, every file and every kind of part."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from lstmir.flow.toolchain.cells import FAMILIES
from lstmir.tools.lstmir import main

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "synth.md").read_text(encoding="utf-8")


def test_the_page_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "--help"]) == 0
    options = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options == {"--pnr", "--primitives", "--seed", "--seeds", "--freq", "--target"}
    assert [option for option in options if f"`{option}" not in TEXT] == []


def test_the_page_has_a_line_for_every_family() -> None:
    table = TEXT.partition("| part |")[2].partition("\n\n")[0].splitlines()[2:]
    assert len(table) == len(FAMILIES)


def test_the_extra_that_it_names_has_the_tools() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "'lstmir[synth]'" in TEXT
    packages = [re.split(r"[><=]", each)[0] for each in project["optional-dependencies"]["synth"]]
    assert len(packages) == 3
    assert [package for package in packages if f"`{package}`" not in TEXT] == []
