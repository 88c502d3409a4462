"""Which wires of a signal never change: tables have some, zeros in front of a natural number are some."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.flow.sizing.netlist import LITERAL, ROM, Netlist, is_wires, width
from lstmir.flow.sizing.roms import constant_bits
from lstmir.interpreter.rtl_design import signal_type
from lstmir.ir.operation import Operation, Value

Bits = tuple[int | None, ...]
"""From the lowest on: what a wire always is, or None where it changes."""


class Constants:
    """The wires of a design, by signal."""

    def __init__(self, netlist: Netlist) -> None:
        self.netlist = netlist
        self._found: dict[Value, Bits] = {}

    def of(self, value: Value) -> Bits:
        """The wires of a signal. A register that is a function of itself is said to change."""
        if value not in self._found:
            self._found[value] = (None,) * width(
                value
            )  # as a register sees it that comes back to it
            self._found[value] = self._bits(value)
        return self._found[value]

    def aligned(self, value: Value, frac: int, count: int) -> Bits:
        """So many wires, with `frac` of them behind the point: zeros below, copies of the sign above."""
        type_ = signal_type(value.type)
        shift, bits = frac - type_.frac, self.of(value)
        inner = (0,) * shift + bits if shift >= 0 else bits[-shift:]
        above = bits[-1] if type_.signed else 0
        return (*inner, *(above,) * (count - len(inner)))[:count]

    def summed(self, op: Operation, count: int) -> tuple[int, int]:
        """Of the lowest bits of a sum: how often two that change are added, and where only a carry is.

        Below the lowest carry, a sum is the wires of one term, and neither.
        """
        frac = signal_type(op.result.type).frac
        terms = [self.aligned(value, frac, count) for value in op.operands]
        lowest = [next((n for n, bit in enumerate(bits) if bit != 0), count) for bits in terms]
        low = sorted([*lowest, count])[1] if op.name == "arith.add" else lowest[-1]
        changing = [bits.count(None) for bits in list(zip(*terms, strict=True))[low:]]
        return sum(max(0, n - 1) for n in changing), sum(n < 2 for n in changing)

    def _bits(self, value: Value) -> Bits:
        op = value.op
        if op.name == LITERAL:
            return _wires(int(op.attributes["integer"]), width(value))
        if op.name == "rtl.read" and op.operands[0].op.name == ROM:
            memory = op.operands[0]
            return constant_bits(self.netlist.words(memory), width(memory))
        if value in self.netlist.nexts:
            return self._register(value)
        if op.name == "arith.select":
            return _agreed(*map(self.of, op.operands[1:]))
        if op.name == "rtl.concat":
            return tuple(bit for part in reversed(op.operands) for bit in self.of(part))
        return self._same_wires(op) if is_wires(op) else (None,) * width(value)

    def _register(self, state: Value) -> Bits:
        bits, first = self.of(self.netlist.nexts[state]), state.op.attributes.get("init")
        return bits if first is None else _agreed(bits, _wires(int(first), width(state)))

    def _same_wires(self, op: Operation) -> Bits:
        source, wide = op.operands[0], width(op.result)
        if op.name == "rtl.bits":
            low = int(op.attributes["low"])
            return self.of(source)[low : low + wide]
        if op.name == "rtl.cast":
            return self.of(source)
        return self.aligned(source, signal_type(op.result.type).frac, wide)


def _wires(integer: int, count: int) -> Bits:
    return tuple((integer >> bit) & 1 for bit in range(count))


def _agreed(one: Sequence[int | None], other: Sequence[int | None]) -> Bits:
    """What is the same in both."""
    return tuple(a if a == b else None for a, b in zip(one, other, strict=True))
