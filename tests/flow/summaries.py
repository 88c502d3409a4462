"""What must hold of every `summary.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "summary.schema.json").read_text(encoding="utf-8")
)


def read_checked(folder: Path) -> dict[str, Any]:
    """The summary of a folder, after it was held against its schema and against its own `not_run`."""
    summary: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    Draft202012Validator(SCHEMA).validate(summary)
    check_nulls(summary)
    return summary


def check_nulls(summary: dict[str, Any]) -> None:
    """What is null is named in `not_run`, and what is named there is null, or was not run."""
    named = set(summary["not_run"])
    found = {path for path in nulls(summary) if not path.endswith(".reason")}
    unnamed = {path for path in found if path not in named and _entry(path) not in named}
    assert not unnamed, f"null without a reason: {unnamed}"
    idle = {path for path in named - found if not _was_not_run(summary, path)}
    assert not idle, f"a reason for what is not null: {idle}"


def nulls(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all nulls."""
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from nulls(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from nulls(inner, f"{path}[{index}]")


def _entry(path: str) -> str:
    return re.sub(r"(?<=\])\..*", "", path)


def _was_not_run(summary: dict[str, Any], path: str) -> bool:
    parts = re.fullmatch(r"(\w+)\[(\d+)\]", path)
    return parts is not None and summary[parts[1]][int(parts[2])]["status"] == "not_run"
