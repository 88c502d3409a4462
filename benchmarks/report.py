"""What a benchmark found: figures with the limits that they are held to, as a table and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FOLDER = Path("build/benchmarks")


@dataclass(frozen=True)
class Figure:
    """One comparison: ours and the peer's in a unit, their quotient, and the limit for that.

    `at_least` tells on which side of the limit the quotient must be.
    """

    what: str
    unit: str
    ours: float
    peer: float
    quotient: float
    limit: float
    at_least: bool

    @property
    def holds(self) -> bool:
        """Whether the quotient is on the right side of its limit."""
        return self.quotient >= self.limit if self.at_least else self.quotient <= self.limit


def faster(what: str, ours: float, peer: float, limit: float) -> Figure:
    """CPU seconds: the peer's over ours, at least `limit`."""
    return Figure(what, "s", ours, peer, peer / ours, limit, at_least=True)


def within(what: str, unit: str, ours: float, peer: float, limit: float) -> Figure:
    """Ours over the peer's (or another of ours), at most `limit`."""
    return Figure(what, unit, ours, peer, ours / peer, limit, at_least=False)


def show(name: str, figures: list[Figure], context: dict[str, Any]) -> int:
    """Print the table, write the JSON; gives the exit status: 1 if a limit does not hold."""
    table = Table(title=name)
    for column in ("", "ours", "other", "quotient", "limit", ""):
        table.add_column(column, justify="left" if not column else "right")
    for figure in figures:
        sign = ">=" if figure.at_least else "<="
        table.add_row(
            figure.what, f"{figure.ours:.4g} {figure.unit}", f"{figure.peer:.4g} {figure.unit}",
            f"{figure.quotient:.2f}", f"{sign} {figure.limit:g}", "ok" if figure.holds else "MISSED",
        )  # fmt: skip
    Console(width=110).print(table)
    FOLDER.mkdir(parents=True, exist_ok=True)
    entries = [{**asdict(figure), "holds": figure.holds} for figure in figures]
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps({**context, "figures": entries}, indent=2) + "\n", encoding="utf-8")
    print(f"written: {path}")
    return 0 if all(figure.holds for figure in figures) else 1
