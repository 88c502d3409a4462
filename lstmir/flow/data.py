"""Reads calibration and test data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from lstmir.flow.arrays import load_arrays
from lstmir.flow.samples import Arrays, Samples, count_of, sources_of
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import ports
from lstmir.ir.module import Module
from lstmir.ir.types import shape_of
from lstmir.passes.initial_states import initial_states
from lstmir.passes.scores import behind_scores


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
    inputs, classes = ports(module, "input"), classes_of(module)
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
    of_train = _labels(path, arrays, "y_train", count_of(train), classes)
    labels = _labels(path, arrays, f"y_{half}", count_of(test), classes)
    return Data(train, test, of_train, labels, _hash(arrays), not tested, samples.at_zero)


def classes_of(module: Module) -> int | None:
    """How many classes the first output has an element for, or is the index of.

    None where it is neither a vector of scores nor one index.
    """
    first = next(iter(ports(module, "output")), None)
    if first is None or first.time is not None:
        return None
    if first.dtype.startswith("i"):
        operations = behind_scores(module.main.results[0]) if first.words == 1 else []
        sizes = [shape_of(op.operands[0].type)[op.attributes["axis"]] for op in operations[-1:]]
        return sizes[0] if sizes else None
    shape = first.sample_shape
    return shape[0] if len(shape) == 1 and shape[0] > 1 else None


def _labels(
    path: str, arrays: Arrays, name: str, samples: int, classes: int | None
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
    if classes is None:
        return None
    wrong = labels[(labels < 0) | (labels >= classes)]
    if wrong.size:
        raise UserError(
            f"{path}: '{name}' holds the label {wrong[0]}; the model has {classes} classes, "
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
