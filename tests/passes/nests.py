"""Reads tiled programs: nests, their lanes and their tiles."""

from __future__ import annotations

from lstmir.ir.operation import Operation
from lstmir.ir.region import Region
from lstmir.ir.types import shape_of


def nests(region: Region) -> list[Operation]:
    """The loops over groups of a region, in the order of the text."""
    return [op for op in region.operations() if op.name == "tile.for"]


def walks(nest: Operation) -> list[Operation]:
    """The loops over windows."""
    return nests(nest.regions[0])[:-1]


def units(nest: Operation) -> int:
    """Units of a group."""
    return trip(nests(nest.regions[0])[-1])


def lanes(nest: Operation) -> int:
    """Sums of a unit."""
    rows = shape_of(walks(nest)[0].results[0].type)[0] or 0
    return rows // units(nest)


def tiles(nest: Operation) -> int:
    """Tiles of all groups."""
    loops = [(walk, nests(walk.regions[0])[0]) for walk in walks(nest)]
    return trip(nest) * sum(trip(window) * trip(slot) for window, slot in loops)


def trip(loop: Operation) -> int:
    """How often a loop runs."""
    return int(loop.attributes["trip"])
