"""Reads calibration and test data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from lstmir.flow.arrays import load_arrays
from lstmir.interpreter.feeds import fits
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Data:
    """Samples [N, …] for calibration and test, labels where there are any, and a hash of it all.

    Without test samples of its own, a file's training samples are the test: `test_is_train`.
    """

    x_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray | None
    hash: str
    test_is_train: bool


def read_data(path: str, source: Port, result: Port) -> Data:
    """The arrays of an `.npz` file, checked against the model's input and output.

    Raises `UsageError` for a path that cannot be read, `UserError` for what is wrong inside.
    """
    arrays = load_arrays(path)
    if "x_train" not in arrays:
        names = ", ".join(arrays) or "none"
        raise UserError(f"{path} has no array 'x_train'; its arrays: {names}")
    if "y_test" in arrays and "x_test" not in arrays:
        raise UserError(f"{path} has labels 'y_test', but no samples 'x_test'")
    test_is_train = "x_test" not in arrays
    half = "train" if test_is_train else "test"
    train = samples_of(path, arrays, "x_train", source)
    test = samples_of(path, arrays, f"x_{half}", source)
    _labels(path, arrays, "y_train", len(train), result)
    labels = _labels(path, arrays, f"y_{half}", len(test), result)
    return Data(train, test, labels, _hash(arrays), test_is_train)


def samples_of(path: str, arrays: Arrays, name: str, port: Port) -> np.ndarray:
    """Samples [N, …] of a model's input, in its element type. Raises `UserError` if they are none."""
    what, array = f"{path}: '{name}'", arrays[name]
    if array.dtype.kind not in "fiu":
        raise UserError(f"{what} holds {array.dtype}, not numbers")
    if not array.size:
        raise UserError(f"{what} has no samples (its shape is {list(array.shape)})")
    if not fits(array.shape, (-1, *port.sample_shape)):
        sizes = ["T" if size < 0 else str(size) for size in port.sample_shape]
        raise UserError(
            f"{what} has shape {list(array.shape)}, the model's input {port.name} needs "
            f"[{', '.join(['N', *sizes])}]"
        )
    with np.errstate(over="ignore"):  # what overflows becomes infinity, and is refused as that
        array = array.astype(np.float32 if port.dtype == "f32" else np.float64)
    if not np.isfinite(array).all():
        raise UserError(f"{what} holds NaN or infinity")
    return array


def _labels(path: str, arrays: Arrays, name: str, samples: int, port: Port) -> np.ndarray | None:
    labels = arrays.get(name)
    if labels is None:
        return None
    if labels.shape != (samples,):
        raise UserError(
            f"{path}: '{name}' has shape {list(labels.shape)} for {samples} samples; "
            f"expected [{samples}]"
        )
    if labels.dtype.kind not in "iu":
        raise UserError(
            f"{path}: '{name}' holds {labels.dtype}; labels are whole numbers: "
            "leave them out to measure the error against float"
        )
    _check_classes(f"{path}: '{name}'", labels, port)
    return labels


def _check_classes(what: str, labels: np.ndarray, port: Port) -> None:
    if len(port.sample_shape) != 1 or port.sample_shape[0] < 2:
        return
    classes = port.sample_shape[0]
    wrong = labels[(labels < 0) | (labels >= classes)]
    if wrong.size:
        raise UserError(
            f"{what} holds the label {wrong[0]}; the model has {classes} outputs, "
            f"so labels are 0 to {classes - 1}"
        )


def _hash(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
