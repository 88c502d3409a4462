"""The controller: decides when a step or the head starts, and counts through its tiles."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.ir.operation import Value
from lstmir.ir.types import I1
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.timing import Timing


@dataclass
class Requests:
    """What the controller looks at: buffered steps, and whether the output is free."""

    full: tuple[Value, Value]
    last: tuple[Value, Value]
    bad: tuple[Value, Value]
    output_free: Value


@dataclass
class Controller:
    """Registers that describe the tile of this cycle.

    `tile` counts within a group (those of the head follow those of the cell), `group` over all
    groups, `address` over all tiles. `begins` and `ends` mark the first and last tile of a group,
    `issuing` any tile. `bank` is the half of the state memories that is read, `buffer` that of the
    input; `first` says that the states are the initial ones.
    """

    start_step: Value
    start_head: Value
    start_error: Value
    released: tuple[Value, Value]
    issuing: Value
    tile: Value
    group: Value
    address: Value
    begins: Value
    ends: Value
    is_head: Value
    first: Value
    bank: Value
    buffer: Value


class ControllerBuilder:
    """Makes the registers first, since the units around the controller depend on each other."""

    def __init__(self, logic: Logic, program: Program, timing: Timing) -> None:
        self.logic, self.program, self.timing = logic, program, timing
        logic.unit = "controller"
        tiles = program.cell.tiles + timing.head_group
        groups = program.cell.groups + program.head.groups
        total = program.cell.groups * program.cell.tiles + timing.head_groups * timing.head_group
        self.timer = logic.reg(natural(max(self.gaps()) + 1), "timer", 0)
        self.take = logic.reg(I1, "take", 0)  # the buffer of the next step
        self.fresh = logic.reg(I1, "fresh", 1)  # the next step is the first of its sequence
        self.head_due = logic.reg(I1, "head_due", 0)
        self.issuing = logic.reg(I1, "issuing", 0)
        self.is_head = logic.reg(I1, "is_head", 0)
        self.tile = logic.reg(natural(tiles), "tile", 0)
        self.group = logic.reg(natural(groups), "group", 0)
        self.address = logic.reg(natural(total), "address", 0)
        self.bank = logic.reg(I1, "bank", 1)
        self.buffer = logic.reg(I1, "buffer", 0)
        self.first = logic.reg(I1, "first_step", 0)
        self.group_start = program.cell.tiles
        self.ends = logic.all(self.issuing, self.at_group_end(), hint="ends")
        self.begins = logic.all(self.issuing, self.at_group_start(), hint="begins")
        self.done = logic.all(self.ends, self.at_last_group(), hint="all_issued")

    def gaps(self) -> tuple[int, int, int]:
        """Cycles that must pass before the next decision: after a step, the last one, the head."""
        timing = self.timing
        return timing.step_interval, timing.head_gap, timing.head_interval

    def at_group_end(self) -> Value:
        logic, cell = self.logic, self.program.cell.tiles
        step = logic.equals(self.tile, cell - 1)
        head = logic.equals(self.tile, cell + self.timing.head_group - 1)
        return logic.any(step, head)

    def at_group_start(self) -> Value:
        logic = self.logic
        return logic.any(logic.equals(self.tile, 0), logic.equals(self.tile, self.group_start))

    def at_last_group(self) -> Value:
        logic, cell = self.logic, self.program.cell.groups
        step = logic.equals(self.group, cell - 1)
        head = logic.equals(self.group, cell + self.program.head.groups - 1)
        return logic.any(step, head)

    def build(self, requests: Requests) -> Controller:
        """The decisions and the counters."""
        logic = self.logic
        logic.unit = "controller"
        idle = logic.equals(self.timer, 0, hint="idle")
        waiting = logic.select(self.take, requests.full[1], requests.full[0], hint="step_waits")
        bad = logic.select(self.take, requests.bad[1], requests.bad[0], hint="step_bad")
        last = logic.select(self.take, requests.last[1], requests.last[0], hint="step_last")
        may_step = logic.all(idle, waiting, logic.no(self.head_due), hint="may_step")
        start_step = logic.all(may_step, logic.no(bad), hint="start_step")
        start_head = logic.all(idle, self.head_due, requests.output_free, hint="start_head")
        start_error = logic.all(may_step, bad, requests.output_free, hint="start_error")
        self.decide(start_step, start_head, start_error, last)
        self.count(start_step, start_head)
        return Controller(
            start_step, start_head, start_error, self.releases(start_error), self.issuing, self.tile,
            self.group, self.address, self.begins, self.ends, self.is_head, self.first, self.bank,
            self.buffer,
        )  # fmt: skip

    def releases(self, error: Value) -> tuple[Value, Value]:
        """A buffer is free when its step is issued, or its packet refused."""
        logic = self.logic
        issued = logic.all(self.done, logic.no(self.is_head), hint="step_issued")

        def one(buffer: Value, take: Value, name: str) -> Value:
            return logic.any(logic.all(issued, buffer), logic.all(error, take), hint=name)

        return (
            one(logic.no(self.buffer), logic.no(self.take), "release_0"),
            one(self.buffer, self.take, "release_1"),
        )

    def decide(self, step: Value, head: Value, error: Value, last: Value) -> None:
        """What a decision changes for the next ones."""
        logic = self.logic
        after_step, after_last, after_head = (
            logic.literal(gap - 1, self.timer.type) for gap in self.gaps()
        )
        running = logic.select(logic.equals(self.timer, 0), self.timer, self.minus_one())
        timer = logic.select(head, after_head, running)
        timer = logic.select(step, logic.select(last, after_last, after_step), timer)
        logic.drive(self.timer, timer)
        logic.drive(self.take, logic.select(logic.any(step, error), logic.no(self.take), self.take))
        started = logic.any(head, error)
        logic.drive(self.fresh, logic.any(started, logic.all(self.fresh, logic.no(step))))
        due = logic.all(self.head_due, logic.no(head))
        logic.drive(self.head_due, logic.any(logic.all(step, last), due))
        logic.drive(self.first, logic.select(step, self.fresh, self.first))
        logic.drive(self.buffer, logic.select(step, self.take, self.buffer))
        toggles = logic.any(step, head)
        logic.drive(self.bank, logic.select(toggles, logic.no(self.bank), self.bank))
        logic.drive(self.is_head, logic.select(toggles, head, self.is_head))

    def minus_one(self) -> Value:
        logic = self.logic
        assert isinstance(self.timer.type, FixedType)
        ones = logic.literal(self.timer.type.max_int, self.timer.type)
        return logic.wrapped(logic.op("arith.add", self.timer, ones), self.timer.type)

    def count(self, step: Value, head: Value) -> None:
        """The counters of tile, group and address, and whether tiles are issued."""
        logic = self.logic
        running = logic.all(self.issuing, logic.no(self.done))
        logic.drive(self.issuing, logic.any(step, head, running))
        base = self.pick_base(self.group_start, self.tile)
        following = logic.select(self.ends, base, logic.plus_one(self.tile))
        self.advance(self.tile, following, step, head, self.group_start)
        grown = logic.select(self.ends, logic.plus_one(self.group), self.group)
        self.advance(self.group, grown, step, head, self.program.cell.groups)
        first_head = self.program.cell.groups * self.program.cell.tiles
        self.advance(self.address, logic.plus_one(self.address), step, head, first_head)

    def pick_base(self, head: int, state: Value) -> Value:
        logic = self.logic
        return logic.select(
            self.is_head, logic.literal(head, state.type), logic.literal(0, state.type)
        )

    def advance(self, state: Value, following: Value, step: Value, head: Value, base: int) -> None:
        logic = self.logic
        value = logic.select(self.issuing, following, state)
        value = logic.select(head, logic.literal(base, state.type), value)
        logic.drive(state, logic.select(step, logic.literal(0, state.type), value))
