"""A recipe with few candidates, so that a search takes no time."""

from __future__ import annotations

from lstmir.flow.recipes import Recipe

FEW = Recipe(
    "few",
    "dense weights of some widths",
    "",
    "calibrate{histograms=false gram=false},assign-bitwidths{weights=$weights activations=$activations},"
    "quantize,approximate-activations",
    {"weights": "8", "activations": "8"},
    {"weights": ("2", "4", "8"), "activations": ("6", "8")},
)
