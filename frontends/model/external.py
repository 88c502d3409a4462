"""Tensors whose bytes are in another file: ONNX's entries `location`, `offset` and `length`."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.frontends.model.files import ModelFolder
from lstmir.frontends.model.messages import Entry
from lstmir.ir.diagnostics import UserError

_KNOWN = ("location", "offset", "length", "checksum")
_MAX_DIGITS = 19


def external_bytes(entries: Sequence[Entry], needed: int, folder: ModelFolder, what: str) -> bytes:
    """The bytes of a tensor that needs so many. The checksum, which runtimes do not read, is not either.

    Raises `UserError`, which begins with `what`, for entries that do not make sense or do not fit
    the tensor or the file, before memory is taken.
    """
    said = _by_key(entries, what)
    if "location" not in said:
        raise UserError(f"{what} is stored in another file, but its 'location' is missing")
    offset = _number(said.get("offset", "0"), "offset", what)
    length = _number(said.get("length", str(needed)), "length", what)
    if length != needed:
        raise UserError(
            f"{what} has the length {length} in '{said['location']}'; its shape needs {needed} bytes"
        )
    return folder.part(said["location"], offset, needed, what)


def _by_key(entries: Sequence[Entry], what: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in entries:
        if entry.key not in _KNOWN:
            known = ", ".join(_KNOWN)
            raise UserError(f"{what} has '{entry.key}' in externalData; known are {known}")
        if entry.key in found:
            raise UserError(f"{what} has '{entry.key}' in externalData twice")
        found[entry.key] = entry.value
    return found


def _number(text: str, key: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS):
        raise UserError(
            f"{what} has the {key} '{text}' in externalData; expected a number of bytes"
        )
    return int(text)
