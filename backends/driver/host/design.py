"""What the driver knows of a design: `design.json`, which the compiler wrote beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import DriverError

FACTS = "design.json"
_PLAIN = ("name", "features", "steps", "words", "every_step", "golden")


@dataclass(frozen=True)
class Format:
    """Fixed point: integers of `width` bits, times 2^-`fraction`. A beat of a stream has `beat` bits."""

    signed: bool
    width: int
    fraction: int
    beat: int

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
    """An array of the model: -1 in its shape is a size that is free. `time` and `batch` are axes."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    batch: int | None
    time: int | None
    format: Format

    @property
    def sample(self) -> tuple[int, ...]:
        """The shape of one sample: the array without its batch."""
        return tuple(size for axis, size in enumerate(self.shape) if axis != self.batch)

    def describe(self) -> str:
        """The shape as a person reads it."""
        names = ["any" if size < 0 else str(size) for size in self.shape]
        if self.time is not None and self.shape[self.time] >= 0:
            names[self.time] = f"1 to {names[self.time]} steps"
        if self.batch is not None:
            names[self.batch] = "batch"
        return f"[{', '.join(names)}]"


@dataclass(frozen=True)
class Register:
    """A register of the design, by its address in bytes."""

    name: str
    address: int
    writable: bool


@dataclass(frozen=True)
class Design:
    """The design in `folder`: its streams, its registers, and where its parts are.

    A step of the input has `features` elements and a packet at most `steps` steps, any number for
    None. A result has `words` elements, of each step if `every_step`.
    """

    name: str
    folder: Path
    input: Port
    output: Port
    features: int
    steps: int | None
    words: int
    every_step: bool
    golden: str
    registers: dict[str, Register]

    def words_of(self, steps: int) -> int:
        """How many elements answer a packet."""
        return self.words * steps if self.every_step else self.words


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
    source, target = _port(facts["input"]), _port(facts["output"])
    return Design(folder=folder, input=source, output=target, registers=registers, **rest)


def _port(facts: dict[str, Any]) -> Port:
    rest = {**facts, "shape": tuple(facts["shape"]), "format": Format(**facts["format"])}
    return Port(**rest)
