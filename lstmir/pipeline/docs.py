"""What the command line says of passes: a list, and a page for each."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import MISSING

from lstmir.pipeline.options import Option, options_of, print_value
from lstmir.pipeline.passes import Pass


def list_passes(passes: Mapping[str, type[Pass]]) -> str:
    """A line for each pass: name, promise, summary."""
    return columns((name, c.promise.value, c.summary) for name, c in passes.items())


def pass_help(pass_class: type[Pass]) -> str:
    """A pass's summary, promise, description and options."""
    parts = [
        f"{pass_class.name}: {pass_class.summary}",
        f"promise: {pass_class.promise.value}",
        inspect.getdoc(pass_class) or "",
    ]
    options = options_of(pass_class)
    if options:
        rows = columns((option.name, _default(option), option.help) for option in options.values())
        parts.append("options:\n" + rows)
    return "\n\n".join(part.rstrip() for part in parts if part) + "\n"


def _default(option: Option) -> str:
    if option.default is MISSING:
        return f"{option.kind}, required"
    return f"{option.kind} (default {print_value(option.default)})"


def columns(rows: Iterable[tuple[str, ...]]) -> str:
    """Indented lines, a column as wide as its widest cell."""
    table = list(rows)
    if not table:
        return ""
    widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in table
    )
    return "".join(f"  {line.rstrip()}\n" for line in lines)
