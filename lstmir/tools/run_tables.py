"""The tables of `lstmir run`, on standard error: the outputs are in a file, and these are remarks."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from lstmir.flow.observe import Report

Rows = list[tuple[str, ...]]


def show_report(report: Report) -> None:
    """Every table that was asked for, as wide as it needs to be."""
    for words, rows in _tables(report):
        for line in _lines(words, rows):
            print(line, file=sys.stderr)


def _tables(report: Report) -> Iterator[tuple[int, Rows]]:
    """Tables with their heads; each begins with so many columns of words, then come numbers."""
    if report.counts is not None:
        counts = [(c.name, str(c.operations), str(c.runs), str(c.elements)) for c in report.counts]
        yield 1, [("operation", "in the text", "runs", "elements"), *counts]
    if report.saturations:
        saturations = [
            (path, str(each.type), str(each.elements), str(each.below), str(each.above))
            for path, each in report.saturations
        ]
        yield 2, [("brought to a format", "format", "elements", "below", "above"), *saturations]
    if report.ranges is not None:
        ranges = [(path, type_, f"{lo:g}", f"{hi:g}") for path, type_, (lo, hi) in report.ranges]
        yield 2, [("value", "type", "smallest", "largest"), *ranges]


def _lines(words: int, rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = enumerate(zip(row, widths, strict=True))
        yield "  ".join(
            cell.ljust(width) if index < words else cell.rjust(width)
            for index, (cell, width) in cells
        )
