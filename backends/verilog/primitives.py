"""Modules of a design made of a part's own blocks: the same names and ports, the same behaviour.

A tool that folds no registers into its part's multipliers and memories gets them folded. Whoever
builds the design takes either file of a module: the portable one, or this one.
"""

from __future__ import annotations

from copy import deepcopy

import numpy as np

from lstmir.backends.verilog import ecp5
from lstmir.backends.verilog.blocks import Multiplier, ReadOnlyMemory, block_of
from lstmir.backends.verilog.comments import Comments
from lstmir.backends.verilog.hierarchy import Unit
from lstmir.backends.verilog.lines import INDENT
from lstmir.backends.verilog.memories import image_file
from lstmir.backends.verilog.modules import Kind
from lstmir.backends.verilog.names import Names
from lstmir.backends.verilog.plan import Plan
from lstmir.backends.verilog.printer import Print, head
from lstmir.interpreter.rtl_design import memory_type
from lstmir.ir.module import Module

FAMILIES = (ecp5.FAMILY,)
"""Families with blocks that are described here."""


def print_primitives(module: Module) -> dict[str, str]:
    """Files for ECP5 that can stand for those of `print_design` with the same names.

    There is one for each module that is nothing but a multiplier or a memory and fits its block.
    Raises as `print_design`.
    """
    made = Print(module)
    writer = _Writer(made.plans, module.resources)
    texts = {kind: writer.body(kind) for kind in made.kinds}
    return {
        f"{kind.name}.v": _text(kind, body, made.comments) for kind, body in texts.items() if body
    }


def _text(kind: Kind, body: list[str], comments: Comments) -> str:
    ports = [
        (keyword.removesuffix(" reg"), type_, name) for keyword, type_, name in kind.page.ports
    ]
    lines = head(kind, ports, comments)
    lines.insert(0, f"// For ECP5 only, in the place of the portable {kind.name}.v.")
    return "\n".join([*lines, "", *body, "", "endmodule", ""])


class _Writer:
    """What stands in modules."""

    def __init__(self, plans: dict[Unit, Plan], resources: dict[str, np.ndarray]) -> None:
        self.plans, self.resources = plans, resources

    def body(self, kind: Kind) -> list[str] | None:
        """The blocks of a module, by the image if its instances have several; None if it needs more."""
        block, names = block_of(self.plans[kind.units[0]]), Names()
        for _, _, port in kind.page.ports:
            names.take(port)
        if isinstance(block, Multiplier):
            return ecp5.multiplier(block, names)
        if not isinstance(block, ReadOnlyMemory):
            return None
        wire, memories = names.take("read"), self.memories(kind)
        lines = ecp5.result(wire, block.word)
        for number, (file, words) in enumerate(memories.items()):
            depth = 1 if len(memories) == 1 else 2
            blocks = ecp5.memory(block, words, wire, deepcopy(names), depth)
            if blocks is None:
                return None
            if len(memories) == 1:
                return lines + blocks
            (parameter,) = kind.parameters
            lines.append(f'{INDENT}generate if ({parameter} == "{file}") begin : content_{number}')
            lines += [*blocks, f"{INDENT}end endgenerate"]
        return lines

    def memories(self, kind: Kind) -> dict[str, list[int]]:
        """The words of each image of a module's instances."""
        found = {}
        for unit in kind.units:
            plan = self.plans[unit]
            (rom,) = unit.of_kind("tensor.constant")
            wires = (1 << memory_type(rom)[1].width) - 1
            array = self.resources[rom.op.attributes["resource"]]
            found[image_file(plan.design, rom.op)] = [int(word) & wires for word in array.tolist()]
        return found
