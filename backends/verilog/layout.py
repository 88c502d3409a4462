"""Puts the parts of a module into an order in which a person reads them and a tool accepts them."""

from __future__ import annotations

from collections.abc import Iterable

from lstmir.backends.verilog.expressions import Read
from lstmir.backends.verilog.lines import (
    INDENT,
    broken,
    cleared,
    clocked,
    declared,
    memory_array,
    table,
    with_reset,
)
from lstmir.backends.verilog.plan import UNUSED
from lstmir.backends.verilog.registers import merged
from lstmir.backends.verilog.sheet import Sheet, Wire
from lstmir.numeric.fixed import FixedType

_FEW_LINES = 2


def combinational_part(sheet: Sheet) -> list[str]:
    """All declarations, each signal before its uses, and the wires."""
    rows = [("wire", inlet.type, inlet.name) for inlet in sheet.inlets if not inlet.port]
    rows += [
        ("reg", register.type, register.name) for register in sheet.registers if not register.port
    ]
    memories = [line for memory in sheet.memories for line in memory_array(memory)]
    memories += cleared(sheet.memories)
    wires = [line for wire in sheet.wires for line in _wire(wire)]
    blocks = [block for block in (memories, table(rows, ";"), wires) if block]
    return [line for block in blocks for line in ("", *block)]


def clocked_part(sheet: Sheet) -> list[str]:
    """What changes with the clock: memories, registers that a reset sets, and the others."""
    lines = clocked([write for memory in sheet.memories for write in memory.writes])
    reset = [register for register in sheet.registers if register.is_reset]
    free = [register for register in sheet.registers if not register.is_reset]
    lines += clocked(with_reset(reset, merged([s for register in reset for s in register.next])))
    return lines + clocked(merged([s for register in free for s in register.next]))


def instance(module: str, name: str, images: dict[str, str], ports: dict[str, str]) -> list[str]:
    """A unit put into another one, on few lines or with a line for each port."""
    head = module
    if images:
        head += f" #({_connected(images)})"
    short = broken(f"{head} {name} ({_connected(ports)});", 1)
    if len(short) <= _FEW_LINES:
        return short
    rows = [f"{INDENT * 2}{_connected({port: text})}," for port, text in ports.items()]
    return [*broken(f"{head} {name} (", 1), *rows[:-1], rows[-1][:-1], f"{INDENT});"]


def _connected(ports: dict[str, str]) -> str:
    return ", ".join(f".{port}({text})" for port, text in ports.items())


def _wire(wire: Wire) -> list[str]:
    if wire.port:
        return broken(f"assign {wire.name} = {wire.expr.text};", 1)
    return broken(f"{declared('wire', wire.type, wire.name)} = {wire.expr.text};", 1)


def sink(sheet: Sheet, inputs: dict[str, FixedType]) -> list[str]:
    """One wire that reads every bit that nothing else does, so that linters report true ones.

    `inputs` are the signals that come from outside.
    """
    signals = inputs | {item.name: item.type for item in sheet.signals if not item.port}
    reads = {read for expr in sheet.expressions for read in expr.reads}
    idle = list(_idle(signals, reads))
    idle += [f"{m.name}[0]" for m in sheet.memories if Read(m.name, 0, 0) not in reads]
    if not idle:
        return []
    text = f"wire {UNUSED} = &{{1'b0, {', '.join(idle)}}};"
    return ["", f"{INDENT}// Bits that nothing looks at.", *broken(text, 1)]


def _idle(signals: dict[str, FixedType], reads: Iterable[Read]) -> Iterable[str]:
    used = dict.fromkeys(signals, 0)
    for signal, low, width in reads:
        if signal in used:
            used[signal] |= (1 << width) - 1 << low
    for name, type_ in signals.items():
        idle = ~used[name] & (1 << type_.width) - 1
        if idle == (1 << type_.width) - 1:
            yield name
            continue
        while idle:
            low = (idle & -idle).bit_length() - 1
            width = (~(idle >> low) & (idle >> low) + 1).bit_length() - 1
            yield f"{name}[{low}]" if width == 1 else f"{name}[{low + width - 1}:{low}]"
            idle &= -1 << low + width
