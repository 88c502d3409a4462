"""What is built, and what it is held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BANKS = "bank50{ratio=0.75 size=4}"
BLOCKS = (
    "calibrate{histograms=false},prune{shape=block block=4x4 ratio=0.75 by=obs},"
    "calibrate{histograms=false gram=false},assign-bitwidths{weights=8 activations=8},"
    "quantize,approximate-activations"
)

Limits = Mapping[str, float]


@dataclass(frozen=True)
class Case:
    """A network, made hardware.

    `recipe` is the name of one, or a name for `passes`, which go from `calibrate` to
    `approximate-activations`. With two `operations` between registers a step takes fewer cycles of a
    slower clock; with `primitives` the part's own blocks stand for portable modules. `most` and `least`
    say what a figure of the result may be.
    """

    network: str
    recipe: str
    macs: int
    target: str = "ecp5-85k"
    passes: str = ""
    operations: int = 1
    primitives: bool = False
    most: Limits = field(default_factory=dict)
    least: Limits = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As the table and the command line call it."""
        part = "" if self.target == "ecp5-85k" else f"-{self.target}"
        short = "-short" if self.operations > 1 else ""
        blocks = "-primitives" if self.primitives else ""
        return f"{self.network}-{self.recipe}-{self.macs}{short}{part}{blocks}"

    @property
    def pipeline(self) -> str:
        """From `calibrate` to `approximate-activations`."""
        return self.passes or self.recipe


def _step(cycles: float, **others: float) -> Limits:
    return {"step": cycles, **others}


ESTIMATES = {
    "xc7_lut_off": 0.15,
    "target_lut_off": 0.15,
    "xc7_blocks_off": 0,
    "target_blocks_off": 0,
}
"""How far estimates may be off: LUTs as a share of those counted, DSP and memory blocks not at all."""

CLOCK = {"fmax_mhz": 80.0}
"""A step that needs few cycles of a slow clock is not fast."""

CASES = {
    case.name: case
    for case in (
        Case("vowels_h32", "dense8", 16, most=_step(352, xc7_lut=650, xc7_dsp=19),
             least={"fmax_mhz": 115.0}),
        Case("vowels_h32", "dense8", 16, primitives=True, least={"fmax_mhz": 155.0}),
        Case("vowels_h32", "dense8", 64, most=_step(88, xc7_lut=1700, xc7_dsp=67), least=CLOCK),
        Case("vowels_h32", "bank75", 16, passes=BANKS, most=_step(88), least=CLOCK),
        Case("vowels_h32", "block75", 16, passes=BLOCKS, most={"step_of_ideal": 1.1}, least=CLOCK),
        Case("cell_1_20", "dense8", 4, most=_step(420, xc7_lut=300, xc7_dsp=7), least=CLOCK),
        Case("cell_1_20", "dense8", 16, most=_step(105), least=CLOCK),
        Case("cell_1_20", "dense8", 80, least=CLOCK),
        Case("cell_1_20", "dense8", 100, least=CLOCK),
        Case("cell_6_20", "dense8", 140, primitives=True, most=_step(17, macs=220), least=CLOCK),
        Case("silero_lstm", "dense8", 64, most=_step(2048), least=CLOCK),
        Case("silero", "dense8", 64, least={"utilization": 0.98, **CLOCK}),
        Case("vowels_h32_l2", "dense8", 16, least={"utilization": 0.98, **CLOCK}),
        Case("bidirectional_12_32", "dense8", 16, least={"utilization": 0.98, **CLOCK}),
        Case("vowels_h32", "best", 4, "ice40-up5k"),
    )
}  # fmt: skip
