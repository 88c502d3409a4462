"""The JSON Schema accepts what `read_model` accepts, and refuses what it refuses for its structure."""

from __future__ import annotations

import copy
import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from onnx import load_model

from lstmir.frontends.model.messages import Model
from tests.frontends.model.test_messages import CASES, MISSING, VOWELS

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs" / "onnx-json.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
MODELS = [*ROOT.glob("examples/**/*.onnx"), *ROOT.glob("tests/data/**/*.onnx")]

UNSAYABLE = [repr(1.0), repr({"axis": 2**64})]
"""To a schema 1.0 is an integer, and an integer of any size is a number."""

Place = tuple[str | int, ...]


def is_read(mapping: Any) -> bool:
    try:
        msgspec.convert(mapping, Model)
    except msgspec.ValidationError:
        return False
    return True


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_real_models_are_valid(path: Path) -> None:
    VALIDATOR.validate(MessageToDict(load_model(path, load_external_data=False)))


def test_models_in_json_are_valid() -> None:
    paths = [
        path for path in ROOT.glob("examples/**/*.json") if '"opsetImport"' in path.read_text()
    ]
    assert VOWELS in paths
    for path in paths:
        VALIDATOR.validate(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("case", CASES, ids=[case[2][:60] for case in CASES])
def test_mistakes_are_invalid(case: tuple[Place, Any, str]) -> None:
    place, value, _ = case
    model: Any = json.loads(VOWELS.read_text(encoding="utf-8"))
    if value is MISSING:
        del at(model, place[:-1])[place[-1]]
    else:
        at(model, place[:-1])[place[-1]] = value
    assert VALIDATOR.is_valid(model) == (repr(value) in UNSAYABLE)


EVERYTHING: dict[str, Any] = {
    "irVersion": "8",
    "opsetImport": [{"version": "17"}, {"domain": "here", "version": 1}],
    "functions": [
        {
            "name": "F",
            "domain": "here",
            "input": ["a"],
            "attribute": ["slope"],
            "attributeProto": [{"name": "b", "f": 0.5, "type": "FLOAT"}],
            "node": [{"opType": "Elu", "attribute": [{"name": "alpha", "refAttrName": "slope"}]}],
        }
    ],
    "graph": {
        "name": "all",
        "input": [
            {"name": "x", "shape": [3, "batch", None], "elemType": "FLOAT"},
            {
                "name": "h",
                "type": {
                    "tensorType": {
                        "elemType": 1,
                        "shape": {"dim": [{"dimValue": "1"}, {"dimParam": "batch"}, {}]},
                    }
                },
            },
        ],
        "output": ["y", {"name": "z", "type": {"sequenceType": {}}}],
        "initializer": [
            {"name": "W", "dims": ["1", 2], "dataType": 1, "rawData": "AACAPwAAAEA="},
            {"name": "R", "values": [[0.5, 1], [2, "x"]], "dataType": "FLOAT"},
            {"name": "B", "npz": "w.npz"},
            {"name": "P", "floatData": [0.5, "NaN"], "int64Data": ["1", 2], "int32Data": [1]},
            {
                "name": "Q",
                "dataLocation": "EXTERNAL",
                "externalData": [{"key": "location", "value": "q"}],
            },
        ],
        "node": [
            {
                "opType": "LSTM",
                "name": "lstm",
                "domain": "",
                "input": ["x", "W"],
                "output": ["y"],
                "attribute": {"hidden_size": 3, "clip": 0.5, "activations": ["Tanh", "Relu"]},
            },
            {
                "opType": "Scan",
                "attribute": {
                    "body": {"g": {"node": [{"opType": "Neg"}]}},
                    "t": {"t": {"values": True}},
                },
            },
            {
                "opType": "Any",
                "attribute": [
                    {"name": "i", "i": "3", "type": 2},
                    {"name": "s", "s": "AA==", "strings": ["AA=="]},
                    {"name": "l", "ints": ["1"], "floats": [1, "Infinity"]},
                ],
            },
        ],
    },
}


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Every place in a JSON value but its root."""
    entries: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in entries:
        yield (*place, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*place, key))


def at(value: Any, place: Place) -> Any:
    for key in place:
        value = value[key]
    return value


PLACES = list(places(EVERYTHING))
PARTS = [at(EVERYTHING, place) for place in PLACES]
KEYS = sorted({str(place[-1]) for place in PLACES} | {"denotation", "tensors", "comment"})
OTHERS: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 2**31, 2**63 - 1, 0.5, 1e300, "", "3", "-9", "x", "AA==",
     "AA", "A=A=", "9223372036854775808", "NaN", [], {}, [1], ["1"], [0.5], ["x"], [None], [[]], [{}]]
)  # fmt: skip


def test_the_model_with_everything_is_valid() -> None:
    assert VALIDATOR.is_valid(EVERYTHING)
    assert is_read(EVERYTHING)


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_both_agree_on_every_change(data: st.DataObject) -> None:
    model = copy.deepcopy(EVERYTHING)
    place = data.draw(st.sampled_from(PLACES))
    holder = at(model, place[:-1])
    other = copy.deepcopy(data.draw(OTHERS | st.sampled_from(PARTS)))
    if isinstance(holder, dict) and data.draw(st.booleans()):
        holder[data.draw(st.sampled_from(KEYS))] = other
    else:
        holder[place[-1]] = other
    assert VALIDATOR.is_valid(model) == is_read(model)


def test_generated_by_make_docs() -> None:
    generated = runpy.run_path(str(ROOT / "docs" / "generate.py"))["generated"]()
    assert json.loads(generated[ROOT / "docs" / "onnx-json.schema.json"]) == SCHEMA
