"""Reads model files as ONNX's messages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from lstmir.frontends.model.duplicates import repeated_key
from lstmir.frontends.model.functions import without_functions
from lstmir.frontends.model.messages import Model
from lstmir.frontends.model.mistakes import in_words
from lstmir.ir.diagnostics import Location, Source, UsageError, UserError

MAX_BYTES = 2**31
"""The largest message that protobuf can hold."""

_UTF8_MARK = b"\xef\xbb\xbf"


def read_model(path: str | Path) -> Model:
    """The model in a `.onnx` file, or in a `.json` file that says the same.

    Its structure has been checked; a mistake in it is named with its JSON path. Functions that it
    defines are written out where they are called. Memory grows with the size of the file only.
    Raises `UsageError` for a path that cannot be read and `UserError` for a file that holds no model.
    """
    path = Path(path)
    reader = {".json": _read_json, ".onnx": _read_onnx}.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"cannot tell what {path} is: models are .onnx or .json files")
    return _complete(reader(path, _read_bytes(path)), str(path))


def model_of(mapping: Any, name: str) -> Model:
    """The model in protobuf's JSON mapping, as Python values. Raises `UserError` as `read_model`."""
    return _complete(_converted(mapping, name), name)


def _complete(model: Model, name: str) -> Model:
    try:
        return without_functions(model)
    except UserError as error:
        raise UserError(f"{name}: {error.diagnostics[0].message}") from error


def _converted(mapping: Any, name: str) -> Model:
    try:
        return msgspec.convert(mapping, Model)
    except (msgspec.ValidationError, RecursionError) as error:
        raise UserError(f"{name}: {in_words(error, mapping)}") from error


def _read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path} is larger than 2 GiB, which no ONNX model can be")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _read_json(path: Path, data: bytes) -> Model:
    data = data.removeprefix(_UTF8_MARK)
    try:
        model = msgspec.json.decode(data, type=Model)
    except (msgspec.ValidationError, RecursionError) as error:
        _refuse_misfit(path, data, error)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _refuse_malformed(path, data, error)
    _refuse_repetition(path, data)
    return model


def _refuse_misfit(
    path: Path, data: bytes, error: msgspec.ValidationError | RecursionError
) -> NoReturn:
    """Behind a field of a wrong kind there may still be text that is not JSON: that is said first."""
    try:
        given = msgspec.json.decode(data)
    except (msgspec.ValidationError, RecursionError):
        given = msgspec.UNSET  # a number or a nesting that nobody can hold
    except (msgspec.DecodeError, UnicodeDecodeError) as damage:
        _refuse_malformed(path, data, damage)
    else:
        _refuse_repetition(path, data)
    raise UserError(f"{path}: {in_words(error, given)}") from error


def _refuse_malformed(path: Path, data: bytes, error: Exception) -> NoReturn:
    """Say where the text stops being JSON, in the words of Python's own reader, which knows more."""
    try:
        text = data.decode()
        json.loads(text)
    except UnicodeDecodeError as damage:
        raise UserError(f"{path} is not JSON: byte {damage.start} is not UTF-8") from error
    except json.JSONDecodeError as damage:
        _refuse_text(path, text, damage.pos, damage.msg)
    except (RecursionError, ValueError):
        raise UserError(f"{path} is not JSON: {error}") from error
    # Python reads more than JSON has.
    found = re.search(r"byte (\d+)", str(error))
    offset = len(data[: int(found[1])].decode(errors="replace")) if found else len(text)
    if text[offset : offset + 1] in ("N", "I", "-"):
        _refuse_text(path, text, offset, "NaN and Infinity stand in quotes")
    _refuse_text(path, text, offset, "an escape (\\u) is half a character")


def _refuse_text(path: Path, text: str, offset: int, message: str) -> NoReturn:
    raise UserError(
        f"this is not JSON: {message}", location=Location(Source(str(path), text), offset)
    )


def _refuse_repetition(path: Path, data: bytes) -> None:
    found = repeated_key(data)
    if found is None:
        return
    offset, key = found
    place = Location(Source(str(path), data.decode()), len(data[:offset].decode()))
    raise UserError(f"'{key}' stands twice in this object", location=place)


def _read_onnx(path: Path, data: bytes) -> Model:
    try:
        from google.protobuf.json_format import MessageToDict
        from google.protobuf.message import DecodeError
        from onnx import ModelProto
    except ImportError as error:
        raise UserError(
            f"to read {path}, install onnx: pip install 'lstmir[onnx]'"
            " (the .json form of a model needs nothing)"
        ) from error
    try:
        model = ModelProto.FromString(data)
        mapping = MessageToDict(model) if model.HasField("graph") else None
    except (DecodeError, ValueError) as error:  # ValueError: in some versions, of text not in UTF-8
        raise UserError(f"{path} is not an ONNX model, or it is damaged") from error
    if mapping is None:
        raise UserError(f"{path} is not an ONNX model: it has no graph")
    return _converted(mapping, str(path))
