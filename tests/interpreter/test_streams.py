"""Samples as beats and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmir.interpreter.streams import beat_width, decode, encode, format_beats, parse_beats
from lstmir.numeric.fixed import FixedType

FORMATS = st.builds(FixedType, st.booleans(), st.integers(1, 64), st.integers(-4, 70))


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


def test_files_are_those_of_the_test_bench() -> None:
    assert format_beats([(0xAB, True), (3, False)]) == "// DATA LAST\nab 1\n3 0\n"
    assert format_beats([(0xAB, 1, 0)]) == "// DATA LAST USER\nab 1 0\n"
    assert format_beats([]) == "// DATA LAST\n"
    assert parse_beats("// DATA LAST\n\nab 1\n3 0\n") == [(0xAB, 1), (3, 0)]


@pytest.mark.parametrize("line", ["12", "12 2", "12 1 0 1", "xy 1"])
def test_what_is_no_beat(line: str) -> None:
    with pytest.raises(ValueError, match=f"line 2 is no beat: {line}"):
        parse_beats(f"// DATA LAST\n{line}\n")
