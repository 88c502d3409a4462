"""Which memories become blocks, and how many: by the rules of the synthesis, no fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lstmir.backends.verilog.memories import depth_of, is_block
from lstmir.flow.sizing.netlist import LITERAL, REGISTER, ROM, Netlist
from lstmir.flow.sizing.roms import varying_bits
from lstmir.flow.sizing.rules import Rules, Shape
from lstmir.interpreter.rtl_design import memory_type
from lstmir.ir.operation import Value

_CHOICE = 0.5
"""The price of choosing between two rows, a bit."""


@dataclass(frozen=True)
class Stored:
    """What one memory is made of. Of its `rows` of blocks or LUTs, or of its registers, one is `chosen` by
    so many bits. Each of the `written` words of registers has an enable of its own."""

    blocks: int = 0
    luts: int = 0
    registers: int = 0
    rows: int = 1
    chosen: int = 0
    written: int = 0


def made_of(netlist: Netlist, memory: Value, rules: Rules) -> Stored:
    """What a memory is made of; one that is constant and no block is logic, which is not counted here."""
    words, type_ = memory_type(memory)
    depth, width, reads = depth_of(words), type_.width, netlist.reads[memory]
    if memory.op.name == ROM:
        width = varying_bits(netlist.words(memory), width)
    bits = depth * width
    synchronous = all(_is_synchronous(netlist, read.result, read.operands[1]) for read in reads)
    block = cheapest(depth, width, rules.shapes)
    blocks = Stored(len(reads) * block.blocks, rows=block.rows, chosen=len(reads) * width)
    if memory.op.name == ROM:
        pays = synchronous and block.price < bits * rules.rom_price
        return blocks if is_block(memory) or pays else Stored()
    small = cheapest(
        depth, width, rules.same_shapes if _is_same(netlist, memory) else rules.lut_shapes
    )
    copies = max(1, len(reads))
    # Memories of LUTs have no register of their own.
    price = copies * small.price + synchronous * width if small.blocks else bits + 1
    if synchronous and copies * block.price < min(bits, price):
        return blocks
    if price < bits:
        return Stored(luts=copies * small.blocks, rows=small.rows, chosen=copies * width)
    return Stored(registers=bits, rows=depth, chosen=len(reads) * width, written=depth)


@dataclass(frozen=True)
class Cut:
    """A memory cut into blocks, or groups of LUTs: rows of words, side by side."""

    price: float = 0
    rows: int = 1
    blocks: int = 0


def cheapest(depth: int, width: int, shapes: Sequence[Shape]) -> Cut:
    """All rows are read, and then one is chosen: a block may have bits of several."""
    cuts = []
    for shape in shapes:
        rows = -(-depth // shape.words)
        count = -(-rows * width // shape.bits)
        price = count * shape.price + _CHOICE * width * (rows - 1)
        cuts.append(Cut(price, rows, count * shape.takes))
    return min(cuts, key=lambda cut: (cut.price, cut.rows), default=Cut())


def _is_same(netlist: Netlist, memory: Value) -> bool:
    """Whether what is read is always where would be written: one port for both."""
    reads, write = netlist.reads[memory], netlist.design.updates[memory].op
    if len(reads) != 1 or write.operands[0] != memory:
        return False
    return netlist.source(reads[0].operands[1]) == netlist.source(write.operands[1])


def _is_synchronous(netlist: Netlist, word: Value, address: Value) -> bool:
    """Whether a register in front of a read, or behind it, can become the memory's own."""
    return _is_registered(netlist, word) or _is_register(netlist, address)


def _is_register(netlist: Netlist, value: Value) -> bool:
    op = netlist.source(value).op
    if op.name == "rtl.concat":
        return all(_is_register(netlist, part) for part in op.operands)
    if op.name == REGISTER:  # one behind a memory is that memory's
        return netlist.source(netlist.nexts[op.result]).op.name != "rtl.read"
    return op.name == LITERAL


def _is_registered(netlist: Netlist, word: Value) -> bool:
    """Whether a word only goes to a register, which may have a constant to begin with, or an enable."""
    return netlist.uses[word] == 1 and word in _registered(netlist)


def _registered(netlist: Netlist) -> set[Value]:
    found = set()
    for state, value in netlist.nexts.items():
        op = netlist.source(value).op
        found.add(op.result)
        if op.name != "arith.select":
            continue
        others = [netlist.source(v) for v in op.operands[1:]]
        if state in others or LITERAL in (v.op.name for v in others):
            found |= {*others}
    return found
