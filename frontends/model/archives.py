"""Archives of arrays (`.npz`) beside a model. They are not trusted: no code in them is run."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection
from math import prod
from typing import Any

import numpy as np
from numpy.lib import format as npy

from lstmir.frontends.model.files import MAX_BYTES, ModelFolder, in_units
from lstmir.ir.diagnostics import UserError, suggestion

_MAX_HEADER = 10_000
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class Archives:
    """Reads arrays by the names of their archive and their own. Errors begin with `what`."""

    def __init__(self, folder: ModelFolder) -> None:
        self.folder = folder
        self._opened: dict[str, zipfile.ZipFile] = {}

    def array(
        self, location: str, name: str, dtypes: Collection[np.dtype[Any]], what: str
    ) -> np.ndarray:
        """The array, in C order and little-endian.

        Raises `UserError` if there is none, if it has another type than `dtypes`, or if its bytes
        do not fill its shape exactly (before memory is taken for either).
        """
        archive = self._archive(location, what)
        member = _member(archive, location, name, what)
        what = f"{what} in '{location}'"
        try:
            return self._read(archive, member, dtypes, what)
        except (UserError, MemoryError):
            raise
        except Exception as error:  # a damaged file makes numpy and zipfile raise nearly anything
            raise UserError(f"{what} is damaged or cut short ({_reason(error)})") from error

    def _archive(self, location: str, what: str) -> zipfile.ZipFile:
        if location in self._opened:
            return self._opened[location]
        path = self.folder.file(location, what)
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UserError(f"{what} is stored in '{location}', which has {in_units(size)}")
        try:
            archive = zipfile.ZipFile(path)
        except Exception as error:  # as above
            raise UserError(
                f"{what} is stored in '{location}', which is no .npz archive as numpy.savez writes"
                f" it ({_reason(error)})"
            ) from error
        if len(archive.NameToInfo) < len(archive.infolist()):
            raise UserError(f"{what} is stored in '{location}', which has two arrays of one name")
        self._opened[location] = archive
        return archive

    def _read(
        self,
        archive: zipfile.ZipFile,
        member: zipfile.ZipInfo,
        dtypes: Collection[np.dtype[Any]],
        what: str,
    ) -> np.ndarray:
        with archive.open(member) as file:
            shape, fortran, dtype, start = _header(file.read(_MAX_HEADER))
        plain = _plain(dtype, dtypes, what)
        _check_size(member.file_size - start, shape, dtype, what)
        self.folder.take(member.file_size, what)
        with archive.open(member) as file:
            data = file.read(member.file_size)
        if len(data) != member.file_size:
            raise UserError(f"{what} is cut short: {len(data)} bytes of {member.file_size}")
        if dtype == np.dtype("?"):
            flat = np.frombuffer(data, np.uint8, offset=start).astype(dtype)
        else:
            flat = np.frombuffer(data, dtype, offset=start)
        array = flat.reshape(shape, order="F" if fortran else "C")
        return np.asarray(array, plain, order="C")


def _member(archive: zipfile.ZipFile, location: str, name: str, what: str) -> zipfile.ZipInfo:
    found = archive.NameToInfo.get(f"{name}.npy")
    if found is None:
        near = suggestion(name, [each.removesuffix(".npy") for each in archive.namelist()])
        raise UserError(f"{what}: '{location}' has no array '{name}'{near}")
    if found.compress_type not in _PACKED:
        raise UserError(
            f"{what} in '{location}' is packed in another way than numpy.savez_compressed does it"
        )
    return found


def _header(start: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, order and type of an array, and where its elements begin."""
    file = io.BytesIO(start)
    read = _HEADERS.get(npy.read_magic(file))
    if read is None:
        raise ValueError("the header is of an unknown version")
    try:
        return *read(file, max_header_size=_MAX_HEADER), file.tell()
    except (MemoryError, RecursionError) as error:  # Python's parser, of a few thousand signs
        raise ValueError("the header is nested too deeply") from error


def _plain(dtype: np.dtype[Any], dtypes: Collection[np.dtype[Any]], what: str) -> np.dtype[Any]:
    """The type in little-endian, if it is one of `dtypes`."""
    if dtype.hasobject:
        raise UserError(
            f"{what} holds pickled Python objects, which could run code: save plain arrays"
        )
    plain = dtype.newbyteorder("<")
    if plain not in dtypes:
        known = ", ".join(each.name for each in dtypes)
        raise UserError(f"{what} has elements of {dtype}; lstmir reads {known}")
    return plain


def _check_size(held: int, shape: tuple[int, ...], dtype: np.dtype[Any], what: str) -> None:
    """Refuse a shape that the bytes do not fill exactly."""
    if min(shape, default=0) < 0:
        raise UserError(f"{what} has the shape {list(shape)}; no length can be negative")
    needed = prod(shape) * dtype.itemsize
    if held != needed:
        raise UserError(f"{what} has {held} bytes; its shape {list(shape)} needs {needed}")


def _reason(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0][:100] if lines else type(error).__name__
