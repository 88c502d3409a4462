"""Where commands speak: progress and warnings on standard error, results on standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from lstmir.flow.progress import Progress


@contextmanager
def listening() -> Iterator[Progress]:
    """A progress that shows the step under way: a spinner on a terminal, elsewhere a line a step."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True)

    def warn(message: str) -> None:
        errors.print(f"[yellow]warning:[/] {escape(message)}")

    if not errors.is_terminal:
        yield Progress(step=lambda message: print(f"... {message}", file=sys.stderr), warn=warn)
        return
    with errors.status("") as status:
        current = ""

        def step(message: str) -> None:
            nonlocal current
            current = escape(message)
            status.update(current)

        yield Progress(step, lambda message: status.update(f"{current}: {escape(message)}"), warn)


def output() -> Console:
    """Standard output, 80 columns wide where it is no terminal; sentences are not cut into lines."""
    return Console(highlight=False)
