"""Reads and writes `.npz` files: untrusted on the way in, whole on the way out."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import BinaryIO, NoReturn

import numpy as np

from lstmir.flow.whole import whole_file
from lstmir.ir.diagnostics import UsageError, UserError

_PICKLE, _NPY, _ZIP = b"\x80", b"\x93NUMPY", b"PK"


def check_readable(path: str) -> None:
    """Raise `UsageError` unless a file can be read."""
    _open(path).close()


def load_arrays(path: str) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file, without running any code that it might hold.

    Raises `UsageError` for a path that cannot be read, `UserError` for what is wrong inside.
    """
    with _open(path) as file:
        _check_start(path, file.read(len(_NPY)))
        file.seek(0)
        return _read(path, file)


def _open(path: str) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _check_start(path: str, start: bytes) -> None:
    if start.startswith(_PICKLE):
        _refuse_pickle(path)
    if start == _NPY:
        raise UserError(f"{path} is a single array; expected an .npz file (numpy.savez)")
    if not start.startswith(_ZIP):
        raise UserError(f"{path} is not an .npz file (numpy.savez)")


def _read(path: str, file: BinaryIO) -> dict[str, np.ndarray]:
    try:
        with np.load(file, allow_pickle=False) as archive:
            members = {name: archive[name] for name in archive.files}
    except Exception as error:  # a damaged file makes numpy and zipfile raise nearly anything
        if "allow_pickle" in str(error):
            _refuse_pickle(path)
        raise UserError(f"{path} is damaged or cut short ({_reason(error)})") from error
    # Of a member that is no .npy file, numpy gives the bytes.
    return {name: each for name, each in members.items() if isinstance(each, np.ndarray)}


def _refuse_pickle(path: str) -> NoReturn:
    raise UserError(f"{path} holds pickled Python objects, which could run code: save plain arrays")


def _reason(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


def save_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an `.npz` file that appears only when it is whole. Raises `UsageError` if it cannot."""
    with whole_file(path) as file:
        write_arrays(file, arrays)


def write_arrays(file: BinaryIO, arrays: dict[str, np.ndarray]) -> None:
    """Write an `.npz` archive. The same arrays give the same bytes."""
    with zipfile.ZipFile(file, "w") as archive:
        # numpy.savez cannot write an array whose name is one of its own parameters.
        for key, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{key}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
