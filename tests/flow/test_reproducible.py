"""Two compilations of the same give the same folder, and nothing in it tells of the machine or the day."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lstmir.tools.lstmir import main
from tests.flow.tiny import write_data, write_model

PROGRAM = "import sys; from lstmir.tools.lstmir import main; sys.exit(main())"
WORDS = ["--data", "tiny.npz", "--macs", "4", "--no-synthesis"]


def _compile(place: Path, hash_seed: int) -> dict[str, bytes]:
    """The files of a folder that a process of its own compiles in a place of its own."""
    place.mkdir()
    write_model(place / "tiny.json")
    write_data(place / "tiny.npz")
    environment = {**os.environ, "CXX": "no-such-compiler", "PYTHONHASHSEED": str(hash_seed)}
    command = [sys.executable, "-c", PROGRAM, "compile", "tiny.json", *WORDS, "-o", "out"]
    subprocess.run(command, cwd=place, env=environment, check=True, capture_output=True)
    return files_of(place / "out")


def files_of(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_seconds(inner) for key, inner in value.items() if key != "seconds"}
    return [_without_seconds(inner) for inner in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, bytes]]:
    place = tmp_path_factory.mktemp("runs")
    return [_compile(place / "first", 1), _compile(place / "elsewhere", 2)]


def test_two_runs_differ_in_seconds_only(runs: list[dict[str, bytes]]) -> None:
    summaries = [_without_seconds(json.loads(run["summary.json"])) for run in runs]
    assert summaries[0] == summaries[1]
    first, second = ({name: run[name] for name in run if name != "summary.json"} for run in runs)
    assert first == second
    assert len(first) > 30


def test_nothing_tells_of_the_machine_or_the_day(
    runs: list[dict[str, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    places = (tmp_path_factory.getbasetemp(), Path.home(), Path.cwd(), Path(sys.prefix))
    here = {str(place) for place in places}
    formats = ("%Y-%m-%d", "%Y/%m/%d", "%d %b %Y", "%b %d %Y")
    days = {date.today().strftime(format_) for format_ in formats}
    for name, contents in runs[0].items():
        text = contents.decode()
        assert [word for word in here | days if word in text] == [], name
        assert re.findall(r"(?<![\w/.:*])/(?:usr|home|root|var|opt|etc|tmp)/", text) == [], name


def test_a_process_that_has_compiled_before_gives_the_same(
    runs: list[dict[str, bytes]], tiny: Path, without_tools: None
) -> None:
    for folder in ("before", "out"):
        assert main(["compile", "tiny.json", *WORDS, "-o", folder]) == 0
    here = files_of(tiny / "out")
    assert {name: here[name] for name in here if name != "summary.json"} == {
        name: runs[0][name] for name in runs[0] if name != "summary.json"
    }
