"""Gives every operation its start cycle, and predicts cycles exactly."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from lstmir.ir.module import Module
from lstmir.passes.machine.pipeline import PERIODS, Depth, accesses, stage
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.reading import phases_of, read_program
from lstmir.passes.machine.results import timing_of
from lstmir.passes.machine.timetable import Timetable, best_timetable
from lstmir.pipeline.passes import Context, Promise, cannot, register

LANES = (1, 2, 4, 8, 16)


@register
@dataclass(frozen=True)
class Schedule:
    """Writes `start` and `latency` on the operations of the tails, and the slots of the nests.

    A tail takes one hidden unit a cycle (initiation interval 1); an operation starts as soon as
    its operands are there, a load as late as its users allow. Pipelines are as deep
    as pays: where a shallower one saves cycles of a step, they are weighed against its slower clock.
    Every nest gets the cycle in which it
    starts and the order of its tiles that needs the least waiting: what comes last is read last.
    The module's `timing` holds the intervals of the machine, so that cycles are known before
    anything is built.
    """

    name: ClassVar[str] = "schedule"
    summary: ClassVar[str] = "start cycles for every operation; cycles predicted exactly"
    promise: ClassVar[Promise] = Promise.EXACT

    operations: int = field(
        default=1,
        metadata={"help": "between two registers; 2 takes fewer cycles of a slower clock"},
    )
    lanes: int = field(
        default=1, metadata={"help": "words in a beat of the streams: 1, 2, 4, 8 or 16"}
    )

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` for a module that is not tiled, or that the machine cannot run."""
        if self.operations not in (1, 2):
            raise cannot(self, f"operations must be 1 or 2, not {self.operations}")
        if self.lanes not in LANES:
            raise cannot(self, f"lanes must be 1, 2, 4, 8 or 16, not {self.lanes}")
        program = replace(read_program(self, module), lanes=self.lanes)
        if program.takes_packets and not program.receives_words:
            why = (
                "a network that needs whole sequences has one input, a word a beat, and all its nests share "
                "one array"
            )
            raise cannot(self, why, None, "take lanes=1 and arrays=one, and join the inputs")
        depths = list(PERIODS) if self.operations == 1 else [Depth(0, 0, 2)]
        tables = [self.timetable(program, depth) for depth in depths]
        best = min(
            range(len(depths)),
            key=lambda n: (tables[n].step * PERIODS[depths[n]], tables[n].split_groups),
        )
        table = self.timetable(program, depths[best])
        _mark(table)
        phases = phases_of(program.scans)
        for scan in program.scans:
            scan.attributes["interval"] = table.steps[phases[scan]]
        module.attributes["timing"] = timing_of(table).attribute()

    def timetable(self, program: Program, depth: Depth) -> Timetable:
        """The best with pipelines of some depth, which is then what the operations say."""
        for nest in program.nests:
            stage(nest, depth.tails, self.operations)
        found = [a for number, nest in enumerate(program.nests) for a in accesses(number, nest)]
        deep = replace(
            program, input_stages=depth.input_stages, adders=depth.adders,
            forwarding=depth.forwarding and not program.is_deep,
        )  # fmt: skip
        return best_timetable(self, deep, found)


def _mark(table: Timetable) -> None:
    for nest, slot in zip(table.program.nests, table.slots, strict=True):
        order = slot.order
        marks = {"start": slot.start, "order": order.walks, "tails": nest.tails}
        if order.ahead > 1:
            marks |= {"ahead": order.ahead, "cuts": order.cuts}
        nest.loop.attributes.update(marks)
        for op in nest.loop.regions[0].walk():
            if op.name == "tile.for":
                op.attributes["pipeline"] = 1
