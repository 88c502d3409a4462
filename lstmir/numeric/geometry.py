"""How an array of multipliers walks a matrix: groups of rows, windows of the vector, tiles.

The rows of one group are the gates of a few hidden units, unit by unit: lane p of group g is gate
p % gates of unit g * units + p // gates, and gate q of unit j is row q * (rows of the matrix /
gates) + j. Each lane reads a list of blocks of neighbouring elements, as many in each tile as it
has multipliers; its list says, where that is not plain, which neighbours of the vector they are for.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TileShape:
    """A tile of `rows` lanes, of which those from `first` in steps of `step` read `columns` each.

    `gates` rows of the matrix belong to one hidden unit.
    """

    rows: int
    columns: int
    gates: int = 1
    first: int = 0
    step: int = 1

    @property
    def units(self) -> int:
        """Hidden units in a group of rows."""
        return self.rows // self.gates

    @property
    def lanes(self) -> int:
        """How many lanes read."""
        return len(range(self.first, self.rows, self.step))

    def groups(self, rows: int) -> int:
        """Groups of a matrix with so many rows. Raises ValueError where they are no whole units."""
        if self.rows % self.gates or rows % self.gates:
            raise ValueError(
                f"{rows} rows in tiles of {self.rows} are not whole units of {self.gates}"
            )
        return -(-(rows // self.gates) // self.units)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the elements of a tile stand in the vector.

    A `window` of neighbours of the vector serves `slots` tiles. A tile sees `banks` banks of `size`
    neighbours: the whole window (one bank, from which each tile takes more), or, where they are
    fewer, the part of the window whose turn it is. An entry of a list is an aligned block of `block`
    neighbours; as many of a tile's entries are for each bank. A tile has `lists` lists: lane p reads
    list p % lists. Banks of a single block need no addresses.
    """

    window: int
    slots: int = 1
    size: int = 1
    banks: int = 1
    block: int = 1
    lists: int = 1

    @property
    def seen(self) -> int:
        """Neighbours that one tile sees."""
        return self.banks * self.size

    @property
    def moves(self) -> bool:
        """Whether each tile sees another part of the window."""
        return self.seen < self.window

    @property
    def is_indexed(self) -> bool:
        """Whether entries have addresses."""
        return self.size > self.block

    @property
    def index_bits(self) -> int:
        """Bits of the address of a block in its bank."""
        return max(1, (self.size // self.block - 1).bit_length())

    @property
    def all_banks(self) -> int:
        """Banks of a window."""
        return self.slots * self.banks if self.moves else self.banks

    def windows(self, columns: int) -> int:
        """Windows of a row."""
        return -(-columns // self.window)

    def check(self, tiles: TileShape) -> None:
        """Raise ValueError where the numbers do not go together."""
        if min(self.window, self.slots, self.size, self.banks, self.block, self.lists) < 1:
            raise ValueError("the numbers of a layout are positive")
        entries, rest = divmod(tiles.columns, self.block)
        if rest or self.size % self.block:
            raise ValueError(
                f"{tiles.columns} columns and banks of {self.size} are no whole blocks of {self.block}"
            )
        if entries % self.banks:
            raise ValueError(f"{entries} entries are not as many for each of {self.banks} banks")
        if tiles.lanes % self.lists:
            raise ValueError(f"{tiles.lanes} lanes cannot share {self.lists} lists")
        turns = self.slots if self.moves else 1
        if turns * self.seen > self.window or (self.slots > 1 and turns == 1 < self.banks):
            raise ValueError(
                f"{self.slots} tiles of {self.banks} banks of {self.size} are no window of {self.window}"
            )


def dense(columns: int) -> Layout:
    """Neighbours one after the other, `columns` in each tile."""
    return Layout(columns, banks=columns)
