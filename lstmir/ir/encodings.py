"""How a constant tensor is stored. An encoding never changes the tensor's value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class BankSparse:
    """Bank-balanced sparsity (Cao et al., FPGA 2019): at most `keep` non-zeros in each bank.

    The columns of each row are cut into banks of `size` neighbours; the last may be shorter.
    """

    size: int
    keep: int

    def __str__(self) -> str:
        return f"#sparse.bank<{self.size}, {self.keep}>"

    def violation(self, values: np.ndarray) -> str | None:
        """What is wrong with a [rows, columns] array that claims this pattern, or None."""
        import numpy as np

        banks = split_banks(values != 0, self.size)
        crowded = np.argwhere(banks.sum(axis=2) > self.keep)
        if not len(crowded):
            return None
        row, bank = crowded[0]
        return f"row {row}, bank {bank} has more than {self.keep} non-zero elements"

    def kept(self, columns: int) -> int:
        """The most elements of a row of `columns` that can live."""
        whole, rest = divmod(columns, self.size)
        return whole * self.keep + min(rest, self.keep)

    @property
    def index_bits(self) -> int:
        """Bits that say which element of its bank a stored value is."""
        return max(1, (self.size - 1).bit_length())


Encoding: TypeAlias = BankSparse


def split_banks(matrix: np.ndarray, size: int) -> np.ndarray:
    """[rows, columns] as [rows, banks, size], the last bank padded with zeros."""
    import numpy as np

    rows, columns = matrix.shape
    banks = -(-columns // size)
    padded = np.zeros((rows, banks * size), dtype=matrix.dtype)
    padded[:, :columns] = matrix
    return padded.reshape(rows, banks, size)
