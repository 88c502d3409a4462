"""The passes: one file each. `load` enters them all in the registry."""

from __future__ import annotations

from functools import cache
from importlib import import_module

NAMES = (
    "canonicalize",
    "cse",
    "dce",
    "fold_constants",
    "isolate_sample",
    "start_at_zero",
    "expand_cells",
    "calibrate",
    "prune",
    "measure_sensitivity",
    "allot",
    "prove_ranges",
    "assign_bitwidths",
    "allot_widths",
    "quantize",
    "approximate_activations",
    "stream_states",
    "tile",
    "block_layout",
    "schedule",
    "lower_to_rtl",
)


@cache
def load() -> None:
    """Register every pass."""
    for name in NAMES:
        import_module(f"lstmir.passes.{name}")
