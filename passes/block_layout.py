"""Packs each matrix in the order in which the array reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lstmir.ir.builder import Builder
from lstmir.ir.captures import add_capture, drop_unused_captures
from lstmir.ir.module import Module
from lstmir.ir.operands import captured_value, constant_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, banks_of, element_of
from lstmir.numeric.geometry import TileShape, geometry
from lstmir.numeric.packing import pack
from lstmir.pipeline.passes import Context, Promise, cannot, register


@register
@dataclass(frozen=True)
class BlockLayout:
    """Replaces `tile.fetch` by loads from packed memories, with the indices beside the elements.

    A memory has a word a tile, in the order of the loops, so that its address only counts.
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
        """One fetch becomes one load, or two where the matrix is sparse."""
        matrix, *indices = op.operands
        source = _outermost(matrix)
        array = constant_of(source, module.resources)
        assert isinstance(source.type, TensorType) and array is not None
        tiles = TileShape(*(op.attributes[name] for name in ("rows", "columns", "gates")))
        banks = banks_of(source.type)
        plan = geometry(source.type.static_shape, banks, tiles)
        packed = pack(array, banks, tiles)
        strides = (plan.tiles, plan.slots, 1)
        build = Builder(module, op.parent, before=op, location=op.location)
        loaded = []
        for result, words, kind in zip(op.results, packed, ("packed", "indices"), strict=False):
            type_ = TensorType(
                (plan.groups * plan.tiles, *words.shape[2:]), element_of(result.type)
            )
            name = f"{source.op.attributes['resource']}_{kind}"
            outer = Builder(module, source.op.parent, before=source.op).constant(
                words.reshape(type_.static_shape), type_, name
            )
            memory = _inside(op.parent, outer)
            loaded.append(
                build.value(
                    "tile.load", memory, *indices, hint=result.name, base=0, strides=strides
                )
            )
        op.parent.replace(op, loaded)


def _outermost(value: Value) -> Value:
    outer = captured_value(value)
    return value if outer is None else _outermost(outer)


def _inside(region: Region, value: Value) -> Value:
    """A value of an outer region as one of an inner region, captured on the way."""
    if value.op.region is region:
        return value
    assert region.owner is not None
    return add_capture(region.owner, _inside(region.owner.parent, value))
