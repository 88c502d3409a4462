"""The fewest bits that hold the words of a memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lstmir.numeric.fixed import FixedType, narrowest

IntArray = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Narrow:
    """Words in a format of their own; with `is_midrise` they are codes: 2 * code + 1 is meant."""

    words: IntArray
    type: FixedType
    is_midrise: bool = False

    @property
    def values(self) -> FixedType:
        """The format of the numbers that are meant."""
        return midrise_type(self.type) if self.is_midrise else self.type


def midrise_type(codes: FixedType) -> FixedType:
    """The format of the odd integers that signed codes stand for."""
    return FixedType(True, codes.width + 1, codes.frac + 1)


def narrowed(words: IntArray, element: FixedType) -> Narrow:
    """The same numbers in fewer bits.

    A power of two that they have in common moves the point, and odd integers of both signs need
    no lowest bit.
    """
    common = int(np.bitwise_or.reduce(words, axis=None)) if words.size else 0
    shift = (common & -common).bit_length() - 1 if common else 0
    integers = words >> shift
    lo, hi = int(integers.min(initial=0)), int(integers.max(initial=0))
    if lo < 0 and (integers & 1).all():
        codes = integers >> 1
        type_ = narrowest(lo >> 1, max(0, hi >> 1), element.frac - shift - 1)
        return Narrow(codes, type_, is_midrise=True)
    return Narrow(integers, narrowest(lo, hi, element.frac - shift))
