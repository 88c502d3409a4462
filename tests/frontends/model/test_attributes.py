"""Attributes in protobuf's mapping, and as people write them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from onnx import AttributeProto

from lstmir.frontends.model.attributes import Attributes
from lstmir.frontends.model.messages import Node
from lstmir.ir.diagnostics import UserError


def attributes(given: Any) -> Attributes:
    node = msgspec.convert({"opType": "Any", "attribute": given}, Node)
    return Attributes(node.attribute)


# What is written, how it is read, and what that gives. "" stands for the attribute's name.
READ: dict[str, tuple[dict[str, Any], str, Any]] = {
    "number": ({"f": 0.5, "type": "FLOAT"}, "number", 0.5),
    "whole_number": ({"f": 2, "type": "FLOAT"}, "number", 2.0),
    "infinity": ({"f": "-Infinity", "type": 1}, "number", float("-inf")),
    "integer": ({"i": "-3", "type": "INT"}, "integer", -3),
    "integer_as_number": ({"i": 3, "type": 2}, "integer", 3),
    "type_left_out": ({"i": "3"}, "integer", 3),
    "type_undefined": ({"i": "3", "type": "UNDEFINED"}, "integer", 3),
    "text": ({"s": "Zm9yd2FyZA==", "type": "STRING"}, "text", "forward"),
    "numbers": ({"floats": [0.5, "NaN"][:1], "type": "FLOATS"}, "numbers", [0.5]),
    "integers": ({"ints": ["1", 2], "type": "INTS"}, "integers", [1, 2]),
    "texts": ({"strings": ["VGFuaA==", ""], "type": "STRINGS"}, "texts", ["Tanh", ""]),
    "zero": ({"type": "INT"}, "integer", 0),
    "zero_by_number": ({"type": "1"}, "number", 0.0),
    "empty_text": ({"type": "STRING"}, "text", ""),
    "empty_list": ({"type": "INTS"}, "integers", []),
    "written_empty_list": ({"ints": []}, "integers", []),
    "empty_lists_beside": ({"i": "3", "ints": [], "tensors": []}, "integer", 3),
}
PLAIN: dict[str, tuple[Any, str, Any]] = {
    "number": (0.5, "number", 0.5),
    "integer": (-3, "integer", -3),
    "integer_for_a_number": (2, "number", 2.0),
    "text": ("forward", "text", "forward"),
    "text_of_digits": ("3", "text", "3"),
    "text_that_looks_like_base64": ("Tanh", "text", "Tanh"),
    "numbers": ([0.5, 1], "numbers", [0.5, 1.0]),
    "integers": ([1, -2], "integers", [1, -2]),
    "integers_for_numbers": ([1, 2], "numbers", [1.0, 2.0]),
    "texts": (["Tanh", "Sigmoid"], "texts", ["Tanh", "Sigmoid"]),
    "no_numbers": ([], "numbers", []),
    "no_integers": ([], "integers", []),
    "no_texts": ([], "texts", []),
    "message": ({"i": "3", "type": "INT"}, "integer", 3),
}
DEFAULTS: dict[str, tuple[Any, ...]] = {"number": (7.0,), "integer": (7,), "text": ("seven",)}


@pytest.mark.parametrize("name", READ)
def test_messages(name: str) -> None:
    message, reader, value = READ[name]
    found = attributes([{"name": "a", **message}])
    assert getattr(found, reader)("a", *DEFAULTS.get(reader, ())) == value
    assert type(getattr(found, reader)("a", *DEFAULTS.get(reader, ()))) is type(value)


@pytest.mark.parametrize("name", PLAIN)
def test_plain_values(name: str) -> None:
    plain, reader, value = PLAIN[name]
    found = attributes({"a": plain})
    assert getattr(found, reader)("a", *DEFAULTS.get(reader, ())) == value
    assert type(getattr(found, reader)("a", *DEFAULTS.get(reader, ()))) is type(value)


def test_tensors_and_graphs() -> None:
    tensor, graph = {"dims": [1], "values": [1]}, {"name": "body"}
    for given in (
        [{"name": "t", "t": tensor}, {"name": "g", "g": graph}],
        {"t": {"t": tensor}, "g": {"g": graph}},
    ):
        found = attributes(given)
        (one, other) = found.tensor("t"), found.graph("g")
        assert one is not None and one.values == [1]
        assert other is not None and other.name == "body"


EMPTY = {
    "FLOAT": ("number", 0.0),
    "INT": ("integer", 0),
    "STRING": ("text", ""),
    "FLOATS": ("numbers", []),
    "INTS": ("integers", []),
    "STRINGS": ("texts", []),
}


@pytest.mark.parametrize("kind", AttributeProto.AttributeType.keys())
def test_kinds_have_the_numbers_of_onnx(kind: str) -> None:
    number = AttributeProto.AttributeType.Value(kind)
    for said in (kind, number, str(number)):
        found = attributes([{"name": "a", "type": said}])
        if kind in EMPTY:
            reader, value = EMPTY[kind]
            assert getattr(found, reader)("a", *DEFAULTS.get(reader, ())) == value
        for reader in {reader for reader, _ in EMPTY.values()} - {EMPTY.get(kind, ("", 0))[0]}:
            with pytest.raises(UserError, match="attribute 'a' must be "):
                getattr(found, reader)("a", *DEFAULTS.get(reader, ()))


def test_those_that_are_not_there() -> None:
    found = attributes([])
    assert (found.integer("a", 3), found.number("a", 0.5), found.text("a", "x")) == (3, 0.5, "x")
    for reader in ("tensor", "graph", "integers", "numbers", "texts"):
        assert getattr(found, reader)("a") is None


REFUSED: dict[str, tuple[Any, str, str]] = {
    "another_kind": ([{"name": "a", "i": 1}], "number", "attribute 'a' must be a number"),
    "another_type": ([{"name": "a", "type": "INT"}], "number", "attribute 'a' must be a number"),
    "nothing": ([{"name": "a"}], "integer", "attribute 'a' must be an integer"),
    "one_for_many": (
        [{"name": "a", "i": 1, "ints": []}],
        "integers",
        "attribute 'a' must be a list of integers",
    ),
    "no_text": ({"a": 1}, "text", "attribute 'a' must be a string"),
    "fraction": ({"a": 1.0}, "integer", "attribute 'a' must be an integer"),
    "fractions": ({"a": [1, 1.0]}, "integers", "attribute 'a' must be a list of integers"),
    "plain_tensor": ({"a": [1, 1.0]}, "tensor", "attribute 'a' must be a tensor"),
    "sparse": ([{"name": "a", "sparseTensor": {}}], "tensor", "attribute 'a' must be a tensor"),
    "mixed": ({"a": [1, "x"]}, "texts", "attribute 'a' mixes numbers and texts"),
    "twice": (
        [{"name": "a", "i": 1}, {"name": "a", "i": 1}],
        "integer",
        "attribute 'a' is given twice",
    ),
    "two_fields": ([{"name": "a", "i": 1, "f": 1}], "integer", "attribute 'a' holds both f and i"),
    "two_fields_in_short": (
        {"a": {"ints": [1], "typeProtos": [{}]}},
        "integers",
        "attribute 'a' holds both ints and typeProtos",
    ),
    "type_of_another_field": (
        [{"name": "a", "i": 3, "type": "FLOAT"}],
        "number",
        "attribute 'a' has the type FLOAT, but holds i",
    ),
    "type_that_is_none": (
        [{"name": "a", "i": 3, "type": "INTEGER"}],
        "integer",
        "attribute 'a' is of no kind that ONNX has: INTEGER",
    ),
    "no_function": (
        [{"name": "a", "refAttrName": "b", "type": "INT"}],
        "integer",
        "attribute 'a' stands for 'b' of a function, but is in none",
    ),
    "other_bytes": ([{"name": "a", "s": "/w=="}], "text", "attribute 'a' is no text in UTF-8"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_attributes_that_are_refused(name: str) -> None:
    given, reader, message = REFUSED[name]
    with pytest.raises(UserError) as error:
        getattr(attributes(given), reader)("a", *DEFAULTS.get(reader, ()))
    assert str(error.value) == f"error: {message}"
