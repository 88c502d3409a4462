"""The samples of a model's inputs among the arrays of a file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from lstmir.interpreter.feeds import fits
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Source:
    """An input, what the names of its arrays begin with, and whether they may be absent."""

    port: Port
    stem: str
    optional: bool

    def name(self, half: str) -> str:
        """The name of the array of one half of the samples: `train` or `test`."""
        return f"{self.stem}_{half}"


def sources_of(inputs: Sequence[Port], states: Collection[str]) -> list[Source]:
    """Where each input's samples are. A model all of whose inputs are states is fed with all of them."""
    optional = {port.name for port in inputs if port.name in states and -1 not in port.sample_shape}
    needed = [port for port in inputs if port.name not in optional]
    if not needed:
        return [Source(port, port.name if inputs[1:] else "x", False) for port in inputs]
    only = needed[0] if len(needed) == 1 and "x" not in optional else None
    return [
        Source(port, "x" if port is only else port.name, port.name in optional) for port in inputs
    ]


@dataclass(frozen=True)
class Samples:
    """The arrays of a file, and which are whose. Errors cite the path."""

    path: str
    arrays: Arrays
    sources: Sequence[Source]

    @property
    def needed(self) -> list[Source]:
        """The inputs that must be given; there is at least one."""
        return [source for source in self.sources if not source.optional]

    @property
    def at_zero(self) -> tuple[str, ...]:
        """The inputs that the file says nothing of: states."""
        missing = [each for each in self.sources if each.name("train") not in self.arrays]
        return tuple(each.port.name for each in missing)

    def has_test(self) -> bool:
        """Whether there is any array of test samples."""
        return any(source.name("test") in self.arrays for source in self.needed)

    def check_states(self) -> None:
        """Raise `UserError` for a state that is given for one half of the samples only."""
        for source in self.sources:
            names = [source.name(half) for half in ("train", "test")]
            given = [name for name in names if name in self.arrays]
            if source.optional and len(given) == 1:
                (missing,) = set(names) - set(given)
                raise UserError(f"{self.path} has initial states '{given[0]}', but no '{missing}'")

    def of(self, half: str) -> Arrays:
        """The samples of every input, the same number of each. Raises `UserError` if there are none."""
        self._check_names(half)
        found = {
            source.port.name: samples_of(self.path, self.arrays, source.name(half), source.port)
            for source in self.sources
            if source.name(half) in self.arrays
        }
        self._check_counts(half, found)
        count = count_of(found)
        return {
            port.name: found[port.name]
            if port.name in found
            else np.zeros((count, *port.sample_shape), _dtype(port))
            for port in (source.port for source in self.sources)
        }

    def _check_names(self, half: str) -> None:
        missing = [each.name(half) for each in self.needed if each.name(half) not in self.arrays]
        if missing:
            what = "array" if len(missing) == 1 else "arrays"
            names = ", ".join(self.arrays) or "none"
            quoted = ", ".join(f"'{name}'" for name in missing)
            raise UserError(f"{self.path} has no {what} {quoted}; its arrays: {names}")

    def _check_counts(self, half: str, found: Arrays) -> None:
        if len({len(array) for array in found.values()}) < 2:
            return
        told = ", ".join(
            f"'{source.name(half)}' {len(found[source.port.name])}"
            for source in self.sources
            if source.port.name in found
        )
        raise UserError(f"{self.path}: the inputs have different numbers of samples: {told}")


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
        array = array.astype(_dtype(port))
    if not np.isfinite(array).all():
        raise UserError(f"{what} holds NaN or infinity")
    return array


def _dtype(port: Port) -> type[np.floating]:
    return np.float32 if port.dtype == "f32" else np.float64


def count_of(samples: Arrays) -> int:
    """How many samples there are."""
    return len(next(iter(samples.values())))
