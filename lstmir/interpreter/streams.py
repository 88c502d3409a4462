"""How samples travel as beats of an AXI4-Stream: one packet a sample, its steps one behind the other.

The words of a step are those of all ports, in their order, each port's in index order. A word is an
element, sign- or zero-extended to 8, 16, 32 or 64 bits: the fewest that hold those of every port. A
beat has a word in each of its lanes, the first in the low bits; the last beat of a step is filled up
with zeros. `last` marks the sample's last beat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, lanes_of, ports
from lstmir.ir.module import Module
from lstmir.numeric.carriers import IntArray, as_carrier
from lstmir.numeric.fixed import FixedType

BEAT_WIDTHS = (8, 16, 32, 64)
"""What a word may be extended to."""
_BEAT = re.compile(r"[0-9a-fA-F]+ [01]( [01])?")

InputBeat = tuple[int, bool]
"""The wires of the data as a natural number, and whether it is a packet's last."""
OutputBeat = tuple[int, int, int]
"""The same, with the user bit that marks the answer to a packet that was dropped."""


class Part(NamedTuple):
    """What a port has in each step of a stream: so many words of a format."""

    element: FixedType
    words: int


@dataclass(frozen=True)
class StreamFormat:
    """A stream whose steps have a part of every port, and whose beats have so many lanes.

    Raises ValueError for an element wider than 64 bits.
    """

    parts: tuple[Part, ...]
    lanes: int = 1

    def __post_init__(self) -> None:
        beat_width(*(element for element, _ in self.parts))

    @property
    def word_width(self) -> int:
        """The bits of a word."""
        return beat_width(*(element for element, _ in self.parts))

    @property
    def beat_width(self) -> int:
        """The wires of a beat's data."""
        return self.lanes * self.word_width

    @property
    def words(self) -> int:
        """The words of a step."""
        return sum(words for _, words in self.parts)

    @property
    def beats(self) -> int:
        """The beats of a step."""
        return -(-self.words // self.lanes)

    def encode(self, samples: Iterable[Sequence[Any]]) -> list[InputBeat]:
        """The beats of samples: an array a part, any shape, with its integers step by step.

        Raises ValueError for a sample without elements, an integer that its format does not have,
        and parts that are not equally many whole steps.
        """
        beats: list[InputBeat] = []
        for index, sample in enumerate(samples):
            rows = [
                _rows(index, part, array) for part, array in zip(self.parts, sample, strict=True)
            ]
            if len({len(each) for each in rows}) > 1:
                counts = ", ".join(str(len(each)) for each in rows)
                raise ValueError(f"sample {index} has parts of different lengths: {counts} steps")
            data = [beat for step in zip(*rows, strict=True) for beat in self._joined(step)]
            beats += [(each, False) for each in data[:-1]]
            beats.append((data[-1], True))
        return beats

    def _joined(self, step: Sequence[Sequence[int]]) -> Iterator[int]:
        """The beats of a step, given the integers of its parts."""
        width, mask = self.word_width, (1 << self.word_width) - 1
        words = [integer & mask for integer in chain.from_iterable(step)]
        for at in range(0, len(words), self.lanes):
            lanes = words[at : at + self.lanes]
            yield sum(word << width * lane for lane, word in enumerate(lanes))

    def decode(self, beats: Sequence[OutputBeat], steps: int = 1) -> list[IntArray]:
        """The integers [packets, steps, words] of each part, of packets that have so many steps.

        Raises ValueError where a packet has another length, answers a dropped packet, or holds data
        that no extended element has.
        """
        length = self.beats * steps
        ends = [index for index, (_, last, _) in enumerate(beats) if last]
        if ends != list(range(length - 1, len(beats), length)) or len(beats) % length:
            raise ValueError(
                f"the output is not in packets of {length} beats: the last ones are {ends}"
            )
        refused = [index // length for index, (_, _, user) in enumerate(beats) if user]
        if refused:
            raise ValueError(f"packet {refused[0]} was dropped by the design")
        data = [each for each, _, _ in beats]
        taken = [self._split(data[at : at + self.beats]) for at in range(0, len(data), self.beats)]
        found, first = [], 0
        for element, words in self.parts:
            integers = [self._integer(w, element) for s in taken for w in s[first : first + words]]
            array = as_carrier(np.array(integers, object), element)
            found.append(array.reshape(-1, steps, words))
            first += words
        return found

    def _split(self, beats: Sequence[int]) -> list[int]:
        """The words of a step's beats. What is beyond a beat's wires stays with its last word."""
        width, mask = self.word_width, (1 << self.word_width) - 1
        words = []
        for data in beats:
            words += [data >> width * lane & mask for lane in range(self.lanes - 1)]
            words.append(data >> width * (self.lanes - 1))
        if any(words[self.words :]):
            raise ValueError("the last beat of a step is not filled up with zeros")
        return words

    def _integer(self, data: int, element: FixedType) -> int:
        width = self.word_width
        integer = data - (element.signed and data >> width - 1) * (1 << width)
        if not element.contains_int(integer, integer):
            raise ValueError(f"the data {data:#x} are no extended {element}")
        return integer


def _rows(index: int, part: Part, array: Any) -> list[list[int]]:
    """The integers of each step of a part."""
    element, words = part
    integers = as_carrier(array, element).ravel().tolist()
    if not integers:
        raise ValueError(f"sample {index} has no elements")
    if not element.contains_int(min(integers), max(integers)):
        raise ValueError(f"sample {index} holds integers that are not in {element}")
    if len(integers) % words:
        raise ValueError(f"sample {index} has {len(integers)} elements, no steps of {words}")
    return [integers[at : at + words] for at in range(0, len(integers), words)]


def stream_ports(module: Module, kind: str) -> list[Port]:
    """The ports of a stream, `input` or `output`; without time axes unless all have steps."""
    found = ports(module, kind)
    if all(port.time is not None for port in found):
        return found
    return [replace(port, time=None) for port in found]


def steps_of(module: Module, kind: str, samples: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Samples [N, …] of a module's `input` or `output` as [N, steps, words] of a stream."""
    pairs = zip(stream_ports(module, kind), samples, strict=True)
    return tuple(port.to_steps(array) for port, array in pairs)


def stream_format(module: Module, kind: str) -> StreamFormat:
    """The format of a level-5 module's `input` or `output` stream.

    Raises `UserError` unless the interface has ports of that kind with a format each, and says how
    many words a step of each has.
    """
    found = stream_ports(module, kind)
    if not found:
        _refuse(module, f"a design has an {kind} stream; the interface has no {kind}s")
    for port in found:
        if port.format is None:
            what = f"the {kind} '{port.name}', so wires have no meaning"
            _refuse(module, f"the interface has no format for {what}")
        if port.words < 1:
            shape = port.describe()
            _refuse(module, f"the {kind} '{port.name}' is {shape}: it has no words, or any number")
    parts = [Part(port.format, port.words) for port in found if port.format is not None]
    return StreamFormat(tuple(parts), lanes_of(module))


def _refuse(module: Module, message: str) -> None:
    raise UserError(message, location=module.main.location)


def beat_width(*elements: FixedType) -> int:
    """The bits of a word that holds any of these. Raises ValueError for one wider than 64 bits."""
    widest = max(elements, key=lambda element: element.width)
    for width in BEAT_WIDTHS:
        if widest.width <= width:
            return width
    raise ValueError(f"{widest} does not fit a beat of {BEAT_WIDTHS[-1]} bits")


def encode(samples: Iterable[Any], element: FixedType) -> list[InputBeat]:
    """The beats of samples in a stream of one port and one lane: arrays of integers of `element`.

    Raises ValueError as `StreamFormat.encode` does.
    """
    return StreamFormat((Part(element, 1),)).encode([sample] for sample in samples)


def decode(beats: Sequence[OutputBeat], element: FixedType, words: int) -> IntArray:
    """The integers [packets, words] of such beats, whose packets have `words` of them each.

    Raises ValueError as `StreamFormat.decode` does.
    """
    (found,) = StreamFormat((Part(element, words),)).decode(beats)
    return found.reshape(-1, words)


def format_beats(beats: Iterable[Sequence[int]]) -> str:
    """A file of beats as the test bench reads it: `HEXDATA LAST` or `HEXDATA LAST USER` a line."""
    lines = [" ".join([f"{data:x}", *(str(int(flag)) for flag in flags)]) for data, *flags in beats]
    columns = "// DATA LAST USER" if lines and lines[0].count(" ") == 2 else "// DATA LAST"
    return "\n".join([columns, *lines, ""])


def parse_beats(text: str) -> list[tuple[int, ...]]:
    """The beats of a file. Raises ValueError, with the line's number, for what is no beat."""
    beats: list[tuple[int, ...]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("//"):
            continue
        if not _BEAT.fullmatch(line):
            raise ValueError(f"line {number} is no beat: {line}")
        data, *flags = line.split()
        beats.append((int(data, 16), *map(int, flags)))
    return beats
