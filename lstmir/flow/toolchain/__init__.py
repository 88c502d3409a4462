"""Runners of the real tools that check and cost what lstmir makes.

One file a tool. Each has a `find` that returns a `Tool`, or raises `ToolMissing` with the reason and
with what to install, so that a flow can say `not_run` instead of guessing. Nothing here knows the IR.
"""

from __future__ import annotations

from lstmir.flow.toolchain.tool import Tool, ToolError, ToolMissing

__all__ = ["Tool", "ToolError", "ToolMissing"]
