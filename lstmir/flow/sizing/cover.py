"""Bitwise logic, covered with look-up tables as a mapper would cover one bit of each word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from lstmir.flow.sizing.choices import LEAST, Choices, choice_luts
from lstmir.flow.sizing.netlist import LITERAL, Netlist, is_wires, width
from lstmir.flow.sizing.rules import Rules
from lstmir.ir.operation import Operation, Value

_BITWISE = ("arith.select", "arith.and", "arith.or", "arith.not")
_EASY = 3
"""Inputs of a function that several may read and each makes anew, or that any table has room for."""

Inputs = frozenset[object]
_NONE: Inputs = frozenset()


class Cover:
    """Look-up tables of `lut_inputs` inputs; `kinds` counts them once a value was demanded.

    A value that is demanded is made by itself. What only others of its kind read becomes a part of
    their tables while these have inputs left. `levels` says how many tables stand between a value and
    the registers before it.
    """

    def __init__(self, netlist: Netlist, rules: Rules, needs: Mapping[Value, int]) -> None:
        self.needs = needs
        self.netlist, self.rules, self.lut_inputs = netlist, rules, rules.lut_inputs
        self.choices = Choices(netlist)
        self.kinds: Counter[str] = Counter()
        self.made: set[Value] = set()
        self._inputs: dict[Value, Inputs] = {}

    def inputs(self, value: Value) -> Inputs:
        """What one bit of a value is a function of; nothing, for a constant."""
        if value not in self._inputs:
            self._inputs[value] = self._found(value)
        return self._inputs[value]

    def demand(self, value: Value) -> Inputs:
        """Make a value by itself, if it is logic; it is an input from then on."""
        source = self.netlist.source(value)
        if source.op.name == LITERAL:
            return _NONE
        if source.op.name == "rtl.concat":
            for part in source.op.operands:
                self.demand(part)
        if self._is_choice(source):
            return self._choose(source)
        found = self.inputs(source)
        is_logic = source.op.name in _BITWISE or source.op.name == "arith.compare"
        if not is_logic or source in found or len(found) <= 1:
            return found
        if source not in self.made:
            self.made.add(source)
            self.kinds["logic" if len(found) <= _EASY else "wide_logic"] += self.needs.get(
                source, 0
            )
        return frozenset([source])

    def _is_choice(self, value: Value) -> bool:
        """Whether a value is one of so many words that the tables for them are known by their number."""
        return bool(self.rules.choices) and len(self.choices.of(value).words) >= LEAST

    def _choose(self, value: Value) -> Inputs:
        if value not in self.made:
            self.made.add(value)
            choice = self.choices.of(value)
            for part in (*choice.words, *choice.conditions):
                self.demand(part)
            bit = choice_luts(len(choice.words), self.rules.choices)
            self.kinds["choice"] += round(self.needs.get(value, 0) * bit)
        return frozenset([value])

    def is_narrow(self, op: Operation) -> bool:
        """Whether a comparison looks at no more bits than a table has inputs."""
        return self._compared_bits(op) <= self.lut_inputs

    def _compared_bits(self, op: Operation) -> int:
        a, b = op.operands
        return width(a) if LITERAL in (a.op.name, b.op.name) else 2 * max(width(a), width(b))

    def _found(self, value: Value) -> Inputs:
        op = value.op
        if op.name == LITERAL:
            return _NONE
        if is_wires(op):
            return self.inputs(op.operands[0])
        if self._is_choice(value):
            return self._choose(value)
        if op.name in _BITWISE:
            return self._joined(op.operands, width(value))
        if op.name == "arith.compare" and self.is_narrow(op):
            for operand in op.operands:
                self.demand(operand)
            return frozenset((value, bit) for bit in range(self._compared_bits(op)))
        return frozenset([value])

    def _joined(self, operands: tuple[Value, ...], wide: int) -> Inputs:
        """The inputs of a bitwise operation; where they are too many, the largest part is made first."""
        parts = {operand: self._part(operand, wide) for operand in operands}
        while len(frozenset[object]().union(*parts.values())) > self.lut_inputs:
            most = max(parts, key=lambda operand: len(parts[operand]))
            if len(parts[most]) <= 1:
                break
            parts[most] = self.demand(most)
        return frozenset[object]().union(*parts.values())

    def _part(self, value: Value, wide: int) -> Inputs:
        """The inputs that an operand adds to a table for words of `wide` bits."""
        found = self.inputs(value)
        source = self.netlist.source(value)
        is_own = self.netlist.uses[source] == 1 and width(source) >= wide
        return found if is_own or len(found) < _EASY else self.demand(value)
