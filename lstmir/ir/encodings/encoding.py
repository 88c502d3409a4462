"""How a constant matrix is stored. An encoding never changes the matrix' value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lstmir.ir.encodings.patterns import Bank, Pattern
from lstmir.ir.encodings.storage import Storage

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Encoding:
    """The storage of each gate: as many equal parts of the rows. Most matrices have one part."""

    gates: tuple[Storage, ...]

    def __str__(self) -> str:
        if len(self.gates) == 1:
            return str(self.gates[0])
        return f"#by_gate<{', '.join(map(str, self.gates))}>"

    def parts(self, matrix: np.ndarray) -> list[np.ndarray]:
        """The rows of each gate. Raises ValueError where they are no equal parts."""
        rows, gates = len(matrix), len(self.gates)
        if rows % gates:
            raise ValueError(f"{rows} rows are not those of {gates} gates")
        return [matrix[start : start + rows // gates] for start in range(0, rows, rows // gates)]

    def violation(self, matrix: np.ndarray, integers: bool = True) -> str | None:
        """What is wrong with a [rows, columns] array that claims to be stored so, or None.

        Of floats only the pattern can be told; a code says what they are to be rounded to.
        """
        if len(matrix) % len(self.gates):
            return f"{len(matrix)} rows are not those of {len(self.gates)} gates"
        for gate, part in enumerate(self.parts(matrix)):
            wrong = self.gates[gate].violation(part, integers)
            if wrong:
                return wrong if len(self.gates) == 1 else f"gate {gate}: {wrong}"
        return None

    def kept(self, shape: tuple[int, int]) -> int:
        """How many elements of a matrix are stored."""
        return sum(each.kept(self._part(shape)) for each in self.gates)

    def products(self, shape: tuple[int, int]) -> int:
        """How many elements take part in a product, at most."""
        return sum(each.products(self._part(shape)) for each in self.gates)

    def stored_bits(self, shape: tuple[int, int], width: int) -> int:
        """Bits of values, indices and exponents; `width` is that of the matrix' elements."""
        return sum(each.stored_bits(self._part(shape), width) for each in self.gates)

    @property
    def banks(self) -> Bank | None:
        """The banks that hold every element that may live, if the gates agree on their size."""
        banks = [each.pattern for each in self.gates if isinstance(each.pattern, Bank)]
        if len(banks) < len(self.gates) or len({bank.size for bank in banks}) > 1:
            return None
        return max(banks, key=lambda bank: bank.keep)

    def _part(self, shape: tuple[int, int]) -> tuple[int, int]:
        return shape[0] // len(self.gates), shape[1]


def patterned(*patterns: Pattern) -> Encoding:
    """An encoding of a pattern for each gate, with all integers of the element type."""
    return Encoding(tuple(Storage(pattern) for pattern in patterns))
