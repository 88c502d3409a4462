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
from lstmir.backends.verilog.sheet import Section, Sheet, Wire
from lstmir.numeric.fixed import FixedType


def body(sheet: Sheet, inputs: dict[str, FixedType]) -> list[str]:
    """Everything between the ports and the end; `inputs` are the signals that come from outside.

    A signal stands in its unit's section, before its uses. Those that an earlier section needs are
    declared in front of all sections.
    """
    sections = list(sheet.sections.values())
    early = _needed_early(sections)
    lines: list[str] = []
    if early:
        lines += ["", f"{INDENT}// Signals that a unit takes from a later one."]
        for section in sections:
            lines += _declarations(section, early, wanted=True)
    for unit, section in sheet.sections.items():
        title = [f"{INDENT}// ---- {unit} ----"] if unit else []
        content = _section(section, early)
        if content:
            lines += ["", *title, *content] if title or content[0] else content
    return lines + _sink(sheet, inputs)


def _needed_early(sections: list[Section]) -> set[str]:
    """Names of signals and memories that a section reads and a later one has."""
    home: dict[str, int] = {}
    for index, section in enumerate(sections):
        home |= {signal.name: index for signal in section.signals if not signal.port}
        home |= {memory.name: index for memory in section.memories}
    return {
        read.signal
        for index, section in enumerate(sections)
        for expr in section.expressions
        for read in expr.reads
        if home.get(read.signal, -1) > index
    }


def _declarations(section: Section, early: set[str], wanted: bool) -> list[str]:
    memories = [memory for memory in section.memories if (memory.name in early) == wanted]
    rows = [
        ("reg", register.type, register.name)
        for register in section.registers
        if not register.port and (register.name in early) == wanted
    ]
    if wanted:
        rows += [("wire", wire.type, wire.name) for wire in section.wires if wire.name in early]
    return [line for memory in memories for line in memory_array(memory)] + table(rows, ";")


def _section(section: Section, early: set[str]) -> list[str]:
    lines = _declarations(section, early, wanted=False) + cleared(section.memories)
    for wire in section.wires:
        lines += _wire(wire, early)
    lines += clocked([write for memory in section.memories for write in memory.writes])
    reset = [register for register in section.registers if register.is_reset]
    free = [register for register in section.registers if not register.is_reset]
    lines += clocked(with_reset(reset, merged([s for register in reset for s in register.next])))
    return lines + clocked(merged([s for register in free for s in register.next]))


def _wire(wire: Wire, early: set[str]) -> list[str]:
    if wire.port or wire.name in early:
        return broken(f"assign {wire.name} = {wire.expr.text};", 1)
    return broken(f"{declared('wire', wire.type, wire.name)} = {wire.expr.text};", 1)


def _sink(sheet: Sheet, inputs: dict[str, FixedType]) -> list[str]:
    """One wire that reads every bit that nothing else does, so that linters report true ones."""
    signals = dict(inputs)
    memories: list[str] = []
    reads: set[Read] = set()
    for section in sheet.sections.values():
        memories += [memory.name for memory in section.memories]
        signals |= {item.name: item.type for item in section.signals if not item.port}
        reads.update(read for expr in section.expressions for read in expr.reads)
    idle = list(_idle(signals, reads))
    idle += [f"{name}[0]" for name in memories if Read(name, 0, 0) not in reads]
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
