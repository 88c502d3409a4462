"""Rounding that costs no adder: half a unit is added to a constant which is added anyway."""

from __future__ import annotations

from dataclasses import dataclass, field

from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.reading import is_sum


@dataclass
class FoldedRounding:
    """Of a tail: the sums with a constant vector that are only rounded half up.

    `halves` say for a load of the vector how much more its words are, in units of 2^-`frac` of the
    sum; `sums` are those sums, `floors` what rounds them: downwards, with the half in the constant.
    """

    body: Region
    halves: dict[Operation, tuple[int, int]] = field(default_factory=dict)
    sums: set[Operation] = field(default_factory=set)
    floors: set[Operation] = field(default_factory=set)

    def find(self, is_constant: set[Value]) -> FoldedRounding:
        """Look through the tail; `is_constant` are the memories of constant vectors."""
        for op in self.body.operations():
            if op.name != "fx.requantize" or op.attributes["rounding"] != "half_up":
                continue
            total = op.operands[0].op
            shift = _fixed(total.result).frac - _fixed(op.result).frac if total.results else 0
            if total.name != "arith.add" or shift < 1 or not self.has_one_user(total.result):
                continue
            for term in total.operands:
                if self.is_own_load(term, is_constant):
                    self.halves[term.op] = (1 << (shift - 1), _fixed(total.result).frac)
                    self.sums.add(total)
                    self.floors.add(op)
                    break
        return self

    def has_one_user(self, value: Value) -> bool:
        return len(self.body.uses(value)) == 1

    def is_own_load(self, term: Value, is_constant: set[Value]) -> bool:
        """Whether a term is a word of a constant vector that nothing else reads."""
        op = term.op
        is_load = op.name == "tile.load" and not is_sum(op) and op.operands[0] in is_constant
        return is_load and self.has_one_user(term)


def _fixed(value: Value) -> FixedType:
    element = element_of(value.type)
    assert isinstance(element, FixedType)
    return element
