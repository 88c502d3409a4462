"""How many of a signal's lowest bits anybody looks at: what lies above is never made."""

from __future__ import annotations

from lstmir.flow.sizing.netlist import LITERAL, REGISTER, ROM, Netlist, is_wires, width
from lstmir.interpreter.rtl_design import signal_type
from lstmir.ir.operation import Operation, Value

_BY_BIT = ("arith.add", "arith.sub", "arith.neg", "arith.and", "arith.or", "arith.not")
"""Operations whose lowest bits come from the lowest bits of what they work on."""
_NO_SIGNALS = ("rtl.ram", "rtl.write", ROM, LITERAL)


def needed_bits(netlist: Netlist) -> dict[Value, int]:
    """By signal. Sums that wrap around need no more of their terms than is needed of them."""
    found: dict[Value, int] = {}
    pending: list[Value] = []

    def need(value: Value, bits: int) -> None:
        if value.op.name in _NO_SIGNALS:
            return
        bits = min(bits, width(value))
        if bits > found.get(value, 0):
            found[value] = bits
            pending.append(value)

    for value in netlist.design.outputs.values():
        need(value, width(value))
    for op in netlist.design.operations:
        if op.name == "rtl.write":
            for value in op.operands[1:]:
                need(value, width(value))
    while pending:
        value = pending.pop()
        if value.op.name == REGISTER:
            need(netlist.nexts[value], found[value])
        for index, operand in enumerate(value.op.operands):
            if operand.op.name not in _NO_SIGNALS:
                need(operand, _operand_bits(value.op, index, found[value]))
    return found


def _operand_bits(op: Operation, index: int, bits: int) -> int:
    """How many of an operand's bits go into so many of the result's."""
    operand = op.operands[index]
    if op.name == "rtl.cast":
        return bits
    if op.name == "rtl.bits":
        return bits + int(op.attributes["low"])
    if op.name in _BY_BIT or is_wires(op) or (op.name == "arith.select" and index > 0):
        return bits - signal_type(op.result.type).frac + signal_type(operand.type).frac
    return width(operand)
