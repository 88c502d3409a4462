"""The stages of a tail: when each of its operations starts, and which share a cycle."""

from __future__ import annotations

from typing import NamedTuple

from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.passes.machine.nest import Nest
from lstmir.passes.machine.reading import is_constant, is_sum
from lstmir.passes.machine.rounding import rounds_at_once
from lstmir.passes.machine.timing import Access


class Depth(NamedTuple):
    """How deep pipelines are.

    That of the `tails`; how many registers each multiplier of the array has in front; how many
    levels of adders stand between two registers; whether vectors are `forwarding`: the array reads
    words in the cycle in which they are stored.
    """

    tails: int
    input_stages: int
    adders: int
    forwarding: bool = False


PERIODS = {
    Depth(2, 1, 1): 1.0,
    Depth(2, 0, 1): 1.03,
    Depth(1, 0, 1): 1.12,
    Depth(1, 0, 2): 1.24,
    Depth(1, 0, 2, forwarding=True): 1.27,
    Depth(0, 0, 2): 1.5,
    Depth(0, 0, 2, forwarding=True): 1.55,
}
"""The period of the clock that each depth needs beside the first: judged by a few designs placed on ECP5,
enough to tell a cycle that pays from one that does not."""

_PERIOD = 11.0
"""Nanoseconds of logic for which a cycle has time where as much as possible stands between two registers;
routes come on top, and took as long again in a full ECP5."""

_DELAYS = {
    "arith.mul": 7.0,
    "fx.lookup": 4.5,
    "arith.add": 3.5,
    "arith.sub": 3.5,
    "fx.requantize": 2.5,
}


def stage(nest: Nest, depth: int, operations: int = 1) -> None:
    """Write `start` and `latency` on the operations of a nest's tail.

    At depth 0, between registers stands one memory read, one multiplication, or one two-input
    addition with the requantization of what it gives. At 1 a table has another register behind it, as
    have the constants of the units: block memories are slow. At 2 multipliers have, too, and what adds
    does not requantize. A table holds its index itself, so that none is held in front of it. Nor, but
    at depth 2, is a word in front of the vector that it is stored in, or in front of the rounding that
    makes it an index. Cycle 0 is the one in which a unit's sums are there; what a memory gives for it
    may be read before. With two `operations`, so many stand between registers.
    """
    body = nest.tail.regions[0]
    if operations == 1:
        _as_soon_as_possible(nest, depth)
    else:
        _chained(body)
    _loads_as_late_as_possible(body)


def _as_soon_as_possible(nest: Nest, depth: int) -> None:
    body = nest.tail.regions[0]
    ready: dict[Operation, int] = {body.entry: -1}
    for op in body.operations():
        if op is body.end:
            continue
        latency = _latency(nest, op, depth)
        start = max((ready[value.op] for value in op.operands), default=-1)
        if is_sum(op):
            start = 0
        elif depth < 2 and _rounds_again(body, op):
            start = op.operands[0].op.attributes["start"]
        elif op.name == "tile.load":
            start = -latency
        elif op.name == "tile.store":
            start = ready[op.operands[1].op]
        op.attributes["start"] = start
        op.attributes["latency"] = latency
        ready[op] = start + op.attributes["latency"]


def _chained(body: Region) -> None:
    """Start each operation in the first cycle that has time for it behind its operands."""
    ready: dict[Operation, tuple[int, float]] = {body.entry: (-1, _PERIOD)}
    for op in body.operations():
        if op is body.end:
            continue
        cycle, used = max((ready[value.op] for value in op.operands), default=(-1, _PERIOD))
        takes = _takes(body, op)
        if is_sum(op):
            cycle, used = 0, 0.0
        elif op.name == "tile.store":
            cycle, used = ready[op.operands[1].op]
        elif op.name == "tile.load":
            cycle, used = cycle, _PERIOD
        elif used + takes > _PERIOD:
            cycle, used = cycle + 1, takes
        else:
            used += takes
        op.attributes["start"], op.attributes["latency"] = (
            cycle,
            int(op.name == "tile.load" and not is_sum(op)),
        )
        ready[op] = cycle, used


def _takes(body: Region, op: Operation) -> float:
    """Nanoseconds of an operation. The rounding of a sum is part of it, its saturation is not."""
    if is_sum(op):
        return 0
    adds = op.operands and op.operands[0].op.name in ("arith.add", "arith.sub")
    if op.name == "fx.requantize" and adds and _is_only_requantized(body, op.operands[0]):
        return 2.0
    return _DELAYS.get(op.name, 1.0)


def _latency(nest: Nest, op: Operation, depth: int) -> int:
    """Cycles from the operands to the result: none where the next operation is in the same one."""
    body, adds = nest.tail.regions[0], op.name in ("arith.add", "arith.sub")
    if is_sum(op) or (depth < 2 and adds and _is_only_requantized(body, op.result)):
        return 0
    if op.name == "fx.requantize" and _goes_to_registers(body, op.result, depth):
        return 0
    is_memory = op.name == "fx.lookup" or is_constant(nest, op)
    return 1 + (is_memory and depth > 0) + (op.name == "arith.mul" and depth > 1)


def _is_only_requantized(body: Region, value: Value) -> bool:
    uses = body.uses(value)
    two_inputs = len(value.op.operands) == 2
    return two_inputs and len(uses) == 1 and uses[0][0].name == "fx.requantize"


def _goes_to_registers(body: Region, value: Value, depth: int) -> bool:
    """Whether all that takes a value holds it: a table its index, a vector the word stored."""
    users = {user.name for user, _ in body.uses(value)}
    return users == {"fx.lookup"} or (depth < 2 and users == {"tile.store"})


def _rounds_again(body: Region, op: Operation) -> bool:
    """Whether a table's index can be rounded from what the word is rounded from that it stands for."""
    if op.name != "fx.requantize" or op.operands[0].op.name != "fx.requantize":
        return False
    users = {user.name for user, _ in body.uses(op.result)}
    return users == {"fx.lookup"} and rounds_at_once(op.operands[0].op, op)


def _loads_as_late_as_possible(body: Region) -> None:
    """A word that waits in its memory needs no registers; one of the sums does not wait there."""
    for op in body.operations():
        if op.name != "tile.load" or is_sum(op):
            continue
        users = [user for user, _ in body.uses(op.result) if user is not body.end]
        first = min(user.attributes["start"] for user in users)
        op.attributes["start"] = first - op.attributes["latency"]


def accesses(number: int, nest: Nest) -> list[Access]:
    """What the tail loads and stores of the program's memories."""
    found = []
    for op in nest.tail.regions[0].operations():
        place = nest.places.get(op.operands[0]) if op.operands else None
        if place is None or op.name not in ("tile.load", "tile.store"):
            continue
        is_store = op.name == "tile.store"
        start = op.attributes["start"]
        found.append(Access(number, place.memory, start, is_store, place.is_new))
    return found
