"""Fewer operand bits: what a function may be wherever operands are no longer told apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lstmir.numeric.arrays import to_real
from lstmir.numeric.carriers import INT64, OBJECT, IntArray, cast_ints
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.functions import FloatArray, domain, evaluate, real


@dataclass(frozen=True)
class Reduction:
    """Operands of `source` rounded down to the fraction bits of `index`, and saturated to it.

    Raises ValueError if the index has more fraction bits.
    """

    source: FixedType
    index: FixedType

    def __post_init__(self) -> None:
        """Refuse an index that is finer than what it stands for."""
        if self.index.frac > self.source.frac:
            raise ValueError(f"{self.index} is finer than {self.source}")

    def preimages(self, lo: int, hi: int) -> tuple[IntArray, IntArray]:
        """The least and the greatest of the operands lo..hi behind each integer of the index.

        The integers are in rising order. One that no operand becomes has the nearest operand.
        """
        dropped = self.source.frac - self.index.frac
        integers = cast_ints(integers_of(self.index), INT64 if self.source.width < 62 else OBJECT)
        first = integers << dropped
        last = first + ((1 << dropped) - 1)
        first[0], last[-1] = min(first[0], lo), max(last[-1], hi)
        return first.clip(lo, hi), last.clip(lo, hi)


@dataclass(frozen=True, eq=False)
class Results:
    """The correctly rounded results of all operands behind each integer of `index`, rising.

    They lie between `lows` and `highs`, [2**index.width] each, and both are among them.
    """

    index: FixedType
    target: FixedType
    lows: IntArray
    highs: IntArray

    @property
    def centres(self) -> IntArray:
        """The one result in place of all that is wrong by the least."""
        return (self.lows + self.highs) >> 1

    def halved(self) -> Results:
        """Those behind an index without its lowest bit: two neighbours become one."""
        index = FixedType(self.index.signed, self.index.width - 1, self.index.frac - 1)
        return Results(index, self.target, self.lows[::2], self.highs[1::2])

    def error(self, given: IntArray) -> int:
        """The largest difference between a result and what is given instead, in last places."""
        wide = cast_ints(given, self.lows.dtype)
        return int(max(np.abs(wide - self.lows).max(), np.abs(wide - self.highs).max()))


@lru_cache(4)
def results_behind(name: str, source: FixedType, index: FixedType, target: FixedType) -> Results:
    """The results of a function that is monotone: those at the ends bound all between them.

    Raises ValueError for a function that is not.
    """
    if name not in MONOTONE:
        raise ValueError(f"'{name}' is not monotone")
    ends = Reduction(source, index).preimages(*domain(name, source))
    lows, highs = (evaluate(name, end, source, target) for end in ends)
    held = INT64 if target.width < 62 else OBJECT
    return Results(index, target, cast_ints(lows, held), cast_ints(highs, held))


def real_centres(name: str, source: FixedType, index: FixedType, target: FixedType) -> FloatArray:
    """What lies in the middle of the real values behind each integer of the index."""
    ends = Reduction(source, index).preimages(*domain(name, source))
    lo, hi = (real_values(name, end, source, target) for end in ends)
    return np.asarray((lo + hi) / 2)


def real_values(name: str, ints: IntArray, source: FixedType, target: FixedType) -> FloatArray:
    """The real values of a function at integers of `source`, in last places of `target`, saturated."""
    with np.errstate(over="ignore"):
        scaled = np.ldexp(real(name, to_real(ints, source)), target.frac)
    return scaled.clip(target.min_int, target.max_int)


def integers_of(type_: FixedType) -> IntArray:
    """Every integer of a format of at most 16 bits or so, rising."""
    return np.arange(type_.min_int, type_.max_int + 1)


MONOTONE = frozenset(
    {"elu", "exp", "log", "relu", "sigmoid", "softplus", "softsign", "sqrt", "tanh"}
)
"""The functions that never fall; rounding and saturation keep them so."""
