"""Which memories become blocks, and how many: by the rules of the synthesis, no fit."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.backends.verilog.memories import depth_of, is_block
from lstmir.flow.sizing.netlist import LITERAL, REGISTER, ROM, Netlist
from lstmir.flow.sizing.rules import Rules
from lstmir.interpreter.rtl_design import memory_type
from lstmir.ir.operation import Value


@dataclass(frozen=True)
class Stored:
    """What one memory is made of; `choices` are bits chosen between small memories in a row."""

    blocks: int = 0
    luts: int = 0
    registers: int = 0
    choices: int = 0


def made_of(netlist: Netlist, memory: Value, rules: Rules) -> Stored:
    """What a memory is made of; one that is constant and no block is logic, which is not counted here."""
    words, type_ = memory_type(memory)
    depth, width, reads = depth_of(words), type_.width, netlist.reads[memory]
    bits, blocks = depth * width, _blocks(depth, width, rules)
    synchronous = all(_is_synchronous(netlist, read.result, read.operands[1]) for read in reads)
    if memory.op.name == ROM:
        pays = synchronous and blocks * rules.block_price < bits * rules.rom_price
        return Stored(blocks) if is_block(memory) or pays else Stored()
    copies = max(1, len(reads))
    luts, price, banks = _luts(depth, width, rules)
    price = copies * price if price else bits + 1
    whole = copies * blocks
    if synchronous and whole * rules.block_price < min(bits, price):
        return Stored(whole)
    if price < bits and not (depth <= rules.pair_registers and synchronous):
        return Stored(luts=copies * luts, choices=copies * width * (banks - 1))
    return Stored(registers=bits)


def _blocks(depth: int, width: int, rules: Rules) -> int:
    return min(-(-depth // words) * -(-width // bits) for words, bits in rules.shapes)


def _luts(depth: int, width: int, rules: Rules) -> tuple[int, int, int]:
    """The LUTs of a small memory that is read once, its price, and how many stand in a row."""
    options = [
        (-(-depth // words) * -(-width // bits), -(-depth // words), each)
        for words, bits, each in rules.lut_shapes
    ]
    if not options:
        return 0, 0, 1
    count, banks, each = min(options)
    return count * each, count * rules.lut_price, banks


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
    """Whether a word only goes to a register, which may have a constant to begin with."""
    return netlist.uses[word] == 1 and word in _registered(netlist)


def _registered(netlist: Netlist) -> set[Value]:
    found = set()
    for value in netlist.nexts.values():
        op = netlist.source(value).op
        found.add(op.result)
        if op.name == "arith.select" and LITERAL in (v.op.name for v in op.operands[1:]):
            found |= {netlist.source(v) for v in op.operands[1:]}
    return found
