"""Memories in Verilog, in the shapes that synthesis tools recognise.

A memory has a power of two of words: the ones beyond the last stay zero, as the IR has it, and an
address of as many bits never leaves the array. Block RAM is asked for by attributes; whatever else
is left to the tool, since naming distributed RAM stops the ones whose parts have none.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lstmir.backends.verilog.expressions import all_of
from lstmir.backends.verilog.logic import Logic
from lstmir.backends.verilog.registers import decide
from lstmir.backends.verilog.sheet import Assign, Memory, Statement
from lstmir.backends.verilog.wiring import address_width, in_range
from lstmir.interpreter.rtl_design import memory_type, signal_type
from lstmir.ir.operands import segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.fixed import FixedType

_DEEPEST_LOGIC_ROM = 64


def add_memories(logic: Logic, resources: dict[str, np.ndarray]) -> dict[str, str]:
    """Enter every memory in its unit's section; the images of the constant ones, by file name."""
    plan, images = logic.plan, {}
    for rom in plan.design.roms:
        resource = rom.op.attributes["resource"]
        file = f"{plan.module}_{resource}.mem"
        words, type_ = memory_type(rom)
        images[file] = image(resources[resource].tolist(), type_)
        memory = Memory(plan.name(rom), type_, depth_of(words), _is_block(rom), image=file)
        logic.sheet.section(plan.unit(rom.op)).memories.append(memory)
    counters: dict[tuple[str, int], str] = {}
    for ram in plan.design.rams:
        (words, type_), unit = memory_type(ram), plan.unit(ram.op)
        depth, block = depth_of(words), ram.op.attributes.get("style") == "block"
        if (unit, depth) not in counters:
            counters[unit, depth] = plan.names.take("i")
        counter, writes = counters[unit, depth], _writes(logic, plan.design.updates[ram])
        memory = Memory(plan.name(ram), type_, depth, block, counter=counter, writes=writes)
        logic.sheet.section(unit).memories.append(memory)
    return images


def depth_of(words: int) -> int:
    """How long the array is that holds so many words."""
    return 1 << address_width(words)


def image(words: list[int], type_: FixedType) -> str:
    """The words of a memory as `$readmemh` reads them, one a line."""
    digits, wires = -(-type_.width // 4), (1 << type_.width) - 1
    padding = [0] * (depth_of(len(words)) - len(words))
    return "".join(f"{int(word) & wires:0{digits}x}\n" for word in [*words, *padding])


def _is_block(rom: Value) -> bool:
    """Whether a constant memory is deep, and all its readers are registers."""
    uses = rom.op.parent.uses(rom)
    deep = memory_type(rom)[0] > _DEEPEST_LOGIC_ROM
    return deep and all(_is_registered(user.result) for user, _ in uses)


def _is_registered(word: Value) -> bool:
    """Whether a word goes to registers only, whole or in parts, past selections at most."""
    region = word.op.parent
    return all(
        index in segments_of(user)[1] if user is region.end else _passes_on(user, index)
        for user, index in region.uses(word)
    )


def _passes_on(user: Operation, operand: int) -> bool:
    passing = user.name in ("rtl.bits", "rtl.cast", "rtl.concat")
    passing |= user.name == "arith.select" and operand > 0
    return passing and _is_registered(user.result)


def _writes(logic: Logic, content: Value) -> list[Statement]:
    """One statement a write; where two meet in a word, the later one wins."""
    writes: list[Operation] = []
    while content.op.name == "rtl.write":
        writes.append(content.op)
        content = content.op.operands[0]
    return [statement for op in reversed(writes) for statement in _write(logic, content, op)]


def _write(logic: Logic, memory: Value, op: Operation) -> list[Statement]:
    _, address, value, enable = op.operands
    words, type_ = memory_type(memory)
    at = logic.low(address, address_width(words))
    word = logic.low(value, type_.width)
    word = replace(word, reads=word.reads | at.reads)
    conditions = [] if logic.known.get(enable) == 1 else [logic.low(enable, 1)]
    if signal_type(address.type).max_int >= words:
        conditions.append(in_range(logic, address, words))
    assign = Assign(f"{logic.plan.name(memory)}[{at.text}]", word)
    return decide(all_of(conditions), [assign], []) if conditions else [assign]
