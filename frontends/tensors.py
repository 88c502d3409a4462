"""TensorProto, in protobuf's JSON mapping, as numpy arrays."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from lstmir.frontends.axes import check_rank
from lstmir.ir.diagnostics import UserError

# ONNX's number of an element type: its name, its dtype, and the field that holds elements one by one.
ELEMENT_TYPES: dict[int, tuple[str, np.dtype[Any], str]] = {
    1: ("FLOAT", np.dtype("<f4"), "floatData"),
    6: ("INT32", np.dtype("<i4"), "int32Data"),
    7: ("INT64", np.dtype("<i8"), "int64Data"),
    9: ("BOOL", np.dtype("?"), "int32Data"),
    10: ("FLOAT16", np.dtype("<f2"), "int32Data"),
    11: ("DOUBLE", np.dtype("<f8"), "doubleData"),
}


def element_dtype(number: int, what: str) -> np.dtype[Any]:
    """The dtype of ONNX's element type `number`. Raises `UserError`, naming `what` has it."""
    if number not in ELEMENT_TYPES:
        known = ", ".join(f"{key} ({name})" for key, (name, _, _) in ELEMENT_TYPES.items())
        raise UserError(f"{what} has the element type {number}; lstmir reads {known}")
    return ELEMENT_TYPES[number][1]


def read_tensor(tensor: dict[str, Any], name: str) -> np.ndarray:
    """The array, read-only, with the shape `dims`.

    Raises `UserError` that names the tensor if it is stored elsewhere, if its data do not fill
    its shape exactly (before memory is taken for either), or if floats are not finite.
    """
    what = f"the tensor '{name}'"
    _refuse_external(tensor, what)
    number = int(tensor.get("dataType", 0))
    dtype = element_dtype(number, what)
    shape = tuple(int(size) for size in tensor.get("dims", ()))
    check_rank(len(shape), what)
    if min(shape, default=0) < 0:
        raise UserError(f"{what} has the shape {list(shape)}; no length can be negative")
    if "rawData" in tensor:
        flat = _from_bytes(tensor["rawData"], dtype, shape, what)
    else:
        flat = _from_numbers(tensor.get(ELEMENT_TYPES[number][2], ()), dtype, shape, what)
    if dtype.kind == "f" and not np.isfinite(flat).all():
        raise UserError(f"the weights '{name}' hold NaN or infinity")
    return flat.reshape(shape)


def _refuse_external(tensor: dict[str, Any], what: str) -> None:
    if tensor.get("dataLocation") not in ("EXTERNAL", 1) and not tensor.get("externalData"):
        return
    entries = {entry.get("key"): entry.get("value") for entry in tensor.get("externalData", ())}
    raise UserError(
        f"{what} is stored in another file ('{entries.get('location', '?')}'); save the model as one"
        " file: onnx.save_model(model, path, save_as_external_data=False)"
    )


def _from_bytes(text: str, dtype: np.dtype[Any], shape: tuple[int, ...], what: str) -> np.ndarray:
    held = len(text) // 4 * 3 - text[-2:].count("=")
    _check_size(held, prod(shape) * dtype.itemsize, "bytes", shape, what)
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise UserError(f"the data of {what} are not base64") from error
    if dtype == np.dtype("?"):
        return np.frombuffer(data, np.uint8).astype(bool)
    return np.frombuffer(data, dtype)


def _from_numbers(
    numbers: Sequence[Any], dtype: np.dtype[Any], shape: tuple[int, ...], what: str
) -> np.ndarray:
    _check_size(len(numbers), prod(shape), "elements", shape, what)
    if dtype == np.dtype("<f2"):  # kept as the bits of each, not as numbers
        return _integers(numbers, np.dtype("<u2"), what).view(dtype)
    if dtype.kind != "f":
        return _integers(numbers, dtype, what)
    with np.errstate(over="ignore"):  # what overflows becomes infinity, and is refused as that
        return np.array([float(number) for number in numbers], np.float64).astype(dtype)


def _integers(numbers: Sequence[Any], dtype: np.dtype[Any], what: str) -> np.ndarray:
    wide = np.array([int(number) for number in numbers], np.int64)
    narrow = wide.astype(dtype)
    if not np.array_equal(narrow, wide):
        raise UserError(f"{what} holds an integer that does not fit its element type")
    return narrow


def _check_size(held: int, needed: int, unit: str, shape: tuple[int, ...], what: str) -> None:
    if held != needed:
        raise UserError(f"{what} has {held} {unit}; its shape {list(shape)} needs {needed}")
