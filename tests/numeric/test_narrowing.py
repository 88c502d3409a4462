"""Narrow memories: the same numbers in fewer bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmir.numeric.fixed import FixedType
from lstmir.numeric.narrowing import narrowed
from tests.passes.levels import FEW

WIDE = FixedType(True, 16, 3)


@FEW
@given(st.lists(st.integers(-1500, 1500), min_size=1, max_size=6), st.integers(0, 4), st.booleans())
def test_the_numbers_stay(integers: list[int], shift: int, odd: bool) -> None:
    words = np.array([(2 * n + 1 if odd else n) << shift for n in integers], np.int64)
    narrow = narrowed(words, WIDE)
    assert narrow.type.contains_int(int(narrow.words.min()), int(narrow.words.max()))
    assert narrow.values.width <= WIDE.width
    meant = 2 * narrow.words + 1 if narrow.is_midrise else narrow.words
    assert np.array_equal(meant * 2.0**-narrow.values.frac, words * 2.0**-WIDE.frac)
    assert narrow.is_midrise == bool(
        narrow.values.signed and (meant % 2 == 1).all() and words.min() < 0
    )


@pytest.mark.parametrize(
    ("words", "type_", "is_midrise"),
    [
        ([1, -1, 1], FixedType(True, 1, 2), True),
        ([4, -4], FixedType(True, 1, 0), True),
        ([3, -1], FixedType(True, 2, 2), True),
        ([-1, -1], FixedType(True, 1, 2), True),
        ([1, 0, -1], FixedType(True, 2, 3), False),
        ([8, -16, 0], FixedType(True, 2, 0), False),
        ([6, 2], FixedType(False, 2, 2), False),
        ([0, 0], FixedType(False, 1, 3), False),
        ([], FixedType(False, 1, 3), False),
    ],
)
def test_the_bits(words: list[int], type_: FixedType, is_midrise: bool) -> None:
    narrow = narrowed(np.array(words, np.int16), WIDE)
    assert (narrow.type, narrow.is_midrise) == (type_, is_midrise)
