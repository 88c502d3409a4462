"""How the cells that Yosys reports become LUTs, flip-flops, DSP blocks and memory blocks.

| family | LUT is | DSP is | BRAM is |
| --- | --- | --- | --- |
| `ecp5` | a LUT4 | an 18x18 multiplier | a DP16KD, 18 Kbit |
| `xc7` | a LUT6 | a DSP48E1, 25x18 | a RAMB18E1, 18 Kbit; a RAMB36E1 is two |
| `ice40` | a LUT4 | an SB_MAC16, 16x16 | an SB_RAM40, 4 Kbit; the 256-Kbit SB_SPRAM is not one |
| `gowin` | a LUT4 | an 18x18 multiplier; 9x9 is half of one | a block SRAM, 18 Kbit |

LUTs used as memories, shift registers and carry chains count as the LUTs they occupy. A carry cell of
`xc7` and `ice40` sits beside its LUT and costs none; a multiplexer that joins LUTs costs none anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

Weights = Mapping[str, float]


@dataclass(frozen=True)
class Kinds:
    """What each cell (shell patterns) counts for; None where a tool does not count that kind."""

    lut: Weights
    dsp: Weights
    bram: Weights
    ff: Weights | None = None

    def count(self, cells: Mapping[str, int]) -> dict[str, int]:
        """The totals of a cell count; halves are rounded up."""
        kinds = {"lut": self.lut, "ff": self.ff, "dsp": self.dsp, "bram": self.bram}
        return {kind: _total(cells, each) for kind, each in kinds.items() if each is not None}


@dataclass(frozen=True, kw_only=True)
class Family(Kinds):
    """The Yosys command of a family, and what each of the cells that it makes counts for.

    Before the command come `before`, passes on the flattened design, whose module is selected.
    """

    synth: str
    before: tuple[str, ...] = ()


def _total(cells: Mapping[str, int], weights: Weights) -> int:
    return math.ceil(sum(number * _weight(cell, weights) for cell, number in cells.items()))


def _weight(cell: str, weights: Weights) -> float:
    return next((weight for pattern, weight in weights.items() if fnmatchcase(cell, pattern)), 0)


# Yosys gives a register between two DSP blocks of an iCE40 to both, to the one whose result it is and to
# the one that adds it, and the second is left without that term. What is kept is no block's term. So are
# the registers of products and sums, and those that delay them, where two of them are added.
_TERMS_OF_ICE40 = (
    "select -set results t:$mul t:$add %u %co1:+$mul,$add[Y] %co1:+$dff[D] t:$dff %i %co1:+[Q] w:* %i",
    "select -set results @results @results %co1:+$dff[D] t:$dff %i %co1:+[Q] w:* %i %u",
    "select -set sums @results %co1:+$add[A] t:$add %i @results %co1:+$add[B] t:$add %i %i",
    "setattr -set keep 1 @sums %ci1:+[A,B] @results %i",
)

FAMILIES: Mapping[str, Family] = {
    "ecp5": Family(
        synth="synth_ecp5",
        # A 16x4 memory takes the four LUTs of two slices and blocks the two of the slice that writes it.
        lut={"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6},
        ff={"TRELLIS_FF": 1},
        dsp={"MULT18X18D": 1, "MULT9X9D": 0.5},
        bram={"DP16KD": 1, "PDPW16KD": 1},
    ),
    "xc7": Family(
        synth="synth_xilinx -family xc7 -flatten",
        lut={
            "LUT[1-6]": 1,
            "SRL16E": 1,
            "SRLC32E": 1,
            "RAM32X1S": 1,
            "RAM32X1D": 2,
            "RAM64X1S": 1,
            "RAM64X1D": 2,
            "RAM128X1S": 2,
            "RAM128X1D": 4,
            "RAM256X1S": 4,
            "RAM32M": 4,
            "RAM64M": 4,
        },
        ff={"FDRE*": 1, "FDSE*": 1, "FDCE*": 1, "FDPE*": 1},
        dsp={"DSP48E1": 1},
        bram={"RAMB18E1": 1, "RAMB36E1": 2},
    ),
    "ice40": Family(
        synth="synth_ice40 -dsp",
        before=_TERMS_OF_ICE40,
        lut={"SB_LUT4": 1},
        ff={"SB_DFF*": 1},
        dsp={"SB_MAC16": 1},
        bram={"SB_RAM40_4K*": 1},
    ),
    "gowin": Family(
        synth="synth_gowin",
        lut={"LUT[1-4]": 1, "ALU": 1, "RAM16S*1": 1, "RAM16S*2": 2, "RAM16S*4": 4},
        ff={"DFF*": 1},
        dsp={"MULT9X9": 0.5, "MULT18X18": 1, "MULT36X36": 4},
        bram={"SP": 1, "SPX9": 1, "SDPB": 1, "SDPX9B": 1, "DPB": 1, "DPX9B": 1, "pROM*": 1},
    ),
}

# As nextpnr counts them when they are placed: carry chains and memories are LUTs there already, but for
# the slice that writes a 16x4 memory. An iCE40's logic cell is a LUT, with or without a flip-flop.
PLACED: Mapping[str, Kinds] = {
    "ecp5": Kinds(
        lut={"TRELLIS_COMB": 1, "TRELLIS_RAMW": 2},
        ff={"TRELLIS_FF": 1},
        dsp={"MULT18X18D": 1},
        bram={"DP16KD": 1},
    ),
    "ice40": Kinds(lut={"ICESTORM_LC": 1}, dsp={"ICESTORM_DSP": 1}, bram={"ICESTORM_RAM": 1}),
}
