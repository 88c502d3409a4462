"""Samples as beats and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmir.interpreter.streams import (
    BEAT_WIDTHS,
    Part,
    StreamFormat,
    beat_width,
    decode,
    encode,
    format_beats,
    parse_beats,
)
from lstmir.ir.interface import Port
from lstmir.numeric.fixed import FixedType

FORMATS = st.builds(FixedType, st.booleans(), st.integers(1, 64), st.integers(-4, 70))
PARTS = st.lists(st.builds(Part, FORMATS, st.integers(1, 5)), min_size=1, max_size=4).map(tuple)
STREAMS = st.builds(StreamFormat, PARTS, st.integers(1, 16))
MIXED = StreamFormat((Part(FixedType(True, 4, 0), 2), Part(FixedType(False, 9, 2), 3)), 4)
"""Five words of 16 bits a step, four a beat."""


@pytest.mark.parametrize(
    ("width", "wires"), [(1, 8), (8, 8), (9, 16), (16, 16), (17, 32), (32, 32), (33, 64), (64, 64)]
)
def test_a_beat_is_the_narrowest_that_holds_an_element(width: int, wires: int) -> None:
    assert beat_width(FixedType(True, width, 0)) == wires


def test_nothing_wider_than_64_bits_is_sent() -> None:
    with pytest.raises(ValueError, match=r"!fx.u<65,0> does not fit a beat of 64 bits"):
        beat_width(FixedType(False, 65, 0))


def test_elements_are_extended_by_their_sign() -> None:
    samples = np.array([[[-1, 5], [7, -512]]])
    assert encode(samples, FixedType(True, 10, 4)) == [
        (0xFFFF, False), (5, False), (7, False), (0xFE00, True),
    ]  # fmt: skip
    assert encode([[0x3FF]], FixedType(False, 10, 4)) == [(0x3FF, True)]


def test_samples_may_have_different_lengths() -> None:
    samples = [np.array([[1, 2], [3, 4]]), np.array([[5, 6]])]
    lasts = [last for _, last in encode(samples, FixedType(False, 3, 0))]
    assert lasts == [False, False, False, True, False, True]


@given(st.data(), FORMATS, st.integers(1, 4), st.integers(1, 5))
def test_what_is_encoded_is_decoded(
    data: st.DataObject, element: FixedType, packets: int, words: int
) -> None:
    integers = st.integers(element.min_int, element.max_int)
    sample = st.lists(integers, min_size=words, max_size=words)
    samples = data.draw(st.lists(sample, min_size=packets, max_size=packets))
    beats = [(wires, int(last), 0) for wires, last in encode(samples, element)]
    assert all(0 <= wires < 1 << beat_width(element) for wires, _, _ in beats)
    decoded = decode(beats, element, words)
    assert decoded.tolist() == samples
    assert parse_beats(format_beats(beats)) == beats


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([[1], []], "sample 1 has no elements"),
        ([[1], [128]], "sample 1 holds integers that are not"),
    ],
)
def test_what_cannot_be_encoded(samples: list[list[int]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode(samples, FixedType(True, 8, 0))


@pytest.mark.parametrize(
    ("beats", "message"),
    [
        (
            [(1, 0, 0), (2, 1, 0), (3, 1, 0)],
            r"not in packets of 2 beats: the last ones are \[1, 2\]",
        ),
        ([(1, 0, 0), (2, 1, 0), (3, 0, 0)], "not in packets of 2 beats"),
        ([(1, 0, 0), (2, 0, 0)], "not in packets of 2 beats"),
        ([(1, 0, 0), (2, 1, 0), (0, 0, 0), (0, 1, 1)], "packet 1 was dropped by the design"),
        ([(0x10, 0, 0), (2, 1, 0)], r"the data 0x10 are no extended !fx.s<4,0>"),
        ([(0x0F, 0, 0), (2, 1, 0)], "the data 0xf are no extended"),
    ],
)
def test_what_cannot_be_decoded(beats: list[tuple[int, int, int]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode(beats, FixedType(True, 4, 0), 2)


def packets_of(
    data: st.DataObject, stream: StreamFormat, count: int, steps: int
) -> list[np.ndarray]:
    """Integers [packets, steps, words] of each part."""
    return [
        np.array(
            data.draw(
                st.lists(
                    st.integers(element.min_int, element.max_int),
                    min_size=count * steps * words,
                    max_size=count * steps * words,
                )
            ),
            object,
        ).reshape(count, steps, words)
        for element, words in stream.parts
    ]


@given(st.data(), STREAMS, st.integers(1, 3), st.integers(1, 3))
def test_parts_that_are_encoded_are_decoded(
    data: st.DataObject, stream: StreamFormat, count: int, steps: int
) -> None:
    parts = packets_of(data, stream, count, steps)
    beats = stream.encode(zip(*parts, strict=True))
    assert len(beats) == count * steps * stream.beats
    assert all(0 <= wires < 1 << stream.beat_width for wires, _ in beats)
    answers = [(wires, int(last), 0) for wires, last in beats]
    found = stream.decode(answers, steps)
    assert [each.tolist() for each in found] == [each.tolist() for each in parts]
    assert parse_beats(format_beats(answers)) == answers


@given(st.data(), STREAMS, st.integers(1, 3))
def test_words_are_where_the_contract_has_them(
    data: st.DataObject, stream: StreamFormat, steps: int
) -> None:
    """Word by word, as a person would read a beat."""
    parts = packets_of(data, stream, 1, steps)
    beats = [wires for wires, _ in stream.encode(zip(*parts, strict=True))]
    width = min(w for w in BEAT_WIDTHS if all(element.width <= w for element, _ in stream.parts))
    for step in range(steps):
        words = [word for part in parts for word in part[0, step].tolist()]
        words += [0] * (stream.beats * stream.lanes - len(words))
        for place, word in enumerate(words):
            beat = beats[step * stream.beats + place // stream.lanes]
            found = beat >> width * (place % stream.lanes) & (1 << width) - 1
            assert found == word % (1 << width)


@given(st.data(), FORMATS, st.integers(1, 4), st.integers(1, 4))
def test_one_part_in_one_lane_is_a_beat_an_element(
    data: st.DataObject, element: FixedType, steps: int, words: int
) -> None:
    stream = StreamFormat((Part(element, words),))
    (part,) = packets_of(data, stream, 1, steps)
    flat = part.ravel().tolist()
    mask = (1 << beat_width(element)) - 1
    expected = [(word & mask, index == len(flat) - 1) for index, word in enumerate(flat)]
    assert stream.encode([[part[0]]]) == encode(part, element) == expected


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        ([[1, 2], []], "sample 0 has no elements"),
        ([[8, 2], [1, 2, 3]], "sample 0 holds integers that are not in !fx.s<4,0>"),
        ([[1, 2], [1, 2]], "sample 0 has 2 elements, no steps of 3"),
        ([[1, 2, 3, 4], [1, 2, 3]], "sample 0 has parts of different lengths: 2, 1 steps"),
    ],
)
def test_parts_that_cannot_be_encoded(sample: list[list[int]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MIXED.encode([sample])


@pytest.mark.parametrize(
    ("beats", "message"),
    [
        ([(0, 0, 0), (1 << 16, 1, 0)], "the last beat of a step is not filled up with zeros"),
        ([(0, 1, 0)], "not in packets of 2 beats"),
        ([(1 << 64, 0, 0), (0, 1, 0)], "the data 0x10000 are no extended !fx.u<9,2>"),
        ([(8, 0, 0), (0, 1, 0)], "the data 0x8 are no extended !fx.s<4,0>"),
        ([(0, 0, 1), (0, 1, 1)], "packet 0 was dropped by the design"),
    ],
)
def test_beats_that_cannot_be_decoded(beats: list[tuple[int, int, int]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MIXED.decode(beats)


def test_a_stream_of_words_beyond_64_bits_is_none() -> None:
    with pytest.raises(ValueError, match=r"!fx.u<65,0> does not fit a beat of 64 bits"):
        StreamFormat((Part(FixedType(True, 8, 0), 1), Part(FixedType(False, 65, 0), 1)))


@pytest.mark.parametrize(
    ("shape", "batch", "time", "steps"),
    [
        ((7, -1, 2, 3), 1, 0, (7, 6)),
        ((-1, 2, 7, 3), 0, 2, (7, 6)),
        ((2, 3, -1), None, 2, (7, 6)),
        ((-1, 2, 3), 0, None, (1, 6)),
        ((7,), None, 0, (7, 1)),
    ],
)
def test_samples_as_steps(
    shape: tuple[int, ...], batch: int | None, time: int | None, steps: tuple[int, int]
) -> None:
    port = Port("x", "input", "f32", shape, batch, time)
    sizes = [7 if size < 0 else size for size in port.sample_shape]
    samples = np.arange(4 * np.prod(sizes)).reshape(4, *sizes)
    found = port.to_steps(samples)
    assert found.shape == (4, *steps)
    assert port.words == steps[1]
    assert np.array_equal(port.from_steps(found), samples)
    if time is not None:
        second = np.take(samples, 1, axis=1 + (port.step_axis or 0))
        assert np.array_equal(found[:, 1], second.reshape(4, -1))


def test_files_are_those_of_the_test_bench() -> None:
    assert format_beats([(0xAB, True), (3, False)]) == "// DATA LAST\nab 1\n3 0\n"
    assert format_beats([(0xAB, 1, 0)]) == "// DATA LAST USER\nab 1 0\n"
    assert format_beats([]) == "// DATA LAST\n"
    assert parse_beats("// DATA LAST\n\nab 1\n3 0\n") == [(0xAB, 1), (3, 0)]


@pytest.mark.parametrize("line", ["12", "12 2", "12 1 0 1", "xy 1"])
def test_what_is_no_beat(line: str) -> None:
    with pytest.raises(ValueError, match=f"line 2 is no beat: {line}"):
        parse_beats(f"// DATA LAST\n{line}\n")
