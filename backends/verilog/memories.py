"""Memories in Verilog, in the shapes that synthesis tools recognise.

A memory has a power of two of words: the ones beyond the last stay zero, as the IR has it, and an
address of as many bits never leaves the array. Block RAM is asked for by attributes; whatever else
is left to the tool, since naming distributed RAM stops the ones whose parts have none.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lstmir.backends.verilog.expressions import all_of
from lstmir.backends.verilog.lines import declared
from lstmir.backends.verilog.logic import Logic
from lstmir.backends.verilog.registers import decide
from lstmir.backends.verilog.sheet import Assign, Memory, Statement
from lstmir.backends.verilog.wiring import depth_of, in_range
from lstmir.interpreter.rtl_design import memory_type, signal_type
from lstmir.ir.definition import segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.fixed import FixedType

BLOCK = '(* rom_style = "block", ram_style = "block" *)'
_DEEPEST_LOGIC_ROM = 64


def add_memories(logic: Logic, resources: dict[str, np.ndarray]) -> dict[str, str]:
    """Enter every memory in its unit's section; the images of the constant ones, by file name."""
    design, images = logic.plan.design, {}
    for ram in design.rams:
        block = ram.op.attributes.get("style") == "block"
        declaration = [*_array(logic, ram, block), *_zeros(logic, ram)]
        writes = _writes(logic, design.updates[ram])
        memory = Memory(logic.plan.name(ram), declaration, writes)
        logic.sheet.section(logic.plan.unit(ram.op)).memories.append(memory)
    for rom in design.roms:
        resource = rom.op.attributes["resource"]
        file = f"{logic.plan.module}_{resource}.mem"
        images[file] = image(resources[resource].tolist(), memory_type(rom)[1])
        name = logic.plan.name(rom)
        declaration = [*_array(logic, rom, _is_block(rom)), f'initial $readmemh("{file}", {name});']
        logic.sheet.section(logic.plan.unit(rom.op)).memories.append(Memory(name, declaration, []))
    return images


def image(words: list[int], type_: FixedType) -> str:
    """The words of a memory as `$readmemh` reads them, one a line."""
    digits, wires = -(-type_.width // 4), (1 << type_.width) - 1
    padding = [0] * ((1 << depth_of(len(words))) - len(words))
    return "".join(f"{int(word) & wires:0{digits}x}\n" for word in [*words, *padding])


def _array(logic: Logic, memory: Value, block: bool) -> list[str]:
    words, type_ = memory_type(memory)
    last = (1 << depth_of(words)) - 1
    array = f"{declared('reg', type_, logic.plan.name(memory))} [0:{last}];"
    return [BLOCK, array] if block else [array]


def _zeros(logic: Logic, ram: Value) -> list[str]:
    words, type_ = memory_type(ram)
    name, last = logic.plan.name(ram), (1 << depth_of(words)) - 1
    index = logic.plan.names.take("i")
    loop = f"for ({index} = 0; {index} <= {last}; {index} = {index} + 1)"
    return [f"integer {index};", f"initial {loop} {name}[{index}] = {type_.width}'d0;"]


def _is_block(rom: Value) -> bool:
    """Whether a constant memory is deep, and all its readers are registers."""
    uses = rom.op.parent.uses(rom)
    deep = memory_type(rom)[0] > _DEEPEST_LOGIC_ROM
    return deep and all(_is_registered(user.result) for user, _ in uses)


def _is_registered(word: Value) -> bool:
    """Whether a word goes to registers only, past selections at most."""
    region = word.op.parent
    return all(
        index in segments_of(user)[1]
        if user is region.end
        else user.name == "arith.select" and index > 0 and _is_registered(user.result)
        for user, index in region.uses(word)
    )


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
    at = logic.low(address, depth_of(words))
    word = logic.low(value, type_.width)
    word = replace(word, reads=word.reads | at.reads)
    conditions = [] if logic.known.get(enable) == 1 else [logic.low(enable, 1)]
    if signal_type(address.type).max_int >= words:
        conditions.append(in_range(logic, address, words))
    assign = Assign(f"{logic.plan.name(memory)}[{at.text}]", word)
    return decide(all_of(conditions), [assign], []) if conditions else [assign]
