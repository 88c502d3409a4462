"""Real numbers to the integers of a format, integers to the words and beats of a stream, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .design import Array, Format, Stream
from .errors import DriverError

Packet = Sequence[Array]
"""The integers [steps, words] of each port."""

_EXACT = 53
"""Every integer of so many bits is a double."""


def quantize(values: Array, format_: Format) -> Array:
    """Real numbers, any shape, rounded half to even to a format, and clipped to its ends.

    They must be finite. Integers wider than a double are Python's own.
    """
    with np.errstate(over="ignore", under="ignore"):
        scaled = np.rint(np.ldexp(np.asarray(values, np.float64), format_.fraction))
    if format_.width <= _EXACT:
        return np.clip(scaled, format_.least, format_.most).astype(np.int64)
    ends = {np.inf: format_.most, -np.inf: format_.least}
    exact = [ends[n] if n in ends else int(n) for n in scaled.ravel().tolist()]
    clipped = [min(max(n, format_.least), format_.most) for n in exact]
    return np.array(clipped, object).reshape(scaled.shape)


def dequantize(integers: Array, format_: Format) -> NDArray[np.float64]:
    """The real numbers that integers of a format stand for, each rounded once to a double."""
    doubles = np.array([float(n) for n in integers.ravel().tolist()], np.float64)
    return np.ldexp(doubles, -format_.fraction).reshape(integers.shape)


def to_words(packet: Packet, stream: Stream) -> Array:
    """The words of a packet, beat by beat, as natural numbers of their width. Raises `DriverError`."""
    kind = f"uint{stream.word}"
    parts = [
        _naturals(array, port.format, stream.word).reshape(len(array), port.words)
        for array, port in zip(packet, stream.ports, strict=True)
    ]
    padding = np.zeros((len(parts[0]), stream.beats * stream.lanes - stream.words), kind)
    return np.concatenate([*parts, padding], axis=1).ravel()


def _naturals(integers: Array, format_: Format, word: int) -> Array:
    flat = [int(n) for n in integers.ravel().tolist()]
    if flat and not format_.least <= min(flat) <= max(flat) <= format_.most:
        wrong = next(n for n in flat if not format_.least <= n <= format_.most)
        raise DriverError(f"the integer {wrong} is none of the {format_}")
    mask = (1 << word) - 1
    return np.array([n & mask for n in flat], f"uint{word}")


def from_words(words: Array, stream: Stream) -> Packet:
    """The integers [steps, words] of each port in the words of whole steps."""
    steps = words.reshape(-1, stream.beats * stream.lanes)
    found, first = [], 0
    for port in stream.ports:
        found.append(_integers(steps[:, first : first + port.words], port.format, stream.word))
        first += port.words
    return found


def _integers(words: Array, format_: Format, word: int) -> Array:
    sign = 1 << word - 1
    integers = [int(n) for n in words.ravel().tolist()]
    if format_.signed:
        integers = [(n ^ sign) - sign for n in integers]
    kind = np.int64 if format_.width <= _EXACT else object
    return np.array(integers, kind).reshape(words.shape)


def to_beats(words: Array, stream: Stream) -> list[str]:
    """The data of each beat in hexadecimal digits; the first lane is the low one."""
    digits = stream.word // 4
    return [
        "".join(f"{word:0{digits}x}" for word in reversed(lanes))
        for lanes in words.reshape(-1, stream.lanes).tolist()
    ]


def from_beats(beats: Sequence[str], stream: Stream) -> Array:
    """The words of beats."""
    mask = (1 << stream.word) - 1
    shifts = [stream.word * lane for lane in range(stream.lanes)]
    return np.array(
        [int(beat, 16) >> n & mask for beat in beats for n in shifts], f"uint{stream.word}"
    )
