"""FPGA parts as data."""

from __future__ import annotations

from lstmir.targets.parts import PARTS, Part

__all__ = ["PARTS", "Part"]
