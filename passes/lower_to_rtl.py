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
from lstmir.passes.machine.machine import MachineBuilder
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.reading import read_program
from lstmir.passes.machine.timing import timing_from
from lstmir.pipeline.passes import Context, Promise, cannot, register

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
    """

    name: ClassVar[str] = "lower-to-rtl"
    summary: ClassVar[str] = "registers, memories and logic of the scheduled program"
    promise: ClassVar[Promise] = Promise.EXACT

    axi_lite: bool = field(default=False, metadata={"help": "registers for a host, by AXI4-Lite"})
    in_logic: int = field(
        default=0,
        metadata={"help": "multipliers of the array made of adders instead of DSP blocks"},
    )

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` for a module that is not scheduled."""
        program = read_program(self, module)
        if not 0 <= self.in_logic <= program.arrays[0].macs:
            why = f"in-logic must be 0 to {program.arrays[0].macs}, the multipliers of the array"
            raise cannot(self, f"{why}, not {self.in_logic}")
        if "timing" not in module.attributes:
            raise cannot(self, "the module is not scheduled: run schedule first")
        types = _ports(program) | (axi_lite.INPUTS if self.axi_lite else {})
        region = Region(types.values(), types)
        ports: dict[str, Value] = dict(zip(types, region.arguments, strict=True))
        builder = Builder(module, region)
        timing = timing_from(module.attributes["timing"])
        machine = MachineBuilder(builder, module, program, timing, self.axi_lite, self.in_logic)
        _terminate(builder, machine.build(ports), machine.logic.updates)
        _note_formats(module, program)
        name = module.name
        module.functions.clear()
        outputs = OUTPUTS + (axi_lite.OUTPUTS if self.axi_lite else ())
        about = {"outputs": outputs, "units": machine.logic.units}
        module.functions[name] = Function(name, region, about)
        module.drop_unused_resources()


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
