"""The page on `lstmir compress`: its commands work, and it names every option and every column."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from lstmir.tools.lstmir import main

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "compress.md").read_text(encoding="utf-8")
COMMANDS = [shlex.split(text)[1:] for text in re.findall(r"```console\n\$ (.*?)\n```", TEXT)]


def _shape(line: str) -> str:
    """A line with its numbers, and the blanks around them, as one sign."""
    return re.sub(r"[\s#]+", " ", re.sub(r"\d[\d.e-]*", "#", line)).strip()


def test_the_first_command_prints_what_the_page_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "small.lstmir"
    words = [str(ROOT / word) if word.startswith("examples/") else word for word in COMMANDS[0]]
    assert main([*words[:-1], str(output)]) == 0
    shown = re.findall(r"^    (.*)$", TEXT.partition("figures of its own,")[2], re.MULTILINE)
    printed = capsys.readouterr().out.replace(str(output), "small.lstmir").splitlines()
    assert {_shape(line) for line in shown} <= {_shape(line) for line in printed}
    assert shown[1].split() == printed[1].split()


def test_the_second_command_has_a_network_to_write(tmp_path: Path) -> None:
    output = tmp_path / "silero.lstmir"
    words = [str(ROOT / word) if word.startswith("examples/") else word for word in COMMANDS[1]]
    assert main([*words[:-1], str(output)]) == 0
    assert output.exists()


def test_the_page_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compress", "--help"]) == 0
    options = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options == {"--data", "--max-loss", "--recipe", "--seed", "--inputs", "--outputs"}
    assert [option for option in options if option not in TEXT] == []
