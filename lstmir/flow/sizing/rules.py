"""What the synthesis of each family makes of multiplications and memories, as Yosys decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """Words and bits of a block, or of a group of LUTs; its price to the synthesis, and what it `takes`."""

    words: int
    bits: int
    price: int
    takes: int = 1


@dataclass(frozen=True)
class Rules:
    """One family's.

    A multiplication, or a part of it, takes a block if its factors have at least 2 bits, together
    `least_product`. A block multiplies `widest[0]` by `widest[1]` bits signed. A factor that is wider
    is cut into parts of `part` bits, of which one is spent on a sign where blocks are `signed_only`.

    `shapes` are those of a block of memory; a small memory of LUTs has one of `lut_shapes`, or of
    `same_shapes` where it is always read where it would be written. None of them: memories are blocks or
    registers. Prices of registers are 1 a bit, of logic for constants `rom_price`.

    Where `sums_choose`, what chooses one of a sum's terms is in the block or the tables of the sum.
    Where `blocks_add`, a block has a sum and registers inside, and takes them from the logic.
    A choice among N words takes `choices[N]` LUTs a bit; nothing there: it is logic like any other.
    A LUT delays a bit by `shift_stages` cycles at most; 0 where it cannot.
    """

    lut_inputs: int
    widest: tuple[int, int]
    part: int
    least_product: int
    signed_only: bool
    shapes: tuple[Shape, ...]
    rom_price: float
    lut_shapes: tuple[Shape, ...] = ()
    same_shapes: tuple[Shape, ...] = ()
    sums_choose: bool = False
    blocks_add: bool = False
    shift_stages: int = 0
    choices: tuple[float, ...] = ()


def _blocks(words: int, widths: tuple[int, ...], price: int, takes: int = 1) -> tuple[Shape, ...]:
    """The shapes of a block, from so many words on: twice the words, the next of the widths."""
    return tuple(Shape(words << step, bits, price, takes) for step, bits in enumerate(widths))


_WIDTHS = (36, 18, 9, 4, 2, 1)
_SLICES = (Shape(16, 4, 4, 6),)
_CHOICES = (
    0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 4.2, 5, 5, 5, 6, 10, 10.6, 8.2, 11, 8, 8.6, 13.2, 11, 13, 14.5,
    12.4, 12, 12, 13.8, 12, 11.8, 16, 15.6, 16.1, 16.1, 16.1, 17.8, 16, 17.1, 19, 16.5, 17.5, 19.8, 17.5,
    19.1, 19.6, 23.1, 23, 25, 24.6, 22.2, 23.8, 25.6, 23.4, 23.8, 24.9, 24.6, 23.4, 26.1, 27.5, 28.4, 28.5,
)  # fmt: skip
"""What Yosys 0.70 made of choices among 0, 1, 2, ... words, a bit of each."""

RULES: Mapping[str, Rules] = {
    "xc7": Rules(
        lut_inputs=6, widest=(25, 18), part=18, least_product=9, signed_only=True,
        # A RAMB36 is two RAMB18.
        shapes=(*_blocks(512, _WIDTHS, 129), *_blocks(512, (72, *_WIDTHS), 257, 2)), rom_price=1 / 64,
        lut_shapes=(Shape(32, 6, 7, 4), Shape(64, 3, 7, 4)),
        same_shapes=_blocks(32, (8, 4, 2, 1), 7, 4),
        sums_choose=True, blocks_add=True, shift_stages=32, choices=_CHOICES,
    ),
    "ecp5": Rules(
        lut_inputs=4, widest=(18, 18), part=18, least_product=0, signed_only=False,
        shapes=_blocks(512, _WIDTHS, 128), rom_price=1 / 16, lut_shapes=_SLICES, same_shapes=_SLICES,
    ),
    "ice40": Rules(
        lut_inputs=4, widest=(16, 16), part=16, least_product=11, signed_only=False,
        shapes=_blocks(256, (16, 8, 4, 2), 64), rom_price=1 / 16,
    ),
}  # fmt: skip
"""By family; one that is not here is not estimated."""
