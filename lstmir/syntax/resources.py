"""Reads the arrays behind constants: from hexadecimal digits, or from an archive beside the text."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from lstmir.ir.diagnostics import Invalid, suggestion
from lstmir.ir.types import TensorType, is_static, storage_dtype
from lstmir.syntax.tokens import offset_of

if TYPE_CHECKING:
    import numpy as np


class InlineResources:
    """Arrays that stand in the text, as the hexadecimal digits of their bytes."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def array(self, name: str, type_: TensorType) -> np.ndarray:
        """The array of a constant of this type.

        Raises `Invalid` where there is none of the name, ValueError where it does not fit the type.
        """
        if not self.texts:
            raise Invalid(
                f"there is no resource @{name}: the text has none (were they left out when it was printed?)"
            )
        if name not in self.texts:
            raise Invalid(f"there is no resource @{name}{_nearest(name, self.texts)}")
        return _decode(self.texts[name][1:-1], type_)

    def names(self) -> list[str]:
        """The names of all arrays."""
        return list(self.texts)

    def offset(self, name: str) -> int:
        """Where the text has an array."""
        return offset_of(self.texts[name])


class ArchivedResources:
    """Arrays of a numpy archive (`.npz`), named relative to the folder of the text."""

    def __init__(self, path: Path, place: int) -> None:
        """`place` is where the text names it. Raises ValueError where it cannot be read."""
        import numpy as np

        self.place = place

        try:
            with np.load(path, allow_pickle=False) as archive:
                self.arrays: dict[str, np.ndarray] = dict(archive)
        except OSError as error:
            raise ValueError(f"cannot read {path.name}: {error.strerror or error}") from error
        except (ValueError, zipfile.BadZipFile, EOFError) as error:
            raise ValueError(f"{path.name} is no archive of plain arrays") from error

    def array(self, name: str, type_: TensorType) -> np.ndarray:
        """As `InlineResources.array`. The bytes must be those that the text would have."""
        if name not in self.arrays:
            raise Invalid(f"there is no resource @{name}{_nearest(name, self.arrays)}")
        array, dtype = self.arrays[name], _dtype(type_)
        if array.dtype != dtype or array.shape != type_.shape:
            raise ValueError(f"it is {array.dtype}{list(array.shape)}")
        return array

    def names(self) -> list[str]:
        """The names of all arrays."""
        return list(self.arrays)

    def offset(self, name: str) -> int:
        """Where the text names the archive."""
        return self.place


def _nearest(name: str, known: Iterable[str]) -> str:
    return suggestion(f"@{name}", [f"@{other}" for other in known])


def _decode(text: str, type_: TensorType) -> np.ndarray:
    """The array that hexadecimal digits say. Raises ValueError if they are not as many as needed."""
    import numpy as np

    try:
        data = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise ValueError("expected '0x' and hexadecimal digits") from error
    dtype = _dtype(type_)
    expected = prod(type_.static_shape) * dtype.itemsize
    if len(data) != expected:
        raise ValueError(f"it has {len(data)} bytes, expected {expected}")
    return np.frombuffer(data, dtype).reshape(type_.static_shape)


def _dtype(type_: TensorType) -> np.dtype:
    if not is_static(type_.shape):
        raise ValueError("its shape is dynamic")
    return storage_dtype(type_.element)
