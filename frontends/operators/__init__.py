"""How each ONNX operator is imported: one file a family."""

from __future__ import annotations

from functools import cache
from importlib import import_module

NAMES = (
    "comparisons", "constants", "convolution", "elementwise", "layout", "linear", "normalization",
    "piecewise", "recurrent", "reductions", "repetition", "scan", "selection",
)  # fmt: skip


@cache
def load() -> None:
    """Fill the operator table."""
    for name in NAMES:
        import_module(f"lstmir.frontends.operators.{name}")
