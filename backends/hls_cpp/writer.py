"""Lines of C++."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Writer:
    """Collects lines, indented by the blocks around them."""

    def __init__(self, depth: int) -> None:
        self._lines: list[str] = []
        self._depth = depth

    def line(self, text: str) -> None:
        """A line in the block."""
        self._lines.append("    " * self._depth + text)

    def pragma(self, text: str) -> None:
        """A directive to the vendor's tool; like all of the preprocessor's it starts the line."""
        self._lines.append(f"#pragma HLS {text}")

    def label(self, name: str) -> None:
        """The name of the loop that follows, which the tool's reports show."""
        self._lines.append("    " * (self._depth - 1) + f"{name}:")

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """The lines of a block, between braces."""
        self.line(f"{head} {{")
        self._depth += 1
        yield
        self._depth -= 1
        self.line("}")

    def text(self) -> str:
        """All lines."""
        return "\n".join(self._lines)
