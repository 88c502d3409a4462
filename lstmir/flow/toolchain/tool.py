"""What every runner speaks of: a tool that is here, one that is not, and one that failed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Tool:
    """A tool that can be run (or, for headers, read) on this machine."""

    name: str
    version: str
    path: Path


class ToolMissing(Exception):
    """A tool is not on this machine. Nothing was run, and nothing is wrong with the design."""

    def __init__(self, reason: str, install_hint: str) -> None:
        super().__init__(f"{reason}; {install_hint}")
        self.reason = reason
        self.install_hint = install_hint


class ToolError(Exception):
    """A tool ran and failed; the message ends with the last lines it printed."""

    def __init__(self, tool: str, problem: str, output: str = "") -> None:
        super().__init__("\n".join([f"{tool}: {problem}", *last_lines(output)]))
        self.tool = tool
        self.problem = problem


def last_lines(output: str, count: int = 12) -> list[str]:
    """The last lines of a tool's output, indented, without blank ones."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    return [f"  {line}" for line in lines[-count:]]
