"""Named pipelines: how a network is compressed, from `calibrate` to `approximate-activations`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

from lstmir.flow.sizing.rules import RULES
from lstmir.ir.diagnostics import UsageError, suggestion
from lstmir.passes.machine.pairs import Block
from lstmir.targets import Part


@dataclass(frozen=True)
class Recipe:
    """Pipeline text with free options, written `$name` in `template`; `defaults` gives their values.

    `grid` has the values of options among which `compress` searches, the same for all models.
    """

    name: str
    summary: str
    reference: str
    template: str
    defaults: dict[str, str] = field(default_factory=dict)
    grid: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def candidates(self) -> list[dict[str, str]]:
        """The options of every point of the grid; of a recipe without one, the default alone."""
        return [
            dict(zip(self.grid, values, strict=True)) for values in product(*self.grid.values())
        ]

    def pipeline(self, options: dict[str, str]) -> str:
        """The pipeline text with the given options. Raises `UsageError` for an unknown one."""
        for option in options:
            if option not in self.defaults:
                known = ", ".join(self.defaults)
                near = suggestion(option, self.defaults)
                raise UsageError(
                    f"the recipe '{self.name}' has no option '{option}'{near} (it has {known})"
                )
        text = self.template
        for option, value in {**self.defaults, **options}.items():
            text = text.replace(f"${option}", value)
        return text


FRONT = "isolate-sample,expand-cells,canonicalize,fold-constants,cse,dce"
"""From the model as it was read to the dataflow graph of one sample."""

ZERO = "start-at-zero,canonicalize,fold-constants,dce"
"""From initial states that are inputs to states of zero."""

PACK = "block-layout,schedule"
"""From a tiled program to a scheduled one."""

TILE = "tile{macs=$macs}"
"""From fixed point to a tiled program."""

DEFAULT_MACS = 16


def pack(lanes: int) -> str:
    """`PACK` for streams of so many words a beat."""
    return PACK if lanes == 1 else f"{PACK}{{lanes={lanes}}}"


def back(macs: int, lanes: int, arrays: str = "one") -> str:
    """From fixed point to a scheduled program."""
    tile = TILE.replace("$macs", str(macs) if arrays == "one" else f"{macs} arrays={arrays}")
    return f"{tile},{pack(lanes)}"


def block_of(part: Part) -> Block:
    """What of a part multiplies."""
    rules = RULES.get(part.family)
    return Block(part.dsp_widths, rules.least_product if rules else 0)


def lower(part: Part, axi_lite: bool = False, products: str = "one", in_logic: int = 0) -> str:
    """From a scheduled program to level 5, for blocks of a part."""
    options = ["axi-lite=true"] * axi_lite + [f"in-logic={in_logic}"] * bool(in_logic)
    if products != "one":
        block = block_of(part)
        widths = "x".join(map(str, block.widths))
        options.append(f"products={products} block={widths} least={block.least}")
    return f"lower-to-rtl{{{' '.join(options)}}}" if options else "lower-to-rtl"


_RANGES = "calibrate{histograms=false gram=false}"
_GRAMS = "calibrate{histograms=false}"
_PLAIN = "quantize,approximate-activations"
_COMPENSATED = "quantize{rounding=compensated bias=correct fits=8},approximate-activations"

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "best",
            "hidden units go, then each gate's weights get the code that the outputs miss least",
            "Shoham and Gersho, Efficient Bit Allocation for an Arbitrary Set of Quantizers, 1988; "
            "Frantar and Alistarh, Optimal Brain Compression, NeurIPS 2022",
            f"{_GRAMS},prune{{shape=unit ratio=$units by=obs}},{_GRAMS},"
            "prune{shape=$shape block=$block ratio=$ratio ratio-x=$inputs ratio-h=$states allot=$allot "
            f"by=obs}},{_GRAMS},measure-sensitivity,"
            f"allot{{bits=$bits rounds=2}},{_GRAMS},"
            "assign-bitwidths{activations=$activations bias=$bias},allot-widths{spread=$spread},"
            f"{_COMPENSATED}",
            {
                "units": "0",
                "shape": "none",
                "block": "4x4",
                "ratio": "0.5",
                "inputs": '""',
                "states": '""',
                "allot": "global",
                "bits": "2",
                "activations": "8",
                "bias": "8",
                "spread": "0",
            },
            {
                "units": ("0", "0.125", "0.25"),
                "bits": ("1.25", "1.5", "1.75", "2", "2.5", "3", "4", "6"),
                "activations": ("8", "10"),
            },
        ),
        Recipe(
            "bank50",
            "half of the weights in balanced banks, 8 bits each",
            "Cao et al., Efficient and Effective Sparse LSTM on FPGA with Bank-Balanced Sparsity, FPGA 2019",
            f"{_GRAMS},prune{{shape=bank ratio=$ratio size=$size by=obs}},{_RANGES},"
            "assign-bitwidths{weights=$weights activations=$activations},"
            f"{_PLAIN}",
            {"ratio": "0.5", "size": "8", "weights": "8", "activations": "8"},
            {
                "ratio": ("0.25", "0.5", "0.625", "0.75", "0.875"),
                "weights": ("3", "4", "5", "6", "8"),
                "activations": ("8", "10"),
            },
        ),
        Recipe(
            "dense8",
            "all weights, 8 bits each",
            "Jacob et al., Quantization and Training of Neural Networks for Efficient "
            "Integer-Arithmetic-Only Inference, CVPR 2018",
            f"{_RANGES},assign-bitwidths{{weights=$weights activations=$activations}},{_PLAIN}",
            {"weights": "8", "activations": "8"},
            {"weights": ("3", "4", "5", "6", "7", "8"), "activations": ("8", "10", "12")},
        ),
        Recipe(
            "wang2022",
            "blocks of weights go, then matrices and gates get as many bits as they are sensitive",
            "Wang, Nie, Li, Wang and Ling, A compression strategy to accelerate LSTM meta-learning "
            "on FPGA, ICT Express 2022",
            f"{_GRAMS},prune{{shape=block block=$block ratio=$ratio ratio-x=$inputs ratio-h=$states by=obs}},"
            f"{_GRAMS},"
            "assign-bitwidths{bits=$bits activations=$activations},allot-widths{spread=$spread},"
            f"{_PLAIN}",
            {
                "ratio": "0.5",
                "block": "4x4",
                "inputs": '""',
                "states": '""',
                "bits": "5",
                "activations": "8",
                "spread": "0",
            },
            {
                "ratio": ("0", "0.25", "0.5", "0.75"),
                "block": ("4x4",),
                "bits": ("1.5", "2", "3", "4", "6"),
            },
        ),
        Recipe(
            "ese",
            "single weights go, equally many for each lane; 12 bits each",
            "Han et al., ESE: Efficient Speech Recognition Engine with Sparse LSTM on FPGA, FPGA 2017",
            f"{_GRAMS},prune{{shape=element lanes=$lanes ratio=$ratio by=obs}},{_RANGES},"
            "assign-bitwidths{weights=$weights activations=$activations operands=12},"
            f"{_PLAIN}",
            {"ratio": "0.75", "lanes": "4", "weights": "12", "activations": "12"},
            {"ratio": ("0", "0.25", "0.5", "0.625", "0.75", "0.8", "0.9")},
        ),
        Recipe(
            "bbs",
            "a few weights of each bank stay, 16 bits each",
            "Cao et al., Efficient and Effective Sparse LSTM on FPGA with Bank-Balanced Sparsity, FPGA 2019",
            f"{_GRAMS},prune{{shape=bank size=$size ratio=$ratio by=obs}},{_RANGES},"
            "assign-bitwidths{weights=$weights activations=$activations operands=12},"
            f"{_PLAIN}",
            {"ratio": "0.75", "size": "16", "weights": "16", "activations": "12"},
            {"ratio": ("0", "0.25", "0.5", "0.625", "0.75", "0.8", "0.9")},
        ),
    )
}
DEFAULT_RECIPE = "best"


def stage(recipe: str, options: dict[str, str]) -> str:
    """A recipe with options as pipeline text: `bank50{ratio=0.75 weights=4}`."""
    settings = " ".join(f"{name}={value}" for name, value in options.items())
    return f"{recipe}{{{settings}}}" if settings else recipe


def recipe_named(name: str) -> Recipe:
    """A recipe. Raises `UsageError` that lists the known ones."""
    if name not in RECIPES:
        known = ", ".join(RECIPES)
        raise UsageError(f"unknown recipe '{name}'{suggestion(name, RECIPES)} (known: {known})")
    return RECIPES[name]
