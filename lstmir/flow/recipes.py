"""Named pipelines: how a network is compressed, from `calibrate` to `approximate-activations`."""

from __future__ import annotations

from dataclasses import dataclass, field

from lstmir.ir.diagnostics import UsageError, suggestion


@dataclass(frozen=True)
class Recipe:
    """Pipeline text with free options, written `{name}` in `template`; `defaults` gives their values."""

    name: str
    summary: str
    reference: str
    template: str
    defaults: dict[str, str] = field(default_factory=dict)

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

PACK = "block-layout,schedule"
"""From a tiled program to a scheduled one."""

BACK = f"tile{{macs=$macs}},{PACK}"
"""From fixed point to a scheduled program."""

DEFAULT_MACS = 16

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "bank50",
            "half of the weights in balanced banks, 8 bits each",
            "Cao et al., Efficient and Effective Sparse LSTM on FPGA with Bank-Balanced Sparsity, FPGA 2019",
            "calibrate{histograms=false},prune{shape=bank ratio=$ratio size=$size by=obs},"
            "calibrate{histograms=false gram=false},"
            "assign-bitwidths{weights=$weights activations=$activations},"
            "quantize,approximate-activations",
            {"ratio": "0.5", "size": "8", "weights": "8", "activations": "8"},
        ),
        Recipe(
            "dense8",
            "all weights, 8 bits each",
            "Jacob et al., Quantization and Training of Neural Networks for Efficient "
            "Integer-Arithmetic-Only Inference, CVPR 2018",
            "calibrate{histograms=false gram=false},"
            "assign-bitwidths{weights=$weights activations=$activations},"
            "quantize,approximate-activations",
            {"weights": "8", "activations": "8"},
        ),
    )
}
DEFAULT_RECIPE = "bank50"


def recipe_named(name: str) -> Recipe:
    """A recipe. Raises `UsageError` that lists the known ones."""
    if name not in RECIPES:
        known = ", ".join(RECIPES)
        raise UsageError(f"unknown recipe '{name}'{suggestion(name, RECIPES)} (known: {known})")
    return RECIPES[name]
