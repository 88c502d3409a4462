"""The structure of models: the first mistake is named with its place."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from lstmir.frontends.check_model import check_model
from lstmir.frontends.read import read_model
from lstmir.ir.diagnostics import UserError

VOWELS = Path(__file__).parents[2] / "examples" / "vowels" / "vowels_h32.json"
MISSING = object()

CASES: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("graph",), MISSING, "the model: 'graph' is missing"),
    (("graph",), [], "graph: expected an object, got []"),
    (("graph", "node"), {}, "graph.node: expected a list, got {}"),
    (("graph", "node", 3), "Add", 'graph.node[3]: expected an object, got "Add"'),
    (("graph", "node", 3, "opType"), 5, "graph.node[3].opType: expected a string, got 5"),
    (("graph", "node", 3, "opType"), MISSING, "graph.node[3]: 'opType' is missing"),
    (("graph", "node", 3, "name"), None, "graph.node[3].name: expected a string, got null"),
    (
        ("graph", "node", 3, "name"),
        "\ud800",
        r'graph.node[3].name: expected a string, got "\ud800"',
    ),
    (("graph", "node", 0, "input", 0), 1, "graph.node[0].input[0]: expected a string, got 1"),
    (("graph", "node", 0, "output"), "y", 'graph.node[0].output: expected a list, got "y"'),
    (
        ("graph", "node", 2, "attribute", 0, "i"),
        "one",
        'graph.node[2].attribute[0].i: expected an integer of 64 bits, got "one"',
    ),
    (
        ("graph", "node", 2, "attribute", 0, "i"),
        2**63,
        "graph.node[2].attribute[0].i: expected an integer of 64 bits, got 9223372036854775808",
    ),
    (
        ("graph", "node", 2, "attribute", 0, "name"),
        MISSING,
        "graph.node[2].attribute[0]: 'name' is missing",
    ),
    (
        ("graph", "node", 11, "attribute", 0, "f"),
        "1.0",
        'graph.node[11].attribute[0].f: expected a number, got "1.0"',
    ),
    (
        ("graph", "node", 11, "attribute", 0, "type"),
        1.5,
        "graph.node[11].attribute[0].type: expected a name or a number, got 1.5",
    ),
    (
        ("graph", "node", 1, "attribute", 0, "t", "dims"),
        3,
        "graph.node[1].attribute[0].t.dims: expected a list, got 3",
    ),
    (
        ("graph", "initializer", 1, "dims", 0),
        True,
        "graph.initializer[1].dims[0]: expected an integer of 64 bits, got true",
    ),
    (
        ("graph", "initializer", 1, "rawData"),
        list(range(100)),
        "graph.initializer[1].rawData: expected a string, got [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1…",
    ),
    (("graph", "initializer", 1, "name"), MISSING, "graph.initializer[1]: 'name' is missing"),
    (
        ("graph", "initializer", 0, "floatData"),
        ["big"],
        'graph.initializer[0].floatData[0]: expected a number, got "big"',
    ),
    (("graph", "input", 0, "name"), MISSING, "graph.input[0]: 'name' is missing"),
    (
        ("graph", "input", 0, "type", "tensorType", "shape", "dim", 1),
        "batch",
        'graph.input[0].type.tensorType.shape.dim[1]: expected an object, got "batch"',
    ),
    (
        ("opsetImport", 0, "version"),
        "",
        'opsetImport[0].version: expected an integer of 64 bits, got ""',
    ),
]


@pytest.fixture(scope="module")
def vowels() -> dict[str, Any]:
    return read_model(VOWELS)


@pytest.mark.parametrize(("place", "value", "message"), CASES, ids=[case[2][:60] for case in CASES])
def test_the_place_is_named(
    place: tuple[str | int, ...], value: Any, message: str, vowels: dict[str, Any]
) -> None:
    model: Any = copy.deepcopy(vowels)
    holder = model
    for key in place[:-1]:
        holder = holder[key]
    if value is MISSING:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    with pytest.raises(UserError) as error:
        check_model(model, "m.json")
    assert str(error.value) == f"error: m.json: {message}"


def test_a_model_is_an_object() -> None:
    with pytest.raises(
        UserError, match=r"^error: m\.json: the model: expected an object, got \[\]$"
    ):
        check_model([], "m.json")


def test_fields_that_nobody_reads_may_be_anything(vowels: dict[str, Any]) -> None:
    check_model(vowels | {"docString": 5, "irVersion": []}, "m.json")
