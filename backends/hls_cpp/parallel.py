"""Which axes of the arrays are read in parallel: they must not share the ports of one memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from lstmir.backends.hls_cpp.places import Place, Places
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import TensorType, shape_of


@dataclass
class Access:
    """How operations reach into an array: as a whole, or so many neighbouring words at once."""

    whole: bool = False
    neighbours: int = 1

    def pragmas(self, place: Place, name: str) -> list[str]:
        """The directives that give each parallel access a memory of its own."""
        depth, *word = _shape(place.value)
        lanes = [f"complete dim={axis}" for axis in range(2, len(word) + 2)]
        if place.kind == "bits":
            # All of a word side by side in one memory: one address reads a tile.
            return [f"ARRAY_RESHAPE variable={name} {lane}" for lane in lanes]
        if self.whole:
            lanes = ["complete dim=0"]
        elif self.neighbours > 1:
            share = "complete" if self.neighbours == depth else f"cyclic factor={self.neighbours}"
            lanes = [f"{share} dim=1", *lanes]
        return [f"ARRAY_PARTITION variable={name} {lane}" for lane in lanes]


def find_accesses(operations: Iterable[Operation], places: Places) -> defaultdict[Place, Access]:
    """How the operations reach into each place."""
    accesses: defaultdict[Place, Access] = defaultdict(Access)
    for op in operations:
        for value in _whole(op):
            accesses[places.of[value]].whole = True
        if op.name == "tile.load":
            access = accesses[places.of[op.operands[0]]]
            access.neighbours = max(access.neighbours, op.attributes.get("words", 1))
    return accesses


def _whole(op: Operation) -> tuple[Value, ...]:
    """The arrays of which an operation touches every element in the same cycle."""
    if op.name in ("tile.mac", "tile.gather", "tile.midrise"):
        return (*op.operands, *op.results)
    if op.name == "tile.load":
        return tuple(v for v in op.results if shape_of(v.type))
    if op.name == "tile.store":
        return tuple(v for v in op.operands[1:2] if shape_of(v.type))
    return ()


def _shape(value: Value) -> tuple[int, ...]:
    assert isinstance(value.type, TensorType)
    return value.type.static_shape
