"""Counts the values of the tails that are clipped to the ends of their format."""

from __future__ import annotations

from dataclasses import dataclass, field

from lstmir.interpreter.rtl_design import rounded_range
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.fixed import FixedType, narrowest
from lstmir.passes.machine.logic import Logic

UNIT = "saturations"
_AT_ONCE = 6
"""So many numbers are added between two registers."""


@dataclass
class Saturations:
    """Tails tell of their requantizations; `sum` says how many of them clipped, some cycles later."""

    logic: Logic
    clipped: list[Value] = field(default_factory=list)

    def note(self, op: Operation, source: Value, valid: Value) -> None:
        """A requantization of `source` in this cycle, of a unit that is `valid`.

        What cannot be clipped needs no logic.
        """
        target = op.result.type
        assert isinstance(target, FixedType)
        lo, hi = rounded_range(op)
        if op.attributes["overflow"] != "saturate" or target.contains_int(lo, hi):
            return
        logic, rounded = self.logic, narrowest(lo, hi, target.frac)
        rounding = op.attributes["rounding"]
        number = logic.op("fx.requantize", source, type=rounded, rounding=rounding, overflow="wrap")
        beyond = [
            logic.op("arith.compare", number, logic.literal(end, target), predicate=predicate)
            for end, predicate, possible in (
                (target.max_int, "gt", hi > target.max_int),
                (target.min_int, "lt", lo < target.min_int),
            )
            if possible
        ]
        mine = logic.all(logic.any(*beyond), valid)
        name = f"{op.result_names[0] or 'value'}_clipped"
        self.clipped.append(logic.delayed(mine, name, reset=True))

    def sum(self) -> Value | None:
        """How many clipped in a cycle; None where nothing can."""
        logic = self.logic
        logic.enter(UNIT, "Sums the values that the tails clip in a cycle.")
        level = [logic.op("rtl.concat", each) for each in self.clipped]
        while len(level) > 1:
            groups = [level[i : i + _AT_ONCE] for i in range(0, len(level), _AT_ONCE)]
            level = [self.added(group) for group in groups]
        return level[0] if level else None

    def added(self, group: list[Value]) -> Value:
        total = self.logic.op("arith.add", *group) if len(group) > 1 else group[0]
        return self.logic.delayed(total, "sum", reset=True)
