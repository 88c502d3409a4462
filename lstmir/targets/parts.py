"""The parts that designs are made for, with the resources that their data sheets state."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One FPGA. `device` is what its vendor calls it, `family` names its synthesis flow.

    `luts` counts look-up tables of `lut_inputs` inputs, `dsp` blocks that multiply
    `dsp_widths[0]` by `dsp_widths[1]` bits signed, `bram` memory blocks of `bram_bits` bits (a RAMB36
    counts as two). `nextpnr` are the options by which nextpnr knows it, none where it does not, and
    `pins` how many of its package a design can then have for ordinary signals.
    """

    name: str
    device: str
    family: str
    luts: int
    lut_inputs: int
    ffs: int
    dsp: int
    dsp_widths: tuple[int, int]
    bram: int
    bram_bits: int
    source: str
    nextpnr: tuple[str, ...] = ()
    pins: int | None = None


PARTS = {
    part.name: part
    for part in (
        Part("ecp5-25k", "LFE5U-25F-6BG381C", "ecp5", 24_288, 4, 24_288, 28, (18, 18), 56, 18_432,
             "Lattice FPGA-DS-02012, ECP5 and ECP5-5G family, table 1.1, LFE5U-25",
             ("--25k", "--speed", "6", "--package", "CABGA381"), 197),
        Part("ecp5-85k", "LFE5U-85F-6BG381C", "ecp5", 83_640, 4, 83_640, 156, (18, 18), 208, 18_432,
             "Lattice FPGA-DS-02012, ECP5 and ECP5-5G family, table 1.1, LFE5U-85",
             ("--85k", "--speed", "6", "--package", "CABGA381"), 205),
        Part("ice40-up5k", "iCE40UP5K-SG48", "ice40", 5_280, 4, 5_280, 8, (16, 16), 30, 4_096,
             "Lattice FPGA-DS-02008, iCE40 UltraPlus family, table 1.1, UP5K",
             ("--up5k", "--package", "sg48"), 36),  # of 39 pins, three are open drain
        Part("xc7a35t", "xc7a35tcpg236-1", "xc7", 20_800, 6, 41_600, 90, (25, 18), 100, 18_432,
             "Xilinx DS180, 7 series overview, Artix-7 table, XC7A35T"),
        Part("xc7z020", "xc7z020clg400-1", "xc7", 53_200, 6, 106_400, 220, (25, 18), 280, 18_432,
             "Xilinx DS190, Zynq-7000 overview, table 1, Z-7020"),
        Part("gowin-gw1n9", "GW1NR-LV9QN88PC6/I5", "gowin", 8_640, 4, 6_480, 20, (18, 18), 26, 18_432,
             "Gowin DS100, GW1N series, table 1-1, GW1N-9"),
    )
}  # fmt: skip
