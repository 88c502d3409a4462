"""The folder of the editor files is an extension: what its manifest names is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EDITORS = Path(__file__).parents[2] / "docs" / "editors"


def _read(name: str) -> Any:
    return json.loads((EDITORS / name).read_text(encoding="utf-8"))


def test_the_manifest_names_files_that_exist() -> None:
    contributes = _read("package.json")["contributes"]
    (language,), (grammar,) = contributes["languages"], contributes["grammars"]
    assert language["id"] == grammar["language"] == "lstmir"
    assert language["extensions"] == [".lstmir"]
    assert _read(language["configuration"])["comments"]["lineComment"] == "//"
    assert _read(grammar["path"])["scopeName"] == grammar["scopeName"]
