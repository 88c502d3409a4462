"""Takes the sums of a group apart: a hidden unit a cycle for each of the nest's tails."""

from __future__ import annotations

from dataclasses import dataclass, field

from lstmir.ir.operation import Value
from lstmir.ir.types import I1
from lstmir.passes.machine.accumulators import Sums
from lstmir.passes.machine.counters import Sequencer
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.nest import Nest


@dataclass
class Drain:
    """What the tails of nest `number` take: in their cycle 0 `sums[t]` are those of tail t's unit.

    `valid` says in the cycle before that there will be some. `latency` are the cycles from a tile
    to its sums.
    """

    logic: Logic
    number: int
    nest: Nest
    array: Sums
    sequencer: Sequencer
    latency: int
    valid: Value = field(init=False)
    sums: list[list[Value]] = field(init=False)
    _flags: dict[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.nest.turns == 1:
            self.valid = self.array.early[self.number]
            self.sums = [self.rows(u, self.array.running) for u in range(self.nest.units)]
        else:
            self.take_apart()

    def take_apart(self) -> None:
        """A counter over the turns, and the choices that it steers."""
        logic, nest = self.logic, self.nest
        what = "Takes the sums of a group apart: those of one unit a cycle, for the tail."
        logic.enter(f"{nest.name}_drain", what)
        self.valid = logic.reg(I1, "valid", 0)
        turn = logic.reg(natural(nest.turns), "turn", 0)
        is_last = logic.equals(turn, nest.turns - 1, hint="is_last")
        ready = self.array.ready[self.number]
        logic.drive(self.valid, logic.any(ready, logic.all(self.valid, logic.no(is_last))))
        counted = logic.select(self.valid, logic.plus_one(turn), turn)
        logic.drive(turn, logic.select(ready, logic.literal(0, turn.type), counted))
        units = [self.rows(u, self.array.held) for u in range(nest.units)]
        self.sums = [
            [self.chosen([rows[s] for rows in units[t :: nest.tails]], turn, s, t)
             for s in range(nest.sums)]
            for t in range(nest.tails)
        ]  # fmt: skip

    def chosen(self, sums: list[Value], turn: Value, sum_: int, tail: int) -> Value:
        """The sum of the unit whose turn it is."""
        name = f"sum_{sum_}" if self.nest.tails == 1 else f"sum_{tail}_{sum_}"
        return self.logic.delayed(self.logic.pick(sums, turn), name)

    def rows(self, unit: int, rows: list[Value]) -> list[Value]:
        """The sums of a unit: most from its rows, some were captured before."""
        nest, captured = self.nest, self.array.captured[self.number][unit]
        base = unit * nest.lanes_of_unit
        return [captured.get(s, rows[base + nest.lanes[s]]) for s in range(nest.sums)]

    def flag(self, name: str) -> Value:
        """The sequencer's `first`, `last` or `bank` as it was for the units that `valid` announces."""
        if name not in self._flags:
            self._flags[name] = self.delayed_flag(name)
        return self._flags[name]

    def delayed_flag(self, name: str) -> Value:
        logic, sequencer = self.logic, self.sequencer
        is_bank = name == "bank"
        now = sequencer.banks[self.nest.phase] if is_bank else getattr(sequencer, name)
        logic.enter(f"{self.nest.name}_{'drain' if self.nest.turns > 1 else 'tail'}")
        if self.nest.turns == 1:
            return logic.later(now, self.latency - 1)
        return logic.held(logic.later(now, self.latency), self.array.load, f"held_{name}")
