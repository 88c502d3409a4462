"""What the multipliers of an array read, and in which type: known before anything is built."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.logic import union_of
from lstmir.passes.machine.nest import Nest
from lstmir.passes.machine.orders import Order
from lstmir.passes.machine.pairs import Block
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.sharing import Sharing, sharing_of
from lstmir.passes.machine.tiles import Port, TileWords, ports_of, tile_words, tiles_of
from lstmir.passes.machine.timing import Slot

_WIDEST_OPERAND = 18
"""Bits of an operand that the multipliers of every target take."""


class Operands:
    """The tiles of a program, and where each of its multipliers finds what it multiplies.

    Where products shall share blocks, multipliers read `alike` if what one reads is any to the other.
    """

    def __init__(
        self, program: Program, orders: Sequence[Order], words: TileWords, *, alike: bool
    ) -> None:
        self.program, self.orders, self.words, self.alike = program, orders, words, alike
        wide = max(walk.vector_type.width + walk.shift for walk in program.walks)
        self.are_shifted = wide <= _WIDEST_OPERAND
        self.type = union_of(
            [
                FixedType(t.signed, t.width + walk.shift * self.are_shifted, 0)
                for walk in program.walks
                for t in (walk.vector_type,)
            ]
        )
        self.tiles = tiles_of(program, orders, alike=alike)

    @cached_property
    def _ports(self) -> tuple[list[Port], list[list[int]]]:
        return ports_of(self.program, self.orders, self.words, alike=self.alike)

    @property
    def ports(self) -> list[Port]:
        """What is read where the tile alone says which neighbours are taken."""
        return self._ports[0]

    @property
    def places(self) -> Sequence[Sequence[int]]:
        """The number of the port or the source of each multiplier, row by row."""
        return self.tiles.places if self.program.is_indexed else self._ports[1]

    @property
    def sharing(self) -> Sharing:
        """What multipliers could share. Products that are shifted are not: they would be wider."""
        return sharing_of(self.tiles, self.places if self.are_shifted else [], self.type)


def slot_of(nest: Nest) -> Slot:
    """What `schedule` wrote on the nest's loop."""
    marks = nest.loop.attributes
    order = Order(tuple(marks["order"]), marks.get("ahead", 1), tuple(marks.get("cuts", ())))
    return Slot(marks["start"], order)


def orders_of(part: Program) -> list[Order]:
    """In which order each nest of an array reads its tiles."""
    return [slot_of(nest).order for nest in part.nests]


def operands_of(part: Program, *, alike: bool) -> Operands:
    """What the multipliers of an array read."""
    orders = orders_of(part)
    return Operands(part, orders, tile_words(part, orders), alike=alike)


def _sharing_arrays(program: Program) -> list[Operands]:
    return [operands_of(part, alike=True) for part in program.arrays]


def shared_blocks(program: Program, block: Block) -> int:
    """How many blocks of the arrays can give two products each."""
    return sum(len(array.sharing.pairs(block)) for array in _sharing_arrays(program))


def unshared(program: Program, block: Block) -> tuple[str, str]:
    """Why no two products share a block, and what would help."""
    arrays = _sharing_arrays(program)
    found = [types for array in arrays if (types := array.sharing.narrowest(block))]
    if not found:
        note = (
            "lists of a row's own share none, nor do signs and very narrow weights: they are logic"
        )
        why = "no two multipliers that take a block read the same element in every tile"
        return why, note
    types = min(found, key=lambda types: types.word.width)
    operand = types.operand.width + (not types.operand.signed)
    why = f"the narrowest two need one of {types.word.width}x{operand}"
    return why, "take fewer bits for weights or activations"
