"""The constants of a tiled program."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmir.ir.builder import Builder
from lstmir.ir.operands import Resources, constant_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import ElementType, TensorType, element_of, shape_of
from lstmir.passes.tiling.blocks import Product
from lstmir.passes.tiling.tail import Address
from lstmir.passes.tiling.views import Piece, Ref


class Constants:
    """The constants of the new function, each made once."""

    def __init__(self, resources: Resources, build: Builder) -> None:
        self.resources, self.build = resources, build
        self._made: dict[object, Value] = {}

    def copy(self, value: Value) -> Value:
        """A constant of the old function."""
        if value not in self._made:
            op = value.op
            copied = Operation(
                op.name, op.result_types, dict(op.attributes), (), op.result_names, op.location
            )
            self._made[value] = self.build.region.insert(copied).result
        return self._made[value]

    def matrix(self, product: Product) -> Value:
        """The matrix of a product."""
        if product.whole is not None:
            return self.copy(product.whole)
        key = id(product)
        if key not in self._made:
            first = next(block for block in product.blocks if block is not None)
            name = f"{first.source.op.attributes['resource']}_rows"
            self._made[key] = self.build.constant(product.array, product.type, name)
        return self._made[key]

    def zeros(self, depth: int, element: ElementType, name: str) -> Value:
        """A memory of zeros."""
        key = (depth, element)
        if key not in self._made:
            type_ = TensorType((depth,), element)
            self._made[key] = self.build.constant(np.zeros(depth, np.int64), type_, name)
        return self._made[key]

    def array(self, value: Value) -> np.ndarray:
        """The integers of a constant, in one row."""
        array = constant_of(value, self.resources)
        assert array is not None
        return array.reshape(-1)

    def vectors(self, refs: Sequence[Ref], size: int, padded: int) -> dict[Ref, Address]:
        """Where the tail of a nest finds what it reads of one constant: a part for each start."""
        value = refs[0].base
        array = self.array(value)
        scalars = {ref: ref for ref in refs if not ref.stride}
        starts = sorted({ref.start for ref in refs if ref.stride})
        parts = [array[start : start + size] for start in starts]
        memory = np.zeros((len(starts), padded), array.dtype)
        for k, part in enumerate(parts):
            memory[k, : len(part)] = part
        flat = memory.reshape(-1)
        found: dict[Ref, Address] = {}
        if starts:
            stored = self._stored(value, flat, f"{value.name or 'vector'}_padded")
            found = {
                ref: Address(stored, starts.index(ref.start) * padded) for ref in refs if ref.stride
            }
        for ref in scalars:
            found[ref] = Address(self._stored(value, array, value.name or "scalar"), ref.start, 0)
        return found

    def _stored(self, value: Value, array: np.ndarray, name: str) -> Value:
        if shape_of(value.type) == array.shape and np.array_equal(array, self.array(value)):
            return self.copy(value)
        key = (value, array.tobytes())
        if key not in self._made:
            type_ = TensorType(array.shape, element_of(value.type))
            self._made[key] = self.build.constant(array, type_, name)
        return self._made[key]

    def padded(self, value: Value, piece: Piece, depth: int, name: str) -> Value:
        """A piece of a constant as a memory."""
        array = self.array(value)[piece.start : piece.start + piece.size]
        memory = np.zeros(depth, array.dtype)
        memory[: len(array)] = array
        type_ = TensorType((depth,), element_of(value.type))
        return self.build.constant(memory, type_, name)
