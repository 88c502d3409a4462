"""Packs each matrix in the order in which the array reads it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from lstmir.dialects.tile import layout_of_tiles, shape_of_tiles
from lstmir.ir.builder import Builder
from lstmir.ir.captures import add_capture, drop_unused_captures
from lstmir.ir.module import Module
from lstmir.ir.operands import captured_value, constant_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import ElementType, TensorType, element_of
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.narrowing import narrowed
from lstmir.numeric.packing import pack
from lstmir.pipeline.passes import Context, Promise, cannot, register


@register
@dataclass(frozen=True)
class BlockLayout:
    """Replaces `tile.fetch` by loads from packed memories, with the indices beside the elements.

    A memory has a word a tile, in the order of the loops, so that its address only counts. Elements
    are stored in as few bits as those of the memory need, odd integers as the codes of a mid-rise
    quantizer: a matrix of signs takes one bit each.
    """

    name: ClassVar[str] = "block-layout"
    summary: ClassVar[str] = "pack matrices in the order in which tiles are read"
    promise: ClassVar[Promise] = Promise.EXACT

    def run(self, module: Module, context: Context) -> None:
        """Rewrites every `tile.fetch`, and forgets the matrices that nobody reads any more.

        Raises `UserError` for a module that is not tiled.
        """
        if not any(op.name == "tile.for" for op in module.walk()):
            raise cannot(self, "the module is not tiled: run tile first")
        for op in [op for op in module.walk() if op.name == "tile.fetch"]:
            self.replace(module, op)
        # Inner regions first: what they no longer capture, the outer ones need not either.
        for op in reversed([op for op in module.walk() if op.regions]):
            drop_unused_captures(op)
        region = module.main.region
        for op in region.operations():
            if op.name == "tensor.constant" and not region.uses(op.result):
                region.erase(op)
        module.drop_unused_resources()

    def replace(self, module: Module, op: Operation) -> None:
        """One fetch becomes one load, or two where lists have addresses."""
        matrix, *indices = op.operands
        source = _outermost(matrix)
        array = constant_of(source, module.resources)
        assert array is not None
        tiles, layout = shape_of_tiles(op.attributes), layout_of_tiles(op.attributes)
        part = "" if tiles.step == 1 else f"_{tiles.first}"
        elements, addresses = pack(array, tiles, layout)
        name = f"{source.op.attributes['resource']}{part}"
        build = Builder(module, op.parent, before=op, location=op.location)

        def load(result: Value, words: np.ndarray, element: FixedType, name: str) -> Value:
            kept, strides = _without_repeats(words)
            memory = self.memory(module, op.parent, source, kept, element, name)
            return build.value(
                "tile.load", memory, *indices, hint=result.name, base=0, strides=strides
            )

        element = element_of(source.type)
        assert isinstance(element, FixedType)
        narrow = narrowed(elements, element)
        loaded = [load(op.results[0], narrow.words, narrow.type, f"{name}_packed")]
        if narrow.is_midrise:
            loaded[0] = build.value("tile.midrise", loaded[0], hint=op.results[0].name)
        for result in op.results[1:]:
            type_ = element_of(result.type)
            assert isinstance(type_, FixedType)
            loaded.append(load(result, addresses, type_, f"{name}_indices"))
        op.parent.replace(op, loaded)

    def memory(
        self, module: Module, inside: Region, beside: Value, words: np.ndarray,
        element: ElementType, name: str,
    ) -> Value:  # fmt: skip
        """A constant memory [groups, windows, slots, …], as a region inside sees it."""
        type_ = TensorType((prod(words.shape[:3]), *words.shape[3:]), element)
        build = Builder(module, beside.op.parent, before=beside.op)
        outer = build.constant(words.reshape(type_.static_shape), type_, name)
        return _inside(inside, outer)


def _without_repeats(words: np.ndarray) -> tuple[np.ndarray, tuple[int, int, int]]:
    """The words of one group, if all groups have the same; and the strides of their addresses."""
    groups, windows, slots = words.shape[:3]
    if groups > 1 and (words == words[:1]).all():
        return words[:1], (0, slots, 1)
    return words, (windows * slots, slots, 1)


def _outermost(value: Value) -> Value:
    outer = captured_value(value)
    return value if outer is None else _outermost(outer)


def _inside(region: Region, value: Value) -> Value:
    """A value of an outer region as one of an inner region, captured on the way."""
    if value.op.region is region:
        return value
    assert region.owner is not None
    return add_capture(region.owner, _inside(region.owner.parent, value))
