"""The files beside a model: what a model may name of them, and how much may be read."""

from __future__ import annotations

import re
import stat
from pathlib import Path, PureWindowsPath

from lstmir.ir.diagnostics import UserError

MAX_BYTES = 2**31
"""As much as a model may hold itself: no more is read from all files beside it."""

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


class ModelFolder:
    """The folder of one model's file; without one, every file is refused.

    A model is not trusted: it names files of its own folder only, and lies about sizes. Errors
    begin with `what`, the words for who asks for the file.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.left = MAX_BYTES

    def file(self, location: str, what: str) -> Path:
        """A file by its path relative to the folder.

        Raises `UserError` for one that is, or leads by links, outside of it, or is not there.
        """
        if self.path is None:
            raise UserError(
                f"{what} is stored in another file ('{location}'), and the model's folder is not known"
            )
        _refuse_outside(location, what)
        try:
            folder, found = self.path.resolve(), (self.path / location).resolve()
            if not found.is_relative_to(folder):
                raise UserError(
                    f"{what} is stored in '{location}', a link that leads out of the model's folder;"
                    " copy the file there"
                )
            mode = found.stat().st_mode
        except (
            OSError,
            RuntimeError,
            ValueError,
        ) as error:  # links in a circle, names that are none
            raise UserError(f"{what} is stored in '{location}': {_reason(error)}") from error
        if not stat.S_ISREG(mode):
            raise UserError(f"{what} is stored in '{location}', which is not a file")
        return found

    def part(self, location: str, offset: int, size: int, what: str) -> bytes:
        """`size` bytes of a file from `offset` on. Raises `UserError` if it has not so many."""
        path = self.file(location, what)
        try:
            with path.open("rb") as file:
                length = file.seek(0, 2)
                if offset + size > length:
                    raise UserError(
                        f"{what} needs the bytes {offset} to {offset + size} of '{location}',"
                        f" which has {length}"
                    )
                self.take(size, what)
                file.seek(offset)
                return file.read(size)
        except OSError as error:
            raise UserError(f"{what} is stored in '{location}': {_reason(error)}") from error

    def take(self, size: int, what: str) -> None:
        """Count bytes that are about to be read. Raises `UserError` where it is too much."""
        self.left -= size
        if self.left < 0:
            raise UserError(
                f"{what} has {in_units(size)}: the files beside a model may hold {in_units(MAX_BYTES)}"
            )


def in_units(size: int) -> str:
    """A number of bytes as a person reads it, such as `2 GiB`."""
    unit = min((size.bit_length() - 1) // 10, len(_UNITS) - 1) if size else 0
    return f"{round(size / 2 ** (10 * unit), 1):g} {_UNITS[unit]}"


def _refuse_outside(location: str, what: str) -> None:
    """Refuse what is absolute, or goes up, on any system."""
    windows = PureWindowsPath(location)
    if windows.drive or windows.root:
        raise UserError(
            f"{what} is stored in '{location}', an absolute path: only files in the model's folder"
            " are read"
        )
    if ".." in re.split(r"[/\\]", location):
        raise UserError(
            f"{what} is stored in '{location}', which goes up ('..'): only files in the model's folder"
            " are read"
        )


def _reason(error: Exception) -> str:
    """Why a file cannot be read."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "links in a circle" if isinstance(error, RuntimeError) else str(error)
