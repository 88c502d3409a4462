"""Many machines in one build of each simulator, behind one pair of streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lstmir.backends.verilog.printer import print_design
from lstmir.flow.toolchain.simulate import STEADY, SimulationResult, Traffic, simulate
from lstmir.interpreter.streams import beat_width, format_beats
from tests.backends.verilog import simulators
from tests.machine.machines import Machine, Packet

TOP = "machines"
NUMBER = 56
"""The lowest bit of the number that says, in each beat, for which machine it is."""

DRAIN_CYCLES = 500


@dataclass(frozen=True)
class Simulators:
    """The machines in Verilator and in CXXRTL."""

    executables: Sequence[Path]
    folder: Path

    def run(
        self, number: int, packets: Sequence[Packet], traffic: Traffic = STEADY
    ) -> SimulationResult:
        """Send packets to a machine and compare its answers; both simulators see the same."""
        inputs, outputs = self.folder / "inputs.txt", self.folder / "outputs.txt"
        beats = (beat for packet in packets for beat in packet.beats)
        inputs.write_text(format_beats((data | number << NUMBER, last) for data, last in beats))
        outputs.write_text(format_beats(beat for packet in packets for beat in packet.answer))
        brief = replace(traffic, drain_cycles=DRAIN_CYCLES)
        first, *others = (
            simulate(executable, inputs, outputs, brief, folder=self.folder)
            for executable in self.executables
        )
        assert first.passed, first
        assert all(other == first for other in others), (first, others)
        return first


def build(machines: Sequence[Machine], folder: Path) -> Simulators:
    """Print all machines, find no fault with any, and build both simulators."""
    files = [folder / f"{TOP}.v"]
    files[0].write_text(wrapper(machines))
    for number, machine in enumerate(machines):
        own = print_machine(machine, f"machine_{number}", folder)
        assert simulators.problems(own, f"machine_{number}") == ()
        files += own
    tools = [simulators.build(tool, files, TOP, folder) for tool in simulators.TOOLS]
    return Simulators(tools, folder)


def print_machine(machine: Machine, name: str, folder: Path) -> list[Path]:
    """The machine's Verilog files, beside its memory images."""
    machine.level_5.main.name = name
    for file, text in print_design(machine.level_5).items():
        (folder / file).write_text(text)
    return [folder / file for file in print_design(machine.level_5) if file.endswith(".v")]


def wrapper(machines: Sequence[Machine]) -> str:
    """The streams of the machine that the last valid beat was for; the others see no valid beat."""
    instances, count = [], len(machines)
    bits = max(1, (count - 1).bit_length())
    for n, machine in enumerate(machines):
        width = beat_width(machine.format("input"))
        out = beat_width(machine.format("output"))
        assert width <= NUMBER
        ports = [
            ".clk(clk)", ".rst(rst)", f".s_axis_tdata(s_axis_tdata[{width - 1}:0])",
            f".s_axis_tvalid(s_axis_tvalid && which == {bits}'d{n})", ".s_axis_tlast(s_axis_tlast)",
            f".s_axis_tready(taken[{n}])", f".m_axis_tdata(data[{64 * n} +: {out}])",
            f".m_axis_tvalid(valid[{n}])", f".m_axis_tlast(last[{n}])",
            f".m_axis_tuser(user[{n}])", ".m_axis_tready(m_axis_tready)",
        ]  # fmt: skip
        instances.append(f"  machine_{n} unit_{n} ({', '.join(ports)});")
        if out < 64:
            instances.append(f"  assign data[{64 * n + out} +: {64 - out}] = 0;")
    return "\n".join([
        f"module {TOP} (input clk, input rst, input [63:0] s_axis_tdata, input s_axis_tvalid,",
        "  input s_axis_tlast, output s_axis_tready, output [63:0] m_axis_tdata,",
        "  output m_axis_tvalid, output m_axis_tlast, output m_axis_tuser, input m_axis_tready);",
        f"  reg [{bits - 1}:0] held;", "  initial held = 0;",
        f"  wire [{bits - 1}:0] which = s_axis_tvalid && !rst ? s_axis_tdata[{NUMBER} +: {bits}] : held;",
        "  always @(posedge clk) held <= which;",
        f"  wire [{64 * count - 1}:0] data;", f"  wire [{count - 1}:0] taken, valid, last, user;",
        "  assign s_axis_tready = taken[which];",
        "  assign m_axis_tdata = data[{which, 6'd0} +: 64];",
        "  assign m_axis_tvalid = valid[which];", "  assign m_axis_tlast = last[which];",
        "  assign m_axis_tuser = user[which];", *instances, "endmodule", "",
    ])  # fmt: skip
