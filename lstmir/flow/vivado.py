"""The Tcl that takes a design through Vivado."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.targets import Part

FAMILY = "xc7"
"""The parts that are its vendor's."""
NAME = "vivado.tcl"
COMMAND = f"vivado -mode batch -source {NAME}"
DEFAULT_MHZ = 100.0


def script(
    top: str, sources: Sequence[str], images: Sequence[str], part: Part, freq_mhz: float
) -> str:
    """A non-project flow, run beside `verilog/`: reports, a checkpoint and a bitstream."""
    period = f"{1000 / freq_mhz:.3f}"
    lines = [
        f"# {top} on {part.device}, {freq_mhz:g} MHz: synthesis, place and route, reports, bitstream.",
        f"# Run in the folder of this file: {COMMAND}",
        "set here [file dirname [file normalize [info script]]]",
        "",
        "# Memory images are looked up where the sources are.",
        "cd [file join $here .. verilog]",
        *(f"read_verilog {name}" for name in sources),
        *(f"read_mem {name}" for name in images),
        "",
        f"synth_design -top {top} -part {part.device}",
        "cd $here",
        f"create_clock -name clk -period {period} [get_ports clk]",
        "opt_design",
        "place_design",
        "phys_opt_design",
        "route_design",
        "",
        "report_utilization -hierarchical -file utilization.rpt",
        "report_timing_summary -file timing.rpt",
        "report_power -file power.rpt",
        f"write_checkpoint -force {top}.dcp",
        "",
        "# Vivado refuses a bitstream while pins have no place and no standard. These are where it liked",
        "# them: good for figures. For a board, put the design into one of your own, with constraints.",
        "set_property SEVERITY {Warning} [get_drc_checks {NSTD-1 UCIO-1}]",
        f"write_bitstream -force {top}.bit",
    ]
    return "\n".join(lines) + "\n"
