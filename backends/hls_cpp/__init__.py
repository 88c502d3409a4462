"""Prints level 4 as HLS C++, which g++ runs bit for bit as the vendor's tool does."""

from __future__ import annotations

from lstmir.backends.hls_cpp.design import design_name, print_design

__all__ = ["design_name", "print_design"]
