"""ONNX's tensors as numpy arrays, wherever their elements stand."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import UNSET

from lstmir.frontends.model.archives import Archives
from lstmir.frontends.model.external import external_bytes
from lstmir.frontends.model.files import ModelFolder
from lstmir.frontends.model.lists import array_of
from lstmir.frontends.model.messages import Choice, Tensor, integer_of, json_name
from lstmir.frontends.model.rank import check_rank
from lstmir.ir.diagnostics import UserError

# ONNX's number of an element type: its name, its dtype, and the field that holds elements one by one.
ELEMENT_TYPES: dict[int, tuple[str, np.dtype[Any], str]] = {
    1: ("FLOAT", np.dtype("<f4"), "float_data"),
    6: ("INT32", np.dtype("<i4"), "int32_data"),
    7: ("INT64", np.dtype("<i8"), "int64_data"),
    9: ("BOOL", np.dtype("?"), "int32_data"),
    10: ("FLOAT16", np.dtype("<f2"), "int32_data"),
    11: ("DOUBLE", np.dtype("<f8"), "double_data"),
}
_NUMBERS = {name: number for number, (name, _, _) in ELEMENT_TYPES.items()}
_DTYPES = [dtype for _, dtype, _ in ELEMENT_TYPES.values()]


def element_number(choice: Choice, what: str) -> int:
    """ONNX's number of an element type. Raises `UserError`, naming `what` has it, for one unknown."""
    text = str(choice)
    number = int(text) if text in map(str, ELEMENT_TYPES) else _NUMBERS.get(text, -1)
    if number not in ELEMENT_TYPES:
        known = ", ".join(f"{key} ({name})" for key, (name, _, _) in ELEMENT_TYPES.items())
        raise UserError(f"{what} has the element type {choice}; lstmir reads {known}")
    return number


def element_dtype(choice: Choice, what: str) -> np.dtype[Any]:
    """The dtype of an element type. Raises `UserError` as `element_number`."""
    return ELEMENT_TYPES[element_number(choice, what)][1]


class TensorReader:
    """Reads the tensors of one model, whose file stands in `folder` if it has one."""

    def __init__(self, folder: Path | None = None) -> None:
        self.files = ModelFolder(folder)
        self.archives = Archives(self.files)

    def read(self, tensor: Tensor, name: str) -> np.ndarray:
        """The array, with the shape `dims`. It may not be writable.

        Raises `UserError` that names the tensor if its elements stand in two places or in a file
        that may not be read, if they do not fill its shape exactly (before memory is taken for
        either), or if floats are not finite.
        """
        array = self._array(tensor, f"the tensor '{name}'")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise UserError(f"the weights '{name}' hold NaN or infinity")
        return array

    def _array(self, tensor: Tensor, what: str) -> np.ndarray:
        place = _place(tensor, what)
        if place == "npz":
            return self._from_archive(tensor, what)
        if place == "values":
            choice = "FLOAT" if tensor.data_type is UNSET else tensor.data_type
            dtype = element_dtype(choice, what)
            return _agreeing(array_of(tensor.values, dtype, what), tensor, what)
        if tensor.data_type is UNSET:
            raise UserError(f"{what} has no element type (dataType)")
        _, dtype, field = ELEMENT_TYPES[element_number(tensor.data_type, what)]
        shape = _shape(tensor, what)
        needed = prod(shape) * dtype.itemsize
        if place == "external_data":
            data = external_bytes(tensor.external_data, needed, self.files, what)
            return _from_bytes(data, dtype, shape, what)
        if place == "raw_data":
            return _from_bytes(tensor.raw_data or b"", dtype, shape, what)
        if place not in ("", field):
            raise UserError(
                f"{what} has its elements in {json_name(place)}; those of its element type stand in"
                f" {json_name(field)}"
            )
        return _from_numbers(getattr(tensor, field), dtype, shape, what).reshape(shape)

    def _from_archive(self, tensor: Tensor, what: str) -> np.ndarray:
        location = str(tensor.npz)
        if not tensor.name:
            raise UserError(f"{what} is in '{location}', but has no name there ('name')")
        array = self.archives.array(location, tensor.name, _DTYPES, what)
        if tensor.data_type is not UNSET and array.dtype != element_dtype(tensor.data_type, what):
            raise UserError(
                f"{what} has elements of {array.dtype} in '{location}', but the dataType"
                f" {tensor.data_type}"
            )
        return _agreeing(array, tensor, what)


# Where elements may stand.
_PLACES = (
    "values", "npz", "raw_data", "external_data", "float_data", "double_data", "int32_data",
    "int64_data", "uint64_data", "string_data",
)  # fmt: skip


def _place(tensor: Tensor, what: str) -> str:
    """The one field that holds elements; "" if there are none."""
    if tensor.segment is not None:
        raise UserError(f"{what} is stored in segments; save it whole")
    held = [field for field in _PLACES if getattr(tensor, field) not in (UNSET, None, [])]
    if tensor.values == []:
        held.append("values")
    if len(held) > 1:
        raise UserError(
            f"{what} has elements in two places: {json_name(held[0])} and {json_name(held[1])}"
        )
    place = held[0] if held else ""
    if tensor.data_location in ("EXTERNAL", 1) and place != "external_data":
        raise UserError(
            f"{what} is said to be in another file (dataLocation), but no externalData names it"
        )
    if tensor.data_location not in ("EXTERNAL", 1, "DEFAULT", 0):
        raise UserError(f"{what} has the dataLocation {tensor.data_location}; expected EXTERNAL")
    return place


def _shape(tensor: Tensor, what: str) -> tuple[int, ...]:
    shape = tuple(map(integer_of, tensor.dims))
    check_rank(len(shape), what)
    if min(shape, default=0) < 0:
        raise UserError(f"{what} has the shape {list(shape)}; no length can be negative")
    return shape


def _agreeing(array: np.ndarray, tensor: Tensor, what: str) -> np.ndarray:
    """The array, whose shape is what `dims` says, if it says anything."""
    check_rank(array.ndim, what)
    dims = list(map(integer_of, tensor.dims))
    if dims and dims != list(array.shape):
        raise UserError(f"{what} has the shape {list(array.shape)}, but dims {dims}")
    return array


def _from_bytes(data: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], what: str) -> np.ndarray:
    _check_size(len(data), prod(shape) * dtype.itemsize, "bytes", shape, what)
    if dtype == np.dtype("?"):
        return np.frombuffer(data, np.uint8).astype(bool).reshape(shape)
    return np.frombuffer(data, dtype).reshape(shape)


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
    wide = np.array([integer_of(number) for number in numbers], np.int64)
    narrow = wide.astype(dtype)
    if not np.array_equal(narrow, wide):
        raise UserError(f"{what} holds an integer that does not fit its element type")
    return narrow


def _check_size(held: int, needed: int, unit: str, shape: tuple[int, ...], what: str) -> None:
    if held != needed:
        raise UserError(f"{what} has {held} {unit}; its shape {list(shape)} needs {needed}")
