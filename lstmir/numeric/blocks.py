"""A matrix cut into blocks, and the blocks into sets of which equally many live.

Every sparsity pattern here is one of these cuts: banks are sets of neighbours in a row, whole rows or
columns are long blocks in one set, and a block of its own shape competes with those of its band.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_DECODED = 16
"""Up to so many blocks, one number can say which of a set live: its decoder is a small table."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Blocks of `rows` x `columns` elements; `down` x `across` neighbouring blocks are a set.

    At most `keep` blocks of each set live. The last blocks and sets may reach beyond the matrix.
    """

    rows: int
    columns: int
    down: int
    across: int
    keep: int

    def sets(self, shape: tuple[int, int]) -> tuple[int, int]:
        """How many sets lie below and beside each other."""
        return -(-shape[0] // (self.rows * self.down)), -(-shape[1] // (self.columns * self.across))

    def split(self, matrix: Array) -> Array:
        """[rows, columns] as [sets down, sets across, blocks, rows, columns], zeros beyond."""
        import numpy as np

        down, across = self.sets((matrix.shape[0], matrix.shape[1]))
        height, width = self.rows * self.down, self.columns * self.across
        padded = np.zeros((down * height, across * width), matrix.dtype)
        padded[: matrix.shape[0], : matrix.shape[1]] = matrix
        cut = padded.reshape(down, self.down, self.rows, across, self.across, self.columns)
        blocks = cut.transpose(0, 3, 1, 4, 2, 5)
        return blocks.reshape(down, across, self.down * self.across, self.rows, self.columns)

    def join(self, blocks: Array, shape: tuple[int, int]) -> Array:
        """What `split` made, as a matrix of a shape again."""
        down, across = self.sets(shape)
        cut = blocks.reshape(down, across, self.down, self.across, self.rows, self.columns)
        whole = cut.transpose(0, 2, 4, 1, 3, 5)
        padded = whole.reshape(down * self.down * self.rows, across * self.across * self.columns)
        return padded[: shape[0], : shape[1]]

    def live(self, matrix: Array) -> Array:
        """[sets down, sets across, blocks]: which blocks hold a non-zero element."""
        import numpy as np

        return np.asarray(self.split(matrix != 0).any(axis=(3, 4)))

    def largest(self, scores: Array) -> Array:
        """The mask [rows, columns] of the blocks with the largest sums of scores, none negative.

        Of equal ones the first live; those wholly beyond the matrix come last.
        """
        import numpy as np

        inside = self.split(np.ones(scores.shape, bool)).any(axis=(3, 4))
        sums = np.where(inside, self.split(scores).sum(axis=(3, 4)), -1.0)
        order = np.argsort(-sums, axis=2, kind="stable")
        rank = np.argsort(order, axis=2, kind="stable")
        blocks = np.ones((self.rows, self.columns), bool)
        mask = (rank < self.keep)[..., np.newaxis, np.newaxis] & blocks
        return self.join(mask, (scores.shape[0], scores.shape[1]))

    def choices(self, shape: tuple[int, int]) -> list[tuple[int, int]]:
        """For each set, its blocks (those wholly beyond the matrix left out) and how many live."""
        down = _parts(-(-shape[0] // self.rows), self.down)
        across = _parts(-(-shape[1] // self.columns), self.across)
        counts = [d * a for d in down for a in across]
        return [(count, min(self.keep, count)) for count in counts]

    def kept(self, shape: tuple[int, int]) -> int:
        """The elements that are stored: those of all blocks that may live, whole."""
        return self.rows * self.columns * sum(live for _, live in self.choices(shape))

    def inside(self, shape: tuple[int, int]) -> int:
        """Those of them that are elements of the matrix: at most, whichever blocks live."""
        import numpy as np

        areas = self.split(np.ones(shape, int)).sum(axis=(3, 4))
        return int(np.sort(areas, axis=2)[..., ::-1][..., : self.keep].sum())

    def index_bits(self, shape: tuple[int, int]) -> int:
        """Bits that say which blocks live."""
        return sum(_choice_bits(*choice) for choice in self.choices(shape))


def _parts(count: int, size: int) -> list[int]:
    """`count` things in groups of `size`, the last one perhaps smaller."""
    whole, rest = divmod(count, size)
    return [size] * whole + ([rest] if rest else [])


def _choice_bits(blocks: int, live: int) -> int:
    """Bits that say which of some blocks live.

    The number of the choice where that can be decoded; else an address a survivor or a bit a
    block, whichever is less.
    """
    if live in (0, blocks):
        return 0
    if blocks <= _DECODED:
        return (comb(blocks, live) - 1).bit_length()
    return min(blocks, live * (blocks - 1).bit_length())
