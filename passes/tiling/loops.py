"""Writes loops, and the loops over the tiles of a matrix."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from lstmir.ir.builder import Builder
from lstmir.ir.operation import Attributes, Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import I32, Type
from lstmir.numeric.geometry import Layout, TileShape, dense
from lstmir.passes.tiling.layouts import Walk


@dataclass
class Loop:
    """A `tile.for` under construction: `inside` gives the argument that stands for a value."""

    build: Builder
    index: Value
    carried: tuple[Value, ...]
    inside: dict[Value, Value]


def open_loop(
    build: Builder, trip: int, carried: list[tuple[str, Value]], captured: list[Value], name: str
) -> Loop:
    """Open a loop: its body's builder and what enters it."""
    unique = list(dict.fromkeys(captured))
    names = [name, *(n for n, _ in carried), *(v.name for v in unique)]
    types: list[Type] = [I32, *(v.type for _, v in carried), *(v.type for v in unique)]
    region = Region(types, names)
    index, *rest = region.arguments
    op = Operation(
        "tile.for", [v.type for _, v in carried],
        {"trip": trip, "segments": (len(carried), len(unique))}, [region],
        [n for n, _ in carried],
    )  # fmt: skip
    build.region.insert(op, [*(v for _, v in carried), *unique], before=build.before)
    inside = dict(zip(unique, rest[len(carried) :], strict=True))
    return Loop(Builder(build.module, region), index, tuple(rest[: len(carried)]), inside)


def close_loop(loop: Loop, values: list[Value]) -> tuple[Value, ...]:
    """End a loop's body; gives the loop's results."""
    loop.build.end("tile.yield", values)
    owner = loop.build.region.owner
    assert owner is not None
    return owner.results


def write_walk(
    around: Loop, group: Value, sums: Value, matrix: Value, vector: Value, walk: Walk
) -> Value:
    """The loops over the tiles of one matrix for one group of rows."""
    outer = open_loop(
        around.build, walk.windows, [("sums", sums)], [matrix, vector, group], "window"
    )
    near = outer.build.value(
        "tile.load", outer.inside[vector], outer.index, hint="neighbours",
        base=0, strides=(walk.window,), words=walk.window,
    )  # fmt: skip
    captured = [outer.inside[matrix], near, outer.inside[group], outer.index]
    inner = open_loop(outer.build, walk.slots, [("sums", outer.carried[0])], captured, "slot")
    total = inner.carried[0]
    for tiles, layout in walk.parts:
        total = _part(inner, [inner.inside[value] for value in captured], total, tiles, layout)
    (after,) = close_loop(inner, [total])
    (result,) = close_loop(outer, [after])
    return result


def _part(loop: Loop, inside: list[Value], sums: Value, tiles: TileShape, layout: Layout) -> Value:
    """The products of one tile of some lanes."""
    build = loop.build
    matrix, near, group, window = inside
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
