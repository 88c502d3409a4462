"""A design as a function of arrays, wherever it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from .design import Array, Design, Port, Register, Stream, read_design
from .errors import DriverError
from .packets import Packet, dequantize, quantize

BACKENDS = ("simulation", "interpreter", "pynq")

Arrays = Array | Mapping[str, Array]
"""An array for each port by name, or the array of the only one."""


class Backend(Protocol):
    """Something that answers packets, integers [steps, words] of each port."""

    def answers(self, packets: Sequence[Packet]) -> list[Packet]:
        """The integers of each packet's result, in the order of the packets."""

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

    def run(self, arrays: Arrays) -> dict[str, Array]:
        """The model's outputs by name, for its inputs by name; one input may come alone.

        Real numbers are rounded half to even to the input's format, and clipped. Raises
        `DriverError` for arrays of another shape, too many steps, NaN or infinity.
        """
        found = _by_name(arrays, self.design.input)
        samples = {port.name: _samples(found[port.name], port) for port in self.design.input.ports}
        counts = {name: len(each) for name, each in samples.items()}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{name} {count}" for name, count in counts.items())
            raise DriverError(f"the inputs have different numbers of samples: {told}")
        each = [dict(zip(samples, one, strict=True)) for one in zip(*samples.values(), strict=True)]
        answers = self._run_sequences(each)
        return {
            port.name: _whole([answer[port.name] for answer in answers], port)
            for port in self.design.output.ports
        }

    def run_sequences(self, sequences: Sequence[Arrays]) -> list[Any]:
        """The result of each sequence as real numbers; sequences may be of different lengths.

        A sequence is an array, or arrays by name, and so is a result: by name if there are several.
        """
        found = self._run_sequences([_by_name(each, self.design.input) for each in sequences])
        return [_alone(each) for each in found]

    def _run_sequences(self, sequences: Sequence[Mapping[str, Array]]) -> list[dict[str, Array]]:
        source, result = self.design.input.ports, self.design.output.ports
        packets = [self._checked(sequence) for sequence in sequences]
        rounded = [
            [quantize(_numbers(a, p), p.format) for a, p in zip(packet, source, strict=True)]
            for packet in packets
        ]
        return [
            {
                port.name: port.from_steps(dequantize(steps, port.format))
                for port, steps in zip(result, answer, strict=True)
            }
            for answer in self._running().answers(rounded)
        ]

    def run_integers(self, packets: Sequence[Arrays]) -> list[Any]:
        """The integers of each result, in one dimension, for integers [steps, features] of the input.

        Arrays are by name where there are several.
        """
        checked = [self._checked(_by_name(packet, self.design.input)) for packet in packets]
        names = self.design.output.names
        return [
            _alone({name: steps.ravel() for name, steps in zip(names, answer, strict=True)})
            for answer in self._running().answers(checked)
        ]

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

    def _checked(self, arrays: Mapping[str, Array]) -> Packet:
        """Sequences of all inputs as steps, equally many of each."""
        ports, most = self.design.input.ports, self.design.steps
        packet = [port.to_steps(np.asarray(arrays[port.name])) for port in ports]
        steps = len(packet[0])
        if any(len(each) != steps for each in packet):
            told = ", ".join(f"{p.name} {len(each)}" for p, each in zip(ports, packet, strict=True))
            raise DriverError(f"the inputs have different numbers of steps: {told}")
        if not steps:
            raise DriverError("a sequence has no steps")
        if most is not None and steps > most:
            raise DriverError(
                f"a sequence has {steps} steps, the model was declared with at most {most}"
            )
        return packet


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


def _by_name(arrays: Arrays, stream: Stream) -> dict[str, Array]:
    """An array for each port of the stream."""
    if not isinstance(arrays, Mapping):
        if stream.ports[1:]:
            raise DriverError(f"the model has several inputs: {', '.join(stream.names)}")
        return {stream.names[0]: np.asarray(arrays)}
    if set(arrays) != set(stream.names):
        found = ", ".join(arrays) or "nothing"
        what = "inputs are" if stream.ports[1:] else "input is"
        raise DriverError(f"the model's {what} {', '.join(stream.names)}; there came {found}")
    return {name: np.asarray(array) for name, array in arrays.items()}


def _alone(arrays: dict[str, Array]) -> Any:
    """The only array, or all of them by name."""
    return arrays if len(arrays) > 1 else next(iter(arrays.values()))


def _samples(array: Array, port: Port) -> Array:
    """The samples of a port's array."""
    array = _numbers(array, port)
    if array.ndim != len(port.shape):
        raise port.wrong(array.shape, port.describe())
    samples = array[None] if port.batch is None else np.moveaxis(array, port.batch, 0)
    if not len(samples):
        raise DriverError(f"the input {port.name} has no sample")
    return samples


def _whole(samples: Sequence[Array], port: Port) -> Array:
    """The port's array of its samples."""
    reals = np.stack(samples)
    whole = reals[0] if port.batch is None else np.moveaxis(reals, 0, port.batch)
    return whole.astype(port.dtype)


def _numbers(array: Array, port: Port) -> Array:
    """The array, if it is one of finite numbers."""
    if array.dtype.kind not in "fiub":
        raise DriverError(f"the input {port.name} holds {array.dtype}, not numbers")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DriverError(f"the input {port.name} holds NaN or infinity")
    return array
