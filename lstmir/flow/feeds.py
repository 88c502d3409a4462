"""The arrays that a model is run on: checked against its inputs, and converted with a warning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lstmir.flow.arrays import load_arrays
from lstmir.interpreter.counts import Saturation, saturation_of_reals
from lstmir.interpreter.feeds import fits, port_dtype
from lstmir.ir.diagnostics import UserError, suggestion
from lstmir.ir.interface import Port
from lstmir.numeric.fixed import FixedType

Arrays = dict[str, np.ndarray]
Warn = Callable[[str], None]

_ACCEPTED = {"f": ("fiu", "numbers"), "i": ("iu", "whole numbers"), "b": ("b", "truth values")}
"""What an input of a kind takes: the kinds of numpy's dtypes, and what they are."""


@dataclass(frozen=True)
class Feed:
    """An `.npz` file of a model's inputs, in its own layout or, if `stacked`, as samples [N, …]."""

    path: str
    inputs: Sequence[Port]
    stacked: bool
    warn: Warn

    def read(self) -> Arrays:
        """The array of each input, in the input's element type.

        Raises `UsageError` for a path that cannot be read, `UserError` for what is wrong inside.
        Warns of what is converted.
        """
        arrays = load_arrays(self.path)
        self._check_names(arrays)
        for port in self.inputs:
            self._check(port, arrays[port.name])
        self._check_counts(arrays)
        return {port.name: self._converted(port, arrays[port.name]) for port in self.inputs}

    def saturations(self, arrays: Arrays, formats: dict[str, FixedType]) -> dict[str, Saturation]:
        """What rounding the arrays to the inputs' formats loses at their ends. Warns of it."""
        found = {name: saturation_of_reals(arrays[name], type_) for name, type_ in formats.items()}
        for name, each in found.items():
            if each.outside:
                self.warn(
                    f"{self.path}: '{name}' has {each.outside} of {each.elements} values outside "
                    f"{each.type.min_value:g} to {each.type.max_value:g}, the range of its format "
                    f"{each.type}: they are saturated"
                )
        return found

    def _check_names(self, arrays: Arrays) -> None:
        names = [port.name for port in self.inputs]
        missing = [name for name in names if name not in arrays]
        if missing:
            found = ", ".join(arrays) or "none"
            raise UserError(f"{self.path} has no array '{missing[0]}'; its arrays: {found}")
        extra = [name for name in arrays if name not in names]
        if extra:
            near = suggestion(extra[0], names)
            raise UserError(
                f"{self.path}: '{extra[0]}' is no input of the model{near} "
                f"(inputs: {', '.join(names)})"
            )

    def _check_counts(self, arrays: Arrays) -> None:
        counts = {
            port.name: arrays[port.name].shape[0 if self.stacked else port.batch or 0]
            for port in self.inputs
            if self.stacked or port.batch is not None
        }
        if len(set(counts.values())) > 1:
            found = ", ".join(f"'{name}' {count}" for name, count in counts.items())
            raise UserError(f"{self.path}: the inputs have different numbers of samples: {found}")

    def _check(self, port: Port, array: np.ndarray) -> None:
        what = f"{self.path}: '{port.name}'"
        kinds, described = _ACCEPTED[port_dtype(port).kind]
        if array.dtype.kind not in kinds:
            raise UserError(f"{what} holds {array.dtype}, not {described}")
        self._check_shape(what, port, array.shape)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise UserError(f"{what} holds NaN or infinity")

    def _check_shape(self, what: str, port: Port, shape: tuple[int, ...]) -> None:
        expected = (-1, *port.sample_shape) if self.stacked else port.shape
        if not fits(shape, expected):
            needed = _stack_of(port) if self.stacked else port.describe()
            raise UserError(
                f"{what} has shape {list(shape)}, the model's input {port.name} needs {needed}",
                notes=self._other_layout(port, shape),
            )
        samples = 0 if self.stacked else port.batch
        if samples is not None and not shape[samples]:
            raise UserError(f"{what} has no samples (its shape is {list(shape)})")
        if 0 in shape:
            raise UserError(f"{what} has no steps (its shape is {list(shape)})")

    def _other_layout(self, port: Port, shape: tuple[int, ...]) -> list[str]:
        """A note for whoever has the arrays in the layout of the other form of the command."""
        if self.stacked and fits(shape, port.shape):
            return ["it is laid out as the model's own array: leave out --samples"]
        if not self.stacked and fits(shape, (-1, *port.sample_shape)):
            return [f"it looks like a stack of samples {_stack_of(port)}: give --samples"]
        return []

    def _converted(self, port: Port, array: np.ndarray) -> np.ndarray:
        what, wanted = f"{self.path}: '{port.name}'", port_dtype(port)
        if array.dtype.newbyteorder("=") == wanted:
            return array.astype(wanted)
        with np.errstate(over="ignore"):
            converted = array.astype(wanted)
        changed = _differ(array, converted)
        if wanted.kind != "f" and changed.any():
            raise UserError(f"{what} holds {array[changed].flat[0]}, which is no {wanted}")
        if not np.isfinite(converted).all():
            beyond = array[~np.isfinite(converted)].flat[0]
            raise UserError(f"{what} holds {beyond}, which is beyond {wanted}")
        count = int(changed.sum())
        lost = f"rounding {count} of {array.size} values" if count else "without any loss"
        self.warn(f"{what} holds {array.dtype}: converted to the model's {wanted}, {lost}")
        return converted


def _stack_of(port: Port) -> str:
    sizes = ["T" if size < 0 else str(size) for size in port.sample_shape]
    return f"[{', '.join(['N', *sizes])}]"


def _differ(array: np.ndarray, converted: np.ndarray) -> np.ndarray:
    """Where a conversion changed a number. Python compares integers and floats exactly."""
    return np.asarray(array.astype(object) != converted.astype(object), bool)
