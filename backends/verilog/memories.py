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
from lstmir.backends.verilog.names import identifier
from lstmir.backends.verilog.registers import decide
from lstmir.backends.verilog.sheet import Assign, Image, Memory, Statement
from lstmir.backends.verilog.wiring import address_width, in_range
from lstmir.interpreter.rtl_design import Design, memory_type, signal_type
from lstmir.ir.operands import segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.fixed import FixedType

_BLOCK_BITS = 1024
"""From how many bits on a constant memory asks for blocks: they are few, and slow to read."""


def add_memories(logic: Logic) -> None:
    """Enter every memory of the unit."""
    plan = logic.plan
    for rom in plan.unit.of_kind("tensor.constant"):
        words, type_ = memory_type(rom)
        name = plan.name(rom, "table")
        image = Image(plan.names.take(f"{name}_image".upper()), image_file(plan.design, rom.op))
        memory = Memory(name, type_, depth_of(words), is_block(rom), image=image)
        logic.sheet.memories.append(memory)
    counters: dict[int, str] = {}
    for ram in plan.unit.of_kind("rtl.ram"):
        words, type_ = memory_type(ram)
        depth, block = depth_of(words), ram.op.attributes.get("style") == "block"
        if depth not in counters:
            counters[depth] = plan.names.take("i")
        writes = _writes(logic, plan.design.updates[ram])
        name, counter = plan.name(ram, "memory"), counters[depth]
        logic.sheet.memories.append(
            Memory(name, type_, depth, block, counter=counter, writes=writes)
        )


def image_file(design: Design, rom: Operation) -> str:
    """The name of the file with the words of a constant memory."""
    return f"{identifier(design.name)}_{rom.attributes['resource']}.mem"


def images(design: Design, resources: dict[str, np.ndarray]) -> dict[str, str]:
    """The images of all constant memories, by file name."""
    return {
        image_file(design, rom.op): image(
            resources[rom.op.attributes["resource"]].tolist(), memory_type(rom)[1]
        )
        for rom in design.roms
    }


def depth_of(words: int) -> int:
    """How long the array is that holds so many words."""
    return 1 << address_width(words)


def image(words: list[int], type_: FixedType) -> str:
    """The words of a memory as `$readmemh` reads them, one a line."""
    digits, wires = -(-type_.width // 4), (1 << type_.width) - 1
    padding = [0] * (depth_of(len(words)) - len(words))
    return "".join(f"{int(word) & wires:0{digits}x}\n" for word in [*words, *padding])


def is_block(rom: Value) -> bool:
    """Whether a constant memory is large, and all its readers are registers."""
    uses = rom.op.parent.uses(rom)
    words, type_ = memory_type(rom)
    large = depth_of(words) * type_.width >= _BLOCK_BITS
    return large and all(_is_registered(user.result) for user, _ in uses)


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
    if any(not read.width for read in at.reads):
        # Yosys makes registers of a memory that is read to say where another one is written.
        at = logic.signal(address).extended(address_width(words), False)
    word = logic.low(value, type_.width)
    word = replace(word, reads=word.reads | at.reads)
    conditions = [] if logic.known.get(enable) == 1 else [logic.low(enable, 1)]
    if signal_type(address.type).max_int >= words:
        conditions.append(in_range(logic, address, words))
    assign = Assign(f"{logic.plan.name(memory)}[{at.text}]", word)
    return decide(all_of(conditions), [assign], []) if conditions else [assign]
