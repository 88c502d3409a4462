"""Which elements of a matrix may be non-zero: each pattern is a cut into blocks and sets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import astuple, dataclass
from typing import ClassVar, TypeAlias

from lstmir.numeric.blocks import Cut

Shape = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Pattern(ABC):
    """A pattern is written `#sparse.name<its fields>`; `place` says what a set is."""

    name: ClassVar[str]
    place: ClassVar[str]
    thing: ClassVar[str] = "non-zero elements"

    def __str__(self) -> str:
        fields = ", ".join(map(str, astuple(self)))
        return f"#sparse.{self.name}<{fields}>" if fields else f"#sparse.{self.name}"

    @abstractmethod
    def cut(self, shape: Shape) -> Cut:
        """The blocks and sets of a matrix of a shape."""

    def complaint(self) -> str | None:
        """What is wrong with the pattern itself, or None."""
        return None


@dataclass(frozen=True, slots=True)
class Bank(_Pattern):
    """Bank-balanced sparsity (Cao et al., FPGA 2019): at most `keep` non-zeros in each bank.

    The columns of each row are cut into banks of `size` neighbours; the last may be shorter. N:M
    sparsity is this with banks of M.
    """

    size: int
    keep: int

    name: ClassVar[str] = "bank"
    place: ClassVar[str] = "row {down}, bank {across}"

    def cut(self, shape: Shape) -> Cut:
        """Single elements, in sets of neighbours."""
        return Cut(1, 1, 1, self.size, self.keep)

    def complaint(self) -> str | None:
        """Banks hold something."""
        if 0 < self.keep <= self.size:
            return None
        return f"must keep between 1 and {self.size} elements of each bank"

    @property
    def index_bits(self) -> int:
        """Bits of the address of an element within its bank."""
        return max(1, (self.size - 1).bit_length())


@dataclass(frozen=True, slots=True)
class Block(_Pattern):
    """Blocks of `rows` x `columns` elements, at most `keep` of each band of `rows` rows."""

    rows: int
    columns: int
    keep: int

    name: ClassVar[str] = "block"
    place: ClassVar[str] = "band {down}"
    thing: ClassVar[str] = "live blocks"

    def cut(self, shape: Shape) -> Cut:
        """Blocks, in bands."""
        return Cut(self.rows, self.columns, 1, max(1, -(-shape[1] // self.columns)), self.keep)

    def complaint(self) -> str | None:
        """Blocks hold something."""
        if min(self.rows, self.columns, self.keep) > 0:
            return None
        return "must have blocks of at least one row and column, and keep at least one"


@dataclass(frozen=True, slots=True)
class Element(_Pattern):
    """Single elements anywhere: at most `keep` in each of `lanes` equal parts of the rows.

    With a part for each lane of the hardware, none waits for another: load-balance-aware pruning
    (Han et al., ESE, FPGA 2017).
    """

    keep: int
    lanes: int

    name: ClassVar[str] = "element"
    place: ClassVar[str] = "lane {down}"

    def cut(self, shape: Shape) -> Cut:
        """Single elements, in sets of rows."""
        return Cut(1, 1, max(1, -(-shape[0] // self.lanes)), max(1, shape[1]), self.keep)

    def complaint(self) -> str | None:
        """There is a lane."""
        return None if self.lanes > 0 else "must have at least one lane"


@dataclass(frozen=True, slots=True)
class Row(_Pattern):
    """Whole rows: at most `keep` live."""

    keep: int

    name: ClassVar[str] = "row"
    place: ClassVar[str] = "the matrix"
    thing: ClassVar[str] = "live rows"

    def cut(self, shape: Shape) -> Cut:
        """Rows, all in one set."""
        return Cut(1, max(1, shape[1]), max(1, shape[0]), 1, self.keep)


@dataclass(frozen=True, slots=True)
class Column(_Pattern):
    """Whole columns: at most `keep` live."""

    keep: int

    name: ClassVar[str] = "column"
    place: ClassVar[str] = "the matrix"
    thing: ClassVar[str] = "live columns"

    def cut(self, shape: Shape) -> Cut:
        """Columns, all in one set."""
        return Cut(max(1, shape[0]), 1, 1, max(1, shape[1]), self.keep)


@dataclass(frozen=True, slots=True)
class Empty(_Pattern):
    """Nothing lives, and nothing is stored."""

    name: ClassVar[str] = "none"
    place: ClassVar[str] = "the matrix"

    def cut(self, shape: Shape) -> Cut:
        """Rows of which none lives."""
        return Row(0).cut(shape)


Pattern: TypeAlias = Bank | Block | Element | Row | Column | Empty

PATTERNS: dict[str, type[Pattern]] = {
    each.name: each for each in (Bank, Block, Element, Row, Column, Empty)
}
"""All patterns by the name that the text gives them."""
