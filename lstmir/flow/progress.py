"""Tells the user what is going on, and takes the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter


def _ignore(message: str) -> None:
    """Default for those who do not listen."""


@dataclass
class Progress:
    """`step` hears of each long step, `detail` of what goes on inside one, `warn` sentences for the user.

    `seconds` adds up by name.
    """

    step: Callable[[str], None] = _ignore
    detail: Callable[[str], None] = _ignore
    warn: Callable[[str], None] = _ignore
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, name: str, message: str) -> Iterator[None]:
        """A step with its time."""
        self.step(message)
        start = perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + perf_counter() - start, 3)
