"""How each ONNX operator is imported: one file a family."""

from __future__ import annotations

from functools import cache
from importlib import import_module

NAMES = ("constants", "elementwise", "layout", "linear", "recurrent", "selection")


@cache
def load() -> None:
    """Fill the operator table."""
    for name in NAMES:
        import_module(f"lstmir.frontends.operators.{name}")
