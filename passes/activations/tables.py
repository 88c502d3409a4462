"""Tables as values of the regions that look things up in them, each made once."""

from __future__ import annotations

from lstmir.ir.builder import Builder
from lstmir.ir.captures import add_capture
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType
from lstmir.numeric.carriers import IntArray
from lstmir.numeric.fixed import FixedType
from lstmir.passes.activations.writer import Place


class Tables:
    """Those of a module: a constant outside of all loops, captured on the way in."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.made: dict[tuple[Region, FixedType, tuple[int, ...]], Value] = {}

    def inside(self, region: Region, label: str) -> Place:
        """What makes tables values of a region, named after a label and their role."""

        def place(entries: IntArray, element: FixedType, role: str) -> Value:
            name = f"{label}_{role}" if role else label
            return self._value(region, entries, element, name)

        return place

    def _value(self, region: Region, entries: IntArray, element: FixedType, name: str) -> Value:
        if region.owner is not None:
            outer = self._value(region.owner.parent, entries, element, name)
            return add_capture(region.owner, outer, outer.name)
        key = (region, element, tuple(entries.tolist()))
        if key not in self.made:
            first = region.operations()[0]
            build = Builder(self.module, region, before=first)
            self.made[key] = build.constant(entries, TensorType(entries.shape, element), name)
        return self.made[key]
