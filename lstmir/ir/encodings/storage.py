"""How the rows of one gate are stored: which elements, in which code, with which exponents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lstmir.ir.encodings.patterns import Pattern, Shape
from lstmir.numeric.codes import Code, Integer, Midrise, Ternary

if TYPE_CHECKING:
    import numpy as np

AXES = ("row", "gate")


@dataclass(frozen=True, slots=True)
class Scale:
    """Integers are a code times 2^exponent; each row, or the gate as a whole, has its exponent.

    Exponents are 0 to 2^bits - 1, stored beside the codes. They follow from the integers: the
    largest with which all of the row are whole.
    """

    axis: str
    bits: int

    def __str__(self) -> str:
        return f"#scale<{self.axis}, {self.bits}>"

    @property
    def largest(self) -> int:
        """The largest exponent."""
        return (1 << self.bits) - 1

    def exponents(self, integers: np.ndarray) -> np.ndarray:
        """The exponent of each row of [rows, columns] integers; that of zeros is 0."""
        import numpy as np

        values = integers.astype(np.int64)
        if self.axis == "gate":
            values = values.reshape(1, -1)
        joined = np.bitwise_or.reduce(values, axis=1)
        lowest = joined & -joined  # the lowest bit of any element: a power of two, or 0
        found = np.where(lowest == 0, 0, np.log2(np.maximum(np.abs(lowest), 1))).astype(np.int64)
        return np.broadcast_to(np.minimum(found, self.largest), (len(integers),))

    def stored_bits(self, rows: int) -> int:
        """Bits of the exponents."""
        return self.bits * (rows if self.axis == "row" else 1)


@dataclass(frozen=True, slots=True)
class Storage:
    """What is stored of a gate. None stands for every element, for all integers of the element
    type, and for no exponents.
    """

    pattern: Pattern | None = None
    code: Code | None = None
    scale: Scale | None = None

    def __str__(self) -> str:
        parts = [self.pattern, None if self.code is None else code_text(self.code), self.scale]
        return " ".join(str(part) for part in parts if part is not None) or "#dense"

    def violation(self, matrix: np.ndarray, integers: bool) -> str | None:
        """What is wrong with a [rows, columns] array that claims to be stored so, or None.

        Codes are of `integers` only.
        """
        return self._crowded(matrix) or (self._uncoded(matrix) if integers else None)

    def kept(self, shape: Shape) -> int:
        """How many elements are stored."""
        return shape[0] * shape[1] if self.pattern is None else self.pattern.cut(shape).kept(shape)

    def products(self, shape: Shape) -> int:
        """How many elements take part in a product, at most: what blocks have beyond the matrix does not."""
        return (
            shape[0] * shape[1] if self.pattern is None else self.pattern.cut(shape).inside(shape)
        )

    def stored_bits(self, shape: Shape, width: int) -> int:
        """Bits of codes, indices and exponents; `width` is that of an element without a code."""
        kept = self.kept(shape)
        if not kept:
            return 0
        indices = 0 if self.pattern is None else self.pattern.cut(shape).index_bits(shape)
        values = kept * width if self.code is None else self.code.stored_bits(kept)
        return values + indices + (0 if self.scale is None else self.scale.stored_bits(shape[0]))

    def _crowded(self, matrix: np.ndarray) -> str | None:
        import numpy as np

        if self.pattern is None:
            return None
        cut = self.pattern.cut((matrix.shape[0], matrix.shape[1]))
        crowded = np.argwhere(cut.live(matrix).sum(axis=2) > cut.keep)
        if not len(crowded):
            return None
        down, across = crowded[0]
        place = self.pattern.place.format(down=down, across=across)
        return f"{place} has more than {cut.keep} {self.pattern.thing}"

    def _uncoded(self, matrix: np.ndarray) -> str | None:
        import numpy as np

        if self.code is None:
            return None
        stored = np.ones(matrix.shape, bool) if self.pattern is None else matrix != 0
        exponents = 0 if self.scale is None else self.scale.exponents(matrix)[:, np.newaxis]
        codes = matrix.astype(np.int64) >> exponents
        wrong = np.argwhere(stored & ~self.code.holds(codes))
        if len(wrong):
            row, column = wrong[0]
            return f"row {row}, column {column} is {matrix[row, column]}, which has no code"
        kept = self.kept((matrix.shape[0], matrix.shape[1]))
        if isinstance(self.code, Midrise) and stored.sum() != kept:
            return f"{kept - stored.sum()} stored elements are zero, which has no code"
        return None


def code_text(code: Code) -> str:
    """The code as the text spells it."""
    match code:
        case Integer(bits):
            return f"#code<integer, {bits}>"
        case Midrise(bits):
            return f"#code<midrise, {bits}>"
        case Ternary():
            return "#code<ternary>"
