"""The slowest way through a multiplier or from a block memory, by what stands on it; nothing is placed.

These are what limits the clock of a design whose pipelines are shallow; logic alone is faster, or as
slow as the multipliers that stand alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lstmir.backends.verilog.memories import is_block
from lstmir.flow.sizing.cover import Cover
from lstmir.flow.sizing.multipliers import dsp_blocks
from lstmir.flow.sizing.netlist import REGISTER, ROM, Netlist, clips, rounds, width
from lstmir.flow.sizing.rules import Rules
from lstmir.interpreter.rtl_design import rounded_range
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.fixed import narrowest


@dataclass(frozen=True)
class Delays:
    """Nanoseconds of a part's cells, from their data sheet, and of a way between two of them.

    A chain of carries takes `chain` and `bit` for each of its bits; `block` is from the clock to the
    word of a block memory.
    """

    register: float
    table: float
    chain: float
    bit: float
    product: float
    block: float
    way: float


DELAYS: Mapping[str, Delays] = {
    "ecp5": Delays(0.5, 0.24, 0.9, 0.035, 3.9, 5.7, 0.9),
    "ice40": Delays(1.4, 1.2, 1.3, 0.28, 11.0, 4.0, 1.8),
}


def slowest_path(netlist: Netlist, cover: Cover, rules: Rules, delays: Delays) -> float:
    """Its nanoseconds. The cover has to be complete."""
    return _Paths(netlist, cover, rules, delays).slowest()


class _Paths:
    def __init__(self, netlist: Netlist, cover: Cover, rules: Rules, delays: Delays) -> None:
        self.netlist, self.cover, self.rules, self.delays = netlist, cover, rules, delays
        self.arrivals: dict[Value, float] = {}

    def slowest(self) -> float:
        for op in self.netlist.design.operations:
            if op.name == REGISTER and self.is_memory(op.result):
                self.arrivals[op.result] = self.delays.block
            elif op.name == "arith.mul" or any(value in self.arrivals for value in op.operands):
                arrivals = self.arrivals
                before = max(arrivals.get(value, self.delays.register) for value in op.operands)
                self.arrivals[op.result] = before + self.takes(op)
        ends = self.netlist.nexts.values()
        return max((self.arrivals.get(value, 0.0) for value in ends), default=0.0) + self.delays.way

    def is_memory(self, register: Value) -> bool:
        """Whether a register is a block memory's own."""
        op = self.netlist.source(self.netlist.nexts[register]).op
        is_rom = op.name == "rtl.read" and op.operands[0].op.name == ROM
        return is_rom and is_block(op.operands[0])

    def takes(self, op: Operation) -> float:
        """What an operation adds."""
        cells, wide = self.delays, width(op.result) if op.name != "rtl.write" else 0
        chain = cells.way + cells.chain
        if op.name == "arith.mul":
            parts = dsp_blocks(op, self.rules) > 1
            return cells.way + cells.product + parts * (chain + cells.bit * wide)
        if op.name in ("arith.add", "arith.sub", "arith.neg"):
            return chain + cells.bit * wide
        if op.name == "fx.requantize":
            rounded = narrowest(*rounded_range(op), 0).width
            adds = chain + cells.bit * rounded if rounds(op) else 0.0
            return adds + (2 * (cells.way + cells.table) if clips(op) else 0.0)
        if op.name == "rtl.read":
            return cells.way + cells.table
        if op.name == "arith.compare":
            levels = 1 + (self.cover.is_narrow(op) is False)
            return levels * (cells.way + cells.table)
        if op.result in self.cover.made:
            return cells.way + cells.table
        return 0.0
