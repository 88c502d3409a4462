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


def rounds_at_once(first: Operation, second: Operation) -> bool:
    """Whether two requantizations, one of the other's result, are a constant added and one rounding.

    Rounding down twice is rounding down once; what the first one clips, the second one clips too.
    """
    types = [_fixed(each.result) for each in (first, second)]
    fracs = [_fixed(first.operands[0]).frac, *(type_.frac for type_ in types)]
    if sorted(fracs, reverse=True) != fracs:
        return False
    for op in (first, second):
        if op.attributes["rounding"] not in ("floor", "half_up"):
            return False
        if op.attributes["overflow"] != "saturate":
            return False
    inner, outer = types
    half = _half(second)
    shift = inner.frac - outer.frac
    highest, lowest = ((end + half) >> shift for end in (inner.max_int, inner.min_int))
    return highest >= outer.max_int and lowest <= outer.min_int


def halves_of(first: Operation, second: Operation, has_first: bool) -> int:
    """The constant, in units of what is rounded; that of the first rounding may be there already."""
    shift = _fixed(first.operands[0]).frac - _fixed(first.result).frac
    return (0 if has_first else _half(first)) + (_half(second) << shift)


def _half(op: Operation) -> int:
    """Half a unit of a requantization's result, in units of its operand; 0 if it rounds down."""
    shift = _fixed(op.operands[0]).frac - _fixed(op.result).frac
    return 1 << (shift - 1) if op.attributes["rounding"] == "half_up" and shift else 0


def _fixed(value: Value) -> FixedType:
    element = element_of(value.type)
    assert isinstance(element, FixedType)
    return element
