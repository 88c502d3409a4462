"""What the patterns of a matrix allow: lists of the elements that live, with room for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import gcd

import numpy as np

from lstmir.ir.encodings import Bank, Block, Column, Storage
from lstmir.ir.types import TensorType
from lstmir.numeric.geometry import TileShape
from lstmir.numeric.packing import row_order

WIDEST = 128
"""Neighbours that a multiplier chooses from, at most, unless a pattern's banks are larger."""


@dataclass(frozen=True)
class Lists:
    """Lists whose entries are blocks in banks of `size`, of which `need` may live in each bank."""

    size: int
    need: int
    block: int = 1
    lists: int = 1

    def banks(self, columns: int) -> int:
        """Banks that a tile of so many columns reads whole; 0 if a bank takes more than one."""
        entries = columns // self.block
        fitting = (d for d in range(max(1, self.need), entries + 1) if entries % d == 0)
        room = next(fitting, 0)
        return entries // room if room else 0


NEIGHBOURS = Lists(1, 1)
"""All elements, one after the other: banks of one need no addresses."""


@dataclass
class Matrix:
    """A matrix, and what was found out about it so far."""

    array: np.ndarray
    type: TensorType
    _needs: dict[tuple[int, ...], int] = field(default_factory=dict)
    _live: dict[tuple[int, ...], np.ndarray] = field(default_factory=dict)

    @property
    def columns(self) -> int:
        """Elements of a row."""
        return int(self.array.shape[1])

    def has_own_codes(self, gates: int) -> bool:
        """Whether gates are stored in codes or with exponents of their own: each in its own memory."""
        encoding = self.type.encoding
        if encoding is None or len(encoding.gates) != gates or gates == 1:
            return False
        codes = {(each.code, each.scale) for each in encoding.gates}
        return len(codes) > 1 or any(each.scale is not None for each in encoding.gates)

    def kept_by_row(self) -> np.ndarray:
        """How many elements of each row are read: without a pattern all, else those that live."""
        encoding = self.type.encoding
        gates = (Storage(),) if encoding is None else encoding.gates
        sparse = np.repeat(
            [each.pattern is not None for each in gates], len(self.array) // len(gates)
        )
        return np.where(sparse, np.count_nonzero(self.array, axis=1), self.columns)

    def lists(self, part: TileShape) -> list[Lists]:
        """Those that may be worth their addresses."""
        if not self._is_sparse(part):
            return []
        return [
            self._with_need(part, size, *share)
            for share in self._shares(part)
            for size in self._sizes(part, share[0])
        ]

    def whole(self, part: TileShape, window: int) -> list[Lists]:
        """Those whose one bank is a window."""
        shares = self._shares(part) if self._is_sparse(part) else [(1, part.lanes)]
        return [self._with_need(part, window, *share) for share in shares if window % share[0] == 0]

    def _is_sparse(self, part: TileShape) -> bool:
        return all(storage.pattern is not None for storage in self._storages(part))

    def _storages(self, part: TileShape) -> list[Storage]:
        """How the gates of a part's lanes are stored."""
        encoding = self.type.encoding
        gates = (Storage(),) if encoding is None else encoding.gates
        own = len(gates) == part.gates == part.step
        return [gates[part.first]] if own else list(gates)

    def _sizes(self, part: TileShape, block: int) -> list[int]:
        """Sizes of banks: those of the pattern, and the row halved again and again."""
        found = {-(-self.columns // (1 << halved)) for halved in range(self.columns.bit_length())}
        for storage in self._storages(part):
            size = storage.pattern.size if isinstance(storage.pattern, Bank) else self.columns
            while size < self.columns:
                found.add(size)
                size *= 2
        whole = {-(-size // block) * block for size in found} - {block}
        return sorted(size for size in whole if size <= max(WIDEST, min(whole)))

    def _shares(self, part: TileShape) -> list[tuple[int, int]]:
        """(neighbours in a block, lists of a tile) as the pattern offers them."""
        patterns = [storage.pattern for storage in self._storages(part)]
        found = [(1, part.lanes)]
        alike = max(1, part.gates // part.step)  # lanes of one unit
        if all(isinstance(pattern, Column) for pattern in patterns):
            found += [(1, 1), (1, alike)]
        blocks = [pattern.columns for pattern in patterns if isinstance(pattern, Block)]
        if len(blocks) == len(patterns):
            block = gcd(part.columns, *blocks)
            found += [(block, part.lanes), (block, alike), (1, alike)]
        return [each for each in dict.fromkeys(found) if part.lanes % each[1] == 0]

    def _with_need(self, part: TileShape, size: int, block: int, lists: int) -> Lists:
        if not self._is_sparse(part):
            return Lists(size, size, block, lists)
        key = (size, block, *_key(part, lists))
        if key not in self._needs:
            self._needs[key] = _most(self._lives(part, lists), size, block)
        return Lists(size, self._needs[key], block, lists)

    def _lives(self, part: TileShape, lists: int) -> np.ndarray:
        """[lists of all groups, columns]: where some lane of a list has an element."""
        key = _key(part, lists)
        if key not in self._live:
            order = row_order(len(self.array), part)
            live = np.concatenate([self.array != 0, np.zeros((1, self.columns), bool)])
            groups = live[order].reshape(len(order), -1, lists, self.columns).any(axis=1)
            self._live[key] = groups.reshape(-1, self.columns)
        return self._live[key]


def _key(part: TileShape, lists: int) -> tuple[int, ...]:
    """What a part's lists depend on. Lists of single rows do not depend on the groups of rows."""
    whole_gates = part.step in (1, part.gates)
    grouped = 0 if lists == part.lanes and whole_gates else part.rows
    return 0 if not grouped else lists, grouped, part.gates, part.first, part.step


def _most(live: np.ndarray, size: int, block: int) -> int:
    """The most blocks of any bank of any list in which something lives."""
    columns = live.shape[-1]
    padded = np.zeros((len(live), -(-columns // size) * size), bool)
    padded[:, :columns] = live
    blocks = padded.reshape(len(live), -1, size // block, block).any(axis=-1)
    return int(blocks.sum(axis=-1).max(initial=0))
