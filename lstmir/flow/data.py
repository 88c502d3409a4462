"""Reads calibration and test data."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lstmir.interpreter.run import fits
from lstmir.ir.diagnostics import UsageError, UserError
from lstmir.ir.interface import Port


@dataclass(frozen=True)
class Data:
    """Samples [N, …] for calibration and test, labels where there are any, and a hash of it all.

    Without test samples of its own, a file's training samples are the test: `test_is_train`.
    """

    name: str
    x_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray | None
    hash: str
    test_is_train: bool


def read_data(path: str, port: Port) -> Data:
    """The arrays of an `.npz` file, checked against the model's input.

    Raises `UsageError` for a path that cannot be read, `UserError` for what is wrong inside.
    """
    arrays = load_arrays(path)
    if "x_train" not in arrays:
        raise UserError(f"{path} has no array 'x_train'; it has {', '.join(arrays) or 'none'}")
    test_is_train = "x_test" not in arrays
    half = "train" if test_is_train else "test"
    train = _samples(path, arrays, "x_train", port)
    test = _samples(path, arrays, f"x_{half}", port)
    _labels(path, arrays, "y_train", len(train))
    labels = _labels(path, arrays, f"y_{half}", len(test))
    return Data(path, train, test, labels, _hash(arrays), test_is_train)


def load_arrays(path: str) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file, without running any code that it might hold."""
    if not Path(path).is_file():
        raise UsageError(f"cannot read {path}: no such file")
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, Mapping):
                raise UserError(f"{path} is one array; expected an .npz with 'x_train', 'x_test', …")
            return {name: file[name] for name in file.files}
    except OSError as error:
        reason = error.strerror or "not an .npz file"
        raise UsageError(f"cannot read {path}: {reason}") from error
    except ValueError as error:
        if "pickle" in str(error):
            why = "it holds pickled Python objects, which could run code: save plain arrays"
            raise UserError(f"{path} is refused: {why}") from error
        raise UserError(f"{path} is not an .npz file, or damaged: {error}") from error
    except (zipfile.BadZipFile, EOFError, KeyError) as error:
        raise UserError(f"{path} is not an .npz file, or cut short: {error}") from error


def _samples(path: str, arrays: dict[str, np.ndarray], name: str, port: Port) -> np.ndarray:
    array = arrays[name]
    expected = ["N", *("T" if size < 0 else str(size) for size in port.sample_shape)]
    if array.dtype.kind not in "fiu":
        raise UserError(f"{path}: '{name}' holds {array.dtype}, not numbers")
    if array.ndim == 0 or len(array) == 0:
        raise UserError(f"{path}: '{name}' has no samples (its shape is {list(array.shape)})")
    if not fits(array.shape[1:], port.sample_shape):
        raise UserError(
            f"{path}: '{name}' has shape {list(array.shape)}, "
            f"the model's input {port.name} needs [{', '.join(expected)}]"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise UserError(f"{path}: '{name}' holds NaN or infinity")
    return array.astype(np.float32 if port.dtype == "f32" else np.float64)


def _labels(
    path: str, arrays: dict[str, np.ndarray], name: str, samples: int
) -> np.ndarray | None:
    labels = arrays.get(name)
    if labels is None:
        return None
    if labels.shape != (samples,):
        raise UserError(
            f"{path}: '{name}' has shape {list(labels.shape)} for {samples} samples; "
            f"expected [{samples}]"
        )
    if labels.dtype.kind not in "iu":
        raise UserError(f"{path}: '{name}' holds {labels.dtype}; labels are integers")
    return labels


def _hash(arrays: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
