"""Reads calibration and test data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from lstmir.flow.arrays import load_arrays
from lstmir.flow.samples import Arrays, Samples, count_of, sources_of
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, ports
from lstmir.ir.module import Module
from lstmir.passes.initial_states import initial_states


@dataclass(frozen=True)
class Data:
    """Samples [N, …] of each input by its name, for calibration and for test; labels where there are
    any, and the output has classes; and a hash of it all.

    Without test samples of its own, a file's training samples are the test: `test_is_train`. The
    inputs of `at_zero` are initial states of which the file says nothing.
    """

    train: Arrays
    test: Arrays
    y_train: np.ndarray | None
    y_test: np.ndarray | None
    hash: str
    test_is_train: bool
    at_zero: tuple[str, ...] = ()

    def without_states(self) -> Data:
        """The same for a model whose states start at zero by themselves."""
        train, test = (
            {name: array for name, array in half.items() if name not in self.at_zero}
            for half in (self.train, self.test)
        )
        return replace(self, train=train, test=test, at_zero=())


def read_data(path: str, module: Module) -> Data:
    """The arrays of an `.npz` file, checked against the model's inputs and its first output.

    The samples of a model's only input are `x_train` and `x_test`; where it has several, those of
    each are `<input>_train` and `<input>_test`. Inputs that are initial states are not counted,
    and start at zero unless the file has arrays of their names. Raises `UsageError` for a path
    that cannot be read, `UserError` for what is wrong inside.
    """
    arrays = load_arrays(path)
    inputs, outputs = ports(module, "input"), ports(module, "output")
    if not inputs:
        raise UserError(f"{path} has samples, but the model has no input to feed with them")
    samples = Samples(path, arrays, sources_of(inputs, initial_states(module)))
    tested = samples.has_test()
    if "y_test" in arrays and not tested:
        name = samples.needed[0].name("test")
        raise UserError(f"{path} has labels 'y_test', but no samples '{name}'")
    if tested:
        samples.check_states()
    half = "test" if tested else "train"
    train, test = samples.of("train"), samples.of(half)
    result = outputs[0] if outputs else None
    of_train = _labels(path, arrays, "y_train", count_of(train), result)
    labels = _labels(path, arrays, f"y_{half}", count_of(test), result)
    return Data(train, test, of_train, labels, _hash(arrays), not tested, samples.at_zero)


def classes_of(port: Port) -> int | None:
    """How many classes an output has an element for; None where it is no vector of scores."""
    shape = port.sample_shape
    if len(shape) != 1 or shape[0] < 2 or port.time is not None:
        return None
    return shape[0]


def _labels(
    path: str, arrays: Arrays, name: str, samples: int, port: Port | None
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
        raise UserError(
            f"{path}: '{name}' holds {labels.dtype}; labels are whole numbers: "
            "leave them out to measure the error against float"
        )
    classes = None if port is None else classes_of(port)
    if classes is None:
        return None
    wrong = labels[(labels < 0) | (labels >= classes)]
    if wrong.size:
        raise UserError(
            f"{path}: '{name}' holds the label {wrong[0]}; the model has {classes} outputs, "
            f"so labels are 0 to {classes - 1}"
        )
    return labels


def _hash(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
