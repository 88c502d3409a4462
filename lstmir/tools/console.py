"""Where commands speak: progress and warnings on standard error, results on standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from lstmir.flow.progress import Progress


@contextmanager
def listening() -> Iterator[tuple[Progress, Console]]:
    """A progress that shows the step under way (a spinner on a terminal, else a line a step)."""
    errors = Console(stderr=True, highlight=False)
    console = Console(highlight=False)

    def warn(message: str) -> None:
        errors.print(f"[yellow]warning:[/] {message}")

    if not errors.is_terminal:
        yield Progress(lambda message: print(f"… {message}", file=sys.stderr), warn), console
        return
    with errors.status("starting") as status:
        yield Progress(status.update, warn), console


