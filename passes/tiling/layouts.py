"""Chooses how an array reads a matrix: in the fewest tiles, then with the fewest stored bits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import lcm

from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.geometry import Layout, TileShape
from lstmir.passes.tiling.lists import NEIGHBOURS, WIDEST, Lists, Matrix

Part = tuple[TileShape, Layout]


@dataclass(frozen=True)
class Walk:
    """One matrix, read by several parts of the array at once, from the same windows."""

    parts: tuple[Part, ...]
    windows: int

    @property
    def window(self) -> int:
        """Neighbours of the vector that are read at once."""
        return self.parts[0][1].window

    @property
    def slots(self) -> int:
        """Tiles of a window."""
        return self.parts[0][1].slots

    @property
    def tiles(self) -> int:
        """Tiles in a group."""
        return self.windows * self.slots


def best_walk(matrix: Matrix, parts: Sequence[TileShape]) -> Walk:
    """The walk of the fewest tiles, then the fewest bits, then the narrowest window."""
    _, windows = _fewest(matrix, parts)
    walks = [_walk(matrix, parts, window) for window in windows]
    return min(walks, key=lambda walk: (_bits(matrix, walk), walk.window))


def fewest_tiles(matrix: Matrix, parts: Sequence[TileShape]) -> int:
    """Tiles of a group in the best walk."""
    return _fewest(matrix, parts)[0]


def _fewest(matrix: Matrix, parts: Sequence[TileShape]) -> tuple[int, list[int]]:
    """The fewest tiles of a group, and the windows with which they are reached."""
    by_tiles: dict[int, list[int]] = {}
    for window in _windows(matrix, parts):
        tiles = _slots(matrix, parts, window) * -(-matrix.columns // window)
        by_tiles.setdefault(tiles, []).append(window)
    best = min(by_tiles)
    return best, by_tiles[best]


def _windows(matrix: Matrix, parts: Sequence[TileShape]) -> list[int]:
    """What a window may be: what a tile of some part sees, a bank, or all of a row."""
    found = {part.columns for part in parts}
    for part in parts:
        for lists in matrix.lists(part):
            found |= {lists.size, lists.size * lists.banks(part.columns)}
    if matrix.columns <= WIDEST:
        found.add(matrix.columns)
    return sorted(found - {0})


def _slots(matrix: Matrix, parts: Sequence[TileShape], window: int) -> int:
    """The tiles of a window that the slowest part needs."""
    return max(min(each.slots for each in _layouts(matrix, part, window)) for part in parts)


def _layouts(matrix: Matrix, part: TileShape, window: int) -> Iterator[Layout]:
    """The ways in which a part reads a window; the last window of a row may grow a little."""
    is_whole = window >= matrix.columns
    for lists in (NEIGHBOURS, *matrix.lists(part)):
        seen = lists.size * lists.banks(part.columns)
        if seen and (is_whole or window % seen == 0):
            slots = -(-window // seen)
            yield _layout(lists, max(window, slots * seen), slots, seen // lists.size)
    for lists in matrix.whole(part, window):
        slots = max(1, -(-lists.need // (part.columns // lists.block)))
        yield _layout(lists, window, slots, 1)


def _layout(lists: Lists, window: int, slots: int, banks: int) -> Layout:
    return Layout(window, slots, lists.size, banks, lists.block, lists.lists)


def _walk(matrix: Matrix, parts: Sequence[TileShape], window: int) -> Walk:
    """A walk through windows: no part has more columns than their slots ask for."""
    slots = _slots(matrix, parts, window)
    chosen = [_narrowest(matrix, part, window, slots) for part in parts]
    common = max(layout.window for _, layout in chosen)
    if common > window:  # there is one window alone
        whole = lcm(*(layout.block for _, layout in chosen))
        common = -(-common // whole) * whole
    fitted = tuple((tiles, _widened(layout, common)) for tiles, layout in chosen)
    return Walk(fitted, -(-matrix.columns // common))


def _narrowest(matrix: Matrix, part: TileShape, window: int, slots: int) -> Part:
    """The columns and the layout with the fewest bits that read a window in so many tiles."""
    is_whole = window >= matrix.columns
    found = [
        (tiles, _slower(layout, slots))
        for tiles in (replace(part, columns=columns + 1) for columns in range(part.columns))
        for layout in _layouts(matrix, tiles, window)
        if layout.slots == slots or (layout.slots < slots and (is_whole or _is_steady(layout)))
    ]
    return min(found, key=lambda each: (_tile_bits(matrix, *each), each[1].window))


def _is_steady(layout: Layout) -> bool:
    """Whether every tile sees the whole window, as one bank."""
    return layout.size == layout.window


def _slower(layout: Layout, slots: int) -> Layout:
    """The layout with more tiles to a window."""
    window = layout.window if _is_steady(layout) else max(layout.window, slots * layout.seen)
    return replace(layout, slots=slots, window=window)


def _widened(layout: Layout, window: int) -> Layout:
    """The layout in a window that has grown for the sake of another part."""
    size = window if _is_steady(layout) and layout.slots > 1 else layout.size
    return replace(layout, window=window, size=size)


def _tile_bits(matrix: Matrix, tiles: TileShape, layout: Layout) -> int:
    element = element_of(matrix.type)
    assert isinstance(element, FixedType)
    indices = layout.index_bits * layout.lists * (tiles.columns // layout.block)
    return tiles.lanes * tiles.columns * element.width + indices * layout.is_indexed


def _bits(matrix: Matrix, walk: Walk) -> int:
    return walk.tiles * sum(_tile_bits(matrix, *part) for part in walk.parts)
