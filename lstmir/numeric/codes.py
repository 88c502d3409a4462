"""Which integers a few stored bits stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Integer:
    """All integers of `bits` bits in two's complement."""

    bits: int

    @property
    def largest(self) -> int:
        """The largest magnitude of both signs."""
        return (1 << self.bits - 1) - 1

    def holds(self, integers: Array) -> Array:
        """Which integers have a code."""
        return (-self.largest - 1 <= integers) & (integers <= self.largest)

    def nearest(self, values: Array) -> Array:
        """The code's integer nearest to each real number, as a float; half to even."""
        import numpy as np

        return np.rint(values).clip(-self.largest - 1, self.largest)

    def stored_bits(self, count: int) -> int:
        """Bits of so many codes."""
        return self.bits * count


@dataclass(frozen=True, slots=True)
class Midrise:
    """The odd integers of magnitude below 2^bits, a sign at 1 bit: what a mid-rise quantizer gives.

    It has no zero; each level stands in the middle of an interval of width 2.
    """

    bits: int

    @property
    def largest(self) -> int:
        """The largest magnitude."""
        return (1 << self.bits) - 1

    def holds(self, integers: Array) -> Array:
        """Which integers have a code."""
        import numpy as np

        return np.asarray((integers % 2 == 1) & (np.abs(integers) <= self.largest))

    def nearest(self, values: Array) -> Array:
        """The code's integer nearest to each real number, as a float; up where two are as near."""
        import numpy as np

        odd: Array = (2 * np.floor(values / 2) + 1).clip(-self.largest, self.largest)
        return odd

    def stored_bits(self, count: int) -> int:
        """Bits of so many codes."""
        return self.bits * count


@dataclass(frozen=True, slots=True)
class Ternary:
    """-1, 0 and 1; five of them are stored in 8 bits (3^5 = 243)."""

    @property
    def largest(self) -> int:
        """The largest magnitude."""
        return 1

    def holds(self, integers: Array) -> Array:
        """Which integers have a code."""
        import numpy as np

        return np.asarray(np.abs(integers) <= 1)

    def nearest(self, values: Array) -> Array:
        """The code's integer nearest to each real number, as a float; half to zero."""
        import numpy as np

        return np.rint(values).clip(-1, 1)

    def stored_bits(self, count: int) -> int:
        """Bits of so many codes."""
        return -(-8 * count // 5)


Code: TypeAlias = Integer | Midrise | Ternary
