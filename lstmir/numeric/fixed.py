"""Fixed-point formats, and the narrowest formats that hold every result of exact arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

MAX_WIDTH = 1024
"""The widest exact result, in bits: the limit of ap_fixed itself."""

MAX_STORED_WIDTH = 64
"""The widest port, constant, memory word or result of a requantization, in bits."""

MAX_FRAC = 1024
"""The largest magnitude of a format's number of fraction bits."""


@dataclass(frozen=True, slots=True)
class FixedType:
    """A two's-complement or unsigned format: value = integer * 2**-frac.

    `frac` may be negative or above `width`. Raises ValueError if `width` is not in 1..1024, or
    `frac` not in -1024..1024.
    """

    signed: bool
    width: int
    frac: int

    def __post_init__(self) -> None:
        """Refuse a format that no value could have."""
        if not 1 <= self.width <= MAX_WIDTH:
            raise ValueError(f"width must be 1 to {MAX_WIDTH} bits, not {self.width}")
        if abs(self.frac) > MAX_FRAC:
            raise ValueError(f"fraction bits must be -{MAX_FRAC} to {MAX_FRAC}, not {self.frac}")

    def __str__(self) -> str:
        """The format as the IR spells it, such as `!fx.s<8,5>`."""
        return f"!fx.{'s' if self.signed else 'u'}<{self.width},{self.frac}>"

    @property
    def min_int(self) -> int:
        """The smallest integer."""
        return -1 << self.width - 1 if self.signed else 0

    @property
    def max_int(self) -> int:
        """The largest integer."""
        return (1 << self.width - self.signed) - 1

    @property
    def lsb(self) -> float:
        """The distance between neighbouring values; infinite beyond float64."""
        return to_float(1, self.frac)

    @property
    def min_value(self) -> float:
        """The smallest value, rounded to float64; infinite beyond it."""
        return to_float(self.min_int, self.frac)

    @property
    def max_value(self) -> float:
        """The largest value, rounded to float64; infinite beyond it."""
        return to_float(self.max_int, self.frac)

    def contains_int(self, lo: int, hi: int) -> bool:
        """Whether every integer of lo..hi is an integer of this format."""
        return self.min_int <= lo and hi <= self.max_int

    def contains(self, other: FixedType) -> bool:
        """Whether every value of `other` is a value of this format."""
        if self.frac < other.frac:
            return False
        return self.contains_int(*_aligned_range(other, self.frac))


def narrowest(lo: int, hi: int, frac: int) -> FixedType:
    """The narrowest format with the integers lo..hi: unsigned if lo >= 0.

    Raises ValueError if lo > hi, or if the format would be wider than 1024 bits.
    """
    if lo > hi:
        raise ValueError(f"an empty range has no format: {lo} > {hi}")
    signed = lo < 0
    width = max(1, signed + max(_magnitude_bits(lo), _magnitude_bits(hi)))
    if width > MAX_WIDTH:
        raise ValueError(f"an exact result would need {width} bits; at most {MAX_WIDTH} are legal")
    return FixedType(signed, width, frac)


def sum_type(types: Iterable[FixedType]) -> FixedType:
    """The narrowest format of the exact sum of one value of each type.

    Raises ValueError if there are no types, or the format would be wider than 1024 bits.
    """
    terms = list(types)
    if not terms:
        raise ValueError("a sum needs at least one operand")
    frac = max(term.frac for term in terms)
    lows, highs = zip(*(_aligned_range(term, frac) for term in terms), strict=True)
    return narrowest(sum(lows), sum(highs), frac)


def difference_type(a: FixedType, b: FixedType) -> FixedType:
    """The narrowest format of the exact a - b; ValueError if wider than 1024 bits."""
    frac = max(a.frac, b.frac)
    a_lo, a_hi = _aligned_range(a, frac)
    b_lo, b_hi = _aligned_range(b, frac)
    return narrowest(a_lo - b_hi, a_hi - b_lo, frac)


def product_type(a: FixedType, b: FixedType) -> FixedType:
    """The narrowest format of the exact a * b; ValueError if wider than 1024 bits."""
    corners = [x * y for x in (a.min_int, a.max_int) for y in (b.min_int, b.max_int)]
    return narrowest(min(corners), max(corners), a.frac + b.frac)


def union_type(types: Iterable[FixedType]) -> FixedType:
    """The narrowest format that holds every value of each type.

    Raises ValueError if there are no types, or the format would be wider than 1024 bits.
    """
    parts = list(types)
    if not parts:
        raise ValueError("a union needs at least one format")
    frac = max(part.frac for part in parts)
    lows, highs = zip(*(_aligned_range(part, frac) for part in parts), strict=True)
    return narrowest(min(lows), max(highs), frac)


def negation_type(a: FixedType) -> FixedType:
    """The narrowest format of the exact -a; ValueError if wider than 1024 bits."""
    return narrowest(-a.max_int, -a.min_int, a.frac)


def to_float(integer: int, frac: int) -> float:
    """The value integer * 2**-frac, rounded once to float64; infinite beyond it."""
    try:
        return integer / (1 << frac) if frac >= 0 else float(integer << -frac)
    except OverflowError:
        return math.inf if integer > 0 else -math.inf


def _magnitude_bits(integer: int) -> int:
    """The bits of an integer in two's complement, without its sign."""
    return (integer if integer >= 0 else ~integer).bit_length()


def _aligned_range(type: FixedType, frac: int) -> tuple[int, int]:
    shift = frac - type.frac
    return type.min_int << shift, type.max_int << shift
