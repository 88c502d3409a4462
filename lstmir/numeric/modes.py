"""How a conversion to fewer bits may round and overflow, by the names of the language."""

from __future__ import annotations

from enum import StrEnum


class Rounding(StrEnum):
    """How a value between two neighbours is rounded; named beside it, ap_fixed's mode."""

    FLOOR = "floor"
    """AP_TRN: towards minus infinity."""
    HALF_UP = "half_up"
    """AP_RND: to the nearest, a tie towards plus infinity."""
    HALF_EVEN = "half_even"
    """AP_RND_CONV: to the nearest, a tie to the even integer."""
    TOWARD_ZERO = "toward_zero"
    """AP_TRN_ZERO: towards zero."""


class Overflow(StrEnum):
    """What becomes of a rounded value outside the target's range; beside it, ap_fixed's mode."""

    SATURATE = "saturate"
    """AP_SAT: the nearest end of the range."""
    WRAP = "wrap"
    """AP_WRAP: the low bits, reinterpreted in the target's format."""
