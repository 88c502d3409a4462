"""Codes: their integers, and the nearest one to any number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmir.numeric.codes import Code, Integer, Midrise, Ternary

CODES: list[tuple[Code, list[int]]] = [
    (Integer(2), [-2, -1, 0, 1]),
    (Integer(4), list(range(-8, 8))),
    (Midrise(1), [-1, 1]),
    (Midrise(2), [-3, -1, 1, 3]),
    (Midrise(3), [-7, -5, -3, -1, 1, 3, 5, 7]),
    (Ternary(), [-1, 0, 1]),
]


@pytest.mark.parametrize(("code", "integers"), CODES)
def test_a_code_has_these_integers(code: Code, integers: list[int]) -> None:
    every = np.arange(-20, 21)
    assert every[code.holds(every)].tolist() == integers
    assert code.largest == max(integers)


@pytest.mark.parametrize(("code", "integers"), CODES)
@given(value=st.floats(-20, 20))
def test_the_nearest_is_nearest(code: Code, integers: list[int], value: float) -> None:
    found = float(code.nearest(np.array(value)))
    assert found in integers
    assert abs(found - value) == min(abs(each - value) for each in integers)


def test_bits_of_codes() -> None:
    assert [code.stored_bits(10) for code, _ in CODES] == [20, 40, 10, 20, 30, 16]
