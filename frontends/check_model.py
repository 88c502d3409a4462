"""The structure of a model: which fields the importer reads, and of what kind they are.

Fields that it does not read are not looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from lstmir.ir.diagnostics import UserError

Check = Callable[[Any, str], None]
"""Raises `UserError` if a value, found at a place, is not as it should be."""


def check_model(model: Any, name: str) -> None:
    """Raise `UserError` at the first field of a wrong kind, with its place, as in
    `NAME: graph.node[3].opType: expected a string, got 5`.
    """
    try:
        _MODEL(model, "")
    except UserError as error:
        raise UserError(f"{name}: {error.diagnostics[0].message}") from None


def _expect(expected: str, accepts: Callable[[Any], bool]) -> Check:
    def check(value: Any, place: str) -> None:
        if not accepts(value):
            found = json.dumps(value)
            short = found if len(found) <= 40 else f"{found[:40]}…"
            raise UserError(f"{place or 'the model'}: expected {expected}, got {short}")

    return check


def _is_integer(value: Any) -> bool:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,19}", value, re.ASCII):
        value = int(value)
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value in ("NaN", "Infinity", "-Infinity")
    return isinstance(value, float) or _is_integer(value)


def _is_text(value: Any) -> bool:
    # A lone surrogate, as JSON may hold, cannot be printed.
    text = isinstance(value, str)
    return text and (value.isascii() or not re.search("[\ud800-\udfff]", value))


_string = _expect("a string", _is_text)
_integer = _expect("an integer of 64 bits", _is_integer)
_number = _expect("a number", _is_number)
_enum = _expect("a name or a number", lambda value: isinstance(value, str) or _is_integer(value))
_object = _expect("an object", lambda value: isinstance(value, dict))
_list = _expect("a list", lambda value: isinstance(value, list))


def _many(item: Check) -> Check:
    def check(value: Any, place: str) -> None:
        _list(value, place)
        for index, entry in enumerate(value):
            item(entry, f"{place}[{index}]")

    return check


def _message(*required: str, **fields: Check) -> Check:
    def check(value: Any, place: str) -> None:
        _object(value, place)
        for key in required:
            if key not in value:
                raise UserError(f"{place or 'the model'}: '{key}' is missing")
        for key, field in fields.items():
            if key in value:
                field(value[key], f"{place}.{key}" if place else key)

    return check


_TENSOR_FIELDS: dict[str, Check] = {
    "name": _string,
    "dims": _many(_integer),
    "dataType": _integer,
    "rawData": _string,
    "floatData": _many(_number),
    "doubleData": _many(_number),
    "int32Data": _many(_integer),
    "int64Data": _many(_integer),
    "dataLocation": _enum,
    "externalData": _many(_message(key=_string, value=_string)),
}
_TENSOR = _message(**_TENSOR_FIELDS)
_INITIALIZER = _message("name", **_TENSOR_FIELDS)
_ATTRIBUTE = _message(
    "name",
    name=_string,
    type=_enum,
    i=_integer,
    f=_number,
    s=_string,
    t=_TENSOR,
    ints=_many(_integer),
    floats=_many(_number),
    strings=_many(_string),
)
_NODE = _message(
    "opType",
    opType=_string,
    name=_string,
    domain=_string,
    input=_many(_string),
    output=_many(_string),
    attribute=_many(_ATTRIBUTE),
)
_SHAPE = _message(dim=_many(_message(dimValue=_integer, dimParam=_string)))
_VALUE = _message(
    "name",
    name=_string,
    type=_message(tensorType=_message(elemType=_integer, shape=_SHAPE)),
)
_GRAPH = _message(
    node=_many(_NODE),
    initializer=_many(_INITIALIZER),
    sparseInitializer=_list,
    input=_many(_VALUE),
    output=_many(_VALUE),
)
_MODEL = _message(
    "graph",
    graph=_GRAPH,
    opsetImport=_many(_message(domain=_string, version=_integer)),
)
