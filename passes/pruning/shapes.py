"""The patterns that prune makes, from its options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from lstmir.ir.encodings import (
    Bank,
    Block,
    Column,
    Element,
    Encoding,
    Pattern,
    Row,
    patterned,
)  # fmt: skip
from lstmir.ir.encodings.patterns import Shape as Size

PATTERNS = ("element", "row", "column", "block", "bank", "nm")


@dataclass(frozen=True)
class Shape:
    """What lives and dies together, and what among it is chosen.

    `size` is that of banks, `keep` how many of one live (0: as a ratio says), `rows` and `columns`
    those of blocks, `lanes` the parts of the rows that keep equally many elements.
    """

    name: str
    size: int
    keep: int
    rows: int
    columns: int
    lanes: int

    def pattern(self, size: Size, ratio: float) -> Pattern:
        """The pattern of a gate's rows x columns with this share of it gone."""
        rows, columns = size
        match self.name:
            case "element":
                cut = Element(0, self.lanes).cut(size)
                return Element(_left(cut.down * columns, ratio), self.lanes)
            case "row":
                return Row(_left(rows, ratio))
            case "column":
                return Column(_left(columns, ratio))
            case "block":
                return Block(self.rows, self.columns, _left(ceil(columns / self.columns), ratio))
        bank = self.size if self.name == "nm" else self._dividing(columns)
        return Bank(bank, min(bank, self.keep) or _left(bank, ratio))

    def _dividing(self, columns: int) -> int:
        """The smallest banks of at least `size` that divide a row."""
        return next((n for n in range(self.size, columns) if columns % n == 0), max(1, columns))

    def overhang(self, size: Size) -> str | None:
        """What reaches beyond a gate's rows x columns, or None."""
        rows, columns = size
        if self.name == "block" and (rows % self.rows or columns % self.columns):
            return f"blocks of {self.rows}x{self.columns}"
        if self.name == "nm" and columns % self.size:
            return f"groups of {self.size} columns"
        return None


def encoding_of(patterns: Sequence[Pattern], size: Size) -> Encoding:
    """The encoding of a matrix of a size whose gates have these patterns.

    Where one pattern of the whole matrix says the same, it is that.
    """
    gates = len(patterns)
    first = patterns[0]
    whole, part = first.cut(size), first.cut((size[0] // gates, size[1]))
    aligned = whole == part and size[0] // gates % (part.rows * part.down) == 0
    return patterned(first) if aligned and len(set(patterns)) == 1 else patterned(*patterns)


def _left(count: int, ratio: float) -> int:
    """How many of some things are left, never none."""
    return max(1, ceil(count * (1 - ratio) - 1e-9))
