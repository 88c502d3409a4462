"""The matrices that the array walks: rows of constants, lane by lane."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lstmir.ir.encodings import Empty, Encoding, Storage
from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of
from lstmir.ir.operation import Value
from lstmir.ir.types import TensorType, element_of, storage_dtype
from lstmir.numeric.fixed import FixedType, union_type
from lstmir.passes.tiling.views import Piece


@dataclass(frozen=True)
class Block:
    """Neighbouring rows and columns of a constant matrix."""

    source: Value
    array: np.ndarray
    row: int
    column: int

    @property
    def type(self) -> FixedType:
        """The format of the elements."""
        element = element_of(self.source.type)
        assert isinstance(element, FixedType)
        return element

    @property
    def is_live(self) -> bool:
        """Whether there is an element to multiply."""
        return bool(self.array.any())

    def storage(self) -> Storage:
        """How the rows are stored: as the matrix is, unless the cut went through its pattern."""
        assert isinstance(self.source.type, TensorType)
        encoding = self.source.type.encoding
        if encoding is None:
            return Storage()
        rows = self.source.type.static_shape[0] // len(encoding.gates)
        stored = encoding.gates[self.row // rows]
        if (self.row + len(self.array) - 1) // rows != self.row // rows:
            return Storage()
        for each in (stored, replace(stored, pattern=None)):
            if Encoding((each,)).violation(self.array) is None:
                return each
        return Storage()


@dataclass(frozen=True)
class Product:
    """A vector by the rows of some lanes; a lane without a block is not fed.

    `matrix` is [lanes * units, columns], lane by lane.
    """

    vector: Piece
    blocks: tuple[Block | None, ...]

    @property
    def active(self) -> tuple[int, ...]:
        """The lanes that are fed."""
        return tuple(lane for lane, block in enumerate(self.blocks) if block is not None)

    @cached_property
    def whole(self) -> Value | None:
        """The constant that has just these rows in this order, if there is one."""
        first = self.blocks[0]
        if first is None or any(b is None or b.source != first.source for b in self.blocks):
            return None
        assert isinstance(first.source.type, TensorType)
        rows = [b.row for b in self.blocks if b is not None]
        size, columns = first.array.shape
        in_order = rows == list(range(0, size * len(rows), size))
        fits = first.source.type.static_shape == (size * len(rows), columns)
        return first.source if in_order and fits else None

    @cached_property
    def type(self) -> TensorType:
        """The type of the matrix."""
        if self.whole is not None:
            assert isinstance(self.whole.type, TensorType)
            return self.whole.type
        live = [block for block in self.blocks if block is not None]
        storages = [Storage(Empty()) if b is None else b.storage() for b in self.blocks]
        element = union_type(block.type for block in live)
        encoding = None
        if any(storage != Storage() for storage in storages):
            encoding = Encoding(tuple(storages))
            if encoding.violation(self.array) is not None:
                encoding = None
        return TensorType(self.array.shape, element, encoding)

    @cached_property
    def array(self) -> np.ndarray:
        """The integers of the matrix."""
        live = [block for block in self.blocks if block is not None]
        empty = np.zeros(live[0].array.shape, live[0].array.dtype)
        if len({block.type for block in live}) == 1:
            return np.concatenate([empty if b is None else b.array for b in self.blocks])
        element = union_type(block.type for block in live)
        parts = [
            empty if b is None else b.array.astype(object) << (element.frac - b.type.frac)
            for b in self.blocks
        ]
        return np.concatenate(parts).astype(storage_dtype(element))


def block_of(module: Module, source: Value, rows: range, columns: range) -> Block:
    """Some rows and columns of a constant."""
    array = constant_of(source, module.resources)
    assert array is not None
    cut = array[rows.start : rows.stop, columns.start : columns.stop]
    return Block(source, cut, rows.start, columns.start)
