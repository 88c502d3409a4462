"""What the driver knows of a design: `design.json`, which the compiler wrote beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import DriverError

FACTS = "design.json"
_PLAIN = ("name", "steps", "every_step", "states", "golden")

Array = NDArray[Any]


@dataclass(frozen=True)
class Format:
    """Fixed point: integers of `width` bits, times 2^-`fraction`."""

    signed: bool
    width: int
    fraction: int

    @property
    def least(self) -> int:
        """The smallest integer."""
        return -(1 << self.width - 1) if self.signed else 0

    @property
    def most(self) -> int:
        """The largest integer."""
        return (1 << self.width - self.signed) - 1

    @property
    def unit(self) -> float:
        """What the integer 1 stands for."""
        return 2.0**-self.fraction

    def __str__(self) -> str:
        kind = "signed" if self.signed else "natural"
        return f"{kind} {self.width}-bit numbers in steps of 2^{-self.fraction}"


@dataclass(frozen=True)
class Port:
    """An array of the model: -1 in its shape is a size that is free. `time` and `batch` are axes.

    A step has so many `words`, which are its elements; a sample without steps is one step.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    batch: int | None
    time: int | None
    words: int
    format: Format

    @property
    def sample(self) -> tuple[int, ...]:
        """The shape of one sample: the array without its batch."""
        return tuple(size for axis, size in enumerate(self.shape) if axis != self.batch)

    @property
    def step_axis(self) -> int | None:
        """The axis of time in a sample."""
        if self.time is None:
            return None
        return self.time - (self.batch is not None and self.batch < self.time)

    def to_steps(self, sample: Array) -> Array:
        """A sample, or steps already, as [steps, words]. Raises `DriverError` for another shape."""
        sizes, shape = self._sizes, sample.shape
        if self.step_axis is not None and sample.ndim == len(sizes) + 1:
            moved = np.moveaxis(sample, self.step_axis, 0)
            if moved.shape[1:] == sizes:
                return moved.reshape(len(moved), prod(sizes))
        if (self.step_axis is None and shape == sizes) or shape[-1:] == (self.words,) == shape[1:]:
            return sample.reshape(-1, self.words)
        if shape == (self.words,):
            return sample.reshape(1, -1)
        raise self.wrong(shape, f"{self._a_sequence()} a sequence")

    def from_steps(self, steps: Array) -> Array:
        """A sample of [steps, words]."""
        if self.step_axis is None:
            return steps.reshape(self._sizes)
        return np.moveaxis(steps.reshape(-1, *self._sizes), 0, self.step_axis)

    @property
    def _sizes(self) -> tuple[int, ...]:
        """The axes of a step."""
        return tuple(size for axis, size in enumerate(self.sample) if axis != self.step_axis)

    def _a_sequence(self) -> str:
        sizes = ["any" if size < 0 else str(size) for size in self.sample]
        return f"[{', '.join(sizes)}]"

    def wrong(self, shape: tuple[int, ...], expected: str) -> DriverError:
        """What to say of an array of another shape."""
        return DriverError(
            f"the input {self.name} has shape {list(shape)}, the design expects {expected}"
        )

    def describe(self) -> str:
        """The shape as a person reads it."""
        names = ["any" if size < 0 else str(size) for size in self.shape]
        if self.time is not None and self.shape[self.time] >= 0:
            names[self.time] = f"1 to {names[self.time]} steps"
        if self.batch is not None:
            names[self.batch] = "batch"
        return f"[{', '.join(names)}]"


@dataclass(frozen=True)
class Stream:
    """The words of all ports, step by step, each in `word` bits; a beat has so many `lanes` of them."""

    ports: tuple[Port, ...]
    word: int
    lanes: int

    @property
    def words(self) -> int:
        """The words of a step."""
        return sum(port.words for port in self.ports)

    @property
    def beats(self) -> int:
        """The beats of a step: the last one is filled up with zeros."""
        return -(-self.words // self.lanes)

    @property
    def names(self) -> list[str]:
        """The ports' names."""
        return [port.name for port in self.ports]


@dataclass(frozen=True)
class Register:
    """A register of the design, by its address in bytes."""

    name: str
    address: int
    writable: bool


@dataclass(frozen=True)
class Design:
    """The design in `folder`: its streams, its registers, and where its parts are.

    A packet has at most `steps` steps, any number for None. A result has as many if `every_step`, or
    else one. `states` are the inputs that are states, and the outputs that are the same a step later:
    none if the machine keeps its states itself.
    """

    name: str
    folder: Path
    input: Stream
    output: Stream
    steps: int | None
    every_step: bool
    states: dict[str, str]
    golden: str
    registers: dict[str, Register]

    def beats_of(self, steps: int) -> int:
        """How many beats answer a packet."""
        return self.output.beats * (steps if self.every_step else 1)


def read_design(folder: Path) -> Design:
    """The design that was compiled into `folder`. Raises `DriverError` where there is none."""
    path = folder / "driver" / FACTS
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DriverError(
            f"{folder} is no folder that lstmir compiled: it has no {path}"
        ) from error
    registers = {
        each["name"]: Register(each["name"], each["address"], each["access"] != "read")
        for each in (facts["registers"] or {"registers": []})["registers"]
    }
    rest: dict[str, Any] = {name: facts[name] for name in _PLAIN}
    source, target = _stream(facts["input"]), _stream(facts["output"])
    return Design(folder=folder, input=source, output=target, registers=registers, **rest)


def _stream(facts: dict[str, Any]) -> Stream:
    return Stream(tuple(map(_port, facts["ports"])), facts["word"], facts["lanes"])


def _port(facts: dict[str, Any]) -> Port:
    rest = {**facts, "shape": tuple(facts["shape"]), "format": Format(**facts["format"])}
    return Port(**rest)
