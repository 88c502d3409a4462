"""Gives every operation its start cycle, and predicts cycles exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lstmir.ir.module import Module
from lstmir.ir.operation import Operation
from lstmir.ir.region import Region
from lstmir.passes.machine.program import Program, read_program
from lstmir.passes.machine.timing import Timing, timing_of
from lstmir.pipeline.passes import Context, Promise, register


@register
@dataclass(frozen=True)
class Schedule:
    """Writes `start` and `latency` on the operations of the tail, and the machine's intervals.

    The tail takes one hidden unit a cycle (initiation interval 1); an operation starts as soon as
    its operands are there, a load as late as its users allow. The module's `timing` holds every
    interval of the machine, so that cycles are known before anything is built.
    """

    name: ClassVar[str] = "schedule"
    summary: ClassVar[str] = "start cycles for every operation; cycles predicted exactly"
    promise: ClassVar[Promise] = Promise.EXACT

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` for a module that is not tiled."""
        program = read_program(self, module)
        body = program.unit_loop.regions[0]
        _as_soon_as_possible(body)
        _loads_as_late_as_possible(body)
        timing = timing_of(program, accesses(program))
        _mark_loops(program, timing)
        module.attributes["timing"] = timing.attribute()


def _as_soon_as_possible(body: Region) -> None:
    ready: dict[Operation, int] = {body.entry: 0}
    for op in body.operations():
        if op is body.end:
            continue
        start = max((ready[value.op] for value in op.operands), default=0)
        op.attributes["start"] = start
        op.attributes["latency"] = 1
        ready[op] = start + 1


def _loads_as_late_as_possible(body: Region) -> None:
    """A word that waits in its memory needs no registers; one of the sums does not wait there."""
    for op in body.operations():
        if op.name != "tile.load" or not is_state_or_vector(op):
            continue
        users = [user for user, _ in body.uses(op.result) if user is not body.end]
        op.attributes["start"] = min(user.attributes["start"] for user in users) - 1


def is_state_or_vector(load: Operation) -> bool:
    """Whether a load of the tail addresses a memory by unit, not the group's sums."""
    return len(load.operands) == 3


def accesses(program: Program) -> dict[str, dict[int, int]]:
    """The cycle of the tail in which each state's word is loaded and stored, by state."""
    body = program.unit_loop.regions[0]
    carried = {value: index - 1 for index, value in enumerate(body.arguments)}
    states = len(program.depths)
    found: dict[str, dict[int, int]] = {"load": {}, "store": {}}
    for op in body.operations():
        if op.name not in ("tile.load", "tile.store"):
            continue
        state = carried.get(op.operands[0], states)
        if state < states:
            found[op.name.removeprefix("tile.")][state] = op.attributes["start"]
    return found


def _mark_loops(program: Program, timing: Timing) -> None:
    program.unit_loop.attributes["pipeline"] = 1
    program.scan.attributes["interval"] = timing.step_interval
    for nest in (program.cell, program.head):
        for op in nest.loop.regions[0].walk():
            if op.name == "tile.for" and op is not program.unit_loop:
                op.attributes["pipeline"] = 1
