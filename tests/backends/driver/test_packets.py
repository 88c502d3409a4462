"""The driver's own arithmetic, which knows only numpy, against that of the interpreter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.backends.driver.host import DriverError
from lstmir.backends.driver.host.design import Format, Port, Stream
from lstmir.backends.driver.host.packets import (
    dequantize,
    from_beats,
    from_words,
    quantize,
    to_beats,
    to_words,
)
from lstmir.interpreter.streams import Part, StreamFormat
from lstmir.numeric.arrays import quantize_real, to_real
from lstmir.numeric.fixed import FixedType

FORMATS = st.builds(FixedType, st.booleans(), st.integers(1, 64), st.integers(-8, 70))
PARTS = st.lists(st.builds(Part, FORMATS, st.integers(1, 4)), min_size=1, max_size=3).map(tuple)
STREAMS = st.builds(StreamFormat, PARTS, st.integers(1, 16))
REALS = st.floats(allow_nan=False, allow_infinity=False)


def of(type_: FixedType) -> Format:
    return Format(type_.signed, type_.width, type_.frac)


def driven(stream: StreamFormat) -> Stream:
    """The stream as the driver knows it."""
    ports = [
        Port(f"x{number}", (-1, words), "float64", None, 0, words, of(element))
        for number, (element, words) in enumerate(stream.parts)
    ]
    return Stream(tuple(ports), stream.word_width, stream.lanes)


def near(type_: FixedType) -> st.SearchStrategy[float]:
    """Numbers around a format's integers and halves."""
    return st.integers(-(2**10), 2**10).map(lambda n: float(n) / 4 * 2.0**-type_.frac)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(FORMATS, st.data())
def test_real_numbers_are_rounded_as_the_interpreter_does(
    type_: FixedType, data: st.DataObject
) -> None:
    values = np.array(data.draw(st.lists(st.one_of(REALS, near(type_)), min_size=1, max_size=8)))
    assert quantize(values, of(type_)).tolist() == quantize_real(values, type_).tolist()


@settings(max_examples=200, derandomize=True, deadline=None)
@given(STREAMS, st.integers(1, 3), st.data())
def test_beats_are_those_of_the_streams(
    format_: StreamFormat, steps: int, data: st.DataObject
) -> None:
    packet, stream = [], driven(format_)
    for element, words in format_.parts:
        integers = st.integers(element.min_int, element.max_int)
        drawn = data.draw(st.lists(integers, min_size=steps * words, max_size=steps * words))
        packet.append(np.array(drawn, object).reshape(steps, words))
    sent = to_words(packet, stream)
    assert sent.dtype == f"uint{format_.word_width}"
    beats = to_beats(sent, stream)
    expected = format_.encode([packet])
    assert [int(beat, 16) for beat in beats] == [wires for wires, _ in expected]
    assert len(beats) == steps * stream.beats
    back = from_words(from_beats(beats, stream), stream)
    decoded = format_.decode([(wires, int(last), 0) for wires, last in expected], steps)
    for found, given_, right, part in zip(back, packet, decoded, format_.parts, strict=True):
        assert found.tolist() == given_.tolist()
        reals = dequantize(found, of(part.element))
        assert reals.tolist() == to_real(right[0], part.element).tolist()


def test_words_of_one_lane_are_beats() -> None:
    stream = driven(StreamFormat((Part(FixedType(True, 8, 4), 2),)))
    words = to_words([np.array([[1, -1], [2, -128]])], stream)
    assert words.tolist() == [1, 255, 2, 128]
    assert to_beats(words, stream) == ["01", "ff", "02", "80"]


@pytest.mark.parametrize("integer", [-129, 128])
def test_an_integer_beyond_the_format_is_refused(integer: int) -> None:
    stream = driven(StreamFormat((Part(FixedType(True, 8, 4), 2),)))
    with pytest.raises(DriverError, match=f"{integer} is none of the signed 8-bit numbers"):
        to_words([np.array([[0, integer]])], stream)
