"""Piecewise-linear forms: what their integers say, and how near a fit is."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmir.numeric import FixedType
from lstmir.numeric.lines import Lines, fit_lines, may_fit

BYTE, UNSIGNED = FixedType(True, 8, 4), FixedType(False, 8, 8)


@given(st.data(), st.integers(1, 6), st.integers(0, 3))
def test_values_follow_from_the_formats(data: st.DataObject, low_bits: int, guard: int) -> None:
    index = data.draw(st.sampled_from([BYTE, FixedType(False, 7, 9)]))
    count = 1 << index.width - low_bits
    coefficients = st.lists(st.integers(-500, 500), min_size=count, max_size=count)
    slopes, intercepts = np.array(data.draw(coefficients)), np.array(data.draw(coefficients))
    lines = Lines(index, UNSIGNED, low_bits, guard, slopes, intercepts)
    slope_unit = Fraction(2) ** -lines.slope_type.frac
    intercept_unit = Fraction(2) ** -lines.intercept_type.frac
    for place, given_ in enumerate(lines.values().tolist()):
        segment, step = divmod(place, 1 << low_bits)
        rise = int(slopes[segment]) * slope_unit * step * Fraction(2) ** -index.frac
        value = floor((rise + int(intercepts[segment]) * intercept_unit) * 2**UNSIGNED.frac)
        assert given_ == min(max(value, UNSIGNED.min_int), UNSIGNED.max_int)
    widths = lines.slope_type.width + lines.intercept_type.width
    assert lines.bits == count * widths
    assert lines.slope_type.contains_int(int(slopes.min()), int(slopes.max()))
    assert lines.intercept_type.contains_int(int(intercepts.min()), int(intercepts.max()))


@given(st.floats(-3, 3), st.floats(-40, 40), st.integers(1, 7))
def test_a_line_is_met(slope: float, first: float, low_bits: int) -> None:
    target = FixedType(True, 12, 4)
    wanted = np.asarray(first + slope * np.arange(256), np.float64)
    lines = fit_lines(wanted, BYTE, target, low_bits, 3)
    assert np.abs(lines.values() - wanted).max() <= 0.75


def test_what_is_left_of_a_bend_is_centred() -> None:
    wanted = np.arange(256.0) ** 2 / 256
    given_ = fit_lines(wanted, FixedType(False, 8, 4), FixedType(False, 12, 4), 8, 3).values()
    left = given_ - wanted
    assert left.max() == pytest.approx(-left.min(), abs=1)
    assert left.max() == pytest.approx(32, abs=1)  # half of the 64 between the bend and its chord


def test_what_has_no_room_is_told() -> None:
    assert may_fit(BYTE, UNSIGNED)
    assert not may_fit(FixedType(True, 17, 4), UNSIGNED)
    assert not may_fit(BYTE, FixedType(True, 41, 4))
    assert not may_fit(BYTE, FixedType(True, 8, 451))
