"""Two narrow products in one multiplier block: the arithmetic of it.

Of two factors of the same element x the block is given one word, high * 2**k + low, where k are the
bits of the exact product low * x. Then the block's product is the sum of both, the lower one in the
low k bits. If that is negative it has borrowed one from the higher: the sign of the low bits says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lstmir.numeric.fixed import FixedType, narrowest, product_type

Range = tuple[int, int]
"""The least and the largest of some integers."""


@dataclass(frozen=True)
class Block:
    """A multiplier block: the bits of its signed factors.

    Factors that have fewer than `least` bits together are not given one: they are multiplied in logic.
    """

    widths: tuple[int, int]
    least: int = 0

    def fits(self, *factors: FixedType) -> bool:
        """Whether factors are no wider than the block's."""
        second, first = sorted(_bits(*factors))
        return first <= max(self.widths) and second <= min(self.widths)

    def takes(self, *factors: FixedType) -> bool:
        """Whether factors are given one if they are multiplied alone."""
        return sum(_bits(*factors)) >= self.least


def _bits(*factors: FixedType) -> list[int]:
    """The widths of factors as signed ones, which is all that some blocks know."""
    return [type_.width + (not type_.signed) for type_ in factors]


@dataclass(frozen=True)
class Shared:
    """Two factors in ranges, and the type of the integers that both multiply.

    Raises ValueError where a type would be wider than any may be.
    """

    low: Range
    high: Range
    operand: FixedType

    @property
    def low_range(self) -> Range:
        """The exact product of the lower factor."""
        return _products(self.low, self.operand)

    @property
    def high_range(self) -> Range:
        """The exact product of the higher factor."""
        return _products(self.high, self.operand)

    @cached_property
    def low_product(self) -> FixedType:
        """The type of the lower product."""
        return narrowest(*self.low_range, 0)

    @cached_property
    def low_stored(self) -> FixedType:
        """What is stored of the lower factor: all of it."""
        return narrowest(*self.low, 0)

    @cached_property
    def high_stored(self) -> FixedType:
        """What is stored of the higher factor: one less where the lower one is negative."""
        least, most = self.high
        return narrowest(least - (self.low[0] < 0), most - (self.low[1] < 0), 0)

    @property
    def split(self) -> int:
        """Where the higher product begins in the block's."""
        return self.low_product.width

    @property
    def borrows(self) -> bool:
        """Whether the lower product can be negative."""
        return self.low_product.signed

    @property
    def word(self) -> FixedType:
        """Both factors side by side, as the block is given them."""
        return FixedType(self.high_stored.signed, self.split + self.high_stored.width, 0)

    @property
    def product(self) -> FixedType:
        """What the block gives."""
        return product_type(self.word, self.operand)

    @property
    def high_wires(self) -> FixedType:
        """What lies above the lower product: the higher one, or one less where the lower has borrowed."""
        least, most = self.high_range
        exact, product = narrowest(least - self.borrows, most, 0), self.product
        # Where the least product and a borrow never meet, there may be a wire less than for both.
        there = FixedType(product.signed, product.width - self.split, 0)
        return exact if exact.width <= there.width else there


def _products(factor: Range, operand: FixedType) -> Range:
    corners = [a * b for a in factor for b in (operand.min_int, operand.max_int)]
    return min(corners), max(corners)


def shared(first: Range, second: Range, operand: FixedType) -> tuple[Shared, bool]:
    """Two factors in the order that makes the narrower word, and whether the second is then the lower."""
    plain, swapped = Shared(first, second, operand), Shared(second, first, operand)
    is_swapped = swapped.word.width < plain.word.width
    return (swapped if is_swapped else plain), is_swapped
