"""The page on `lstmir run`: its program is legal, its commands print what it shows, its Python holds."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from lstmir.tools.lstmir import main

PAGE = Path(__file__).parents[2] / "docs" / "run.md"
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_page_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for language, text in BLOCKS:
        if language == "mlir":
            assert print_module(parse_module(text)) == text
            Path("sum.lstmir").write_text(text)
        elif language == "python":
            exec(text, names)
        else:
            command, _, shown = text.partition("\n")
            assert main(shlex.split(command)[2:]) == 0
            assert capsys.readouterr() == ("", shown)
    assert [language for language, _ in BLOCKS] == ["mlir", *["python", "console"], *["python"] * 4]


def test_the_page_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--help"]) == 0
    options = set(re.findall(r"--[a-z]+", capsys.readouterr().out)) - {"--help"}
    text = PAGE.read_text(encoding="utf-8")
    assert options >= {"--feed", "--samples", "--trace", "--counts", "--ranges", "--vcd"}
    assert [option for option in options if f"`{option}" not in text] == []
