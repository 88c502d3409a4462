"""From the tiled and scheduled program to registers, memories and logic."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from lstmir.interpreter.streams import beat_width
from lstmir.ir.builder import Builder
from lstmir.ir.interface import ports, set_ports
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import I1, Type
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine import axi_lite
from lstmir.passes.machine.logic import WORD_BITS
from lstmir.passes.machine.machine import MachineBuilder
from lstmir.passes.machine.operands import shared_blocks, unshared
from lstmir.passes.machine.pairs import Block
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.reading import read_program
from lstmir.passes.machine.timing import timing_from
from lstmir.pipeline.passes import Context, Promise, cannot, register

PRODUCTS = ("one", "auto", "two")
OUTPUTS = ("s_axis_tready", "m_axis_tdata", "m_axis_tvalid", "m_axis_tlast", "m_axis_tuser")


@register
@dataclass(frozen=True)
class LowerToRtl:
    """Builds the machine that runs the program in exactly the cycles of its schedule.

    Input buffers, a sequencer, the array with the memories of weights and vectors, for every nest a
    drain that takes its sums apart and the tail as a pipeline, and an output buffer; streams as
    AXI4-Stream, one element a beat. Only the start of a step or of the finish can wait; everything
    behind it is static. With `axi-lite`, a block of registers stands between the streams and the machine.
    So many multipliers of the (first) array are `in-logic`: for parts with too few DSP blocks.

    With `products=two`, two multipliers of the array that read the same element in every tile share a
    block of the part wherever both products fit it: the same bits in the same cycles, of fewer blocks
    and more logic. Which do is found from the weights themselves. If none do, that is an error;
    `products=auto` then leaves the array as it is.
    """

    name: ClassVar[str] = "lower-to-rtl"
    summary: ClassVar[str] = "registers, memories and logic of the scheduled program"
    promise: ClassVar[Promise] = Promise.EXACT

    axi_lite: bool = field(default=False, metadata={"help": "registers for a host, by AXI4-Lite"})
    in_logic: int = field(
        default=0,
        metadata={"help": "multipliers of the array made of adders instead of DSP blocks"},
    )
    products: str = field(
        default="one",
        metadata={
            "help": "'one' in each multiplier block; 'two' narrow ones where they fit, 'auto' if any do"
        },
    )
    block: str = field(
        default="18x18", metadata={"help": "bits of a block's factors, signed, for products=two"}
    )
    least: int = field(
        default=0, metadata={"help": "bits of both factors from which on a product takes a block"}
    )

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` for a module that is not scheduled."""
        program = read_program(self, module)
        if not 0 <= self.in_logic <= program.arrays[0].macs:
            why = f"in-logic must be 0 to {program.arrays[0].macs}, the multipliers of the array"
            raise cannot(self, f"{why}, not {self.in_logic}")
        if "timing" not in module.attributes:
            raise cannot(self, "the module is not scheduled: run schedule first")
        block = self._shared_block(program, context)
        types = _ports(program) | (axi_lite.INPUTS if self.axi_lite else {})
        region = Region(types.values(), types)
        ports: dict[str, Value] = dict(zip(types, region.arguments, strict=True))
        builder = Builder(module, region)
        timing = timing_from(module.attributes["timing"])
        machine = MachineBuilder(
            builder, module, program, timing, self.axi_lite, block, self.in_logic
        )
        _terminate(builder, machine.build(ports), machine.logic.updates)
        _note_formats(module, program)
        name = module.name
        module.functions.clear()
        outputs = OUTPUTS + (axi_lite.OUTPUTS if self.axi_lite else ())
        about = {"outputs": outputs, "units": machine.logic.units}
        module.functions[name] = Function(name, region, about)
        module.drop_unused_resources()

    def _shared_block(self, program: Program, context: Context) -> Block | None:
        """The block that two products may share, if any shall; raises `UserError` if none can."""
        if self.products not in PRODUCTS:
            known = ", ".join(f"'{word}'" for word in PRODUCTS)
            raise cannot(self, f"products must be one of {known}, not '{self.products}'")
        widths = _widths(self.block)
        if widths is None:
            why = f"block must be the bits of two factors, such as 25x18, 64 at most, not '{self.block}'"
            raise cannot(self, why)
        if self.products == "one":
            return None
        block = Block(widths, self.least)
        count = shared_blocks(program, block)
        if count:
            context.progress(f"{self.name}: {count} blocks multiply twice")
        elif self.products == "two":
            why, note = unshared(program, block)
            message = f"no two products share a block of {self.block} bits: {why}"
            raise cannot(self, message, None, note, "products=auto shares where it can")
        return block


def _widths(text: str) -> tuple[int, int] | None:
    """`25x18` as two positive numbers, whose sum is what a register can have."""
    words = text.split("x")
    if len(words) != 2 or not all(map(str.isdecimal, words)):
        return None
    first, second = map(int, words)
    return (first, second) if first and second and first + second <= WORD_BITS else None


def _terminate(
    builder: Builder, outputs: list[Value], updates: list[tuple[Value, Value]]
) -> Operation:
    pairs = [value for pair in updates for value in pair]
    return builder.end("rtl.next", [*outputs, *pairs], segments=(len(outputs), len(pairs)))


def _note_formats(module: Module, program: Program) -> None:
    """Wires do not say what they mean: the interface does from here on."""
    kinds = {"input": program.input_types, "output": program.result_types}
    set_ports(module, [
        replace(port, format=format_)
        for kind, formats in kinds.items()
        for port, format_ in zip(ports(module, kind), formats, strict=True)
    ])  # fmt: skip
    if program.lanes > 1:
        module.attributes["lanes"] = program.lanes


def _ports(program: Program) -> dict[str, Type]:
    width = program.lanes * beat_width(*program.input_types)
    return {
        "s_axis_tdata": FixedType(False, width, 0),
        "s_axis_tvalid": I1,
        "s_axis_tlast": I1,
        "m_axis_tready": I1,
    }
