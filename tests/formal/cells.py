"""Cells of a Yosys netlist as terms of z3, as Yosys' manual defines them.

Arithmetic takes its operands at the width of the result, comparisons at that of the wider operand;
both extend by sign if the cell is signed. What decides looks at whether any wire is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import z3
from z3 import BitVecRef as Bits

from tests.formal.machine import bit, extended, holds, times


@dataclass(frozen=True)
class Cell:
    """A cell with its parameters as strings of binary digits, and its pins as lists of bits."""

    name: str
    type: str
    parameters: dict[str, str]
    pins: dict[str, list[int | str]]

    @classmethod
    def read(cls, name: str, entry: dict[str, Any]) -> Cell:
        """A cell as `write_json` has it."""
        return cls(name, entry["type"], entry["parameters"], entry["connections"])

    def number(self, parameter: str) -> int:
        """A parameter that counts something."""
        return int(self.parameters[parameter], 2)

    def digit(self, parameter: str, index: int) -> str:
        """One bit of a parameter."""
        return self.parameters[parameter][-1 - index]

    def text(self, parameter: str) -> str:
        """A parameter that is a name."""
        return self.parameters[parameter].removeprefix("\\")

    @property
    def signed(self) -> bool:
        """Whether operands extend by their signs."""
        return self.number("A_SIGNED") == 1

    def both(self, a: Bits, b: Bits, width: int) -> tuple[Bits, Bits]:
        """Two operands at one width."""
        if "B_SIGNED" in self.parameters and self.number("B_SIGNED") != self.signed:
            raise ValueError(f"{self.name}: one operand is signed, the other is not")
        return extended(a, width, self.signed), extended(b, width, self.signed)


Binary = Callable[[Cell, Bits, Bits, int], Bits]


def _arithmetic(apply: Callable[[Bits, Bits], Bits]) -> Binary:
    return lambda cell, a, b, width: apply(*cell.both(a, b, width))


def _comparison(
    signed: Callable[[Bits, Bits], z3.BoolRef], unsigned: Callable[[Bits, Bits], z3.BoolRef]
) -> Binary:
    def term(cell: Cell, a: Bits, b: Bits, width: int) -> Bits:
        operands = cell.both(a, b, max(a.size(), b.size()))
        return extended(bit((signed if cell.signed else unsigned)(*operands)), width, signed=False)

    return term


def _decision(join: Callable[..., z3.BoolRef]) -> Binary:
    return lambda cell, a, b, width: extended(bit(join(holds(a), holds(b))), width, signed=False)


def _equal(a: Bits, b: Bits) -> z3.BoolRef:
    return a == b


def _different(a: Bits, b: Bits) -> z3.BoolRef:
    return a != b


def _shifted_left(cell: Cell, a: Bits, b: Bits, width: int) -> Bits:
    room = max(width, a.size(), b.size())
    shifted = extended(a, room, cell.signed) << extended(b, room, signed=False)
    return extended(shifted, width, signed=False)


BINARY: dict[str, Binary] = {
    "$add": _arithmetic(lambda a, b: a + b),
    "$sub": _arithmetic(lambda a, b: a - b),
    "$mul": _arithmetic(times),
    "$and": _arithmetic(lambda a, b: a & b),
    "$or": _arithmetic(lambda a, b: a | b),
    "$xor": _arithmetic(lambda a, b: a ^ b),
    "$eq": _comparison(_equal, _equal),
    "$ne": _comparison(_different, _different),
    "$lt": _comparison(lambda a, b: a < b, z3.ULT),
    "$le": _comparison(lambda a, b: a <= b, z3.ULE),
    "$gt": _comparison(lambda a, b: a > b, z3.UGT),
    "$ge": _comparison(lambda a, b: a >= b, z3.UGE),
    "$logic_and": _decision(z3.And),
    "$logic_or": _decision(z3.Or),
    "$shl": _shifted_left,
}
UNARY: dict[str, Callable[[Cell, Bits, int], Bits]] = {
    "$not": lambda cell, a, width: ~extended(a, width, cell.signed),
    "$neg": lambda cell, a, width: -extended(a, width, cell.signed),
    "$pos": lambda cell, a, width: extended(a, width, cell.signed),
    "$logic_not": lambda cell, a, width: extended(bit(a == 0), width, signed=False),
    "$reduce_bool": lambda cell, a, width: extended(bit(holds(a)), width, signed=False),
    "$reduce_or": lambda cell, a, width: extended(bit(holds(a)), width, signed=False),
    "$reduce_and": lambda cell, a, width: extended(bit(a == -1), width, signed=False),
}


def _multiplexer(a: Bits, b: Bits, select: Bits) -> Bits:
    return z3.If(holds(select), b, a)


def _priority_multiplexer(a: Bits, b: Bits, select: Bits) -> Bits:
    """At most one bit of `select` is one in what a `case` becomes; the lowest counts, if not."""
    chosen, width = a, a.size()
    for index in reversed(range(select.size())):
        branch = z3.Extract(width * (index + 1) - 1, width * index, b)
        chosen = z3.If(z3.Extract(index, index, select) == 1, branch, chosen)
    return chosen


LOGIC: dict[str, Callable[[Bits, Bits, Bits], Bits]] = {
    "$mux": _multiplexer,
    "$pmux": _priority_multiplexer,
}
