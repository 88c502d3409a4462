"""Chooses the rows of the array, and how many multipliers each of them has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lstmir.numeric.geometry import TileShape
from lstmir.passes.tiling.blocks import Product
from lstmir.passes.tiling.layouts import Walk, best_walk, fewest_tiles
from lstmir.passes.tiling.lists import Matrix
from lstmir.passes.tiling.nest import Nest
from lstmir.pipeline.passes import Pass, cannot

# Cycles from a group's last tile to the state that it changes, near enough to compare arrays.
_TYPICAL_TAIL = 13


@dataclass(frozen=True, slots=True)
class Array:
    """`rows` rows of multipliers; row p has `columns[p % len(columns)]` of them.

    Where gates differ in how many elements their rows keep, each has as many multipliers as it
    needs, so that none waits for another: then there is an entry of `columns` for each gate.
    """

    rows: int
    columns: tuple[int, ...]

    @property
    def macs(self) -> int:
        """Multipliers."""
        return self.rows * sum(self.columns) // len(self.columns)

    def units(self, nest: Nest) -> int:
        """Units of a nest in a group: as many as there are rows for, but no more than divide evenly."""
        most = min(self.rows // nest.active, nest.size)
        return -(-nest.size // -(-nest.size // most))

    def groups(self, nest: Nest) -> int:
        """Groups of a nest."""
        return -(-nest.size // self.units(nest))

    def parts(
        self, rows: int, lanes: int, active: Sequence[int], apart: bool = False
    ) -> tuple[TileShape, ...]:
        """The rows that walk alike, of `rows` of which each unit has `lanes`; the `active` ones read.

        With `apart` each lane's are a part, whatever their columns.
        """
        own = len(self.columns)
        is_even = len(set(self.columns)) == 1
        if lanes == 1 and not is_even:
            return tuple(
                TileShape(rows, columns, 1, first, own)
                for first, columns in enumerate(self.columns[:rows])
            )
        has_own = own == lanes == len(active)
        columns = self.columns if has_own else (min(self.columns),) * lanes
        if len(active) == lanes and len(set(columns)) == 1 and not apart:
            return (TileShape(rows, columns[0], lanes),)
        return tuple(TileShape(rows, columns[lane], lanes, lane, lanes) for lane in active)

    def attribute(self) -> dict[str, Any]:
        """The array as an attribute of the module; `columns` by gate where they differ."""
        alike = len(set(self.columns)) == 1
        return {"rows": self.rows, "columns": self.columns[0] if alike else self.columns}


@dataclass
class Walks:
    """The walks of arrays over the products of a network, each found once."""

    _read: dict[int, Matrix] = field(default_factory=dict)
    _kept: list[Product] = field(default_factory=list)
    _tiles: dict[tuple[object, ...], int] = field(default_factory=dict)

    def matrix(self, product: Product) -> Matrix:
        """The matrix of a product, and what was found out about it."""
        key = id(product)
        if key not in self._read:
            self._kept.append(product)  # so that its number stays its own
            self._read[key] = Matrix(product.array, product.type)
        return self._read[key]

    def walk(self, nest: Nest, product: Product, array: Array) -> Walk:
        """How an array reads the matrix of a product."""
        return best_walk(self.matrix(product), self._parts(nest, product, array))

    def tiles(self, nest: Nest, array: Array) -> int:
        """Tiles in a group of a nest."""
        return sum(self.tiles_of(nest, product, array) for product in nest.products)

    def tiles_of(self, nest: Nest, product: Product, array: Array) -> int:
        """Tiles in a group that one product takes."""
        parts = self._parts(nest, product, array)
        key = (id(product), parts)
        if key not in self._tiles:
            self._tiles[key] = fewest_tiles(self.matrix(product), parts)
        return self._tiles[key]

    def _parts(self, nest: Nest, product: Product, array: Array) -> tuple[TileShape, ...]:
        rows, apart = array.units(nest) * nest.lanes, self.matrix(product).has_own_codes(nest.lanes)
        return array.parts(rows, nest.lanes, product.active, apart)


@dataclass(frozen=True)
class Candidate:
    """An array, the cycles in which it is busy in a step, and those that a step takes, near enough."""

    array: Array
    busy: int
    step: int


def ranked_arrays(
    pass_: Pass, macs: int, steps: Sequence[Nest], heads: Sequence[Nest], walks: Walks
) -> list[Candidate]:
    """Arrays of at most `macs` multipliers: fewest cycles a step first, then those for all heads.

    Raises `UserError` where there are too few multipliers, or nothing to multiply.
    """
    nests = [nest for nest in (*steps, *heads) if nest.products]
    hungriest = max(nests, key=lambda nest: nest.active, default=None)
    if hungriest is None:
        raise cannot(pass_, "the network multiplies no matrix: there is nothing for an array")
    if macs < hungriest.active:
        why = (
            f"{macs} multipliers are too few: the {hungriest.active} gates of one unit need "
            f"{hungriest.active}"
        )
        raise cannot(pass_, why, next(iter(hungriest.roots)).base.op.location)
    costs = {a: _cost(a, steps, heads, walks) for a in _arrays(macs, nests, steps, walks)}
    ranked = sorted(costs, key=lambda array: costs[array])
    return [Candidate(a, _busy(a, steps, walks), costs[a][0]) for a in ranked]


def _busy(array: Array, steps: Sequence[Nest], walks: Walks) -> int:
    return sum(array.groups(nest) * walks.tiles(nest, array) for nest in steps)


def _arrays(
    macs: int, nests: Sequence[Nest], steps: Sequence[Nest], walks: Walks
) -> Iterator[Array]:  # fmt: skip
    """Arrays of up to so many multipliers: with as many in each row, or by the gates' loads.

    More rows than the widest nest has lanes, or more columns than a matrix has, would only idle.
    """
    widest = max(walks.matrix(product).columns for nest in nests for product in nest.products)
    loads = _loads(steps, walks)
    for rows in _rows(macs, nests):
        for most in range(1, min(macs // rows, widest) + 1):
            yield Array(rows, (most,))
    gates = len(loads)
    for units in range(1, macs // gates + 1 if gates else 0):
        shares: dict[tuple[int, ...], None] = {}
        for most in range(1, min(macs // units, widest) + 1):
            shares[tuple(max(1, -(-most * load // max(loads))) for load in loads)] = None
        for columns in shares:
            if len(set(columns)) > 1 and units * sum(columns) <= macs:
                yield Array(units * gates, columns)


def _rows(macs: int, nests: Sequence[Nest]) -> list[int]:
    """Rows that some nest divides evenly among its groups."""
    least = max(nest.active for nest in nests)
    found = {
        -(-nest.size // groups) * nest.active
        for nest in nests
        for groups in range(1, nest.size + 1)
    }
    return sorted(rows for rows in found | {least} if least <= rows <= macs)


def _loads(steps: Sequence[Nest], walks: Walks) -> list[int]:
    """The elements that the fullest row of each gate keeps; none where nests have not the same gates."""
    nests = [nest for nest in steps if nest.products]
    gates = {nest.lanes for nest in nests}
    is_even = all(len(p.active) == nest.lanes for nest in nests for p in nest.products)
    if len(gates) != 1 or not is_even:
        return []
    (lanes,) = gates
    loads = np.zeros(lanes, int)
    for nest in nests:
        for product in nest.products:
            counts = walks.matrix(product).kept_by_row()
            loads += counts.reshape(lanes, -1).max(axis=1)
    return [max(1, int(load)) for load in loads]


def _cost(
    array: Array, steps: Sequence[Nest], heads: Sequence[Nest], walks: Walks
) -> tuple[int, ...]:
    """Cycles a step, multipliers, what makes memories wide, and cycles of what runs once."""
    step = sum(_step(array, nest, walks) for nest in steps)
    behind = sum(_once(array, nest, walks) for nest in heads)
    return step, array.macs, len(set(array.columns)), max(array.columns), behind


def _step(array: Array, nest: Nest, walks: Walks) -> int:
    """Cycles of a nest, near enough: all of its tiles, or from a state to the next one."""
    tiles, groups = walks.tiles(nest, array), array.groups(nest)
    levels = (max(array.columns) - 1).bit_length()
    recurrent = max((walks.tiles_of(nest, product, array) for product in nest.products), default=0)
    return max(groups * tiles, _TYPICAL_TAIL + levels + recurrent + groups - 1)


def _once(array: Array, nest: Nest, walks: Walks) -> int:
    """Cycles of a nest that runs once: its tail takes a unit a cycle."""
    return array.groups(nest) * max(walks.tiles(nest, array), array.units(nest))
