"""How samples travel as beats of an AXI4-Stream: one element a beat, one packet a sample.

The elements of a sample go in index order; `last` marks the sample's last one. A beat has 8, 16, 32
or 64 wires: an element is sign- or zero-extended to the fewest that hold it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from lstmir.numeric.carriers import IntArray, as_carrier
from lstmir.numeric.fixed import FixedType

BEAT_WIDTHS = (8, 16, 32, 64)
_BEAT = re.compile(r"[0-9a-fA-F]+ [01]( [01])?")

InputBeat = tuple[int, bool]
"""The wires of the data as a natural number, and whether it is a packet's last."""
OutputBeat = tuple[int, int, int]
"""The same, with the user bit that marks the answer to a packet that was dropped."""


def beat_width(*elements: FixedType) -> int:
    """The wires of a word on a stream. Raises ValueError for an element wider than 64 bits."""
    widest = max(elements, key=lambda element: element.width)
    for width in BEAT_WIDTHS:
        if widest.width <= width:
            return width
    raise ValueError(f"{widest} does not fit a beat of {BEAT_WIDTHS[-1]} bits")


def encode(samples: Iterable[Any], element: FixedType) -> list[InputBeat]:
    """The beats of samples, each an array of any shape with integers of `element`.

    Raises ValueError for a sample without elements, or an integer that `element` does not have.
    """
    wires = (1 << beat_width(element)) - 1
    beats: list[InputBeat] = []
    for index, sample in enumerate(samples):
        integers = as_carrier(sample, element).ravel().tolist()
        if not integers:
            raise ValueError(f"sample {index} has no elements")
        if not element.contains_int(min(integers), max(integers)):
            raise ValueError(f"sample {index} holds integers that are not in {element}")
        beats += [(integer & wires, False) for integer in integers]
        beats[-1] = (beats[-1][0], True)
    return beats


def decode(beats: Sequence[OutputBeat], element: FixedType, words: int) -> IntArray:
    """The integers [packets, words] of beats whose packets have `words` beats each.

    Raises ValueError where a packet has another length, answers a dropped packet, or holds data
    that no extended element has.
    """
    ends = [index for index, (_, last, _) in enumerate(beats) if last]
    if ends != list(range(words - 1, len(beats), words)) or len(beats) % words:
        raise ValueError(f"the output is not in packets of {words} beats: the last ones are {ends}")
    refused = [index // words for index, (_, _, user) in enumerate(beats) if user]
    if refused:
        raise ValueError(f"packet {refused[0]} was dropped by the design")
    integers = [_integer(data, element) for data, _, _ in beats]
    return as_carrier(np.array(integers, object), element).reshape(-1, words)


def _integer(data: int, element: FixedType) -> int:
    width = beat_width(element)
    integer = data - (element.signed and data >> width - 1) * (1 << width)
    if not element.contains_int(integer, integer):
        raise ValueError(f"the data {data:#x} are no extended {element}")
    return integer


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
