"""Writes loops, and the loops over the tiles of a matrix."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from lstmir.ir.builder import Builder
from lstmir.ir.captures import add_capture
from lstmir.ir.operation import Attributes, Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import I32, Type
from lstmir.numeric.geometry import Layout, TileShape, dense
from lstmir.passes.tiling.layouts import Walk


@dataclass
class Loop:
    """A `tile.for` under construction."""

    build: Builder
    index: Value
    carried: tuple[Value, ...]

    def inside(self, value: Value) -> Value:
        """A value of a region around, captured on the way."""
        return inside(self.build.region, value)


def inside(region: Region, value: Value) -> Value:
    """A value of an outer region as one of an inner region, captured on the way."""
    if value.op.region is region:
        return value
    assert region.owner is not None
    return add_capture(region.owner, inside(region.owner.parent, value))


def open_loop(build: Builder, trip: int, carried: list[tuple[str, Value]], name: str) -> Loop:
    """Open a loop that carries values under new names."""
    types: list[Type] = [I32, *(value.type for _, value in carried)]
    region = Region(types, [name, *(hint for hint, _ in carried)])
    index, *rest = region.arguments
    op = Operation(
        "tile.for", types[1:], {"trip": trip, "segments": (len(carried), 0)}, [region],
        [hint for hint, _ in carried],
    )  # fmt: skip
    build.region.insert(op, [value for _, value in carried], before=build.before)
    return Loop(Builder(build.module, region), index, tuple(rest))


def close_loop(loop: Loop, values: list[Value]) -> tuple[Value, ...]:
    """End a loop's body; gives the loop's results."""
    loop.build.end("tile.yield", values)
    owner = loop.build.region.owner
    assert owner is not None
    return owner.results


def write_walk(
    around: Loop, sums: Value, matrix: Value, vector: Value, start: int, walk: Walk
) -> Value:
    """The loops over the tiles of one matrix for one group; the vector begins at a word."""
    outer = open_loop(around.build, walk.windows, [("sums", sums)], "window")
    near = outer.build.value(
        "tile.load", outer.inside(vector), outer.index, hint="neighbours",
        base=start, strides=(walk.window,), words=walk.window,
    )  # fmt: skip
    inner = open_loop(outer.build, walk.slots, [("sums", outer.carried[0])], "slot")
    total = inner.carried[0]
    tile = [inner.inside(value) for value in (matrix, near, around.index, outer.index)]
    for tiles, layout in walk.parts:
        total = _part(inner, tile, total, tiles, layout)
    (after,) = close_loop(inner, [total])
    (result,) = close_loop(outer, [after])
    return result


def _part(loop: Loop, tile: list[Value], sums: Value, tiles: TileShape, layout: Layout) -> Value:
    """The products of one tile of some lanes."""
    build = loop.build
    matrix, near, group, window = tile
    lanes: Attributes = {} if tiles.step == 1 else {"lanes": (tiles.first, tiles.step)}
    fetched = build.op(
        "tile.fetch", [matrix, group, window, loop.index], names=["weights", "indices"],
        rows=tiles.rows, columns=tiles.columns, gates=tiles.gates, **lanes, **_stated(tiles, layout),
    ).results  # fmt: skip
    if layout.moves:
        near = build.value(
            "tile.load", near, loop.index, hint="seen",
            base=0, strides=(layout.seen if layout.slots > 1 else 0,), words=layout.seen,
        )  # fmt: skip
    operands = near
    if layout.is_indexed:
        block: Attributes = {} if layout.block == 1 else {"block": layout.block}
        operands = build.value(
            "tile.gather", near, fetched[1], hint="operands", banks=layout.banks, **block
        )
    return build.value("tile.mac", sums, fetched[0], operands, type=sums.type, hint="sums", **lanes)


def _stated(tiles: TileShape, layout: Layout) -> Attributes:
    """The layout as attributes; a dense one needs none."""
    if layout == dense(tiles.columns):
        return {}
    standard = Layout(layout.window)
    return {
        name: value
        for name, value in asdict(layout).items()
        if name == "window" or value != getattr(standard, name)
    }
