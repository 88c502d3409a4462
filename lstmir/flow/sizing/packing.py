"""What goes into DSP blocks besides multiplications: the registers around them, and one sum each."""

from __future__ import annotations

from functools import cached_property

from lstmir.flow.sizing.multipliers import dsp_blocks
from lstmir.flow.sizing.netlist import REGISTER, Netlist, is_wires
from lstmir.flow.sizing.rules import Rules
from lstmir.interpreter.rtl_design import signal_type
from lstmir.ir.operation import Operation, Value

_FACTOR_STAGES = 2
"""Registers in a row before a factor that a block has."""


class Packing:
    """Which sums and registers the blocks of a family have inside; none, where blocks only multiply.

    A block adds to its product, at once or a register later, if nobody else looks at that product. It
    has a register behind the product, one behind the sum, one before what it adds, and two before each
    factor: those are its own copies, so that a register is gone when all that read it are such blocks.
    """

    def __init__(self, netlist: Netlist, rules: Rules) -> None:
        self.netlist, self.rules = netlist, rules
        self.sums: set[Operation] = set()
        self.registers: set[Value] = set()
        if not rules.blocks_add:
            return
        for op in netlist.products:
            if dsp_blocks(op, rules) == 1:
                self._behind(op.result)
        self._before()

    @cached_property
    def _followers(self) -> dict[Value, Value]:
        """The register or the sum that alone reads a value, in place and whole."""
        found: dict[Value, Value] = {}
        for state, value in self.netlist.nexts.items():
            source = self._in_place(value)
            if source is not None:
                found[source] = state
        for op in self.netlist.design.operations:
            for value in op.operands if op.name == "arith.add" else ():
                source = self._in_place(value)
                if source is not None and self._frac(source) == self._frac(op.result):
                    found[source] = op.result
        readers = self.netlist.readers
        return {value: by for value, by in found.items() if len(readers[value]) == 1}

    def _frac(self, value: Value) -> int:
        return signal_type(value.type).frac

    def _in_place(self, value: Value) -> Value | None:
        """Where wires come from, if the lowest is the lowest there, too."""
        while is_wires(value.op):
            op = value.op
            if op.name == "rtl.bits" and op.attributes["low"] != 0:
                return None
            if op.name == "fx.requantize" and self._frac(op.operands[0]) != self._frac(value):
                return None
            value = op.operands[0]
        return value

    def _behind(self, product: Value) -> None:
        value = self._pack_register(product)
        after = self._followers.get(value)
        if after is not None and after.op.name == "arith.add":
            if after.op in self.sums:
                return
            self.sums.add(after.op)
            value = after
            self._added(after.op)
        self._pack_register(value)

    def _added(self, op: Operation) -> None:
        """The register of the term that comes from outside, and may be chosen instead of the sum so far."""
        readers = self.netlist.readers
        for value in map(self.netlist.source, op.operands):
            is_choice = value.op.name == "arith.select" and readers[value] == {op}
            terms = value.op.operands[1:] if is_choice else (value,)
            reader = value.op if is_choice else op
            for term in map(self._in_place, terms):
                if term is None or self._frac(term) != self._frac(op.result):
                    continue
                if self._is_free(term) and readers[term] == {reader}:
                    self.registers.add(term)

    def _is_free(self, value: Value) -> bool:
        """Whether a value is a register, and not one that a memory has taken."""
        return value in self.netlist.nexts and self.netlist.read_by(value) is None

    def _pack_register(self, value: Value) -> Value:
        after = self._followers.get(value)
        if after is None or after.op.name != REGISTER:
            return value
        self.registers.add(after)
        return after

    def _before(self) -> None:
        reads = {op for op in self.netlist.products if dsp_blocks(op, self.rules)}
        readers = self.netlist.readers
        front = {self.netlist.source(value) for op in reads for value in op.operands}
        for _ in range(_FACTOR_STAGES):
            packed = {
                value for value in front
                if self._is_free(value) and readers[value] <= reads
            }  # fmt: skip
            self.registers |= packed
            reads = {value.op for value in packed}
            front = {self.netlist.source(self.netlist.nexts[value]) for value in packed}
