"""The schema of `summary.json` is strict, says what each figure means, and fits what is written."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from lstmir.flow.folder import SCHEMA as VERSION
from tests.flow.summaries import SCHEMA, check_nulls, read_checked
from tests.flow.tiny import data


def _objects(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        if "properties" in schema and "type" in schema:
            yield path, schema
        for key, inner in schema.items():
            yield from _objects(inner, f"{path}/{key}")


def _is_described(field: dict[str, Any]) -> bool:
    if "description" in field:
        return True
    name = field.get("$ref", "").rpartition("/")[2]
    return "description" in SCHEMA["$defs"].get(name, {})


def test_the_schema_is_one_and_has_the_version_that_is_written() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["schema"]["const"] == VERSION


@pytest.mark.parametrize("path", [path for path, _ in _objects(SCHEMA)])
def test_every_object_is_closed_and_every_field_described_and_required(path: str) -> None:
    found = dict(_objects(SCHEMA))[path]
    assert found["additionalProperties"] is False
    assert set(found["required"]) == set(found["properties"])
    assert [name for name, field in found["properties"].items() if not _is_described(field)] == []


@pytest.fixture
def summary(out: Path) -> dict[str, Any]:
    return read_checked(out)


def test_figures_of_a_small_model(summary: dict[str, Any]) -> None:
    matrices, biases = 16 * (3 + 4) + 2 * 4, 16 + 2
    assert summary["compression"]["weights_bits_float"] == 32 * (matrices + biases)
    # Of three inputs one is zeroed, of four units two; the head is left as it is.
    assert summary["compression"]["sparsity"] == 16 * (1 + 2) / matrices
    assert summary["schedule"]["macs"] == 4
    assert summary["schedule"]["cycles_per_step_ideal"] == 16 * (2 + 2) // 4
    assert summary["accuracy"]["samples"] == len(data()["x_test"])
    assert [check["status"] for check in summary["verification"]] == [
        "passed", "passed", "not_run", "not_run", "not_run", "not_run", "not_run"
    ]  # fmt: skip
    assert summary["synthesis"][0]["reason"] == "not asked for (--no-synthesis)"


EDITS: dict[str, Any] = {
    "unknown field": lambda summary: summary.update(extra=1),
    "missing field": lambda summary: summary.pop("energy"),
    "percents": lambda summary: summary["schedule"].update(mac_utilization=55.2),
    "path of a machine": lambda summary: summary.update(model="/home/me/tiny.json"),
    "passed with mismatches": lambda summary: summary["verification"][0].update(mismatches=1),
    "passed without comparing": lambda summary: summary["verification"][0].update(sequences=0),
    "failed for no reason known": lambda summary: summary["verification"][0].update(status="maybe"),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_the_schema_refuses(edit: str, summary: dict[str, Any]) -> None:
    EDITS[edit](summary)
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMA).validate(summary)


def test_the_rule_of_nulls_can_be_broken(summary: dict[str, Any]) -> None:
    check_nulls(summary)
    unnamed = copy.deepcopy(summary)
    unnamed["compression"]["ratio"] = None
    with pytest.raises(AssertionError, match=r"compression\.ratio"):
        check_nulls(unnamed)
    summary["not_run"]["accuracy.fixed"] = "nobody looked"
    with pytest.raises(AssertionError, match=r"accuracy\.fixed"):
        check_nulls(summary)


def test_the_summary_is_json_as_it_stands(summary: dict[str, Any]) -> None:
    assert json.dumps(summary, allow_nan=False)
