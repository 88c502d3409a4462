"""The driver's own arithmetic, which knows only numpy, against that of the interpreter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.backends.driver.host import DriverError
from lstmir.backends.driver.host.design import Format
from lstmir.backends.driver.host.packets import dequantize, from_beats, quantize, to_beats
from lstmir.interpreter.streams import beat_width, decode, encode
from lstmir.numeric.arrays import quantize_real, to_real
from lstmir.numeric.fixed import FixedType

FORMATS = st.builds(FixedType, st.booleans(), st.integers(1, 64), st.integers(-8, 70))
REALS = st.floats(allow_nan=False, allow_infinity=False)


def of(type_: FixedType) -> Format:
    return Format(type_.signed, type_.width, type_.frac, beat_width(type_))


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
@given(FORMATS, st.data())
def test_beats_are_those_of_the_streams(type_: FixedType, data: st.DataObject) -> None:
    integers = st.integers(type_.min_int, type_.max_int)
    drawn = data.draw(st.lists(integers, min_size=1, max_size=8))
    array, format_ = np.array(drawn, object), of(type_)
    beats = to_beats(array, format_)
    expected = encode([array], type_)
    assert beats.tolist() == [wires for wires, _ in expected]
    back = from_beats(beats, format_)
    assert back.tolist() == drawn
    words = [(wires, int(last), 0) for wires, last in expected]
    decoded = decode(words, type_, len(drawn))[0]
    assert dequantize(back, format_).tolist() == to_real(decoded, type_).tolist()


@pytest.mark.parametrize("integer", [-129, 128])
def test_an_integer_beyond_the_format_is_refused(integer: int) -> None:
    with pytest.raises(DriverError, match=f"{integer} is none of the signed 8-bit numbers"):
        to_beats(np.array([0, integer]), Format(True, 8, 4, 8))
