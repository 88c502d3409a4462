"""Value change dumps (IEEE 1364, clause 18) of clocked designs.

Cycle n, counted from 1, is the time from (n - 1) * 10 ns to n * 10 ns, and begins where the clock
rises. The period is nominal: a design knows cycles, no seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

PERIOD = 10
_FIRST, _LAST = ord("!"), ord("~")


@dataclass(frozen=True)
class Signal:
    """A signal of a dump: `kind` is `wire` or `reg`, `path` the scopes that it is in, if any."""

    name: str
    kind: str
    width: int
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scope:
    """The signals of one design in the order in which a probe sees them.

    A register that drives an output, and is that port, has no name here.
    """

    name: str
    clock: str
    reset: str
    registers: Sequence[Signal | None]
    inputs: Sequence[Signal]
    outputs: Sequence[Signal]


class VcdWriter:
    """A probe that writes what it sees, cycle by cycle. The same cycles give the same text."""

    def __init__(self, write: Callable[[str], object], scope: Scope) -> None:
        self._write = write
        self._registers = [index for index, each in enumerate(scope.registers) if each]
        named = [register for register in scope.registers if register]
        self._clock, self._reset = Signal(scope.clock, "wire", 1), Signal(scope.reset, "wire", 1)
        self._signals = [self._reset, *scope.inputs, *scope.outputs, *named]
        codes = _codes()
        self._tick = next(codes)
        self._codes = [next(codes) for _ in self._signals]
        self._last: list[int] = []
        self._time = 0
        self._head(scope.name)

    def _head(self, name: str) -> None:
        self._write(f"$version lstmir {version('lstmir')} $end\n$timescale 1 ns $end\n")
        codes, signals = [self._tick, *self._codes], [self._clock, *self._signals]
        found: list[str] = []
        # Stable: in a scope, signals keep their order, and stand in front of the scopes in it.
        for code, signal in sorted(zip(codes, signals, strict=True), key=_path):
            found = self._move(found, [name, *signal.path])
            span = f" [{signal.width - 1}:0]" if signal.width > 1 else ""
            self._write(f"$var {signal.kind} {signal.width} {code} {signal.name}{span} $end\n")
        self._move(found, [])
        self._write("$enddefinitions $end\n")

    def _move(self, scopes: list[str], wanted: list[str]) -> list[str]:
        """Leave scopes and enter others."""
        same = 0
        while scopes[same : same + 1] and scopes[: same + 1] == wanted[: same + 1]:
            same += 1
        self._write("$upscope $end\n" * (len(scopes) - same))
        self._write("".join(f"$scope module {name} $end\n" for name in wanted[same:]))
        return wanted

    def __call__(
        self, reset: bool, registers: Sequence[int], inputs: Sequence[int], outputs: Sequence[int]
    ) -> None:
        """Enter one cycle."""
        seen = [int(reset), *inputs, *outputs, *(registers[index] for index in self._registers)]
        first = not self._last
        self._write(f"#{self._time}\n" + ("$dumpvars\n" if first else "") + f"1{self._tick}\n")
        for index, value in enumerate(seen):
            if first or value != self._last[index]:
                self._write(self._change(index, value))
        self._write(("$end\n" if first else "") + f"#{self._time + PERIOD // 2}\n0{self._tick}\n")
        self._last = seen
        self._time += PERIOD

    def _change(self, index: int, value: int) -> str:
        width = self._signals[index].width
        if width == 1:
            return f"{value & 1}{self._codes[index]}\n"
        return f"b{value & (1 << width) - 1:b} {self._codes[index]}\n"

    def close(self) -> None:
        """Enter the end of the last cycle."""
        self._write(f"#{self._time}\n")


def _path(entry: tuple[str, Signal]) -> tuple[str, ...]:
    return entry[1].path


def _codes() -> Iterator[str]:
    """The identifiers of signals, short ones first."""
    length = 1
    while True:
        yield from _of_length(length)
        length += 1


def _of_length(length: int) -> Iterator[str]:
    if not length:
        yield ""
        return
    for head in _of_length(length - 1):
        yield from (head + chr(code) for code in range(_FIRST, _LAST + 1))
