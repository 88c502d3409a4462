"""Finds which values can share one array of the program.

In the IR a memory is a value: storing a word gives a new one, and a loop gives its next content. In
C++ an array is overwritten. That is the same as long as nobody reads the content that was there, so
an operation takes over the array of the value it replaces if it is the value's last reader, and
works on a copy otherwise. Each array thus holds one value that is still read, never two.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Literal

from lstmir.ir.definition import definition_of
from lstmir.ir.operands import argument_operand, captured_value, segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import I32, shape_of

LOOPS = {"tile.for": "carry", "rnn.scan": "state"}
"""The operations with a body, and the group of operands whose arrays its iterations overwrite."""

UPDATES = ("tile.store", "tile.mac")
"""The operations whose result is their first operand, changed."""

Kind = Literal["array", "variable", "index", "bits", "sequence"]


@dataclass(eq=False, slots=True)
class Place:
    """Where values live: an array, a variable, a loop's index, the stored bits of a constant, or all
    steps of a sequence.

    `value` is the first that lives there; it gives the place its name and its type.
    """

    value: Value
    kind: Kind


@dataclass(frozen=True, slots=True)
class Move:
    """A copy; `fresh` if it makes its target."""

    source: Place
    target: Place
    fresh: bool = True


@dataclass
class Places:
    """The place of each value, and the copies in front of operations and at the end of bodies."""

    of: dict[Value, Place] = field(default_factory=dict)
    before: defaultdict[Operation, list[Move]] = field(default_factory=lambda: defaultdict(list))
    at_end: defaultdict[Region, list[Move]] = field(default_factory=lambda: defaultdict(list))


def find_places(region: Region) -> Places:
    """The places of all values of a function's region."""
    finder = _Finder()
    finder.places.of.update((value, Place(value, "sequence")) for value in region.arguments)
    finder.region(region)
    return finder.places


class _Finder:
    def __init__(self) -> None:
        self.places = Places()
        self.order: dict[Operation, int] = {}

    def region(self, region: Region) -> None:
        operations = region.operations()
        self.order.update({op: index for index, op in enumerate(operations)})
        for op in operations:
            self.operation(op)

    def operation(self, op: Operation) -> None:
        if op.name in LOOPS:
            self.loop(op)
        elif op.name in UPDATES:
            self.places.of[op.result] = self.taken_over(op, op.operands[0], op.result)
        elif op.name == "tensor.constant":
            self.constant(op)
        else:
            self.places.of.update({value: _new(value) for value in op.results})

    def constant(self, op: Operation) -> None:
        """Its stored bits serve those who can decode them, and a copy of numbers all others."""
        bits = Place(op.result, "bits")
        self.places.of[op.result] = bits
        if not _is_decoded(op.result):
            self.places.of[op.result] = _new(op.result)
            self.places.before[op].append(Move(bits, self.places.of[op.result]))

    def loop(self, op: Operation) -> None:
        """Arguments, body and results: what the body yields must end where its iterations start."""
        body, operands = op.regions[0], op.operands
        segments = dict(zip(_keywords(op), segments_of(op), strict=True))
        held: list[Place] = []
        for argument in body.arguments:
            index = argument_operand(op, argument.index)
            if index is None or index in segments.get("", ()):
                place = _new(argument)
            elif index in segments["capture"]:
                place = self.places.of[operands[index]]
            else:
                place = self.taken_over(op, operands[index], argument)
                held.append(place)
            self.places.of[argument] = place
        emitted = len(op.results) - len(held)
        self.places.of.update((value, Place(value, "sequence")) for value in op.results[:emitted])
        self.places.of.update(zip(op.results[emitted:], held, strict=True))
        self.region(body)
        self.bring_home(body, held)

    def taken_over(self, op: Operation, value: Value, successor: Value) -> Place:
        """The place of a value that an operation overwrites with its successor."""
        old = self.places.of[value]
        if old.kind == "array" and self.ends_at(op, value):
            return old
        new = _new(successor)
        self.places.before[op].append(Move(old, new))
        return new

    def ends_at(self, op: Operation, value: Value) -> bool:
        """Whether an operation reads a value once, and nobody reads it afterwards."""
        if captured_value(value) is not None:
            return False  # the next iteration reads it again
        readers = [user for user, _ in op.parent.uses(value)]
        return readers.count(op) == 1 and all(self.order[r] <= self.order[op] for r in readers)

    def bring_home(self, body: Region, held: list[Place]) -> None:
        """Copies what a body yields to where the next iteration finds it."""
        yielded = [self.places.of[value] for value in body.end.operands[: len(held)]]
        pairs = zip(yielded, held, strict=True)
        pending = [Move(place, home, fresh=False) for place, home in pairs if place is not home]
        self.places.at_end[body] = _in_sequence(pending)


def _in_sequence(pending: list[Move]) -> list[Move]:
    """Copies that happen at once, one after the other: none overwrites what another still reads."""
    moves: list[Move] = []
    while pending:
        read = {move.source for move in pending}
        ready = [move for move in pending if move.target not in read]
        if not ready:
            # Values that change places: one of them steps aside.
            aside = pending[0].target
            saved = Place(aside.value, aside.kind)
            moves.append(Move(aside, saved))
            pending = [replace(m, source=saved) if m.source is aside else m for m in pending]
            continue
        moves += ready
        pending = [move for move in pending if move.target in read]
    return moves


def _new(value: Value) -> Place:
    if value.type == I32:
        return Place(value, "index")
    return Place(value, "array" if shape_of(value.type) else "variable")


def _keywords(op: Operation) -> list[str]:
    return [group.keyword for group in definition_of(op.name).operand_groups]


def _is_decoded(constant: Value) -> bool:
    """Whether every reader of a constant, inside loops too, can do with its stored bits."""
    region = constant.op.parent
    return all(_decodes(op, index) for op, index in region.uses(constant))


def _decodes(op: Operation, operand: int) -> bool:
    if op.name in LOOPS:
        groups = zip(_keywords(op), segments_of(op), strict=True)
        keyword = next(keyword for keyword, segment in groups if operand in segment)
        if keyword != "capture":
            return keyword == LOOPS[op.name]
        arguments = op.regions[0].arguments
        inside = next(a for a in arguments if argument_operand(op, a.index) == operand)
        return _is_decoded(inside)
    if op.name == "tile.load":
        return operand == 0 and "words" not in op.attributes
    return operand == 0 and op.name in ("fx.lookup", *UPDATES)
