"""The operations of the language: one file a dialect, entered in the operation table."""

from __future__ import annotations

from functools import cache
from importlib import import_module

NAMES = ("builtin", "tensor", "arith", "math", "linalg", "rnn", "fx", "tile", "rtl")


@cache
def load() -> None:
    """Fill the operation table."""
    for name in NAMES:
        import_module(f"lstmir.dialects.{name}")
