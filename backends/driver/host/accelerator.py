"""A design as a function of arrays, wherever it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from .design import Design, Port, Register, read_design
from .errors import DriverError
from .packets import Array, dequantize, quantize

BACKENDS = ("simulation", "interpreter", "pynq")


class Backend(Protocol):
    """Something that answers packets, arrays [steps, features] of integers."""

    def answers(self, packets: Sequence[Array]) -> list[Array]:
        """The integers of each packet's result, in one dimension, in the order of the packets."""

    def read(self, address: int) -> int:
        """A register's word."""

    def write(self, address: int, word: int) -> None:
        """Write a register."""

    def close(self) -> None:
        """End what was started."""


class Accelerator:
    """The design of a compiled folder: numpy arrays in, numpy arrays out.

    `backend` is `simulation` (the Verilog, in Verilator), `interpreter` (the model in fixed point, by
    lstmir: the bits that the design must give) or `pynq` (a board). `folder` is the compiled folder,
    that around this file by default; `options` go to the backend.

    Raises `DriverError` for an unknown backend, and where something that it needs is missing.
    """

    def __init__(
        self, backend: str = "simulation", folder: str | Path | None = None, **options: Any
    ) -> None:
        self.design = read_design(Path(folder or Path(__file__).resolve().parents[1]))
        self._backend: Backend | None = _start(backend, self.design, options)

    def run(self, arrays: Array | Mapping[str, Array]) -> dict[str, Array]:
        """The model's outputs by name, for its input as an array, or by name.

        Real numbers are rounded half to even to the input's format, and clipped. Raises
        `DriverError` for arrays of another shape, too many steps, NaN or infinity.
        """
        port, result = self.design.input, self.design.output
        if isinstance(arrays, Mapping):
            _check_names(arrays, port)
            arrays = arrays[port.name]
        array = _numbers(np.asarray(arrays), port)
        if len(array.shape) != len(port.shape):
            raise _wrong_shape(port, array.shape, port.describe())
        samples = array[None] if port.batch is None else np.moveaxis(array, port.batch, 0)
        if not len(samples):
            raise DriverError(f"the input {port.name} has no sample")
        reals = np.stack(self.run_sequences(list(samples)))
        whole = reals[0] if result.batch is None else np.moveaxis(reals, 0, result.batch)
        return {result.name: whole.astype(result.dtype)}

    def run_sequences(self, sequences: Sequence[Array]) -> list[Array]:
        """The result of each sequence as real numbers; sequences may be of different lengths."""
        port, result = self.design.input, self.design.output
        found = [_numbers(np.asarray(sequence), port) for sequence in sequences]
        packets = [self._checked(array) for array in found]
        answers = self.run_integers([quantize(packet, port.format) for packet in packets])
        return [
            dequantize(answer, result.format).reshape(self._result_shape(len(packet)))
            for answer, packet in zip(answers, packets, strict=True)
        ]

    def run_integers(self, packets: Sequence[Array]) -> list[Array]:
        """The integers of each result, in one dimension, for integers [steps, features] of the input."""
        checked = [self._checked(np.asarray(packet)) for packet in packets]
        return self._running().answers(checked)

    @property
    def registers(self) -> Registers:
        """The design's registers by name. Raises `DriverError` if it was compiled without."""
        if not self.design.registers:
            raise DriverError("the design has no registers: compile it with --axi-lite")
        return Registers(self._running(), self.design.registers)

    def close(self) -> None:
        """End the backend. It does no harm twice."""
        if self._backend is not None:
            self._backend.close()
        self._backend = None

    def __enter__(self) -> Accelerator:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _running(self) -> Backend:
        if self._backend is None:
            raise DriverError("the accelerator was closed")
        return self._backend

    def _checked(self, packet: Array) -> Array:
        """A packet [steps, features] of a sample's shape."""
        design, steps = self.design, "any" if self.design.steps is None else self.design.steps
        shape = packet.shape
        if not 1 <= len(shape) <= 2 or shape[-1] != design.features:
            raise _wrong_shape(design.input, shape, f"[{steps}, {design.features}] a sequence")
        packet = packet.reshape(-1, design.features)
        if not len(packet):
            raise DriverError("a sequence has no steps")
        if design.steps is not None and len(packet) > design.steps:
            raise DriverError(
                f"a sequence has {len(packet)} steps, the model was declared with at most {design.steps}"
            )
        return packet

    def _result_shape(self, steps: int) -> tuple[int, ...]:
        shape, place = list(self.design.output.sample), self.design.output
        if self.design.every_step and place.time is not None:
            behind_batch = place.batch is not None and place.batch < place.time
            shape[place.time - behind_batch] = steps
        return tuple(shape)


class Registers:
    """What the design tells of itself, and what it can be told: `memory_map.md` has the names."""

    def __init__(self, backend: Backend, known: Mapping[str, Register]) -> None:
        self.backend, self.known = backend, known

    def read(self, name: str) -> int:
        """The word of a register."""
        return self.backend.read(self._named(name).address)

    def write(self, name: str, word: int) -> None:
        """Write a word. Raises `DriverError` where it can only be read."""
        register = self._named(name)
        if not register.writable:
            raise DriverError(f"the register {name} can only be read")
        if not 0 <= word < 1 << 32:
            raise DriverError(f"{word} is no word of 32 bits")
        self.backend.write(register.address, word)

    def _named(self, name: str) -> Register:
        if name not in self.known:
            raise DriverError(f"there is no register '{name}'; there are {', '.join(self.known)}")
        return self.known[name]


def _start(backend: str, design: Design, options: dict[str, Any]) -> Backend:
    if backend == "simulation":
        from .simulation import Simulation

        return Simulation(design, **options)
    if backend == "interpreter":
        from .interpreter import Interpreter

        return Interpreter(design, **options)
    if backend == "pynq":
        from .board import Board

        return Board(design, **options)
    raise DriverError(f"unknown backend '{backend}' (known: {', '.join(BACKENDS)})")


def _check_names(arrays: Mapping[str, Array], port: Port) -> None:
    if set(arrays) != {port.name}:
        found = ", ".join(arrays) or "nothing"
        raise DriverError(f"the model's input is {port.name}; there came {found}")


def _numbers(array: Array, port: Port) -> Array:
    """The array, if it is one of finite numbers."""
    if array.dtype.kind not in "fiub":
        raise DriverError(f"the input {port.name} holds {array.dtype}, not numbers")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DriverError(f"the input {port.name} holds NaN or infinity")
    return array


def _wrong_shape(port: Port, shape: tuple[int, ...], expected: str) -> DriverError:
    return DriverError(
        f"the input {port.name} has shape {list(shape)}, the design expects {expected}"
    )
