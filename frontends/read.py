"""Reads model files into the dict that protobuf's JSON mapping makes of an ONNX ModelProto."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lstmir.frontends.check_model import check_model
from lstmir.ir.diagnostics import Location, Source, UsageError, UserError

MAX_BYTES = 2**31
"""The largest message that protobuf can hold."""


def read_model(path: str | Path) -> dict[str, Any]:
    """The model in a `.onnx` file, or in a `.json` file that says the same.

    Keys are protobuf's camelCase names, bytes are base64 text, 64-bit integers may be text. The
    structure has been checked (see `check_model`). Raises `UsageError` for a path that cannot be
    read and `UserError` for a file that holds no model.
    """
    path = Path(path)
    reader = {".json": _read_json, ".onnx": _read_onnx}.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"cannot tell what {path} is: models are .onnx or .json files")
    model: dict[str, Any] = reader(path, _read_bytes(path))
    check_model(model, str(path))
    return model


def _read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path} is larger than 2 GiB, which no ONNX model can be")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _read_json(path: Path, data: bytes) -> Any:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not JSON: byte {error.start} is not UTF-8") from error
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = Location(Source(str(path), text), error.pos)
        raise UserError(f"this is not JSON: {error.msg}", location=place) from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not a model in JSON: {error}") from error


def _read_onnx(path: Path, data: bytes) -> Any:
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
        if model.HasField("graph"):
            return MessageToDict(model)
    except (
        DecodeError,
        ValueError,
    ) as error:  # ValueError: some versions of protobuf, of text that is not UTF-8
        raise UserError(f"{path} is not an ONNX model, or it is damaged") from error
    raise UserError(f"{path} is not an ONNX model: it has no graph")
