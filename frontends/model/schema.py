"""The JSON Schema of models, for editors and for other programs."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from lstmir.frontends.model.messages import Choice, Integer, Model, Number
from lstmir.frontends.model.patterns import BASE64

# What stands in many places: its name in the schema, and what it is.
_NAMED: dict[str, tuple[Any, str]] = {
    "Integer": (Integer, "An integer of 64 bits: a number, or its digits as text."),
    "Number": (Number, "A number, or in quotes what JSON has no numbers for."),
    "Choice": (Choice, "A member of one of ONNX's enumerations: its number or its name."),
    "Base64": (bytes, "Bytes in base64."),
}

# What `Struct.__post_init__` checks, which msgspec cannot know.
_EXCLUSIONS: dict[str, dict[str, Any]] = {
    "Dimension": {
        "dependentSchemas": {"dimValue": {"properties": {"dimParam": {"const": ""}}}},
    },
    "ValueInfo": {
        "dependentSchemas": {"type": {"properties": {"shape": False, "elemType": False}}},
        "dependentRequired": {"elemType": ["shape"]},
    },
}


def schema() -> dict[str, Any]:
    """What `read_model` checks of the structure of a model in JSON.

    No schema can say that 1.0 is no integer, and that integers may not be larger where numbers may.
    """
    made = msgspec.json.schema(Model)
    definitions = {name: _simplified(each) for name, each in made["$defs"].items()}
    for name, (kind, description) in _NAMED.items():
        definitions[name] = {"description": description, **msgspec.json.schema(kind)}
    definitions["Base64"]["pattern"] = BASE64
    for name, exclusion in _EXCLUSIONS.items():
        definitions[name] |= exclusion
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A model in JSON",
        "description": "The JSON mapping of ONNX's ModelProto, and the shorter forms that lstmir reads.",
        "$ref": made["$ref"],
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """The schema as a file holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _simplified(part: Any) -> Any:
    """The schema with references to what has a name, and without defaults that say nothing."""
    if isinstance(part, list):
        return [_simplified(each) for each in part]
    if not isinstance(part, dict):
        return part
    for name, (kind, _) in _NAMED.items():
        named = msgspec.json.schema(kind)
        if named.items() <= part.items():
            rest = {key: value for key, value in part.items() if key not in named}
            part = {**rest, "$ref": f"#/$defs/{name}"}
    return {
        key: _simplified(value)
        for key, value in part.items()
        if (key, value) != ("default", None) and (key, value) != ("required", [])
    }
