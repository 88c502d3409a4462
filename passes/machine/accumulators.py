"""The accumulators of an array: the sums of a group, as they grow, wait, and are taken."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.ir.operation import Value
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.counters import Sequencer
from lstmir.passes.machine.logic import Logic
from lstmir.passes.machine.operands import Operands
from lstmir.passes.machine.orders import early_sums
from lstmir.passes.machine.terms import Term, with_carry
from lstmir.passes.machine.timing import adder_stages, operand_ready


@dataclass
class Sums:
    """The sums of a group, row by row of the multipliers, and which nests' tails may take them.

    `running` are the sums as they grow, `held` what they were at the end of the last run, a cycle
    later. `ready[n]` is true in the cycle in which nest n's are whole in `running`, `early[n]` a
    cycle before. `captured[n][u][s]` hold what a row of unit u left before it began another sum.
    """

    running: list[Value]
    held: list[Value]
    ready: dict[int, Value]
    early: dict[int, Value]
    captured: dict[int, list[dict[int, Value]]]
    load: Value


class Accumulators:
    """Adds what the rows of an `array` give, tile by tile, to sums of a type."""

    def __init__(
        self, logic: Logic, reads: Operands, sequencer: Sequencer, array: str, type: FixedType
    ) -> None:
        self.logic, self.sequencer, self.unit, self.sum_type = logic, sequencer, array, type
        self.program, self.orders, self.words = reads.program, reads.orders, reads.words
        # the cycle after a tile in which its products meet the sums
        self.arrives = operand_ready(self.program) + 1 + adder_stages(self.program)

    def build(self, rows: list[Term], restarts: list[Value | None]) -> Sums:
        """Add each row's terms over the tiles of a run, from zero or from what a run before left.

        A row may begin another sum within a run: `restarts` say so, of each tile.
        """
        logic, sequencer, arrives = self.logic, self.sequencer, self.arrives
        logic.enter(self.unit)
        self.begins = logic.later(sequencer.begins, arrives, reset=True)
        self.resumes = logic.later(sequencer.resumes, arrives - 1)
        self.load = logic.later(sequencer.ends, arrives + 1, reset=True)
        self.ahead = max(order.ahead for order in self.orders)
        if self.ahead > 1:
            self.nest = logic.later(sequencer.nest, arrives - 1)
        sums = [
            self.accumulator(p, term, again)
            for p, (term, again) in enumerate(zip(rows, restarts, strict=True))
        ]
        running, held = [total for total, _ in sums], [saved for _, saved in sums]
        logic.enter(self.unit)
        ready, early = self.readiness()
        return Sums(running, held, ready, early, self.captured(running), self.load)

    def accumulator(self, row: int, term: Term, again: Value | None) -> tuple[Value, Value]:
        """The sum of a row as it grows, and as the last run left it."""
        logic, restart = self.logic, self.begins
        if again is not None:
            restart = logic.any(restart, logic.later(again, self.arrives - 1))
        logic.enter(f"{self.unit}.lane_{row}")
        restart = logic.port(restart, "begins")
        total = logic.reg(self.sum_type, "sum")
        saved = [logic.held(total, self.load, "held")]
        for depth in range(1, self.ahead - 1):
            saved.append(logic.held(saved[-1], self.load, f"left_{depth}"))
        start = logic.literal(0, self.sum_type)
        if self.ahead > 1:
            left = self.left([total, *saved])
            start = logic.delayed(logic.select(self.resumes, left, start), "start")
        base = logic.select(restart, start, total)
        logic.drive(total, logic.wrapped(self.total(base, term), self.sum_type))
        logic.enter(self.unit)
        return total, saved[0]

    def left(self, saved: list[Value]) -> Value:
        """What a run that goes on left, as many runs ago as groups are ahead.

        Behind a run of one tile, one sum less is saved yet.
        """
        logic = self.logic
        found = [saved[max(1, order.ahead - 1)] for order in self.orders]
        for number, (cut, order) in enumerate(zip(self.program.nests, self.orders, strict=True)):
            if order.cuts and order.has_single(cut):
                sooner = saved[order.ahead - 2]
                found[number] = logic.select(self.begins, sooner, found[number])
        return logic.pick(found, self.nest) if len(set(found)) > 1 else found[0]

    def total(self, base: Value, term: Term) -> Value:
        """A sum and a term, with what that lacks."""
        if term.carry is None:
            return self.logic.op("arith.add", base, term.value)
        return with_carry(self.logic, base, term.value, term.carry)

    def readiness(self) -> tuple[dict[int, Value], dict[int, Value]]:
        """For each nest, when its sums are whole, and the cycle before."""
        logic, sequencer = self.logic, self.sequencer
        ready, early = {}, {}
        for number, nest in enumerate(self.program.nests):
            mine = sequencer.finishes
            if len(self.program.nests) > 1:
                mine = logic.all(mine, logic.equals(sequencer.nest, number))
            early[number] = logic.later(mine, self.arrives, reset=True)
            ready[number] = logic.delayed(early[number], f"ready_{nest.name}", reset=True)
        return ready, early

    def captured(self, running: list[Value]) -> dict[int, list[dict[int, Value]]]:
        """Sums that are whole before their group is: what their row holds when it begins another."""
        found: dict[int, list[dict[int, Value]]] = {}
        for number, (nest, order) in enumerate(zip(self.program.nests, self.orders, strict=True)):
            found[number] = [{} for _ in range(nest.units)]
            for sum_, tile in early_sums(nest, order).items():
                load = self.at_tile(self.words.bases[number] + tile)
                for unit in range(nest.units):
                    row = unit * nest.lanes_of_unit + nest.lanes[sum_]
                    name = f"captured_{number}_{unit}_{sum_}"
                    found[number][unit][sum_] = self.logic.held(running[row], load, name)
        return found

    def at_tile(self, tile: int) -> Value:
        """Whether the sums of a tile are there: it was shown as long ago as they take."""
        logic, sequencer = self.logic, self.sequencer
        here = logic.equals(sequencer.tile, tile)
        return logic.later(logic.all(sequencer.working, here), self.arrives + 1, reset=True)
