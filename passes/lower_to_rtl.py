"""From the tiled and scheduled program to registers, memories and logic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from lstmir.interpreter.streams import beat_width
from lstmir.ir.builder import Builder
from lstmir.ir.interface import ports, set_ports
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Value
from lstmir.ir.region import Region
from lstmir.ir.types import I1, Type
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.array import ArrayBuilder
from lstmir.passes.machine.controller import ControllerBuilder, Requests
from lstmir.passes.machine.drain import build_drain
from lstmir.passes.machine.loader import Loader
from lstmir.passes.machine.logic import Logic, terminator
from lstmir.passes.machine.output import OutputBuilder
from lstmir.passes.machine.program import Program, read_program
from lstmir.passes.machine.tail import TailBuilder
from lstmir.passes.machine.timing import Timing
from lstmir.pipeline.passes import Context, Promise, cannot, register

OUTPUTS = ("s_axis_tready", "m_axis_tdata", "m_axis_tvalid", "m_axis_tlast", "m_axis_tuser")


@register
@dataclass(frozen=True)
class LowerToRtl:
    """Builds the machine that runs the program in exactly the cycles of its schedule.

    Input buffers, a controller, the array, a drain that takes its sums apart, the tail as a
    pipeline, and an output buffer; streams as AXI4-Stream, one element a beat. Only the start of a
    step or of the head can wait; everything behind it is static.
    """

    name: ClassVar[str] = "lower-to-rtl"
    summary: ClassVar[str] = "registers, memories and logic of the scheduled program"
    promise: ClassVar[Promise] = Promise.EXACT

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` for a module that is not scheduled."""
        program = read_program(self, module)
        if "timing" not in module.attributes:
            raise cannot(self, "the module is not scheduled: run schedule first")
        timing = Timing(**module.attributes["timing"])
        region = _machine(module, program, timing)
        _note_formats(module, program)
        name = module.name
        module.functions.clear()
        module.functions[name] = Function(name, region, {"outputs": OUTPUTS})
        module.drop_unused_resources()


def _note_formats(module: Module, program: Program) -> None:
    """Wires do not say what they mean: the interface does from here on."""
    formats = {"input": program.input_type, "output": program.head.sum_type}
    all_ports = [*ports(module, "input"), *ports(module, "output")]
    set_ports(module, [replace(port, format=formats[port.kind]) for port in all_ports])


def _ports(program: Program) -> dict[str, Type]:
    width = beat_width(program.input_type)
    return {
        "s_axis_tdata": FixedType(False, width, 0),
        "s_axis_tvalid": I1,
        "s_axis_tlast": I1,
        "m_axis_tready": I1,
    }


def _machine(module: Module, program: Program, timing: Timing) -> Region:
    types = _ports(program)
    region = Region(types.values(), types)
    ports: dict[str, Value] = dict(zip(types, region.arguments, strict=True))
    logic = Logic(Builder(module, region))
    result = program.head.sum_type
    lanes = program.memory_lanes(-1)
    loader = Loader.build(logic, ports, program.features, lanes, program.input_type)
    output = OutputBuilder(logic, result, program.outputs, beat_width(result))
    requests = Requests(loader.full, loader.last, loader.bad, output.free)
    control = ControllerBuilder(logic, program, timing).build(requests)
    loader.release(logic, control.released)
    array = ArrayBuilder(logic, program, timing)
    sums = array.build(control, loader)
    drain = build_drain(logic, program, sums)
    TailBuilder(logic, module, program, drain, sums, array.state_lanes).build()
    out = output.build(
        control.start_head, control.start_error, drain.row_sum, drain.row_valid,
        ports["m_axis_tready"],
    )  # fmt: skip
    user = logic.op("rtl.concat", out.user)
    terminator(logic, [loader.ready, out.data, out.valid, out.last, user])
    return region
