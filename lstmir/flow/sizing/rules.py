"""What the synthesis of each family makes of multiplications and memories, as Yosys decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """One family's.

    A multiplication, or a part of it, takes a block if its factors have at least 2 bits, together
    `least_product`. A block multiplies `widest[0]` by `widest[1]` bits signed. A factor that is wider
    is cut into parts of `part` bits, of which one is spent on a sign where blocks are `signed_only`.

    `shapes` are the words and bits of a block of memory, whose price to the synthesis is
    `block_price`. A small memory of LUTs has `lut_shapes` (words, bits, LUTs); each has the price
    `lut_price`. None of them: memories are blocks or registers. Prices of registers are 1 a bit,
    of logic for constants `rom_price`.
    A memory of `pair_registers` words whose reads have registers is registers, whatever the prices.

    Where `sums_choose`, what chooses one of a sum's terms is in the block or the tables of the sum.
    """

    lut_inputs: int
    widest: tuple[int, int]
    part: int
    least_product: int
    signed_only: bool
    shapes: tuple[tuple[int, int], ...]
    block_price: int
    rom_price: float
    lut_shapes: tuple[tuple[int, int, int], ...] = ()
    lut_price: int = 0
    pair_registers: int = 0
    sums_choose: bool = False


_18K = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))

RULES: Mapping[str, Rules] = {
    "xc7": Rules(
        6, (25, 18), 18, 9, True, _18K, 129, 1 / 64, ((32, 6, 4), (64, 3, 4)), 7, sums_choose=True
    ),
    "ecp5": Rules(4, (18, 18), 18, 0, False, _18K, 128, 1 / 16, ((16, 4, 6),), 4, 2),
    "ice40": Rules(
        4, (16, 16), 16, 11, False, ((256, 16), (512, 8), (1024, 4), (2048, 2)), 64, 1 / 16
    ),
}
"""By family; one that is not here is not estimated."""
